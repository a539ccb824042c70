"""Every choice between a transcript and a cleaned recording, with its default."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from edge.errors import UsageError
from edge.evidence.options import TranscriptOptions


class Level(StrEnum):
    """How much goes."""

    OFF = "off"
    LIGHT = "light"
    """Sounds: um, uh, 嗯. Nobody misses them."""
    MEDIUM = "medium"
    """Also phrases that say nothing where pauses or marks set them off: you know, 那个."""


@dataclass(frozen=True)
class RepeatOptions:
    """What counts as a repeat."""

    window: int = 4
    """Sentences before and after that one is compared with."""
    min_length: int = 4
    """Characters that a sentence needs: shorter ones are said again for good reasons. A character of a script
    without spaces counts for as much as `LETTERS` of others."""
    weights: tuple[float, float, float] = (0.2, 0.6, 0.2)
    """Of overlap, Levenshtein and cosine in the score. Any two English sentences share most of their letters,
    so it is the order that tells them apart; in Chinese all three do."""
    threshold: float = 0.75
    """Score from which two sentences are takes of one."""
    frequency: bool = False
    """Cosine of how often characters occur instead of whether they do (the source counts presence)."""
    letters: str = "any"
    """What a sentence must hold one of: "any" letter, or "ideographic" as the source has it."""

    def __post_init__(self) -> None:
        if self.window < 1 or self.min_length < 1 or not 0 < self.threshold <= 1:
            raise UsageError("repeats need a window and a length of 1 at least, and a threshold in (0, 1]")
        if min(self.weights) < 0 or not sum(self.weights) > 0:
            raise UsageError("the weights of repeats cannot be negative, nor all zero")
        if self.letters not in ("any", "ideographic"):
            raise UsageError(f"letters are any or ideographic, not {self.letters}")


@dataclass(frozen=True)
class MarkOptions:
    """What is marked for removal."""

    level: Level = Level.LIGHT
    """OFF marks nothing; see `Level` for the fillers."""
    blanks: bool = True
    fillers: bool = True
    repeats: bool = True
    min_silence_s: float = 1.0
    """Silence of this length is a blank."""
    take_pause_s: float = 0.3
    """Between two takes there is a pause of this length, even where they are written as one sentence."""
    extra_fillers: tuple[str, ...] = ()
    """Words of the user that are fillers too."""
    repeat: RepeatOptions = field(default_factory=RepeatOptions)

    def __post_init__(self) -> None:
        if not self.min_silence_s > 0:
            raise UsageError(f"a blank must last longer than 0 s, got {self.min_silence_s}")


@dataclass(frozen=True)
class CutOptions:
    """How marks become cuts."""

    padding_s: float = 0.15
    """Silence left on each side of a cut, where there is as much."""
    search_s: float = 0.04
    """Where what goes touches what stays, the cut is at the quietest point within this distance."""
    min_cut_s: float = 0.1
    """Less is not worth a cut."""
    min_sound_s: float = 0.2
    """Sounds this long that no word covers, and that are not marked, stay."""

    def __post_init__(self) -> None:
        lengths = (self.padding_s, self.search_s, self.min_cut_s, self.min_sound_s)
        if not all(length >= 0 for length in lengths):
            raise UsageError("lengths of cuts cannot be negative")


@dataclass(frozen=True, slots=True)
class CleanOptions:
    """Every choice between a recording and the cleaned file."""

    transcript: TranscriptOptions = field(default_factory=TranscriptOptions)
    """How speech is found and recognized."""
    marks: MarkOptions = field(default_factory=MarkOptions)
    """What is marked for removal."""
    cuts: CutOptions = field(default_factory=CutOptions)
    """Where exactly to cut."""
    crossfade_s: float = 0.01
    """Cross-fade of the audio at a join, in seconds."""
    smart: bool = True
    """Copy video frames where the codec allows it; else all are encoded anew."""
