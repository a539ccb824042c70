"""Where a track can be looped: from bar line to bar line, in whole phrases, without its intro and its end."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edge.evidence.rhythm.track import RhythmTrack
from edge.matching.moments import SILENCE_DB, Times, loud_db
from edge.vocabulary import Span

LEAST_S = 0.5
"""Seconds of the shortest track."""

BODY_DB = 12.0
"""The body of a track begins and ends with music no softer than its loud parts by more than this."""

SILENT_DB = 40.0
"""What is softer than the loud parts by this counts as silent."""

PHRASES = (8, 4, 2, 1)
"""Bars of phrases, long ones first."""

MOST_LOST = 0.25
"""Part of the bars that may be left out so that a loop has whole phrases."""

WHOLE_S = 10.0
"""Shorter tracks without bars are looped as they are: their level is known too coarsely."""

EDGE_S = 0.06
"""What is left for crossfades at both ends of a track without bars."""

SLIVER_S = 0.5
"""A last part that would be shorter is not joined on: the part before it goes on."""


@dataclass(frozen=True, slots=True)
class Loop:
    """A part of a track that is repeated."""

    start: float
    """Seconds of the track."""
    end: float
    """Seconds of the track, after `start`."""
    limit: float
    """End of the track in seconds."""

    def origin(self, times_s: Times) -> Times:
        """Return which seconds of the track are played at times of an endless loop, which begins at 0."""
        inside = self.start + np.mod(times_s - self.end, self.end - self.start)
        return np.where(times_s < self.end, times_s, inside)

    def parts(self, start_s: float, length_s: float) -> tuple[Span, ...]:
        """Return what is played from a place before the loop's end on, for `length_s` seconds."""
        parts, left, at = list[Span](), length_s, start_s
        while left > 1e-6:
            beyond = left - (self.end - at)
            stays = beyond <= 0 or (beyond < SLIVER_S and self.end + beyond <= self.limit)
            taken = left if stays else self.end - at
            parts.append(Span(at, at + taken))
            left, at = left - taken, self.start
        return tuple(parts)


def find_loop(rhythm: RhythmTrack) -> Loop:
    """Return the longest loop of whole phrases; of a track without bars or beats nearly all of it."""
    low, high = body(rhythm)
    lines, limit = lines_of(rhythm), rhythm.duration_s
    inside = lines[(lines >= low - 0.5) & (lines <= high + 0.5)]
    if len(inside) < 3:
        inside = lines
    if len(inside) < 2 or inside[-1] - inside[0] < LEAST_S / 2:
        edge = min(EDGE_S, limit / 8)
        return Loop(max(low, edge), min(high, limit - edge), limit)
    count = len(inside) - 1
    unit = next(bars for bars in PHRASES if count % bars <= MOST_LOST * count and count >= bars)
    starts = np.flatnonzero(np.isin(inside, phrase_lines(rhythm)))
    first = int(starts[0]) if len(starts) and count - starts[0] >= unit else 0
    last = first + (count - first) // unit * unit
    return Loop(float(inside[first]), float(inside[last]), limit)


def lines_of(rhythm: RhythmTrack) -> Times:
    """Return bar lines in seconds, ascending, with the end of the last bar; else beats, if any."""
    found = rhythm.bars_s if len(rhythm.downbeats) > 1 else rhythm.beats_s
    found = found[(found >= 0) & (found <= rhythm.duration_s)]
    if len(found) < 2:
        return np.zeros(0)
    end = float(found[-1] + np.median(np.diff(found)))
    if end <= rhythm.duration_s + 0.05:
        return np.append(found, min(end, rhythm.duration_s))
    return found


def phrase_lines(rhythm: RhythmTrack) -> Times:
    """Return the bar lines at which phrases of four bars begin, float64[k]: those where the level changes."""
    lines = rhythm.bars_s
    if len(lines) < 8 or len(rhythm.levels_db) < 8:
        return lines[::4]
    total = np.concatenate([[0.0], np.cumsum(np.maximum(rhythm.levels_db, SILENCE_DB), dtype=np.float64)])
    at = np.interp(lines, np.arange(len(total)), total)
    bar_s = np.maximum(np.diff(lines), 1e-3)
    levels = np.diff(at) / bar_s  # float64[m - 1]: of each bar
    changes = np.zeros(len(lines))
    changes[1:-1] = np.abs(np.diff(levels))
    sums = [float(changes[phase::4].mean()) for phase in range(4)]
    best = int(np.argmax(sums))
    if sums[best] < 1.5 * float(changes[1:-1].mean()):  # no change: from the first bar on
        best = 0
    return lines[best::4]


def body(rhythm: RhythmTrack) -> tuple[float, float]:
    """Return where a track without its soft intro and its fade begins and ends, in seconds."""
    if rhythm.duration_s < WHOLE_S and len(rhythm.downbeats) < 2:
        return 0.0, rhythm.duration_s
    return _within(rhythm, BODY_DB)


def sounding(rhythm: RhythmTrack) -> tuple[float, float]:
    """Return where a track without silence at its ends begins and ends, in seconds."""
    if rhythm.duration_s < WHOLE_S:
        return 0.0, rhythm.duration_s
    return _within(rhythm, SILENT_DB)


def _within(rhythm: RhythmTrack, below_db: float) -> tuple[float, float]:
    """Return the first and last seconds that are at most this far below the loud parts."""
    loud = np.flatnonzero(rhythm.levels_db >= loud_db(rhythm.levels_db) - below_db)
    if not len(loud):
        return 0.0, rhythm.duration_s
    start, end = float(loud[0]), min(float(loud[-1]) + 1.0, rhythm.duration_s)
    if len(rhythm.levels_db) - loud[-1] <= 1:
        end = rhythm.duration_s
    return (start, end) if end - start >= LEAST_S else (0.0, rhythm.duration_s)
