"""The few words every system shares: `Span`, `Label`, and `Caption` with its `Word`s."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from edge.errors import UsageError

Progress: TypeAlias = "Callable[[float], None]"
"""Called now and then with the share of the work that is done, 0 to 1."""


class Label(StrEnum):
    """What a stretch of audio is. The order is the order of every confidence array."""

    SINGING = "singing"
    SPEAKING = "speaking"
    MUSIC = "music"
    """Background music with nobody performing it."""
    OTHER = "other"


LABELS: tuple[Label, ...] = tuple(Label)


@dataclass(frozen=True, order=True, slots=True)
class Span:
    """A half-open stretch of time [start, end) in seconds from the recording's first presented instant."""

    start: float
    end: float

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise UsageError(f"a span needs 0 <= start < end, got [{self.start}, {self.end})")

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return self.end - self.start

    def overlap(self, other: Span) -> float:
        """Seconds that both spans cover."""
        return max(0.0, min(self.end, other.end) - max(self.start, other.start))

    def iou(self, other: Span) -> float:
        """Intersection over union, 0 to 1."""
        shared = self.overlap(other)
        return shared / (self.seconds + other.seconds - shared)


@dataclass(frozen=True, slots=True)
class Word:
    """A word as it is written, marks attached; of languages without spaces, a character or a few.

    Times are seconds from the recording's (or the timeline's) zero, start < end.
    """

    start: float
    end: float
    text: str


@dataclass(frozen=True, slots=True)
class Caption:
    """What is read while a stretch of speech is heard: a sentence, or a part of a long one."""

    start: float
    end: float
    text: str
    words: tuple[Word, ...] = ()
    """In order, disjoint, inside the caption; empty where the times of words are not known."""
