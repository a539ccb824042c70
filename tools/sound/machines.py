"""Machines and fire: engines, saws, fans, clocks, crackling. Steady or periodic, neither music nor voice."""

from __future__ import annotations

import math

import numpy as np

from tools.sound.crowd import LEVEL_DBFS, room
from tools.sound.signals import RATE_HZ, Samples, at_dbfs, band, convolve, fade, silence


def engine(rng: np.random.Generator, seconds: float) -> Samples:
    """A motor, saw, helicopter or fan: pulses whose rate goes up and down, and noise. -24 dBFS RMS."""
    n = round(seconds * RATE_HZ)
    t = np.arange(n) / RATE_HZ
    base_hz = float(np.exp(rng.uniform(math.log(8), math.log(220))))
    knots = np.arange(0, seconds + 1, rng.uniform(0.3, 3.0))
    revs = np.interp(t, knots, np.exp(rng.normal(0, rng.uniform(0.01, 0.35), len(knots))))
    jitter = 1 + 0.02 * rng.standard_normal(n)
    phase = np.cumsum(base_hz * revs * jitter) / RATE_HZ
    pulse = np.exp(-(phase % 1) * rng.uniform(1.5, 12))
    hiss = rng.standard_normal(n) * (0.2 + pulse)
    top_hz = float(np.exp(rng.uniform(math.log(600), math.log(7800))))
    tone, noise = pulse - pulse.mean(), band(hiss.astype(np.float32), 60, top_hz)
    mixed = tone / np.std(tone) + rng.uniform(0.3, 3) * noise / np.std(noise)
    return at_dbfs(fade(room(rng, mixed.astype(np.float32)), 0.05, 0.05), LEVEL_DBFS)


def crackle(rng: np.random.Generator, seconds: float) -> Samples:
    """A fire, rain on a roof, rustling: clicks at random over a soft roar. -24 dBFS RMS."""
    clicks = silence(seconds)
    count = rng.poisson(seconds * float(np.exp(rng.uniform(math.log(3), math.log(300)))))
    at = rng.integers(len(clicks), size=count)
    clicks[at] = rng.lognormal(0, 1.2, count).astype(np.float32)
    length = int(rng.uniform(0.001, 0.02) * RATE_HZ)
    snap = rng.standard_normal(length) * np.exp(-np.arange(length) / length * 5)
    sound = convolve(clicks, snap.astype(np.float32))[: len(clicks)]
    roar = band(rng.standard_normal(len(clicks)).astype(np.float32), 50, float(rng.uniform(200, 4000)))
    mixed = sound / (np.std(sound) + 1e-9) + np.float32(rng.uniform(0.02, 0.8)) * roar / np.std(roar)
    return at_dbfs(fade(mixed, 0.05, 0.05), LEVEL_DBFS)


def clockwork(rng: np.random.Generator, seconds: float) -> Samples:
    """A clock, a printer, a turn signal: one or two clicks that repeat exactly. -24 dBFS RMS."""
    clicks = silence(seconds)
    period = int(rng.uniform(0.08, 1.2) * RATE_HZ)
    second = int(period * rng.uniform(0.2, 0.8))
    clicks[::period] = 1.0
    clicks[second::period] = np.float32(rng.uniform(0, 1))
    length = int(rng.uniform(0.01, 0.08) * RATE_HZ)
    t = np.arange(length) / RATE_HZ
    rings = sum(np.sin(2 * np.pi * rng.uniform(300, 6000) * t + rng.uniform(0, 6)) for _ in range(4))
    snap = (rings + rng.standard_normal(length)) * np.exp(-t * rng.uniform(60, 600))
    sound = convolve(clicks, snap.astype(np.float32))[: len(clicks)]
    hiss = rng.standard_normal(len(clicks)).astype(np.float32) * np.float32(10 ** rng.uniform(-3, -1.3))
    return at_dbfs(room(rng, sound / (np.std(sound) + 1e-9) + hiss), LEVEL_DBFS)
