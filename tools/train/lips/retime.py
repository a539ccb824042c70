"""Make a talking face sing: play its frames so that the mouth opens when a voice sounds.

Dynamic time warping finds the frames, one for every 100 ms of the sound, whose mouth is as open as the voice
is loud. Frames advance by 0 to 7 (2.5 is the speed of the recording), so that long vowels are held.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.arrays import Floats

FASTEST = 7
"""Frames of the recording that 100 ms can skip."""
USUAL = 2.5
"""Frames of the recording in 100 ms."""
HASTE = 0.004
"""Cost of a step that differs by one frame from the usual, relative to the squared error of the opening."""
RANGE_DB = 30.0
"""A voice that much softer than the loudest does not open the mouth."""


def envelope(sound: Floats, column: int) -> Floats:
    """How open a mouth is to be, float32[n] in 0..1: level times the confidence in `column` of [n, 5]."""
    level = sound[:, 0] - sound[:, 0].max(initial=-120.0)
    return np.asarray(np.clip(1 + level / RANGE_DB, 0, 1) * sound[:, column], np.float32)


def ranked(values: Floats) -> Floats:
    """Scale to 0..1 between the 5th and the 95th percentile."""
    low, high = np.percentile(values, [5, 95])
    return np.asarray(np.clip((values - low) / max(high - low, 1e-3), 0, 1), np.float32)


def retimed(opening: Floats, wanted: Floats) -> NDArray[np.int64]:
    """The frame int64[m] of `opening` float32[n] for each of `wanted` float32[m]; both run from 0 to 1."""
    frames, steps = len(opening), len(wanted)
    haste = HASTE * (np.arange(FASTEST + 1) - USUAL) ** 2
    error = (opening[None] - wanted[:, None]) ** 2
    cost, came = error[0].astype(np.float64), np.zeros((steps, frames), np.int64)
    for step in range(1, steps):
        ways = np.full((FASTEST + 1, frames), np.inf)
        for skip in range(min(FASTEST + 1, frames)):
            ways[skip, skip:] = cost[: frames - skip] + haste[skip]
        came[step] = ways.argmin(0)
        cost = ways.min(0) + error[step]
    path = np.zeros(steps, np.int64)
    path[-1] = cost.argmin()
    for step in range(steps - 1, 0, -1):
        path[step - 1] = path[step] - came[step, path[step]]
    return path


def bounced(positions: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Positions of any size as frames 0..count-1, played forth and back."""
    folded = positions % max(1, 2 * count - 2)
    return np.asarray(np.minimum(folded, 2 * count - 2 - folded) if count > 1 else folded * 0)
