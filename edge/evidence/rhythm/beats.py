"""Beats: strong onsets at about the distance that the tempo asks for, by dynamic programming."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.arrays import Floats

SHORTEST, LONGEST = 0.7, 1.4
"""Limits of the distance between two beats, in beats of the tempo."""

TIGHTNESS = 100.0
"""Cost of a distance: this times the square of the logarithm of how far it is off."""

SPREAD = 400
"""Frames on either side over which the loudness of onsets is evened out."""

NEIGHBORS = 8
"""Beats on either side that say where one must lie."""

OFF = 4
"""Frames by which an onset may be off its beat."""


def even(pulse: Floats) -> Floats:
    """Return onsets float32[n] divided by their RMS around them, of which at most a fifth of the mean."""
    if not len(pulse):
        return pulse
    sums = np.concatenate([[0.0], np.cumsum(pulse.astype(np.float64) ** 2)])
    at = np.arange(len(pulse))
    first, end = np.maximum(at - SPREAD, 0), np.minimum(at + SPREAD + 1, len(pulse))
    power = (sums[end] - sums[first]) / (end - first)
    return np.asarray(pulse / np.sqrt(np.maximum(power, sums[-1] / len(pulse) / 25 + 1e-9)), np.float32)


def track(strength: Floats, period: Floats) -> NDArray[np.int64]:
    """Return frames of beats, int64[m], for onset strength float32[n] and beats' lengths, float32[n].

    They maximize the sum of their strengths less the costs of their distances (Ellis, Beat Tracking by
    Dynamic Programming, 2007). As distances have a lower limit, the frames of a block as long as that do not
    depend on each other.
    """
    count = len(strength)
    if not count:
        return np.zeros(0, np.int64)
    longest = int(np.ceil(LONGEST * float(period.max())))
    totals = np.zeros(longest + count)
    before = np.full(count, -1, np.int64)
    start, size = 0, totals.itemsize
    while start < count:
        beat = float(period[start])
        first, last = max(1, int(SHORTEST * beat)), int(np.ceil(LONGEST * beat))
        end = min(start + first, count)
        lags = np.arange(last, first - 1, -1)
        cost = TIGHTNESS * np.log(lags / beat) ** 2
        # the totals that each frame of the block can reach: `sliding_window_view` without its overhead
        windows = np.ndarray(
            (end - start, len(lags)), totals.dtype, totals, (longest + start - last) * size, (size, size)
        )
        reached = windows - cost
        chosen = reached.argmax(axis=1)
        best = reached[np.arange(end - start), chosen]
        totals[longest + start : longest + end] = strength[start:end] + np.maximum(best, 0)
        before[start:end] = np.where(best > 0, np.arange(start, end) - lags[chosen], -1)
        start = end
    ending = totals[-min(count, int(period[-1]) + 1) :]
    at = count - 1 - int(ending[::-1].argmax())
    beats = []
    while at >= 0:
        beats.append(at)
        at = int(before[at])
    return np.array(beats[::-1], np.int64)


def refine(beats: NDArray[np.int64], pulse: Floats) -> NDArray[np.float64]:
    """Return the beats in fractions of frames: each lies where those around it and their onsets say.

    The onset at a beat is where a parabola through the strongest frame near it has its top. Beats are then
    a local linear regression of these onsets, weighted by their strength.
    """
    if len(beats) < 3:
        return beats.astype(np.float64)
    padded = np.pad(pulse, OFF + 1)
    near = padded[beats[:, None] + np.arange(1, 2 * OFF + 2)] * np.hanning(2 * OFF + 3)[1:-1]
    top = near.argmax(axis=1)
    rows = beats + top + 1
    left, here, right = (padded[rows + shift].astype(np.float64) for shift in (-1, 0, 1))
    curve = left - 2 * here + right
    shift = np.where(curve < -1e-9, (left - right) / (2 * np.minimum(curve, -1e-9)), 0)
    onset = beats + top - OFF + np.clip(shift, -0.5, 0.5)
    weight = here + 1e-3
    return _regressed(onset, weight)


def _regressed(onset: NDArray[np.float64], weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return at each place the line through the values within `NEIGHBORS` of it; strays count less."""
    offsets = np.arange(-NEIGHBORS, NEIGHBORS + 1)
    window = np.hanning(len(offsets) + 2)[1:-1]
    base = np.pad(onset, NEIGHBORS, mode="edge")
    rows = np.arange(len(onset))[:, None] + offsets + NEIGHBORS
    weights = np.pad(weight, NEIGHBORS)[rows] * window
    values = base[rows] - onset[:, None]
    for _ in range(3):
        total = weights.sum(axis=1)
        mean_x, mean_y = (weights * offsets).sum(axis=1) / total, (weights * values).sum(axis=1) / total
        x, y = offsets - mean_x[:, None], values - mean_y[:, None]
        slope = (weights * x * y).sum(axis=1) / np.maximum((weights * x * x).sum(axis=1), 1e-9)
        line = mean_y - slope * mean_x
        residual = np.abs(y - slope[:, None] * x)
        weights = weights * np.where(residual > 2.0, 2.0 / np.maximum(residual, 1e-9), 1.0) ** 2
    return np.maximum.accumulate(onset + line)
