"""Gains, fades and crossfades of float32 samples."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from edge_kernels.arrays import Floats, floats, positive
from edge_kernels.library import call


def gain(samples: ArrayLike, factor: float) -> Floats:
    """Multiply `samples` float32[n] by `factor`; keeps NaN and infinity. Raises TypeError, ValueError."""
    samples = floats(samples, "samples")
    out = np.empty_like(samples)
    call("gain", samples, len(samples), factor, out)
    return out


def fade_in(samples: ArrayLike, length: int, begin: int = 0) -> Floats:
    """Apply a raised-cosine fade-in over `length` samples to samples float32[n, channels].

    The samples begin `begin` samples after the fade, before it if negative: sample i is multiplied by
    (1 - cos(pi t)) / 2 with t = (begin + i) / length, clipped to 0..1. Raises TypeError, ValueError.
    """
    return _fade(samples, begin, length, falling=False)


def fade_out(samples: ArrayLike, length: int, begin: int = 0) -> Floats:
    """Apply a fade-out: like `fade_in`, with t = 1 - (begin + i) / length."""
    return _fade(samples, begin, length, falling=True)


def crossfade(before: ArrayLike, after: ArrayLike, *, equal_power: bool = True) -> Floats:
    """Crossfade from `before` to `after`, both float32[n, channels]; t = (i + 1/2) / n.

    With `equal_power` the gains are cos(pi t / 2) and sin(pi t / 2), which keeps the power of uncorrelated
    signals; without, their squares, which keeps the amplitude of equal signals. Raises TypeError, ValueError.
    """
    before, after = floats(before, "before", 2), floats(after, "after", 2)
    if before.shape != after.shape:
        raise ValueError(f"before and after must have one shape, not {before.shape} and {after.shape}")
    out = np.empty_like(before)
    if out.size:
        call("crossfade", before, after, *before.shape, int(equal_power), out)
    return out


def _fade(samples: ArrayLike, begin: int, length: int, *, falling: bool) -> Floats:
    samples = floats(samples, "samples", 2)
    out = np.empty_like(samples)
    positive(length, "length", 1)
    if out.size:
        call("fade", samples, *samples.shape, begin, length, int(falling), out)
    return out
