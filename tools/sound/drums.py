"""A drum kit from noise and sweeps: one sample per General MIDI percussion key, drawn per recording."""

from __future__ import annotations

import numpy as np

from tools.sound.signals import RATE_HZ, Samples, band, silence

Kit = dict[int, Samples]
"""GM percussion key -> its hit at full velocity."""

KICK, RIM, SNARE, CLAP, LOW_TOM, HAT, MID_TOM, OPEN_HAT, HIGH_TOM, CRASH, RIDE = (
    36, 37, 38, 39, 41, 42, 45, 46, 48, 49, 51,
)  # fmt: skip


def draw_kit(rng: np.random.Generator) -> Kit:
    """A kit of eleven hits. Keys outside it play the nearest one (`hit`)."""
    tom_hz = rng.uniform(70, 110)
    return {
        KICK: _sweep(rng, rng.uniform(42, 65), rng.uniform(80, 220), 0.03, rng.uniform(0.08, 0.3)),
        RIM: _noise(rng, 1500, 5000, 0.012) * np.float32(0.5),
        SNARE: _snare(rng),
        CLAP: _clap(rng),
        LOW_TOM: _sweep(rng, tom_hz, 40, 0.06, 0.2),
        HAT: _noise(rng, rng.uniform(4500, 6000), 7900, rng.uniform(0.015, 0.05)) * np.float32(0.45),
        MID_TOM: _sweep(rng, tom_hz * 1.4, 50, 0.06, 0.18),
        OPEN_HAT: _noise(rng, 4500, 7900, rng.uniform(0.12, 0.3)) * np.float32(0.4),
        HIGH_TOM: _sweep(rng, tom_hz * 1.9, 60, 0.06, 0.15),
        CRASH: _noise(rng, 2500, 7900, rng.uniform(0.5, 1.0)) * np.float32(0.5),
        RIDE: _noise(rng, 3500, 7900, rng.uniform(0.2, 0.4)) * np.float32(0.25),
    }


def hit(kit: Kit, key: int) -> Samples:
    """The kit's sample for a percussion key, or that of the nearest key it has."""
    return kit[min(kit, key=lambda known: abs(known - key))]


def _sweep(
    rng: np.random.Generator, floor_hz: float, drop_hz: float, drop_s: float, decay_s: float
) -> Samples:
    """A sine that falls from floor + drop to floor: kick and toms."""
    t = np.arange(round(5 * decay_s * RATE_HZ)) / RATE_HZ
    cycles = floor_hz * t + drop_hz * drop_s * (1 - np.exp(-t / drop_s))
    tone = np.sin(2 * np.pi * cycles) * np.exp(-t / decay_s)
    tone[: RATE_HZ // 100] += 0.05 * rng.standard_normal(RATE_HZ // 100)
    return np.tanh(1.5 * tone).astype(np.float32)


def _noise(rng: np.random.Generator, low_hz: float, high_hz: float, decay_s: float) -> Samples:
    n = round(5 * decay_s * RATE_HZ)
    noise = band(rng.standard_normal(n).astype(np.float32), low_hz, high_hz)
    decay = np.exp(-np.arange(n) / (decay_s * RATE_HZ)).astype(np.float32)
    return noise / np.float32(np.std(noise) * 3.0) * decay


def _snare(rng: np.random.Generator) -> Samples:
    wires = _noise(rng, rng.uniform(500, 1500), rng.uniform(5000, 7900), rng.uniform(0.05, 0.15))
    shell = _sweep(rng, rng.uniform(150, 220), 60, 0.02, 0.06) * np.float32(rng.uniform(0.3, 0.8))
    out = np.zeros(max(len(wires), len(shell)), np.float32)
    out[: len(wires)] += wires
    out[: len(shell)] += shell
    return out


def _clap(rng: np.random.Generator) -> Samples:
    out = silence(0.4)
    for start_s in (0.0, rng.uniform(0.008, 0.014), rng.uniform(0.02, 0.03)):
        burst = _noise(rng, 900, 4500, 0.03)
        start = round(start_s * RATE_HZ)
        out[start : start + len(burst)] += burst * np.float32(0.7)
    return out
