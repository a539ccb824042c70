"""Bring speech to one level, so that how loud a recording is hardly changes what is recognized in it."""

from __future__ import annotations

import numpy as np

from edge.arrays import Floats

LEVEL_DB = -20.0
"""Level in dBFS of the loud part."""

QUIETEST_DB = -80.0
"""Level in dBFS below which nothing is amplified: digital silence and dither."""

FRAME_S, LOUD_SHARE = 0.03, 0.2
"""Seconds of a frame whose level is measured, and the share of the frames that are the loud part."""


def leveled(samples: Floats, rate_hz: int) -> Floats:
    """Scale speech float32[n] so that the loudest fifth of it has `LEVEL_DB`."""
    frame = round(FRAME_S * rate_hz)
    frames = samples[: len(samples) // frame * frame].reshape(-1, frame)
    powers = np.sort(np.einsum("ij,ij->i", frames, frames)) / frame
    loud = powers[len(powers) - max(1, int(LOUD_SHARE * len(powers))) :]
    power = float(loud.mean()) if len(loud) else 0.0
    if power < 10 ** (QUIETEST_DB / 10):
        return samples
    return samples * np.float32(10 ** (LEVEL_DB / 20) / np.sqrt(power))
