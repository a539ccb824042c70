"""The kernels of sounds and of mixing once more, in plain NumPy and float64."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from edge_kernels.mixing import Room
from edge_kernels.synthesis import Drum, Pluck, Voice, Wave
from numpy.typing import NDArray

Doubles = NDArray[np.float64]


def noise(seed: int, count: int) -> Doubles:
    state, found = seed % 2**32, []
    for _ in range(count):
        state = (1664525 * state + 1013904223) % 2**32
        found.append(state / 2**31 - 1)
    return np.array(found)


def panned(mono: Doubles, gain: float, pan: float) -> Doubles:
    return np.asarray(gain * np.sqrt([[1 - pan], [1 + pan]]) * mono)


def risen(t: Doubles, length: float) -> Doubles:
    s = np.clip(t / max(length, 1), 0, 1)
    return np.asarray(s**2 * (3 - 2 * s))


def fallen(t: Doubles, length: float) -> Doubles:
    return np.asarray((1 - np.clip(t / max(length, 1), 0, 1)) ** 3)


def decayed(t: Doubles, length: float) -> Doubles:
    return np.asarray(np.exp(-t / max(length, 1)))


def filtered(x: Doubles, g: Doubles, q: float) -> tuple[Doubles, Doubles]:
    """Band and low of Zavalishin's state-variable filter, from its integrators' equations."""
    low, band = np.zeros(len(x)), np.zeros(len(x))
    s1 = s2 = 0.0
    for i in range(len(x)):
        high = (x[i] - (1 / q + g[i]) * s1 - s2) / (1 + g[i] / q + g[i] ** 2)
        band[i] = g[i] * high + s1
        s1 = g[i] * high + band[i]
        low[i] = g[i] * band[i] + s2
        s2 = g[i] * band[i] + low[i]
    return band, low


def voice(o: Voice, hold: int) -> Doubles:
    """A note of sines or triangles, without white noise, float64[2, hold + release]."""
    release = max(1, int(o.release_s * o.rate_hz))
    t = np.arange(hold + release, dtype=np.float64)
    control = t // 16 * 16
    delay = max(1.0, o.vibrato_delay_s * o.rate_hz)
    depth = o.vibrato_cents * np.log(2) / 1200 * risen((control - delay).clip(0), delay)
    pitch = o.pitch_hz / o.rate_hz * (1 + depth * np.sin(2 * np.pi * o.vibrato_hz * control / o.rate_hz))
    index = o.fm_index * (o.fm_sustain + (1 - o.fm_sustain) * decayed(control, o.fm_decay_s * o.rate_hz))
    sides = np.linspace(-1, 1, o.oscillators) if o.oscillators > 1 else np.zeros(1)
    out: Doubles = np.zeros((2, len(t)))
    shares: tuple[float, ...] = ((1.0,), (1.0, 1.0), (0.5, 1.0, 0.5))[o.oscillators - 1]
    for side, share, begun in zip(sides, shares, (noise(o.seed, 3) + 1) / 2, strict=False):
        gone = np.cumsum(pitch * (1 + side * o.detune_cents * np.log(2) / 1200))
        bend = index * np.sin(2 * np.pi * (begun + o.fm_ratio * gone))
        x = 2 * np.pi * (begun + gone) + bend
        wave: Doubles = np.asarray(np.sin(x))
        if o.wave is Wave.TRIANGLE:
            wave = np.asarray(wave - np.sin(3 * x) / 9 + np.sin(5 * x) / 25)
        out += panned(wave, share / np.sqrt(np.square(shares).sum()), o.width * side)
    if o.cutoff_hz:
        opened = risen(control, o.attack_s * o.rate_hz) * decayed(control, o.cutoff_decay_s * o.rate_hz)
        cutoff = np.minimum(o.cutoff_hz * 2 ** (o.cutoff_octaves * opened) / o.rate_hz, 0.45)
        opening: Doubles = np.tan(np.pi * cutoff)
        out = np.stack([filtered(channel, opening, o.resonance)[1] for channel in out])
    attack = max(1.0, o.attack_s * o.rate_hz)
    late = np.floor((t - attack).clip(0)) + ((t > attack) & (attack % 1 > 0))
    envelope = risen(t, attack) * fallen(t - hold, release)
    envelope *= o.sustain + (1 - o.sustain) * decayed(late, o.decay_s * o.rate_hz)
    return np.concatenate(
        [panned(channel * envelope, o.gain, o.pan)[i : i + 1] for i, channel in enumerate(out)]
    )


def pluck(o: Pluck, hold: int) -> Doubles:
    """A string, float64[2, hold + release]."""
    whole = o.rate_hz / o.pitch_hz
    period = int(whole - 0.3)
    string = o.noise * np.sqrt(3) * noise(o.seed, period)
    string[0] += (1 - o.noise) * np.sqrt(period)
    lag = min(period - 1, max(1, int(o.position * period + 0.5)))
    string = string - np.roll(string, -lag)
    keep = np.exp(-2 * np.pi * o.brightness_hz / o.rate_hz)
    response = (1 - keep) / (1 - keep * np.exp(-2j * np.pi * np.arange(period) / period))
    string = np.fft.ifft(np.fft.fft(string) * response**2).real
    string *= 0.25 / np.sqrt((string**2).mean())
    turn, rest = 2 * np.pi / whole, whole - period
    tune = np.sin((1 - rest) * turn / 2) / np.sin((1 + rest) * turn / 2)
    kept = 1000 ** (-1 / (o.decay_s * o.pitch_hz))
    y, mixed = list(string), [0.0]
    release = max(1, int(o.release_s * o.rate_hz))
    for n in range(period, hold + release):
        beyond = y[n - period - 1] if n > period else y[period - 1]
        following = y[n - period + 1]
        x = kept * ((1 - o.damping / 2) * y[n - period] + o.damping / 4 * (following + beyond))
        y.append(tune * (x - (y[n - 1] if n > period else 0)) + mixed[-1])
        mixed.append(x)
    t = np.arange(hold + release, dtype=np.float64)
    shape = risen(t, o.attack_s * o.rate_hz) * fallen(t - hold, release)
    return panned(np.array(y[: hold + release]) * shape, o.gain, o.pan)


def drum(o: Drum) -> Doubles:
    """A drum, float64[2, length]."""
    t = np.arange(int(o.length_s * o.rate_hz), dtype=np.float64)
    hz = o.tone_end_hz + (o.tone_hz - o.tone_end_hz) * decayed(t, o.sweep_s * o.rate_hz)
    turns = np.concatenate(([0], np.cumsum(hz / o.rate_hz)[:-1]))
    tone = o.tone * decayed(t, o.tone_decay_s * o.rate_hz) * np.sin(2 * np.pi * turns)
    white, g = noise(o.seed, len(t)), np.tan(np.pi * min(o.noise_hz / o.rate_hz, 0.45))
    band, low = filtered(white, np.full(len(t), g), o.noise_q)
    band, high = band / o.noise_q, white - band / o.noise_q - low
    burst = max(1, int(o.burst_s * o.rate_hz))
    number = np.minimum(t // burst, o.bursts - 1)
    since = t - number * burst
    length = np.where(number < o.bursts - 1, o.burst_s / 3, o.noise_decay_s) * o.rate_hz
    hiss = o.noise * np.exp(-since / np.maximum(length, 1)) * (band + o.noise_high * (high - band))
    shape = risen(t, o.attack_s * o.rate_hz) * fallen(t - 0.75 * len(t), 0.25 * len(t))
    return panned((tone + hiss) * shape, o.gain, o.pan)


def biquads(samples: Doubles, sections: Doubles) -> Doubles:
    """Series of biquads over one channel, in the direct form."""
    for b0, b1, b2, a1, a2 in sections:
        x, y = np.concatenate(([0, 0], samples)), np.zeros(len(samples) + 2)
        for n in range(2, len(y)):
            y[n] = b0 * x[n] + b1 * x[n - 1] + b2 * x[n - 2] - a1 * y[n - 1] - a2 * y[n - 2]
        samples = y[2:]
    return samples


def oversampled(samples: Doubles, times: int = 4) -> Doubles:
    """Samples at a multiple of the rate, by a spectrum that is filled up with zeros."""
    spectrum = np.fft.rfft(samples)
    return np.asarray(np.fft.irfft(spectrum, times * samples.shape[-1]) * times)


def limiter_gains(peaks: Doubles, ceiling: float, release: float, window: int) -> Doubles:
    cuts = np.concatenate((np.zeros(window - 1), np.maximum(0, 1 - ceiling / np.maximum(peaks, 1e-9))))
    held = [0.0] * window
    for i in range(len(peaks)):
        held.append(max(cuts[i : i + window].max(), held[-1] * release))
    return np.array([1 - np.mean(held[i + 1 : i + 1 + window]) for i in range(len(peaks))])


def reverb(samples: Doubles, room: Room) -> Doubles:
    """A room without modulation, one sample of it at a time, from lists."""
    rate = room.rate_hz
    low = [samples[channel] - x for channel, x in enumerate(lows(samples, room.low_cut_hz, rate))]
    late = int(room.predelay_s * rate) + 1
    fed = [np.concatenate((np.zeros(late), x))[: samples.shape[1]] for x in low]
    for channel, away in enumerate((1.0, 1.07)):
        for ms in (4.77, 3.59, 12.73, 9.31):
            fed[channel] = schroeder(fed[channel], int(ms * 0.001 * away * rate) | 1)
    delays = [
        int(ms * 0.001 * room.size * rate) | 1 for ms in (31.3, 36.7, 41.9, 47.3, 53.1, 59.3, 66.1, 73.7)
    ]
    matrix = np.array([[(-1.0) ** (i & j).bit_count() for i in range(8)] for j in range(8)]) / 8**0.5
    damp = 1 - np.exp(-2 * np.pi * min(0.45, room.damping_hz / rate))
    lines, damped, out = np.zeros((8, samples.shape[1])), np.zeros(8), np.zeros(samples.shape)
    for n in range(samples.shape[1]):
        values = np.array([line[n - d] if n >= d else 0 for line, d in zip(lines, delays, strict=True)])
        damped += damp * (values * 1000 ** (-np.array(delays) / (room.decay_s * rate)) - damped)
        lines[:, n] = matrix @ damped + np.tile([fed[0][n], fed[1][n]], 4)
        signed = values * np.array([1, 1, -1, -1, 1, 1, -1, -1]) / 2
        out[:, n] = signed[::2].sum(), signed[1::2].sum()
    return out


def lows(samples: Doubles, cut_hz: float, rate_hz: float) -> Iterator[Doubles]:
    cut = 1 - np.exp(-2 * np.pi * min(0.45, cut_hz / rate_hz))
    for channel in samples:
        state, found = 0.0, []
        for x in channel:
            state += cut * (x - state)
            found.append(state)
        yield np.array(found)


def schroeder(samples: Doubles, delay: int) -> Doubles:
    into, out = np.zeros(len(samples) + delay), np.zeros(len(samples))
    for n, x in enumerate(samples):
        into[n + delay] = x + 0.62 * into[n]
        out[n] = into[n] - 0.62 * into[n + delay]
    return out
