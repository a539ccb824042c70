"""The mel scale and its filters in float64: for training, and as a peer of the kernels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]


def hz_to_mel(hz: Doubles | float) -> Doubles:
    """HTK mel scale: 2595 log10(1 + f / 700)."""
    return np.asarray(2595.0 * np.log10(1.0 + np.asarray(hz) / 700.0))


def mel_to_hz(mel: Doubles | float) -> Doubles:
    """Inverse of `hz_to_mel`."""
    return np.asarray(700.0 * (10.0 ** (np.asarray(mel) / 2595.0) - 1.0))


def mel_filters(rate_hz: int, n_fft: int, n_mels: int, low_hz: float, high_hz: float) -> Doubles:
    """Triangular filters float64[n_mels, n_fft/2 + 1], equally spaced on the HTK scale, each of sum 1.

    A filter narrower than the bin spacing takes the nearest bin whole, so no band is ever empty.
    """
    edges = mel_to_hz(np.linspace(hz_to_mel(low_hz), hz_to_mel(high_hz), n_mels + 2))
    low, centre, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    bins = np.arange(n_fft // 2 + 1) * (rate_hz / n_fft)
    filters = np.maximum(np.minimum((bins - low) / (centre - low), (high - bins) / (high - centre)), 0.0)
    empty = filters.sum(axis=1) == 0
    filters[empty, np.abs(bins - centre[empty]).argmin(axis=1)] = 1.0
    return np.asarray(filters / filters.sum(axis=1, keepdims=True))
