"""Choose which parts of a track go with a video: from the best start, trimmed, or looped on bar lines.

Every start is tried on a grid of 10 ms: the score of a start is a sum of tables over the track that are
moved by the times of the cuts, so that hours of music take a part of a second.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edge.arrays import Floats
from edge.errors import UsageError
from edge.evidence.motion.track import MotionTrack
from edge.evidence.rhythm.track import RhythmTrack
from edge.matching.loops import LEAST_S, Loop, find_loop, lines_of, phrase_lines, sounding
from edge.matching.moments import Moments, Times, loud_db, moments, nearest, rises
from edge.vocabulary import Span

GRID_S = 0.01
"""Distance of the starts that are tried."""

NEAR_S = 0.1
"""Seconds up to which a cut counts as on a beat."""

EXACT_S = 0.03
"""Seconds up to which a cut on a beat is as good as an exact one."""

PHRASE, BAR, BEAT = 1.0, 0.8, 0.6
"""How good it is to begin with a phrase, a bar, a beat."""

ON_BAR, ON_BEAT = 1.0, 0.6
"""How good it is that a cut lands on a bar line, on a beat."""

CUTS, START, DROP, QUIET, EARLY = 1.0, 0.5, 0.4, 0.6, 0.02
"""What counts how much: cuts, the start, the drop, quiet music, an early start where all else is equal."""

QUIET_DB = 20.0
"""Music this far below its loud parts is quiet."""

MOST_CUTS = 128
"""So many of the biggest cuts are looked at to find a start."""

SNAP_S = 0.02
"""A start this near to a beat is moved to it."""


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Parts of a track that are played one after the other under a video."""

    parts: tuple[Span, ...]
    """In seconds of the track; they join on bar lines where it has any."""
    fit: float
    """How well cuts meet beats, 0 to 1: 0.5 as by chance and without any, 1 if all meet bar lines."""
    cuts_on_beat: float | None
    """Share of cuts within 0.1 s of a beat; None without cuts or beats."""
    drop_s: float | None
    """Where in the result the music's biggest rise lands; None if it has none."""

    @property
    def length_s(self) -> float:
        """Return the length of the result in seconds."""
        return sum(part.seconds for part in self.parts)

    def between(self, start_s: float, end_s: float) -> Arrangement:
        """Return the arrangement of a part of the result. Raises UsageError if it has nothing there."""
        parts, at = list[Span](), 0.0
        for part in self.parts:
            low, high = max(start_s - at, 0.0), min(end_s - at, part.seconds)
            if high - low > 1e-6:
                parts.append(Span(part.start + low, part.start + high))
            at += part.seconds
        if not parts:
            raise UsageError(f"the arrangement has nothing from {start_s:g} to {end_s:g} s")
        inside = self.drop_s is not None and start_s <= self.drop_s < end_s
        return replace(self, parts=tuple(parts), drop_s=(self.drop_s or 0.0) - start_s if inside else None)


def arrange(rhythm: RhythmTrack, motion: MotionTrack | None, length_s: float) -> Arrangement:
    """Choose the parts of a track for a video of `length_s` seconds.

    A track that is long enough is trimmed, others are looped in whole phrases. It begins with a phrase, or so
    that cuts land on beats and bar lines, and its biggest rise at the biggest cut where that costs nothing.
    Raises UsageError for a length of 0, or a track shorter than half a second.
    """
    if not length_s > 0 or rhythm.duration_s < LEAST_S:
        raise UsageError(
            f"music needs a video with a length and a track of {LEAST_S:g} s, "
            f"not {length_s:g} and {rhythm.duration_s:g} s"
        )
    video, tables = moments(motion, length_s), _Tables.of(rhythm)
    low, high = sounding(rhythm)
    loop = None if high - low >= length_s else find_loop(rhythm)
    latest = high - length_s if loop is None else (loop.start + loop.end) / 2
    low = min(low, latest)
    count = int((latest - low) / GRID_S + 1e-6) + 1
    starts = low + GRID_S * np.arange(count, dtype=np.float64)
    start = float(starts[_scores(tables, video, loop, starts, length_s).argmax()])
    beat = float(nearest(np.array([start]), tables.marks_s)[0])
    if abs(beat - start) <= SNAP_S and beat <= latest:
        start = beat
    parts = (Span(start, start + length_s),) if loop is None else loop.parts(start, length_s)
    if parts[-1].end > rhythm.duration_s:  # by a rounding error
        parts = (*parts[:-1], Span(parts[-1].start, rhythm.duration_s))
    return _described(parts, rhythm, video, tables)


@dataclass(frozen=True, slots=True, eq=False)
class _Tables:
    """What each place of a track, on the grid, is worth: float32[n] each."""

    cut: Floats
    """As the place of a cut."""
    start: Floats
    """As the start."""
    drop: Floats
    """As the place of the biggest cut."""
    quiet: Floats
    """1 where the music is quiet."""
    on_beat: Floats
    """1 near a beat."""
    on_bar: Floats
    """1 near a bar line."""
    marks_s: Times
    """float64[k]: beats and bar lines, in seconds."""
    drops: tuple[Times, Floats]
    """Where the level rises, and by how many dB."""

    @classmethod
    def of(cls, rhythm: RhythmTrack) -> _Tables:
        """Compute the tables of a track."""
        places = GRID_S * np.arange(int(rhythm.duration_s / GRID_S) + 2, dtype=np.float64)
        lines, bars, beats = lines_of(rhythm), rhythm.bars_s, rhythm.beats_s
        drops = rises(rhythm.levels_db, lines)
        far = {name: _distances(places, at) for name, at in (("beat", beats), ("bar", bars))}
        cut = np.maximum(ON_BEAT * _landing(far["beat"]), ON_BAR * _landing(far["bar"]))
        start = _exactly(far["beat"]) * BEAT
        start = np.maximum(start, _exactly(far["bar"]) * BAR)
        start = np.maximum(start, _exactly(_distances(places, phrase_lines(rhythm))) * PHRASE)
        soft = _quiet(rhythm)
        start[0] = max(start[0], PHRASE if len(soft) and not soft[0] else 0)
        drop = np.zeros(len(places), np.float32)
        for time, rise in zip(*(one.tolist() for one in drops), strict=True):
            near = slice(max(0, int((time - NEAR_S) / GRID_S)), int((time + NEAR_S) / GRID_S) + 2)
            worth = min(1.0, rise / 12) * _landing(np.abs(places[near] - time))
            drop[near] = np.maximum(drop[near], worth)
        seconds = np.minimum(places.astype(np.int64), max(0, len(soft) - 1))
        quiet = soft[seconds] if len(soft) else np.zeros(len(places), np.float32)
        near_beat, near_bar = ((far[name] <= NEAR_S).astype(np.float32) for name in ("beat", "bar"))
        marks = np.union1d(beats, lines)
        return cls(cut, start.astype(np.float32), drop, quiet, near_beat, near_bar, marks, drops)


def _distances(places_s: Times, known_s: Times) -> Times:
    """Return how far each place is from the nearest known time; both ascend. Infinite if none is known."""
    if not len(known_s):
        return np.full(len(places_s), np.inf)
    ends = np.searchsorted(places_s, (known_s[1:] + known_s[:-1]) / 2)
    counts = np.diff(ends, prepend=0, append=len(places_s))
    return np.abs(np.repeat(known_s, counts) - places_s)


def _landing(distance_s: Times) -> Floats:
    """Return what a cut this far from a beat is worth, float32: 1 to 0."""
    near = np.flatnonzero(distance_s <= NEAR_S)
    worth = np.zeros(len(distance_s), np.float32)
    worth[near] = np.minimum(1 - 0.7 * (distance_s[near] - EXACT_S) / (NEAR_S - EXACT_S), 1)
    return worth


def _exactly(distance_s: Times) -> Floats:
    """Return 1 where the distance is none on the grid."""
    return (distance_s <= GRID_S).astype(np.float32)


def _quiet(rhythm: RhythmTrack) -> Floats:
    """Return which seconds are quiet, float32[seconds]."""
    return (rhythm.levels_db < loud_db(rhythm.levels_db) - QUIET_DB).astype(np.float32)


def _scores(
    tables: _Tables, video: Moments, loop: Loop | None, starts: Times, length_s: float
) -> NDArray[np.float64]:
    """Return what each start is worth, float64[n]; starts are consecutive places of the grid."""
    count, frames = len(starts), int(length_s / GRID_S)
    played = starts[0] + GRID_S * np.arange(count + frames + 1)
    origin = played if loop is None else loop.origin(played)
    places = np.minimum(np.round(origin / GRID_S).astype(np.int64), len(tables.cut) - 1)
    scores = START * tables.start[places[:count]].astype(np.float64)
    scores -= EARLY * np.arange(count) / max(count, 1)
    quiet = np.concatenate([[0.0], np.cumsum(tables.quiet[places], dtype=np.float64)])
    scores -= QUIET * (quiet[frames : frames + count] - quiet[:count]) / max(frames, 1)
    if video.biggest_s is not None:
        at = round(video.biggest_s / GRID_S)
        scores += DROP * tables.drop[places[at : at + count]]
    chosen = np.sort(np.argsort(-video.weights, kind="stable")[:MOST_CUTS])
    worth, weights = tables.cut[places], video.weights[chosen]
    share = CUTS * len(chosen) / (len(chosen) + 1) / max(float(weights.sum()), 1e-9)
    for cut, weight in zip(video.cuts_s[chosen].tolist(), weights.tolist(), strict=True):
        at = round(cut / GRID_S)
        scores += share * weight * worth[at : at + count]
    return scores


def _described(parts: tuple[Span, ...], rhythm: RhythmTrack, video: Moments, tables: _Tables) -> Arrangement:
    """Measure how parts of a track fit a video."""
    lengths = np.array([part.seconds for part in parts])
    ends = np.cumsum(lengths)
    shifts = np.array([part.start for part in parts]) - (ends - lengths)

    def origin(times: Times) -> Times:
        number = np.minimum(np.searchsorted(ends, times, "right"), len(parts) - 1)
        return np.asarray(times + shifts[number], np.float64)

    at = origin(GRID_S * np.arange(max(1, int(ends[-1] / GRID_S)), dtype=np.float64))
    places = np.minimum(np.round(at / GRID_S).astype(np.int64), len(tables.cut) - 1)
    cuts = origin(video.cuts_s)
    hits, better = list[float](), list[float]()
    for known, near in ((rhythm.beats_s, tables.on_beat), (rhythm.bars_s, tables.on_bar)):
        chance = float(near[places].mean())
        hit = float((np.abs(nearest(cuts, known) - cuts) <= NEAR_S).mean()) if len(cuts) else 0.0
        hits.append(hit)
        better.append(max(-1.0, (hit - chance) / (1 - chance)) if chance < 0.98 else 0.0)
    gain = 0.7 * better[0] + 0.3 * max(0.0, better[1])
    meet = len(cuts) > 0 and len(rhythm.beats_s) > 0
    fit = 0.5 + 0.5 * len(cuts) / (len(cuts) + 1) * gain if meet else 0.5
    drop = _drop(tables.drops, parts, ends - lengths)
    return Arrangement(parts, min(1.0, max(0.0, fit)), hits[0] if meet else None, drop)


def _drop(drops: tuple[Times, Floats], parts: tuple[Span, ...], begins: Times) -> float | None:
    """Return where in the result the biggest rise lands, the first time."""
    times, sizes = drops
    found = [
        (-float(size), begin + float(time) - part.start)
        for part, begin in zip(parts, begins.tolist(), strict=True)
        for time, size in zip(times, sizes, strict=True)
        if part.start < time < part.end
    ]
    return min(found)[1] if found else None
