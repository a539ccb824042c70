"""Fit cuts to beats: small changes of a video's speed between cuts, by dynamic programming.

Each cut may land on a strong beat near it, or be left. The cost of a span between two that land
is the square of its change of speed times its length; a cut that is left costs as much as the largest
change allowed, over `LEFT_S`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from edge.arrays import Floats
from edge.errors import UsageError

STRONG = 2
"""Every second beat is a strong one: the first and third of 4/4."""

LEFT_S = 12.0
"""A cut that lands on no beat costs as much as this long at the largest change of speed."""

NEAR_S = 0.1
"""Seconds up to which a cut counts as on a beat."""

ASIDE_S = (0.0, -0.095, 0.095)
"""Where a cut may land, from a strong beat."""

ASIDE = 0.02
"""What landing aside costs, as a part of what a cut costs that does not land."""

DRIFT_S = 1.5
"""How far a cut may be moved, at most: further would help no more, and cost time."""

AT_MOST_SKIPPED = 12
"""Cuts between two that land, at most; where none can, all are left."""

Times = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Warp:
    """Times of a video and where they are moved to: between them both run evenly."""

    video_s: tuple[float, ...]
    """Ascending, from 0 to the end of the video."""
    music_s: tuple[float, ...]
    """As many, ascending, from 0."""

    @property
    def speeds(self) -> Floats:
        """Return the speed of the video in each span, float32[n - 1]; 1 is as it was."""
        return np.asarray(np.diff(self.video_s) / np.diff(self.music_s), np.float32)

    @property
    def mean_change(self) -> float:
        """Return the mean change of speed over time: 0.02 is two percent."""
        lengths = np.diff(self.video_s)
        return float((np.abs(self.speeds - 1) * lengths).sum() / lengths.sum())

    def moved(self, times_s: Sequence[float] | Times) -> Times:
        """Return where times of the video are moved to."""
        return np.interp(times_s, self.video_s, self.music_s)

    def origin(self, times_s: Sequence[float] | Times) -> Times:
        """Return which times of the video are moved to these."""
        return np.interp(times_s, self.music_s, self.video_s)


def unchanged(end_s: float) -> Warp:
    """Return the warp that changes nothing."""
    return Warp((0.0, end_s), (0.0, end_s))


def warp(cuts_s: Sequence[float], end_s: float, beat_s: float, *, limit: float = 0.05) -> Warp:
    """Return changes of speed, at most `limit`, by which most cuts land on strong beats, the least ones.

    `cuts_s` ascend between 0 and `end_s`; the first strong beat is at 0. Raises UsageError for other times.
    """
    cuts = [float(cut) for cut in cuts_s]
    if not (beat_s > 0 and end_s > 0 and 0 <= limit < 1):
        raise UsageError("a warp needs beat_s > 0, end_s > 0 and 0 <= limit < 1")
    if any(not before < after for before, after in pairwise([0.0, *cuts, end_s])):
        raise UsageError("cuts must ascend between the start and the end of the video")
    knots = _landed(np.array([0.0, *cuts]), STRONG * beat_s, limit)
    last, at = knots[-1]
    video, music = zip(*knots, strict=True)
    return Warp((*video, end_s), (*music, at + end_s - last))


def on_beats(times_s: Sequence[float] | Times, beat_s: float) -> float:
    """Return the share of times within `NEAR_S` of a strong beat; 1 without times."""
    times, strong = np.asarray(times_s, np.float64), STRONG * beat_s
    if not len(times):
        return 1.0
    return float((np.abs(times - np.round(times / strong) * strong) <= NEAR_S).mean())


@dataclass(frozen=True, slots=True, eq=False)
class _Reached:
    """The places where a cut may land, and the cheapest chain to each; k of them."""

    cut: NDArray[np.int64]
    """int64[k]: index of the cut."""
    time: Times
    """float64[k]: its time."""
    place: Times
    """float64[k]: where it lands."""
    cost: Times
    """float64[k]: infinite if no chain leads there."""
    before: NDArray[np.int64]
    """int64[k, 2]: the cut before that landed, and which of its places."""


def _landed(times: Times, strong_s: float, limit: float) -> list[tuple[float, float]]:
    """Return the times that land, with where they do: the cheapest chain from the first, (0, 0)."""
    alone, zero = LEFT_S * limit**2, np.zeros(1)
    reached = [_Reached(np.zeros(1, np.int64), zero, zero, zero, np.zeros((1, 2), np.int64))]
    for cut in range(1, len(times)):
        recent = reached[max(0, cut - 1 - AT_MOST_SKIPPED) :]
        reached.append(_reach(cut, float(times[cut]), recent, strong_s=strong_s, limit=limit, alone=alone))
    ends = [one.cost.min(initial=np.inf) + alone * (len(times) - 1 - cut) for cut, one in enumerate(reached)]
    cut = int(np.argmin(ends))
    place = int(reached[cut].cost.argmin())
    chain = [(float(times[cut]), float(reached[cut].place[place]))]
    while cut:
        cut, place = reached[cut].before[place].tolist()
        chain.append((float(times[cut]), float(reached[cut].place[place])))
    return chain[::-1]


def _reach(
    cut: int, time: float, recent: Sequence[_Reached], *, strong_s: float, limit: float, alone: float
) -> _Reached:
    """Return the places of a cut, and the cheapest chain to each from places of the cuts before."""
    places, aside = _places(time, strong_s)
    cuts, times, starts, costs = (
        np.concatenate([getattr(one, name) for one in recent]) for name in ("cut", "time", "place", "cost")
    )
    within = np.concatenate([np.arange(len(one.place)) for one in recent])
    music = np.maximum(places[:, None] - starts, 1e-9)
    change = np.abs((time - times) / music - 1)
    total = costs + change**2 * (time - times) + alone * (cut - 1 - cuts)
    total[change > limit] = np.inf
    chosen = total.argmin(axis=1)
    cost = np.take_along_axis(total, chosen[:, None], axis=1)[:, 0] + ASIDE * alone * aside
    before = np.stack([cuts[chosen], within[chosen]], axis=1)
    return _Reached(np.full(len(places), cut), np.full(len(places), time), places, cost, before)


def _places(time_s: float, strong_s: float) -> tuple[Times, NDArray[np.bool_]]:
    """Return the strong beats near a time and the places beside them, and which are beside."""
    beats = np.arange(np.floor((time_s - DRIFT_S) / strong_s), np.ceil((time_s + DRIFT_S) / strong_s) + 1)
    places = (beats[:, None] * strong_s + np.array(ASIDE_S)).ravel()
    aside = np.tile(np.array(ASIDE_S) != 0, len(beats))
    kept = (places > 0) & (np.abs(places - time_s) <= max(DRIFT_S, strong_s))
    return places[kept], aside[kept]
