"""The timeline: clips of recordings one after another, in exact seconds.

Every time is a `Fraction`: the sum of a thousand clips at 24000/1001 frames a second is exact. Operations
give a new timeline; the old one is what undo goes back to. A time that is given as a float is taken for
exactly what the float holds.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TypeAlias

from edge.errors import UsageError
from edge.spans import merge, subtract

Seconds: TypeAlias = "Fraction | float"
Interval: TypeAlias = "tuple[Fraction, Fraction]"
"""Start and end in exact seconds, start < end."""


@dataclass(frozen=True, slots=True)
class Clip:
    """The part [trim_in, trim_out) of a recording, shown from `in_point` of the timeline on. Seconds."""

    media: Path
    trim_in: Fraction
    trim_out: Fraction
    in_point: Fraction = Fraction(0)

    def __post_init__(self) -> None:
        for name in ("trim_in", "trim_out", "in_point"):
            if not isinstance(getattr(self, name), Fraction):
                object.__setattr__(self, name, exact(getattr(self, name)))
        if self.trim_in.numerator < 0 or self.trim_in >= self.trim_out or self.in_point.numerator < 0:
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
        return cls()._with(0, 0, clips)

    @property
    def length(self) -> Fraction:
        """Seconds of the whole."""
        return self.clips[-1].out_point if self.clips else Fraction(0)

    def clip_at(self, time: Seconds) -> int:
        """Index of the clip that is shown at a time. Raises UsageError outside of the timeline."""
        time = exact(time)
        if not 0 <= time < self.length:
            raise UsageError(f"{float(time):g} s is outside of the timeline, [0, {float(self.length):g})")
        return bisect_right(self.clips, time, key=lambda clip: clip.in_point) - 1

    def to_source(self, time: Seconds) -> tuple[Path, Fraction]:
        """The recording that is shown at a time, and the time in it. Raises UsageError as `clip_at`."""
        clip = self.clips[self.clip_at(time)]
        return clip.media, clip.trim_in + exact(time) - clip.in_point

    def split(self, at: Seconds) -> Timeline:
        """Make two clips of the one that is shown at a time; nothing changes where a clip begins or ends.

        Raises UsageError outside of the timeline.
        """
        if (at := exact(at)) == self.length:
            return self
        index = self.clip_at(at)
        clip = self.clips[index]
        middle = clip.trim_in + at - clip.in_point
        if middle == clip.trim_in:
            return self
        halves = Clip(clip.media, clip.trim_in, middle), Clip(clip.media, middle, clip.trim_out)
        return self._with(index, index + 1, halves)

    def trim(self, index: int, trim_in: Seconds, trim_out: Seconds) -> Timeline:
        """Show [trim_in, trim_out) of a clip's recording instead; that it is so long is the caller's to see.

        Raises UsageError if there is no such clip, or not 0 <= trim_in < trim_out.
        """
        self._check(index)
        clip = Clip(self.clips[index].media, exact(trim_in), exact(trim_out))
        return self._with(index, index + 1, [clip])

    def move(self, index: int, to: int) -> Timeline:
        """Take a clip out and put it in as number `to`. Raises UsageError if there is no such clip."""
        self._check(index)
        self._check(to)
        first, last = min(index, to), max(index, to)
        clips = list(self.clips[first : last + 1])
        clips.insert(to - first, clips.pop(index - first))
        return self._with(first, last + 1, clips)

    def delete(self, index: int) -> Timeline:
        """Take a clip out. Raises UsageError if there is no such clip."""
        self._check(index)
        return self._with(index, index + 1)

    def insert(self, clip: Clip, index: int | None = None) -> Timeline:
        """Put a clip before the one that has this index, without one at the end; its `in_point` is set.

        Raises UsageError if there is no such place.
        """
        index = len(self.clips) if index is None else index
        self._check(index, len(self.clips) + 1)
        return self._with(index, index, [clip])

    def cut(self, spans: Iterable[tuple[Seconds, Seconds]]) -> Timeline:
        """Remove stretches of the timeline, in any order; what is left closes up, and is `merged`.

        Stretches may overlap, and reach beyond the timeline. Raises UsageError for one that ends before it
        starts.
        """
        holes = union(spans)
        kept = [
            Clip(clip.media, start + clip.trim_in - clip.in_point, end + clip.trim_in - clip.in_point)
            for clip in self.clips
            for start, end in subtract((clip.in_point, clip.out_point), holes)
        ]
        return Timeline.of(kept).merged()

    def without(self, parts: Mapping[Path, Iterable[tuple[Seconds, Seconds]]]) -> Timeline:
        """Remove stretches of recordings, in their seconds, wherever they are shown; otherwise as `cut`."""
        holes = {media: union(spans) for media, spans in parts.items()}
        kept = [
            Clip(clip.media, start, end)
            for clip in self.clips
            for start, end in subtract((clip.trim_in, clip.trim_out), holes.get(clip.media, ()))
        ]
        return Timeline.of(kept).merged()

    def merged(self) -> Timeline:
        """Neighbours that show one stretch of a recording made one clip: what `split` did is undone."""
        clips: list[Clip] = []
        for clip in self.clips:
            if clips and clips[-1].trim_out == clip.trim_in and clips[-1].media == clip.media:
                clip = replace(clips.pop(), trim_out=clip.trim_out)  # noqa: PLW2901
            clips.append(clip)
        return self if len(clips) == len(self.clips) else _unchecked(clips)

    def _with(self, start: int, stop: int, clips: Iterable[Clip] = ()) -> Timeline:
        """With clips in place of [start, stop): those before it stay as they are, those behind it move."""
        laid = list(self.clips[:start])
        end = laid[-1].out_point if laid else Fraction(0)
        for clip in clips:
            laid.append(Clip(clip.media, clip.trim_in, clip.trim_out, end))
            end = laid[-1].out_point
        behind = self.clips[stop:]
        if behind and (by := end - behind[0].in_point):
            behind = tuple(Clip(one.media, one.trim_in, one.trim_out, one.in_point + by) for one in behind)
        return _unchecked([*laid, *behind])

    def _check(self, index: int, count: int | None = None) -> None:
        if not 0 <= index < (len(self.clips) if count is None else count):
            raise UsageError(f"there is no place {index} on the timeline; it has {len(self.clips)} clips")


def _unchecked(clips: Iterable[Clip]) -> Timeline:
    """A timeline of clips that are known to follow each other, without looking at each again."""
    timeline = object.__new__(Timeline)
    object.__setattr__(timeline, "clips", tuple(clips))
    return timeline


def exact(time: Seconds) -> Fraction:
    """A time as a fraction, without rounding. Raises UsageError for what is no finite number."""
    try:
        return time if isinstance(time, Fraction) else Fraction(*time.as_integer_ratio())
    except (AttributeError, ValueError, OverflowError):
        raise UsageError(f"a time needs to be a finite number of seconds, got {time!r}") from None


def union(spans: Iterable[tuple[Seconds, Seconds]]) -> list[Interval]:
    """Return intervals in order, those that overlap or touch made one, empty ones left out.

    Raises UsageError for one that ends before it starts.
    """
    exactly = [(exact(start), exact(end)) for start, end in spans]
    for start, end in exactly:
        if start > end:
            raise UsageError(f"an interval needs start <= end, got [{float(start):g}, {float(end):g})")
    return [(start, end) for start, end in merge(exactly) if start < end]
