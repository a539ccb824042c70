"""Mel power spectrogram of a stretch of samples.

`LANES` frames are transformed side by side: every array of the transform holds frame after frame of one
bin next to each other, so each butterfly is one loop over contiguous floats that the compiler turns into
vector instructions, whatever their width on this CPU.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

LANES = 16
"""Frames transformed at once: one AVX-512 register of float32, two of AVX2, four of NEON."""

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]


@dataclass(frozen=True)
class MelTables:
    """Everything about a mel front end that can be computed once.

    Frame f covers samples [f * hop + hop/2 - window/2, f * hop + hop/2 + window/2): it is centred on the
    stretch of `hop` samples that it stands for.
    """

    hop: int
    """Samples from one frame to the next."""
    window: Floats
    """float32[window], periodic Hann."""
    twiddles: Floats
    """float32[n_fft, 2]: cos and sin of -2 pi k / n_fft."""
    starts: Ints
    """int32[n_mels]: first FFT bin of each filter."""
    offsets: Ints
    """int32[n_mels + 1]: where each filter's weights begin in `weights`."""
    weights: Floats
    """float32[offsets[-1]]: triangles, each normalised to sum 1 (a mean of the power under it)."""

    @property
    def lead(self) -> int:
        """Samples that frame 0 needs before sample 0."""
        return (len(self.window) - self.hop) // 2

    @property
    def n_mels(self) -> int:
        """Number of mel bands."""
        return len(self.starts)


def hz_to_mel(hz: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """HTK mel scale: 2595 log10(1 + f / 700)."""
    return np.asarray(2595.0 * np.log10(1.0 + np.asarray(hz) / 700.0))


def mel_to_hz(mel: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """Inverse of `hz_to_mel`."""
    return np.asarray(700.0 * (10.0 ** (np.asarray(mel) / 2595.0) - 1.0))


def mel_filters(rate_hz: int, n_fft: int, n_mels: int, low_hz: float, high_hz: float) -> NDArray[np.float64]:
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


def mel_tables(
    *, rate_hz: int, n_fft: int, window: int, hop: int, n_mels: int, low_hz: float, high_hz: float
) -> MelTables:
    """Tables for `mel_power`. `n_fft` is a power of two of at least 16, `window` at most `n_fft`.

    Raises ValueError for sizes that the transform cannot serve.
    """
    if n_fft < 16 or n_fft & (n_fft - 1) or not hop <= window <= n_fft or (window - hop) % 2:
        raise ValueError(f"unsupported sizes: n_fft {n_fft}, window {window}, hop {hop}")
    filters = mel_filters(rate_hz, n_fft, n_mels, low_hz, high_hz)
    nonzero = [np.flatnonzero(row) for row in filters]
    spans = [(int(index[0]), int(index[-1]) + 1) for index in nonzero]
    phase = -2.0 * np.pi * np.arange(n_fft) / n_fft
    return MelTables(
        hop=hop,
        window=(0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(window) / window)).astype(np.float32),
        twiddles=np.stack([np.cos(phase), np.sin(phase)], axis=1).astype(np.float32),
        starts=np.array([first for first, _ in spans], np.int32),
        offsets=np.cumsum([0] + [last - first for first, last in spans]).astype(np.int32),
        weights=np.concatenate([row[a:b] for row, (a, b) in zip(filters, spans, strict=True)]).astype(
            np.float32
        ),
    )


def mel_power(samples: Floats, tables: MelTables) -> Floats:
    """Mean power under each mel filter, float32[frames, n_mels].

    `samples` is float32[n] and begins `tables.lead` samples before the first frame's hop; every frame
    that the samples hold whole is returned: frames = (n - window) // hop + 1, or none.
    """
    samples = np.ascontiguousarray(samples, dtype=np.float32)
    frames = max(0, (len(samples) - len(tables.window)) // tables.hop + 1)
    out = np.empty((frames, tables.n_mels), np.float32)
    n_fft = len(tables.twiddles)
    scratch = np.empty((4, n_fft // 2 * LANES), np.float32)
    power = np.empty((n_fft // 2 + 1) * LANES, np.float32)
    _mel_power(
        samples, tables.hop, tables.window, tables.twiddles, tables.starts, tables.offsets, tables.weights,
        scratch, power, out,
    )  # fmt: skip
    return out


_jit: Any = numba.njit(cache=True, nogil=True, fastmath=True, error_model="numpy", boundscheck=False)


@_jit
def _radix4(re, im, out_re, out_im, n, stride, twiddles):  # type: ignore[no-untyped-def]
    """One Stockham pass of radix 4 over `n` points; `stride` counts floats (points already done x lanes)."""
    quarter = n // 4
    step = twiddles.shape[0] // n
    for p in range(quarter):
        w1r, w1i = twiddles[p * step, 0], twiddles[p * step, 1]
        w2r, w2i = twiddles[2 * p * step, 0], twiddles[2 * p * step, 1]
        w3r, w3i = twiddles[3 * p * step, 0], twiddles[3 * p * step, 1]
        a, b = p * stride, (p + quarter) * stride
        c, d = (p + 2 * quarter) * stride, (p + 3 * quarter) * stride
        o = 4 * p * stride
        for j in range(stride):
            pr, pi = re[a + j] + re[c + j], im[a + j] + im[c + j]
            mr, mi = re[a + j] - re[c + j], im[a + j] - im[c + j]
            qr, qi = re[b + j] + re[d + j], im[b + j] + im[d + j]
            nr, ni = re[b + j] - re[d + j], im[b + j] - im[d + j]
            out_re[o + j], out_im[o + j] = pr + qr, pi + qi
            xr, xi = mr + ni, mi - nr
            out_re[o + stride + j], out_im[o + stride + j] = xr * w1r - xi * w1i, xr * w1i + xi * w1r
            xr, xi = pr - qr, pi - qi
            out_re[o + 2 * stride + j], out_im[o + 2 * stride + j] = xr * w2r - xi * w2i, xr * w2i + xi * w2r
            xr, xi = mr - ni, mi + nr
            out_re[o + 3 * stride + j], out_im[o + 3 * stride + j] = xr * w3r - xi * w3i, xr * w3i + xi * w3r


@_jit
def _radix2(re, im, out_re, out_im, stride):  # type: ignore[no-untyped-def]
    """The last Stockham pass when an odd power of two is left: two points, no twiddles."""
    for j in range(stride):
        ar, ai, br, bi = re[j], im[j], re[stride + j], im[stride + j]
        out_re[j], out_im[j] = ar + br, ai + bi
        out_re[stride + j], out_im[stride + j] = ar - br, ai - bi


@_jit
def _load(samples, first, hop, window, re, im):  # type: ignore[no-untyped-def]
    """Window `LANES` frames and pack even samples as real, odd as imaginary parts; zeros past the end."""
    width = window.shape[0]
    total = samples.shape[0]
    for k in range(re.shape[0] // LANES):
        for lane in range(LANES):
            at = (first + lane) * hop + 2 * k
            even = samples[at] * window[2 * k] if 2 * k < width and at < total else np.float32(0)
            odd = (
                samples[at + 1] * window[2 * k + 1] if 2 * k + 1 < width and at + 1 < total else np.float32(0)
            )
            re[k * LANES + lane] = even
            im[k * LANES + lane] = odd


@_jit
def _real_power(re, im, twiddles, power):  # type: ignore[no-untyped-def]
    """Power of the real transform from the packed one: X[k] = E[k] + w^k O[k]."""
    half = re.shape[0] // LANES
    quarter = np.float32(0.25)
    for lane in range(LANES):
        power[lane] = (re[lane] + im[lane]) ** 2
        power[half * LANES + lane] = (re[lane] - im[lane]) ** 2
    for k in range(1, half):
        c, s = twiddles[k, 0], twiddles[k, 1]
        for lane in range(LANES):
            ar, ai = re[k * LANES + lane], im[k * LANES + lane]
            br, bi = re[(half - k) * LANES + lane], im[(half - k) * LANES + lane]
            odd_r, odd_i = ai + bi, br - ar
            xr = ar + br + odd_r * c - odd_i * s
            xi = ai - bi + odd_r * s + odd_i * c
            power[k * LANES + lane] = (xr * xr + xi * xi) * quarter


@_jit
def _mel_power(samples, hop, window, twiddles, starts, offsets, weights, scratch, power, out):  # type: ignore[no-untyped-def]
    """Fill `out` float32[frames, n_mels]; lanes past the last frame are computed and dropped."""
    frames = out.shape[0]
    bands = np.empty(LANES, np.float32)
    for first in range(0, frames, LANES):
        re, im, re2, im2 = scratch[0], scratch[1], scratch[2], scratch[3]
        _load(samples, first, hop, window, re, im)
        n, stride = twiddles.shape[0] // 2, LANES
        while n >= 4:
            _radix4(re, im, re2, im2, n, stride, twiddles)
            re, im, re2, im2 = re2, im2, re, im
            n //= 4
            stride *= 4
        if n == 2:
            _radix2(re, im, re2, im2, stride)
            re, im, re2, im2 = re2, im2, re, im
        _real_power(re, im, twiddles, power)
        kept = min(LANES, frames - first)
        for m in range(out.shape[1]):
            bands[:] = 0
            for i in range(offsets[m], offsets[m + 1]):
                at = (starts[m] + i - offsets[m]) * LANES
                for lane in range(LANES):
                    bands[lane] += power[at + lane] * weights[i]
            for lane in range(kept):
                out[first + lane, m] = bands[lane]
