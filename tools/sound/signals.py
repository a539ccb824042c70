"""The few verbs on samples that every file here shares: level, placement, resampling, band limiting.

Samples are mono float32 at `RATE_HZ`, full scale 1.0, unless a docstring says otherwise.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

RATE_HZ = 16_000
"""The rate of all synthetic sound: the rate of the project's audio networks."""

Samples = npt.NDArray[np.float32]
"""Mono samples [n]."""


def silence(seconds: float) -> Samples:
    """Zeros of that length."""
    return np.zeros(round(seconds * RATE_HZ), np.float32)


def rms_dbfs(x: Samples) -> float:
    """Root-mean-square level in dB of full scale; digital silence reads -200."""
    power = float(np.mean(np.square(x, dtype=np.float64))) if len(x) else 0.0
    return 10.0 * math.log10(max(power, 1e-20))


def at_dbfs(x: Samples, dbfs: float) -> Samples:
    """`x` scaled to that RMS level; silence stays silence. Nothing is clipped."""
    level = rms_dbfs(x)
    return x if level <= -190.0 else (x * np.float32(10.0 ** ((dbfs - level) / 20.0)))


def add_at(target: Samples, x: Samples, start_s: float) -> None:
    """Add `x` into `target` from `start_s` on; what lies outside `target` is dropped."""
    start = round(start_s * RATE_HZ)
    first, last = max(start, 0), min(start + len(x), len(target))
    if first < last:
        target[first:last] += x[first - start : last - start]


def fade(x: Samples, in_s: float = 0.01, out_s: float = 0.01) -> Samples:
    """`x` with raised-cosine ends, so that it can be cut in without a click."""
    y = x.copy()
    for length_s, part in ((in_s, y), (out_s, y[::-1])):
        n = min(round(length_s * RATE_HZ), len(y) // 2)
        part[:n] *= (0.5 - 0.5 * np.cos(np.pi * np.arange(n) / max(n, 1))).astype(np.float32)
    return y


def resample(x: Samples, from_hz: int, to_hz: int) -> Samples:
    """`x` at another rate, by cutting or padding its spectrum (whole signal at once)."""
    if from_hz == to_hz:
        return x
    common = math.gcd(from_hz, to_hz)
    blocks = len(x) * common // from_hz + 2  # at least one block of zeros, or the end rings into the start
    n_in, n_out = blocks * (from_hz // common), blocks * (to_hz // common)
    spectrum = np.fft.rfft(x, n_in)
    shorter = min(n_in, n_out) // 2 + 1
    padded = np.zeros(n_out // 2 + 1, np.complex128)
    padded[:shorter] = spectrum[:shorter]
    y = np.fft.irfft(padded, n_out) * (n_out / n_in)
    return y[: len(x) * to_hz // from_hz].astype(np.float32)


def band(x: Samples, low_hz: float, high_hz: float) -> Samples:
    """`x` between two frequencies, with half-octave slopes (zero phase, whole signal at once)."""
    n = _fast_size(len(x) + 1024)
    hz = np.maximum(np.fft.rfftfreq(n, 1.0 / RATE_HZ), 1.0)
    low = np.clip(1.0 - np.log2(max(low_hz, 1.0) / hz) * 2.0, 0.0, 1.0) if low_hz > 0 else 1.0
    high = np.clip(1.0 - np.log2(hz / high_hz) * 2.0, 0.0, 1.0)
    return np.fft.irfft(np.fft.rfft(x, n) * (low * high), n)[: len(x)].astype(np.float32)


def convolve(x: Samples, kernel: Samples) -> Samples:
    """Full convolution [len(x) + len(kernel) - 1] by FFT."""
    size = len(x) + len(kernel) - 1
    n = _fast_size(size)
    return np.fft.irfft(np.fft.rfft(x, n) * np.fft.rfft(kernel, n), n)[:size].astype(np.float32)


def _fast_size(n: int) -> int:
    """The smallest 2^a, 3 x 2^a or 5 x 2^a that is not below `n`: sizes the FFT is quick at."""
    return min(m << max(0, math.ceil(math.log2(n / m))) for m in (1, 3, 5))
