"""Loudness and true peak after ITU-R BS.1770-4, from blocks of samples."""

from __future__ import annotations

import numpy as np
from edge_kernels.mixing import MeanSquares, TruePeaks
from numpy.typing import NDArray

from edge.arrays import Floats
from edge.errors import UsageError

ABSOLUTE_GATE_LUFS = -70.0
"""Windows that are softer do not count."""

RELATIVE_GATE_LU = -10.0
"""Nor do those that are softer than the mean of the others by this."""

OFFSET_DB = -0.691
"""Makes the loudness of a full-scale sine of 997 Hz in one channel -3.01 LUFS."""

SURROUND = 1.41
"""Weight of the fourth and fifth of five channels (left, right, center and two surround channels)."""

STEPS = 4
"""Steps of 100 ms in a window; windows overlap by all but one."""

LIMIT = 5
"""Channels for which the standard has weights."""


class LoudnessMeter:
    """Measures integrated loudness and true peak of a stream; keeps a number per channel and 100 ms."""

    def __init__(self, rate_hz: int, channels: int = 2, *, peaks: bool = True) -> None:
        """Begin a measurement, without `peaks` of loudness alone, which takes a third of the time.

        Raises UsageError for a rate below 8000 Hz, or not 1 to 5 channels.
        """
        if rate_hz < 8000 or not 1 <= channels <= LIMIT:
            raise UsageError(f"loudness is that of 1 to {LIMIT} channels at 8000 Hz or more")
        self._squares = MeanSquares(k_weighting(rate_hz), channels, round(rate_hz / 10))
        self._peaks, self._channels = TruePeaks(channels) if peaks else None, channels
        self._steps: list[NDArray[np.float64]] = []
        self._peak = 0.0

    def accept(self, samples: Floats) -> None:
        """Add the next samples, float32[channels, n]. Raises UsageError for other channels."""
        if samples.ndim != 2 or len(samples) != self._channels:
            raise UsageError(f"samples must be float32[{self._channels}, n], not {list(samples.shape)}")
        self._steps.append(self._squares(samples))
        if self._peaks is not None:
            self._peak = max(self._peak, float(self._peaks(samples).max(initial=0)))

    @property
    def integrated_lufs(self) -> float:
        """Loudness of what was accepted, gated; -infinity if it is silent or shorter than 400 ms."""
        weights = np.array([1, 1, 1, SURROUND, SURROUND])[: self._channels]
        steps = np.concatenate([np.zeros((0, self._channels)), *self._steps]) @ weights
        if len(steps) < STEPS:
            return -np.inf
        windows = np.lib.stride_tricks.sliding_window_view(steps, STEPS).mean(axis=1)
        loud = windows[windows > power(ABSOLUTE_GATE_LUFS)]
        if not len(loud):
            return -np.inf
        gated = loud[loud > loud.mean() * 10 ** (RELATIVE_GATE_LU / 10)]
        return float(OFFSET_DB + 10 * np.log10(gated.mean()))

    @property
    def true_peak_dbtp(self) -> float:
        """Largest magnitude of four points per sample, in dB of full scale; -infinity if silent.

        Raises UsageError if peaks are not measured.
        """
        if self._peaks is None:
            raise UsageError("this meter does not measure peaks")
        peak = max(self._peak, float(self._peaks.rest().max()))
        return float(20 * np.log10(peak)) if peak > 0 else -np.inf


def power(lufs: float) -> float:
    """Return the weighted mean square of a loudness."""
    return float(10 ** ((lufs - OFFSET_DB) / 10))


def k_weighting(rate_hz: float) -> NDArray[np.float64]:
    """Return the two filters of K-weighting at a rate, float64[2, 5]: b0, b1, b2, a1, a2.

    The standard tabulates them at 48 kHz; they are the bilinear transforms of a boost of 4 dB above 1.68 kHz
    and a high-pass at 38 Hz, with the parameters below, which reproduce that table to 1e-9.
    """
    gain, k, q = (
        10 ** (3.999843853973347 / 20),
        np.tan(np.pi * 1681.974450955533 / rate_hz),
        0.7071752369554196,
    )
    middle, unit = gain**0.4996667741545416, 1 + k / q + k * k
    shelf = [
        (gain + middle * k / q + k * k) / unit, 2 * (k * k - gain) / unit,
        (gain - middle * k / q + k * k) / unit,
        2 * (k * k - 1) / unit, (1 - k / q + k * k) / unit,
    ]  # fmt: skip
    k, q = np.tan(np.pi * 38.13547087602444 / rate_hz), 0.5003270373238773
    unit = 1 + k / q + k * k
    return np.array([shelf, [1, -2, 1, 2 * (k * k - 1) / unit, (1 - k / q + k * k) / unit]])
