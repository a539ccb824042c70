"""Where music makes room for speech: a gain over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.arrays import Floats
from edge.spans import merge

AHEAD_S, AFTER_S = 0.35, 0.8
"""How long before speech the gain begins to fall, and how long after it has risen again."""


@dataclass(frozen=True, slots=True, eq=False)
class Ducking:
    """A gain in dB over time, straight between its points."""

    times_s: NDArray[np.float64]
    """float64[n]: ascending."""
    gains_db: NDArray[np.float64]
    """float64[n]: 0 where nobody speaks."""

    def gains(self, start: int, count: int, rate_hz: int) -> Floats:
        """Return the factors of `count` samples, float32[count]."""
        times = (start + np.arange(count)) / rate_hz
        return np.asarray(10 ** (np.interp(times, self.times_s, self.gains_db) / 20), np.float32)


def duck(spans: Sequence[tuple[float, float]], depth_db: float) -> Ducking:
    """Return the gain that falls to `depth_db` before each span, sorted and disjoint, and rises after it."""
    times, gains = [0.0], [0.0]
    for start, end in merge([(start - AHEAD_S, end + AFTER_S) for start, end in spans]):
        times += [start, start + AHEAD_S, end - AFTER_S, end]
        gains += [0.0, depth_db, depth_db, 0.0]
    return Ducking(np.array(times[1:] or [0.0]), np.array(gains[1:] or [0.0]))
