"""The moments that count: where a video changes most, and where music becomes louder most."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.arrays import Floats
from edge.evidence.motion.track import MotionTrack

AROUND_S = 2.0
"""Seconds before and after a moment of a video that are compared."""

LEAST_CHANGE = 0.15
"""Change of speed in frame heights per second from which a moment without a cut counts."""

RISE_S = 4
"""Seconds before and after a moment of music that are compared."""

LEAST_RISE_DB = 3.0
"""Smaller rises of the level are no drops."""

SOFT_DB = 8.0
"""Nor are rises after which the music is softer than its loud parts by more than this."""

FLOOR_DB = 40.0
"""Levels that are further below the loud parts count as this far."""

SILENCE_DB = -120.0
"""Nothing is softer."""

SNAP_S = 1.0
"""A rise is moved to a bar line this near, as levels are known for each second alone."""

Times = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Cuts of a video, and its biggest moment."""

    cuts_s: Times
    """float64[n]: where shots begin in seconds, ascending: cuts, and the middle of blends."""
    weights: Floats
    """float32[n]: how much each changes, above 0 to 1."""
    biggest_s: float | None
    """Where most changes; None if nothing does."""


def moments(motion: MotionTrack | None, length_s: float) -> Moments:
    """Return the moments of a video's first `length_s` seconds; none without motion."""
    if motion is None or not len(motion.times_s):
        return Moments(np.zeros(0), np.zeros(0, np.float32), None)
    strengths = {(one.start + one.end) / 2: one.strength for one in motion.transitions}
    cuts = np.array(sorted(time for time in strengths if 0.05 < time < length_s - 0.05), np.float64)
    if not len(cuts):
        return Moments(cuts, np.zeros(0, np.float32), _liveliest(motion, length_s))
    changes = _change(motion.times_s, motion.speed, cuts) + _change(motion.times_s, motion.brightness, cuts)
    weights = np.array([strengths[cut] for cut in cuts.tolist()]) * (0.3 + np.minimum(changes, 1.0))
    weights = np.maximum(weights / max(weights.max(), 1e-9), 0.01).astype(np.float32)
    return Moments(cuts, weights, float(cuts[weights.argmax()]))


def rises(levels_db: Floats, lines_s: Times) -> tuple[Times, Floats]:
    """Return where music becomes louder and stays so for some seconds, and by how many dB: drops, ascending.

    levels_db: float32[seconds]. lines_s: bar lines, to which the times are moved where they are near.
    """
    if len(levels_db) <= RISE_S:
        return np.zeros(0), np.zeros(0, np.float32)
    loud = loud_db(levels_db)
    levels = np.maximum(levels_db.astype(np.float64), loud - FLOOR_DB)
    total = np.concatenate([[0.0], np.cumsum(levels)])
    at = np.arange(1, len(levels))
    low, high = np.maximum(at - RISE_S, 0), np.minimum(at + RISE_S, len(levels))
    after = (total[high] - total[at]) / (high - at)
    rise = after - (total[at] - total[low]) / (at - low)
    rise[(after < loud - SOFT_DB) | (high - at < RISE_S)] = 0
    padded = np.pad(rise, RISE_S, constant_values=-np.inf)
    best = np.lib.stride_tricks.sliding_window_view(padded, 2 * RISE_S + 1).max(axis=1)
    found = np.flatnonzero((rise >= LEAST_RISE_DB) & (rise == best))
    times = at[found].astype(np.float64)
    if len(lines_s) and len(times):
        near = nearest(times, lines_s)
        times = np.where(np.abs(near - times) <= SNAP_S, near, times)
    return times, rise[found].astype(np.float32)


def loud_db(levels_db: Floats) -> float:
    """Return the level of the loud parts in dBFS: the 80th percentile."""
    if not len(levels_db):
        return SILENCE_DB
    at = 0.8 * (len(levels_db) - 1)
    low, high = int(at), min(int(at) + 1, len(levels_db) - 1)
    ranked = np.partition(levels_db, (low, high)).astype(np.float64)  # `percentile` takes ten times as long
    return max(SILENCE_DB, float(ranked[low] + (at - low) * (ranked[high] - ranked[low])))


def nearest(times_s: Times, known_s: Times) -> Times:
    """Return for each time the nearest of the known ones, which ascend; infinite if there are none."""
    if not len(known_s):
        return np.full(len(times_s), np.inf)
    after = np.minimum(np.searchsorted(known_s, times_s), len(known_s) - 1)
    before = np.maximum(after - 1, 0)
    closer = np.abs(known_s[before] - times_s) <= np.abs(known_s[after] - times_s)
    return np.where(closer, known_s[before], known_s[after])


def _change(times_s: Times, values: Floats, at_s: Times) -> Times:
    """Return how much the mean of values changes at each time, in standard deviations or half their mean."""
    total = np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])
    low, mid, high = (np.searchsorted(times_s, at_s + shift) for shift in (-AROUND_S, 0.0, AROUND_S))
    before = (total[mid] - total[low]) / np.maximum(mid - low, 1)
    after = (total[high] - total[mid]) / np.maximum(high - mid, 1)
    usual = max(2 * float(values.std()), 0.5 * float(values.mean()), 1e-3)
    return np.asarray(np.abs(after - before) / usual, np.float64)


def _liveliest(motion: MotionTrack, length_s: float) -> float | None:
    """Return where the speed changes most in a video without cuts."""
    times = np.arange(AROUND_S / 2, length_s - AROUND_S / 2, 0.1)
    if not len(times):
        return None
    changes = _change(motion.times_s, motion.speed, times)
    usual = max(2 * float(motion.speed.std()), 0.5 * float(motion.speed.mean()), 1e-3)
    best = int(changes.argmax())
    return float(times[best]) if changes[best] * usual >= LEAST_CHANGE else None
