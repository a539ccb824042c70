"""Silence spans of audio, without clicks."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from fractions import Fraction

import numpy as np

from edge.media.read.resampling import AudioPiece, Samples

RAMP_S = 0.005
"""Length in seconds of the fades beside a silent span."""


class Muting:
    """Spans that are silent, with fades outside of them."""

    def __init__(self, spans: Iterable[tuple[Fraction, Fraction]], rate_hz: int) -> None:
        """Take spans in seconds of the output, in order and disjoint."""
        self._spans = [(round(start * rate_hz), round(end * rate_hz)) for start, end in spans]
        self._ramp = round(RAMP_S * rate_hz)

    def applied(self, piece: AudioPiece) -> Samples:
        """Return the samples of a piece, float32[n, channels], with the spans silent."""
        begins, ends = piece.start_sample, piece.start_sample + len(piece.samples)
        gains = None
        first = bisect_right(self._spans, begins - self._ramp, key=lambda span: span[1])
        for start, end in self._spans[first:]:
            if start - self._ramp >= ends:
                break
            at = np.arange(begins, ends)
            outside = np.clip(np.maximum(start - at, at - end + 1) / self._ramp, 0, 1)
            gain = (0.5 - 0.5 * np.cos(np.pi * outside)).astype(np.float32)
            gains = gain if gains is None else np.minimum(gains, gain)
        return piece.samples if gains is None else piece.samples * gains[:, None]
