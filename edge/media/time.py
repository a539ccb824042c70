"""Convert between ticks of a stream and exact seconds (`Fraction`)."""

from __future__ import annotations

from fractions import Fraction
from typing import Protocol


class Timed(Protocol):
    """A frame or packet of PyAV."""

    @property
    def pts(self) -> int | None:
        """Presentation timestamp in ticks of `time_base`."""

    @property
    def time_base(self) -> Fraction | None:
        """Seconds per tick."""


def ticks_to_seconds(ticks: int | None, time_base: Fraction | None) -> Fraction:
    """Convert ticks to seconds; 0 if either argument is None.

    >>> ticks_to_seconds(450, Fraction(1, 90))
    Fraction(5, 1)
    """
    return (ticks or 0) * (time_base or Fraction(0))


def seconds_to_ticks(seconds: Fraction, time_base: Fraction) -> int:
    """Convert seconds to ticks, rounded toward zero.

    >>> seconds_to_ticks(Fraction(1, 3), Fraction(1, 90))
    30
    """
    return int(seconds / time_base)


def pts_seconds(item: Timed) -> Fraction:
    """Return the presentation time of a frame or packet in container seconds."""
    return ticks_to_seconds(item.pts, item.time_base)
