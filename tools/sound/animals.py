"""Animal voices with a pitch: howls, whale calls, whistles. Tonal, but neither music nor singing."""

from __future__ import annotations

import math

import numpy as np

from tools.sound.crowd import LEVEL_DBFS, room
from tools.sound.signals import RATE_HZ, Samples, add_at, at_dbfs, fade, silence

TOP_HZ = 7600.0
"""No harmonic above this."""


def calls(rng: np.random.Generator, seconds: float) -> Samples:
    """One animal that calls again and again, with pauses, outdoors or in a hall. -24 dBFS RMS.

    A call is a few harmonics of a pitch that glides and breaks; it keeps no scale and no beat.
    """
    total = silence(seconds)
    pitch_hz = float(np.exp(rng.uniform(math.log(70), math.log(2200))))
    length_s, pause_s = float(np.exp(rng.uniform(math.log(0.15), math.log(4.0)))), rng.uniform(0.2, 3.0)
    tilt, breath = rng.uniform(0.8, 3.0), rng.uniform(0.0, 0.15)
    at_s = -rng.uniform(0.0, length_s)
    while at_s < seconds:
        call = _call(
            rng, pitch_hz * 2 ** rng.normal(0, 0.15), length_s * 2 ** rng.normal(0, 0.4), tilt, breath
        )
        add_at(total, call * np.float32(10 ** (rng.uniform(-9, 0) / 20)), at_s)
        at_s += len(call) / RATE_HZ + rng.exponential(pause_s)
    total += rng.standard_normal(len(total)).astype(np.float32) * np.float32(
        10 ** (rng.uniform(-60, -35) / 20)
    )
    return at_dbfs(fade(room(rng, total, rt60_s=rng.uniform(0.2, 2.5))), LEVEL_DBFS)


def _call(rng: np.random.Generator, pitch_hz: float, seconds: float, tilt: float, breath: float) -> Samples:
    """One call: the pitch wanders through three to six points, up to an octave away."""
    n = max(64, round(seconds * RATE_HZ))
    t = np.linspace(0, 1, n)
    knots = np.sort(np.concatenate([[0, 1], rng.random(int(rng.integers(1, 5)))]))
    octaves = np.interp(t, knots, rng.normal(0, 0.35, len(knots)).clip(-1, 1))
    phase = 2 * np.pi * np.cumsum(pitch_hz * 2**octaves) / RATE_HZ
    top = int(min(24, TOP_HZ / (pitch_hz * 2 ** octaves.max()))) or 1
    strengths = rng.lognormal(0, 0.6, top) * np.arange(1, top + 1) ** -tilt
    tone = sum(level * np.sin((k + 1) * phase) for k, level in enumerate(strengths))
    noisy = tone / np.std(tone) + breath * rng.standard_normal(n)
    return fade((noisy * np.sin(np.pi * t) ** rng.uniform(0.2, 1.0)).astype(np.float32))
