"""The nominal frame rate of a video: that of the usual interval, however many frames are missing."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

import numpy as np

_NTSC: Final = tuple(Fraction(1000 * whole, 1001) for whole in (24, 30, 48, 60, 120))
_LOOK: Final = 8
"""Intervals of more frames are breaks."""
_OFF: Final = 0.2
"""Part of the usual interval by which others may be off its multiples."""
_REGULAR: Final = 0.75
"""Share of the intervals that must be multiples of the usual one."""
_CLOSE: Final = Fraction(1, 200)
"""Tolerance of measured rates: 24 and 23.976 are 1/1000 apart, the nearest is meant."""
_SAME: Final = Fraction(1, 5000)
"""Tolerance of declared rates: 29.97 stands for 30000/1001, 30 does not."""


def usual_rate(ticks: Sequence[int], time_base: Fraction, average: Fraction | None) -> Fraction | None:
    """Return the frames per second from timestamps of frames, in any order.

    That is the average where the header's is right or the intervals are irregular. Standard rates are exact.

    >>> usual_rate([0, 33, 67, 100, 167, 200, 233, 267, 333], Fraction(1, 1000), Fraction(24))
    Fraction(30, 1)
    """
    steps = np.diff(np.unique(np.array(ticks, np.int64))).astype(np.float64)
    if len(steps) < _LOOK:
        return _exact(average, _SAME) if average else None
    usual = float(np.median(steps))
    for _ in range(2):
        frames = np.rint(steps / usual)
        regular = (np.abs(steps / usual - frames) <= _OFF) & (frames > 0) & (frames <= _LOOK)
        if regular.mean() < _REGULAR:
            return _exact(average, _SAME) if average else None
        usual = float(steps[regular].sum() / frames[regular].sum())
    measured = 1 / (Fraction(usual) * time_base)
    if average and abs(average / measured - 1) <= _SAME:
        return _exact(average, _SAME)
    return _exact(measured, _CLOSE)


def _exact(rate: Fraction, tolerance: Fraction) -> Fraction:
    """Return the standard rate within the tolerance that is nearest; else a rate of small numbers."""
    standard = min((Fraction(max(round(rate), 1)), *_NTSC), key=lambda known: abs(known - rate))
    return standard if abs(standard / rate - 1) <= tolerance else rate.limit_denominator(1001)
