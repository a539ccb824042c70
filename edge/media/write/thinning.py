"""Leave out video frames of a range that is played faster, evenly, so that its frame rate stays."""

from __future__ import annotations

from fractions import Fraction
from math import ceil

import numpy as np

from edge.media.read.frame_index import FrameIndex, Ticks
from edge.media.write.plan import ClipRange

_USUAL_RATE = Fraction(25)
"""Frames per second of video whose rate is unknown."""


class Thinning:
    """Chooses the frames that are on display at every frame interval of the output; at speed 1 all frames."""

    def __init__(self, range_: ClipRange) -> None:
        self._range = range_
        self._interval, self._count = _grid(range_)
        self._next = 0

    def shown(self, begins: Fraction, ends: Fraction) -> tuple[Fraction, Fraction] | None:
        """Return the times on the output of a frame, given in seconds of the recording; None: it is left out.

        Frames come in order.
        """
        at, until = self._range.time_of(begins), self._range.time_of(ends)
        if self._range.speed == 1:
            return at, until
        place = self._next
        after = min(ceil((until - self._range.at) / self._interval), self._count)
        if after <= place:
            return None
        self._next = after
        return self._range.at + place * self._interval, self._range.at + after * self._interval


def thinned(range_: ClipRange, frame_index: FrameIndex, first: int, last: int) -> tuple[Ticks, Ticks]:
    """Return which of the frames [first, last) are shown, and ticks from that of the first on.

    Frames are indices in `FrameIndex.shown`, ticks those of the frame index.
    """
    interval, count = _grid(range_)
    step = float(interval / frame_index.time_base)
    begins = int(frame_index.shown[first])
    wanted = begins + np.arange(count) * step * float(range_.speed)
    near = np.searchsorted(frame_index.shown, wanted + 0.5, "right") - 1
    frames, places = np.unique(np.clip(near, first, last - 1), return_index=True)
    return frames.astype(np.int64), begins + np.rint(places * step).astype(np.int64)


def _grid(range_: ClipRange) -> tuple[Fraction, int]:
    """Return the frame interval in seconds, and how many of them the range has on the output."""
    video = range_.info.video
    interval = 1 / ((video.rate if video else None) or _USUAL_RATE)
    return interval, max(1, round(range_.length / interval))
