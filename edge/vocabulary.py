"""Result types that all systems share: `Span`, `Label`, and `Caption` with its `Word`s."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, TypeAlias

from edge.errors import UsageError

Progress: TypeAlias = Callable[[float], None]
"""Callback that is called with the share of the work done, 0 to 1."""


def part_of(progress: Progress | None, start: float, end: float) -> Progress | None:
    """Return the callback of a part of the work, from `start` to `end` of the whole; None for None."""
    return None if progress is None else lambda share: progress(start + share * (end - start))


Evidence: TypeAlias = Literal["auto", "audio", "both"]
"""What labels are based on; "auto" is the audio, and the faces of recordings whose video shows any."""

Sound: TypeAlias = Literal["duck", "keep", "mute"]
"""What becomes of a video's own sound: kept, with the music softer under speech; kept; left out."""

PcmFormat: TypeAlias = Literal["s16le", "f32le"]
"""How PCM is stored, in FFmpeg's words: 16-bit integers, or 32-bit floats of full scale ±1; little-endian."""


class Label(StrEnum):
    """Class of an audio segment. The order of members is the order of every confidence array."""

    SINGING = "singing"
    SPEAKING = "speaking"
    MUSIC = "music"
    """Background music with nobody performing it."""
    OTHER = "other"


LABELS: tuple[Label, ...] = tuple(Label)
"""All labels, in the order of confidence arrays."""


@dataclass(frozen=True, order=True, slots=True)
class Span:
    """A half-open time interval [start, end), in seconds from the first presented sample or video frame.

    Raises UsageError unless 0 <= start < end.

    >>> Span(1.0, 3.0).overlap(Span(2.5, 4.0))
    0.5
    """

    start: float
    """Seconds, at least 0."""
    end: float
    """Seconds, after `start`."""

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise UsageError(f"a span needs 0 <= start < end, got [{self.start}, {self.end})")

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return self.end - self.start

    def overlap(self, other: Span) -> float:
        """Return the number of seconds that both spans cover."""
        return max(0.0, min(self.end, other.end) - max(self.start, other.start))

    def iou(self, other: Span) -> float:
        """Return the intersection over union, 0 to 1.

        >>> Span(0.0, 3.0).iou(Span(1.0, 4.0))
        0.5
        """
        shared = self.overlap(other)
        return shared / (self.seconds + other.seconds - shared)


@dataclass(frozen=True, slots=True)
class Word:
    """A word with its punctuation; in languages written without spaces, one or a few characters."""

    start: float
    """Seconds of the recording (or of the timeline)."""
    end: float
    """Seconds, after `start`."""
    text: str
    """The word as it is written."""


@dataclass(frozen=True, slots=True)
class Caption:
    """One on-screen caption: a sentence, or a part of a long one."""

    start: float
    """Seconds of the recording (or of the timeline)."""
    end: float
    """Seconds, after `start`."""
    text: str
    """Text of the caption."""
    words: tuple[Word, ...] = field(default=(), repr=False)
    """In order, disjoint, inside the caption; empty where word timestamps are not known."""


@dataclass(frozen=True, slots=True)
class Chapter:
    """A chapter of a recording."""

    start: float
    """Seconds of the recording."""
    end: float
    """Seconds of the recording, after `start`."""
    title: str
    """Title, in one line."""
