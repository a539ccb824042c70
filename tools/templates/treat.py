"""What is done to instruments before they are mixed: tone, saturation, place, a short room, loudness."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.signal import butter, fftconvolve, lfilter, sosfilt

from edge.arrays import Floats
from edge.music.templates import RATE_HZ

ROOM_S = 0.32
"""Length of the room."""

K_SHELF = (1.53512485958697, -2.69169618940638, 1.19839281085285, 1, -1.69065929318241, 0.73248077421585)
K_HIGH_PASS = (1.0, -2.0, 1.0, 1, -1.99004745483398, 0.99007225036621)
"""K weighting at 48 kHz, of ITU-R BS.1770."""


def equalized(x: Floats, low_hz: float, high_hz: float) -> Floats:
    """Between a high-pass and a low-pass."""
    x = sosfilt(butter(2, low_hz, "high", fs=RATE_HZ, output="sos"), x, axis=-1)
    return np.asarray(
        sosfilt(butter(2, min(high_hz, 20_000), fs=RATE_HZ, output="sos"), x, axis=-1), np.float32
    )


def brightened(x: Floats, db: float, hz: float = 3200.0) -> Floats:
    """With a shelf above a frequency, after Bristow-Johnson's cookbook."""
    if not db:
        return x
    a, w = 10 ** (db / 40), 2 * np.pi * hz / RATE_HZ
    cos, alpha = np.cos(w), np.sin(w) / 2 * 2**0.5
    up, down, wide = a + 1 + (a - 1) * cos, a + 1 - (a - 1) * cos, 2 * a**0.5 * alpha
    b = (a * (up + wide), -2 * a * (a - 1 + (a + 1) * cos), a * (up - wide))
    denominator = (down + wide, 2 * (a - 1 - (a + 1) * cos), down - wide)
    return np.asarray(lfilter(b, denominator, x, axis=-1), np.float32)


def driven(x: Floats, drive: float) -> Floats:
    """Saturated like tape: loud samples are rounded; `drive` from 0 to 1."""
    if not drive:
        return x
    level = np.float32(4 * np.sqrt(np.mean(x**2)) + 1e-9) / np.float32(0.3 + 2.2 * drive)
    bias = np.float32(0.1 * drive)
    return np.asarray((np.tanh(x / level + bias) - np.tanh(bias)) * level, np.float32)


def panned(x: Floats, pan: float) -> Floats:
    """Turned to a side; the far channel is led over, so that nothing is lost."""
    if not pan:
        return x
    share = np.float32(abs(pan))
    far, near = (1, 0) if pan < 0 else (0, 1)
    out = x.copy()
    out[near] += share * 0.6 * x[far]
    out[far] *= 1 - share * np.float32(0.85)
    return out


def room(x: Floats, share: float, rng: np.random.Generator) -> Floats:
    """In a short room: a few reflections and a tail that is dark and different to both sides."""
    if not share:
        return x
    t = np.arange(round(ROOM_S * RATE_HZ)) / RATE_HZ
    tail = rng.standard_normal((2, len(t))) * np.exp(-t / 0.075) * (t > 0.009)
    tail = sosfilt(butter(1, (250, 5000), "band", fs=RATE_HZ, output="sos"), tail, axis=-1)
    tail /= np.sqrt((tail**2).sum(axis=-1, keepdims=True))
    wet = np.stack([fftconvolve(x.mean(axis=0), side)[: x.shape[1]] for side in tail])
    return np.asarray(x + share * wet, np.float32)


def trembling(x: Floats, depth: float, rate_hz: float = 4.6) -> Floats:
    """A tremolo that wanders from side to side, as of an electric piano."""
    if not depth:
        return x
    wave = np.sin(2 * np.pi * rate_hz * np.arange(x.shape[1]) / RATE_HZ).astype(np.float32)
    return np.stack([x[0] * (1 - depth * (0.5 + 0.5 * wave)), x[1] * (1 - depth * (0.5 - 0.5 * wave))])


def wavering(x: Floats, cents: float) -> Floats:
    """As from a tape that runs unsteadily, up to `cents` off."""
    if not cents:
        return x
    t = np.arange(x.shape[1]) / RATE_HZ
    off = sum(
        share * np.sin(2 * np.pi * hz * t + phase) / (2 * np.pi * hz)
        for hz, share, phase in ((0.55, 0.7, 0.3), (0.91, 0.3, 1.7), (5.3, 0.15, 0.9))
    )
    at = np.arange(x.shape[1]) + off * RATE_HZ * (2 ** (cents / 1200) - 1)
    return np.stack([np.interp(at, np.arange(x.shape[1]), side) for side in x]).astype(np.float32)


def ducked(x: Floats, starts: Sequence[float], depth: float, back_s: float) -> Floats:
    """Ducked at each of `starts`, and back after about `back_s`."""
    gain = np.ones(x.shape[1], np.float32)
    t = np.arange(round(2 * back_s * RATE_HZ)) / RATE_HZ
    dip = 1 - depth * np.minimum(1, t / 0.006) * np.where(t < back_s, (1 + np.cos(np.pi * t / back_s)) / 2, 0)
    for start in map(round, starts):
        stop = min(len(gain), start + len(dip))
        gain[start:stop] = np.minimum(gain[start:stop], dip[: stop - start])
    return x * gain


def crackle(samples: int, rng: np.random.Generator) -> Floats:
    """The surface of an old record: hiss, rumble, and clicks of all sizes."""
    hiss = equalized(rng.standard_normal((2, samples)).astype(np.float32), 900, 6500) * np.float32(0.05)
    clicks = np.zeros((2, samples), np.float32)
    count = round(samples / RATE_HZ * 14)
    places = rng.integers(0, samples, count)
    clicks[rng.integers(0, 2, count), places] = rng.lognormal(-0.4, 0.9, count) * rng.choice((-1, 1), count)
    return hiss + equalized(clicks, 500, 7000) + np.float32(0.3) * clicks[::-1] * np.float32(0.2)


def loudness(x: Floats) -> float:
    """Loudness in LUFS after BS.1770, gated at -70 LUFS and at 10 below the mean, of float32[2, n]."""
    weighted = sosfilt(np.array([K_SHELF, K_HIGH_PASS]), x, axis=-1)
    block, hop = round(0.4 * RATE_HZ), round(0.1 * RATE_HZ)
    summed = np.concatenate([[0.0], np.cumsum((weighted.astype(np.float64) ** 2).sum(axis=0))])
    starts = np.arange(0, max(1, x.shape[1] - block), hop)
    power = (summed[np.minimum(starts + block, x.shape[1])] - summed[starts]) / block
    power = power[power > 10 ** ((-70 + 0.691) / 10)]
    if not len(power):
        return -np.inf
    power = power[power >= power.mean() / 10]
    return float(-0.691 + 10 * np.log10(power.mean()))


def limited(x: Floats, peak: float = 0.8) -> Floats:
    """Rounded above 0.6 of `peak`, and never above it."""
    knee = np.float32(peak * 0.6)
    over = np.abs(x) - knee
    rest = np.float32(peak) - knee
    return np.where(over > 0, np.sign(x) * (knee + rest * np.tanh(over / rest)), x).astype(np.float32)
