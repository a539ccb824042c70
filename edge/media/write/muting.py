"""Silence spans of audio, without clicks."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from edge.media.read.resampling import AudioPiece, Samples

RAMP_S = 0.005
"""Length in seconds of the fades beside a silent span."""


def silenced(piece: AudioPiece, spans: Sequence[tuple[Fraction, Fraction]], rate_hz: int) -> Samples:
    """Return the samples of a piece with zeros inside spans (seconds of the output), and fades outside."""
    begins, ends, ramp = piece.start_sample, piece.start_sample + len(piece.samples), round(RAMP_S * rate_hz)
    gains = None
    for start, end in spans:
        first, last = round(start * rate_hz), round(end * rate_hz)
        if first - ramp < ends and last + ramp > begins:
            at = np.arange(begins, ends)
            outside = np.maximum(first - at, at - last + 1) / ramp
            gain = np.float32(0.5) - np.float32(0.5) * np.cos(np.pi * np.clip(outside, 0, 1)).astype(
                np.float32
            )
            gains = gain if gains is None else np.minimum(gains, gain)
    return piece.samples if gains is None else piece.samples * gains[:, None]
