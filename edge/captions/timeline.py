"""The timeline: clips of recordings one after another, in exact seconds, and captions on it.

Every time is a `Fraction`: the sum of a thousand clips at 24000/1001 frames a second is exact. Operations
give a new timeline; the old one is what undo goes back to.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from edge.errors import UsageError


@dataclass(frozen=True, slots=True)
class Clip:
    """The part [trim_in, trim_out) of a recording, shown from `in_point` of the timeline on. Seconds."""

    media: Path
    trim_in: Fraction
    trim_out: Fraction
    in_point: Fraction = Fraction(0)

    def __post_init__(self) -> None:
        if not 0 <= self.trim_in < self.trim_out or self.in_point < 0:
            raise UsageError(f"a clip needs 0 <= trim_in < trim_out, got [{self.trim_in}, {self.trim_out})")

    @property
    def length(self) -> Fraction:
        """Seconds shown."""
        return self.trim_out - self.trim_in

    @property
    def out_point(self) -> Fraction:
        """Where on the timeline the clip ends."""
        return self.in_point + self.length


@dataclass(frozen=True, slots=True)
class Timeline:
    """Clips one after another from 0 on, without gaps: moving or deleting one moves those behind it."""

    clips: tuple[Clip, ...] = ()

    def __post_init__(self) -> None:
        end = Fraction(0)
        for clip in self.clips:
            if clip.in_point != end:
                raise UsageError(f"a clip is at {clip.in_point}, where {end} is next; see Timeline.of")
            end = clip.out_point

    @classmethod
    def of(cls, clips: Iterable[Clip]) -> Timeline:
        """Clips laid one after another, whatever their `in_point`."""
        laid: list[Clip] = []
        for clip in clips:
            laid.append(replace(clip, in_point=laid[-1].out_point if laid else Fraction(0)))
        return cls(tuple(laid))

    @property
    def length(self) -> Fraction:
        """Seconds of the whole."""
        return self.clips[-1].out_point if self.clips else Fraction(0)
