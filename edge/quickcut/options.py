"""Settings of quick cut, with their defaults."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from edge.errors import UsageError
from edge.evidence.options import TranscriptOptions

MAX_SPEED = 16
"""Blanks are played at most so many times faster."""


class Level(StrEnum):
    """How much is removed."""

    OFF = "off"
    """Nothing."""
    LIGHT = "light"
    """Filler sounds that nobody misses: um, uh, 嗯."""
    MEDIUM = "medium"
    """Also filler phrases between pauses or punctuation: you know, 那个."""


@dataclass(frozen=True, slots=True)
class RepeatOptions:
    """Settings of repeat detection."""

    method: str = "words"
    """"words": the content words must be the same, then their letters (`edge.quickcut.takes`); "published":
    the letters alone, after the published description of Baidu's Duca (`edge.quickcut.repeats`)."""
    window: int = 4
    """Number of following sentences that each sentence is compared with."""
    min_length: int = 4
    """Minimum length of a sentence in characters: shorter ones are often repeated on purpose. A character of
    a script without spaces counts as much as `LETTERS` of others."""
    weights: tuple[float, float, float] = (0.2, 0.6, 0.2)
    """Weights of overlap, Levenshtein and cosine in the score. Any two English sentences share most of their
    letters, so only the order separates them; in Chinese all three measures do."""
    threshold: float = 0.75
    """Minimum score of two takes of one sentence."""
    frequency: bool = False
    """Use the cosine of character counts instead of presence; the published method uses presence."""
    letters: str = "any"
    """A sentence must contain "any" letter, or an "ideographic" one as in the published method."""

    def __post_init__(self) -> None:
        if self.method not in ("words", "published"):
            raise UsageError(f"repeats are found by words or as published, not by {self.method}")
        if self.window < 1 or self.min_length < 1 or not 0 < self.threshold <= 1:
            raise UsageError("repeats need a window and a length of 1 at least, and a threshold in (0, 1]")
        if min(self.weights) < 0 or not sum(self.weights) > 0:
            raise UsageError("the weights of repeats cannot be negative, nor all zero")
        if self.letters not in ("any", "ideographic"):
            raise UsageError(f"letters are any or ideographic, not {self.letters}")


@dataclass(frozen=True, slots=True)
class MarkOptions:
    """Settings of `mark`: what is marked for removal."""

    level: Level = Level.LIGHT
    """OFF removes nothing; for the other levels see `Level`."""
    blanks: bool = True
    """Remove blanks."""
    fillers: bool = True
    """Remove fillers and filled pauses."""
    repeats: bool = True
    """Remove all but the last of repeated takes."""
    sounds: bool = False
    """Remove sounds without words, too: music, noises."""
    min_silence_s: float = 1.0
    """Minimum length of a blank in seconds."""
    take_pause_s: float = 0.3
    """Minimum pause between two takes in seconds, where they are transcribed as one sentence."""
    extra_fillers: tuple[str, ...] = ()
    """Additional filler words, in any language."""
    repeat: RepeatOptions = field(default_factory=RepeatOptions)
    """Settings of repeat detection."""

    def __post_init__(self) -> None:
        if not self.min_silence_s > 0:
            raise UsageError(f"a blank must last longer than 0 s, got {self.min_silence_s}")


@dataclass(frozen=True, slots=True)
class CutOptions:
    """Settings of `cut_list`: how marks become cuts."""

    padding_s: float = 0.15
    """Silence kept on each side of a cut, in seconds, where there is as much."""
    search_s: float = 0.04
    """If a removed item abuts a kept one, cut at the quietest point within this distance, in seconds."""
    min_cut_s: float = 0.1
    """Minimum length of a cut in seconds."""
    min_sound_s: float = 0.2
    """Sound between words that is not marked is kept from this length on, in seconds."""
    blank_speed: float = 0.0
    """Blanks stay, and are played so many times faster, above 1 and up to `MAX_SPEED`; 0 removes them."""

    def __post_init__(self) -> None:
        if self.blank_speed and not 1 < self.blank_speed <= MAX_SPEED:
            raise UsageError(f"blanks are played 1 to {MAX_SPEED} times faster, not {self.blank_speed:g}")
        lengths = (self.padding_s, self.search_s, self.min_cut_s, self.min_sound_s)
        if not all(length >= 0 for length in lengths):
            raise UsageError("lengths of cuts cannot be negative")


@dataclass(frozen=True, slots=True)
class CleanOptions:
    """Settings of `clean`."""

    transcript: TranscriptOptions = field(default_factory=TranscriptOptions)
    """How speech is found and recognized."""
    marks: MarkOptions = field(default_factory=MarkOptions)
    """What is marked for removal."""
    cuts: CutOptions = field(default_factory=CutOptions)
    """How marks become cuts."""
    crossfade_s: float = 0.01
    """Crossfade of the audio at each join, in seconds."""
    smart: bool = True
    """Copy video frames where the codec allows it; if false all are reencoded."""
