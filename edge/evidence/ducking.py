"""Where music makes room for speech: a gain over time, from labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.arrays import Floats
from edge.evidence.labels import LabelTrack
from edge.spans import merge
from edge.vocabulary import LABELS, Label

SPOKEN = 0.5
"""Confidence of speaking from which a frame counts as speech."""

PAUSE_S = 1.5
"""Pauses up to this long are ducked, too: music that comes and goes distracts more than it adds."""

LEAST_S = 0.3
"""Shorter speech is ignored."""

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


def spoken(labels: LabelTrack) -> list[tuple[float, float]]:
    """Return where somebody speaks, in seconds, in order and disjoint."""
    frames = labels.frames[:, LABELS.index(Label.SPEAKING)] >= SPOKEN
    edges = np.flatnonzero(np.diff(np.concatenate([[False], frames, [False]])))
    spans = [(float(start), float(end)) for start, end in edges.reshape(-1, 2) * labels.frame_s]
    return [(start, end) for start, end in merge(spans, PAUSE_S) if end - start >= LEAST_S]


def duck(spans: list[tuple[float, float]], depth_db: float) -> Ducking:
    """Return the gain that falls to `depth_db` before each span, sorted and disjoint, and rises after it."""
    times, gains = [0.0], [0.0]
    for start, end in merge([(start - AHEAD_S, end + AFTER_S) for start, end in spans]):
        times += [start, start + AHEAD_S, end - AFTER_S, end]
        gains += [0.0, depth_db, depth_db, 0.0]
    return Ducking(np.array(times[1:] or [0.0]), np.array(gains[1:] or [0.0]))
