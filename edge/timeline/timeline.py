"""Timeline: consecutive clips of recordings, in exact seconds.

Every time is a `Fraction`, so the sum of a thousand clips at 24000/1001 frames per second is exact.
Operations return a new timeline, so that undo can keep the old one. A float is converted to the exact value
it holds.
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

Seconds: TypeAlias = Fraction | float
"""A time in seconds; floats are converted exactly (see `exact`)."""
Interval: TypeAlias = tuple[Fraction, Fraction]
"""Start and end in exact seconds, start < end."""


@dataclass(frozen=True, slots=True)
class Clip:
    """The part [trim_in, trim_out) of a recording, placed at `in_point` of the timeline."""

    media: Path
    """Path of the recording."""
    trim_in: Fraction
    """Start in seconds of the recording, at least 0."""
    trim_out: Fraction
    """End in seconds of the recording, after `trim_in`."""
    in_point: Fraction = Fraction(0)
    """Start in seconds of the timeline."""
    speed: Fraction = Fraction(1)
    """Seconds of the recording shown in a second of the timeline, above 0."""
    muted: bool = False
    """Whether its audio is silent."""

    def __post_init__(self) -> None:
        for name in ("trim_in", "trim_out", "in_point", "speed"):
            if not isinstance(getattr(self, name), Fraction):
                object.__setattr__(self, name, exact(getattr(self, name)))
        if self.trim_in.numerator < 0 or self.trim_in >= self.trim_out or self.in_point.numerator < 0:
            raise UsageError(f"a clip needs 0 <= trim_in < trim_out, got [{self.trim_in}, {self.trim_out})")
        if self.speed.numerator <= 0:
            raise UsageError(f"a clip needs a speed above 0, got {self.speed}")

    @property
    def length(self) -> Fraction:
        """Return the length in seconds of the timeline."""
        shown = self.trim_out - self.trim_in
        return shown if self.speed == 1 else shown / self.speed

    @property
    def out_point(self) -> Fraction:
        """Return the end of the clip in seconds of the timeline."""
        return self.in_point + self.length

    def source_at(self, time: Fraction) -> Fraction:
        """Convert seconds of the timeline to seconds of the recording."""
        return self.trim_in + (time - self.in_point) * self.speed

    def time_of(self, source: Fraction) -> Fraction:
        """Convert seconds of the recording to seconds of the timeline."""
        return self.in_point + (source - self.trim_in) / self.speed

    def part(self, trim_in: Fraction, trim_out: Fraction) -> Clip:
        """Return a clip that shows [trim_in, trim_out) instead, in the same way."""
        return Clip(self.media, trim_in, trim_out, self.in_point, self.speed, self.muted)

    def goes_on(self, other: Clip) -> bool:
        """Return whether another clip shows what follows, in the same way."""
        ways = self.media, self.speed, self.muted, self.trim_out
        return ways == (other.media, other.speed, other.muted, other.trim_in)


@dataclass(frozen=True, slots=True)
class Timeline:
    """Consecutive clips from 0 on, without gaps: moving or deleting a clip shifts the ones after it.

    >>> talk = Path("talk.mp4")
    >>> timeline = Timeline.of([Clip(talk, Fraction(0), Fraction(60))]).cut([(10, 20)])
    >>> [(str(clip.trim_in), str(clip.trim_out)) for clip in timeline.clips]
    [('0', '10'), ('20', '60')]
    >>> str(timeline.to_source(15)[1])
    '25'
    """

    clips: tuple[Clip, ...] = ()
    """In order; each begins where the one before it ends."""

    def __repr__(self) -> str:
        return f"Timeline({len(self.clips)} clips, {float(self.length):.1f} s)"

    def __post_init__(self) -> None:
        end = Fraction(0)
        for clip in self.clips:
            if clip.in_point != end:
                raise UsageError(f"a clip is at {clip.in_point}, where {end} is next; see Timeline.of")
            end = clip.out_point

    @classmethod
    def of(cls, clips: Iterable[Clip]) -> Timeline:
        """Return a timeline of consecutive clips; their `in_point`s are set."""
        return cls()._with(0, 0, clips)

    @property
    def length(self) -> Fraction:
        """Return the total length in seconds."""
        return self.clips[-1].out_point if self.clips else Fraction(0)

    def clip_at(self, time: Seconds) -> int:
        """Return the index of the clip at a time. Raises UsageError outside of the timeline."""
        time = exact(time)
        if not 0 <= time < self.length:
            raise UsageError(f"{float(time):g} s is outside of the timeline, [0, {float(self.length):g})")
        return bisect_right(self.clips, time, key=lambda clip: clip.in_point) - 1

    def to_source(self, time: Seconds) -> tuple[Path, Fraction]:
        """Return the recording at a time, and the time in it. Raises UsageError like `clip_at`."""
        clip = self.clips[self.clip_at(time)]
        return clip.media, clip.source_at(exact(time))

    def split(self, at: Seconds) -> Timeline:
        """Split the clip at a time in two; where a clip begins or ends nothing changes.

        Raises UsageError outside of the timeline.
        """
        if (at := exact(at)) == self.length:
            return self
        index = self.clip_at(at)
        clip = self.clips[index]
        middle = clip.source_at(at)
        if middle == clip.trim_in:
            return self
        halves = clip.part(clip.trim_in, middle), clip.part(middle, clip.trim_out)
        return self._with(index, index + 1, halves)

    def trim(self, index: int, trim_in: Seconds, trim_out: Seconds) -> Timeline:
        """Show [trim_in, trim_out) of a clip's recording instead; the recording's length is not checked.

        Raises UsageError if there is no such clip, or not 0 <= trim_in < trim_out.
        """
        self._check(index)
        clip = self.clips[index].part(exact(trim_in), exact(trim_out))
        return self._with(index, index + 1, [clip])

    def move(self, index: int, to: int) -> Timeline:
        """Move a clip to index `to`. Raises UsageError if there is no such clip."""
        self._check(index)
        self._check(to)
        first, last = min(index, to), max(index, to)
        clips = list(self.clips[first : last + 1])
        clips.insert(to - first, clips.pop(index - first))
        return self._with(first, last + 1, clips)

    def delete(self, index: int) -> Timeline:
        """Delete a clip. Raises UsageError if there is no such clip."""
        self._check(index)
        return self._with(index, index + 1)

    def insert(self, clip: Clip, index: int | None = None) -> Timeline:
        """Insert a clip before the one with this index, or append it; its `in_point` is set.

        Raises UsageError if the index is out of range.
        """
        index = len(self.clips) if index is None else index
        self._check(index, len(self.clips) + 1)
        return self._with(index, index, [clip])

    def cut(self, spans: Iterable[tuple[Seconds, Seconds]]) -> Timeline:
        """Remove spans of the timeline, close the gaps, and merge adjacent clips (see `merged`).

        Spans may be in any order, overlap, and reach beyond the timeline. Raises UsageError for a span that
        ends before it starts.
        """
        holes = union(spans)
        kept = [
            clip.part(clip.source_at(start), clip.source_at(end))
            for clip in self.clips
            for start, end in subtract((clip.in_point, clip.out_point), holes)
        ]
        return Timeline.of(kept).merged()

    def without(self, parts: Mapping[Path, Iterable[tuple[Seconds, Seconds]]]) -> Timeline:
        """Remove spans of recordings, in their seconds, wherever they are shown; otherwise like `cut`."""
        holes = {media: union(spans) for media, spans in parts.items()}
        kept = [
            clip.part(start, end)
            for clip in self.clips
            for start, end in subtract((clip.trim_in, clip.trim_out), holes.get(clip.media, ()))
        ]
        return Timeline.of(kept).merged()

    def changed(
        self,
        media: Path,
        spans: Iterable[tuple[Seconds, Seconds]],
        *,
        speed: Seconds | None = None,
        muted: bool | None = None,
    ) -> Timeline:
        """Show spans of a recording, in its seconds, at another speed or muted, wherever they are shown."""
        inside = union(spans)
        clips: list[Clip] = []
        for clip in self.clips:
            whole = clip.trim_in, clip.trim_out
            outside = list(subtract(whole, inside)) if clip.media == media else [whole]
            changed = (
                replace(
                    clip.part(start, end),
                    speed=clip.speed if speed is None else exact(speed),
                    muted=clip.muted if muted is None else muted,
                )
                for start, end in subtract(whole, outside)
            )
            parts = [*(clip.part(start, end) for start, end in outside), *changed]
            clips += sorted(parts, key=lambda part: part.trim_in)
        return Timeline.of(clips).merged()

    def merged(self) -> Timeline:
        """Merge neighboring clips that are contiguous in their recording; this reverts `split`."""
        clips: list[Clip] = []
        for clip in self.clips:
            if clips and clips[-1].goes_on(clip):
                clip = replace(clips.pop(), trim_out=clip.trim_out)  # noqa: PLW2901
            clips.append(clip)
        return self if len(clips) == len(self.clips) else _unchecked(clips)

    def _with(self, start: int, stop: int, clips: Iterable[Clip] = ()) -> Timeline:
        """Return the timeline with clips in place of [start, stop); the clips after it are shifted."""
        laid = list(self.clips[:start])
        end = laid[-1].out_point if laid else Fraction(0)
        for clip in clips:
            laid.append(replace(clip, in_point=end))
            end = laid[-1].out_point
        behind = self.clips[stop:]
        if behind and (by := end - behind[0].in_point):
            behind = tuple(replace(clip, in_point=clip.in_point + by) for clip in behind)
        return _unchecked([*laid, *behind])

    def _check(self, index: int, count: int | None = None) -> None:
        if not 0 <= index < (len(self.clips) if count is None else count):
            raise UsageError(f"there is no index {index} on the timeline; it has {len(self.clips)} clips")


def _unchecked(clips: Iterable[Clip]) -> Timeline:
    """Return a timeline of clips that are known to be consecutive, without checking them."""
    timeline = object.__new__(Timeline)
    object.__setattr__(timeline, "clips", tuple(clips))
    return timeline


def exact(time: Seconds) -> Fraction:
    """Convert a time to a fraction without rounding. Raises UsageError unless it is a finite number.

    >>> exact(0.5)
    Fraction(1, 2)
    """
    try:
        return time if isinstance(time, Fraction) else Fraction(*time.as_integer_ratio())
    except (AttributeError, ValueError, OverflowError):
        raise UsageError(f"a time needs to be a finite number of seconds, got {time!r}") from None


def union(spans: Iterable[tuple[Seconds, Seconds]]) -> list[Interval]:
    """Return the union of intervals in order; touching ones are merged, empty ones dropped.

    Raises UsageError for an interval that ends before it starts.
    """
    exactly = [(exact(start), exact(end)) for start, end in spans]
    for start, end in exactly:
        if start > end:
            raise UsageError(f"an interval needs start <= end, got [{float(start):g}, {float(end):g})")
    return [(start, end) for start, end in merge(exactly) if start < end]
