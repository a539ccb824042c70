"""Plan music for a video: bars, sections that begin with its scenes, and how dense and strong each bar is.

motion track, warp, tempo -> bars, their density and strength -> sections at cuts -> parts of the template
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from edge.errors import UsageError
from edge.evidence.motion.track import MotionTrack
from edge.music import words
from edge.music.warp import Warp

BEATS = 4
"""Beats of a bar."""

LONGEST_SECTION = 8
"""Bars from which a section without a cut is divided."""

SHORTEST_PART = 4
"""Bars that a part of the template plays at least; sections that are shorter share one."""

INTRO_FROM = 10
"""Bars of music from which it has an intro."""

ENDING = 2
"""Bars of the ending; of music of less than `ENDING_FROM` bars only the last one."""

ENDING_FROM = 5

LEAST_RING = 0.3
"""How much of the last bar is played at least: less, and the music ends a bar earlier."""

CALM, FAST = 0.03, 1.0
"""Speeds in frame heights per second that count as no and as full activity."""

LONGEST_BARS = 20_000
"""Bars that are planned at most, about ten hours."""

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PlannedBar:
    """A bar of the music."""

    part: str
    """Part of the template that plays."""
    index: int
    """Which bar of the part."""
    fill: bool
    """Whether the base plays a fill."""
    density: int
    """Index of `words.DENSITIES`."""
    strength: int
    """0 to `words.BAR_STRENGTHS` - 1."""


@dataclass(frozen=True, slots=True)
class Section:
    """Bars from one scene to the next."""

    first: int
    """Index of its first bar."""
    bars: tuple[PlannedBar, ...]
    """At least one."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What music is played when."""

    tempo: float
    """Beats per minute."""
    end_s: float
    """End of the music in seconds."""
    sections: tuple[Section, ...]
    """In order, without gaps."""

    @property
    def bar_s(self) -> float:
        """Seconds of a bar."""
        return 60 * BEATS / self.tempo

    @property
    def bars(self) -> tuple[PlannedBar, ...]:
        """All bars."""
        return tuple(bar for section in self.sections for bar in section.bars)


@dataclass(frozen=True, slots=True, eq=False)
class Activity:
    """How much moves in each bar of a video, and how much stands out."""

    speed: Values
    """float64[bars]: 0 to 1."""
    saliency: Values
    """float64[bars]: 0 to 1."""


def bar_count(end_s: float, tempo: float) -> int:
    """Return how many bars music of this length has. Raises UsageError for more than can be planned."""
    count = max(1, int(np.ceil(end_s * tempo / (60 * BEATS) - LEAST_RING)))
    if count > LONGEST_BARS:
        raise UsageError(f"music of {end_s / 3600:.1f} hours is too long: at most {LONGEST_BARS} bars")
    return count


def measure(motion: MotionTrack, warp: Warp, bar_s: float, count: int) -> Activity:
    """Return how much moves in each of `count` bars; without motion 0."""
    edges = warp.origin(np.arange(count + 1, dtype=np.float64) * bar_s)
    return Activity(*(_levels(motion.times_s, values, edges) for values in (motion.speed, motion.saliency)))


def make_plan(
    activity: Activity,
    cuts_s: Sequence[float],
    tempo: float,
    end_s: float,
    part_bars: dict[str, int],
    *,
    denser: int = 0,
    stronger: int = 0,
) -> Plan:
    """Return the plan of music that follows a video.

    cuts_s: where scenes begin, in seconds of the music. part_bars: bars of each part of the template. denser,
    stronger: levels that are added. Raises UsageError if it would be too long.
    """
    count = bar_count(end_s, tempo)
    bar_s = 60 * BEATS / tempo
    starts = _starts(cuts_s, bar_s, count)
    loudest = words.BAR_STRENGTHS - 1
    density = _level(_by_section(activity.speed[:count], starts), 1, 6, denser, len(words.DENSITIES) - 1)
    strength = _level(
        _by_section(activity.saliency[:count], starts), 0, loudest, stronger, loudest
    )  # fmt: skip
    parts = _parts(starts, count, density + strength)
    bars = [
        PlannedBar(name, index % part_bars[name], fill, int(density[bar]), int(strength[bar]))
        for bar, (name, index, fill) in enumerate(parts)
    ]
    bars[-1] = _last(bars[-1], part_bars["ending"])
    sections = tuple(Section(start, tuple(bars[start:end])) for start, end in pairwise([*starts, count]))
    return Plan(tempo, end_s, sections)


def _levels(times_s: Values, values: NDArray[np.float32], edges: Values) -> Values:
    """Return the mean of values over each bar, 0 to 1: half absolute, half their rank in the video."""
    first = np.searchsorted(times_s, edges[:-1])
    last = np.maximum(np.searchsorted(times_s, edges[1:]), first + 1)
    sums = np.concatenate([[0.0], np.cumsum(values, dtype=np.float64), [0.0]])
    sums[-1] = sums[-2]
    first, last = np.minimum(first, len(values) - 1).clip(0), np.minimum(last, len(values)).clip(1)
    means = (sums[last] - sums[first]) / np.maximum(last - first, 1)
    absolute = (np.log1p(means / CALM) / np.log1p(FAST / CALM)).clip(0, 1)
    if float(np.ptp(absolute)) < 0.05:  # nothing changes: ranks would say that it does
        return np.asarray(absolute)
    rank = np.searchsorted(np.sort(absolute), absolute, side="right") / len(absolute)
    return np.asarray((absolute + rank) / 2)


def _starts(cuts_s: Sequence[float], bar_s: float, count: int) -> list[int]:
    """Return the bars at which sections begin: those nearest to cuts, and every eight without one."""
    near = {round(cut / bar_s) for cut in cuts_s}
    starts = sorted({0, *(bar for bar in near if 0 < bar < count)})
    result = list[int]()
    for start, end in pairwise([*starts, count]):
        result.append(start)
        while end - result[-1] > LONGEST_SECTION:
            half = end - result[-1] < 2 * LONGEST_SECTION
            result.append(result[-1] + ((end - result[-1] + 1) // 2 if half else LONGEST_SECTION))
    return result


def _by_section(levels: Values, starts: Sequence[int]) -> Values:
    """Return levels that mostly keep within a section, so that it has a character."""
    result = np.empty(len(levels))
    for start, end in pairwise([*starts, len(levels)]):
        result[start:end] = 0.7 * levels[start:end].mean() + 0.3 * levels[start:end]
    return result


def _level(values: Values, low: int, high: int, added: int, most: int) -> NDArray[np.int64]:
    return np.clip(np.round(low + values * (high - low)).astype(np.int64) + added, low, most)


def _parts(starts: Sequence[int], count: int, energy: NDArray[np.int64]) -> Iterator[tuple[str, int, bool]]:
    """Yield for each bar the part of the template, which bar of it, and whether the base plays a fill."""
    groups = _groups(starts, count)
    names = _names(groups, energy)
    for number, ((start, end), name) in enumerate(zip(groups, names, strict=True)):
        following = names[number + 1] if number + 1 < len(names) else None
        for bar in range(start, end):
            last = bar == end - 1 and end - start >= SHORTEST_PART
            yield name, bar - start, last and name != "ending" and following not in {None, name}


def _groups(starts: Sequence[int], count: int) -> list[tuple[int, int]]:
    """Return the bars of each part: sections together, until they are long enough; then the ending."""
    ending = count - (ENDING if count >= ENDING_FROM else 1)
    edges = [0]
    for start in starts:
        if start - edges[-1] >= SHORTEST_PART and ending - start >= SHORTEST_PART:
            edges.append(start)
    groups = list(pairwise([*edges, ending])) if ending else []
    return [*groups, (ending, count)]


def _names(groups: Sequence[tuple[int, int]], energy: NDArray[np.int64]) -> list[str]:
    """Return the name of each group's part: the more moves in it, the fuller."""
    *inner, (_, count) = groups
    means = np.array([energy[start:end].mean() for start, end in inner])
    ordered = np.sort(means)
    names = list[str]()
    for number, mean in enumerate(means):
        rank = np.searchsorted(ordered, mean) / max(1, len(means) - 1)
        name = "chorus" if rank >= 0.5 and len(means) > 1 else "verse"
        if rank < 0.2 and len(means) > 3 and 0 < number < len(means) - 1:
            name = "break"
        if number == 0 and count >= INTRO_FROM:
            name = "intro"
        names.append(name)
    return [*names, "ending"]


def _last(bar: PlannedBar, bars: int) -> PlannedBar:
    """Return the last bar of the music: the last one of the ending."""
    return PlannedBar("ending", bars - 1, False, min(bar.density, 1), bar.strength)
