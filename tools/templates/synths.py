"""Synthesizers by formulas: pads, plucks, basses. Note by note, in stereo, at 48 kHz."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy.signal import butter, sosfilt

from edge.arrays import Floats
from edge.music.templates import RATE_HZ
from tools.templates.playing import Hit

Sound = Callable[[float, int, float, np.random.Generator], Floats]
"""Frequency in Hz, samples until the key is released, force -> float32[2, n], with its release."""


def perform(hits: Sequence[Hit], sound: str, samples: int, rng: np.random.Generator) -> Floats:
    """Render the notes of a synthesizer, float32[2, samples]."""
    total = np.zeros((2, samples), np.float32)
    for hit in hits:
        note = SOUNDS[sound](440 * 2 ** ((hit.pitch - 69) / 12), round(hit.length), hit.force, rng)
        start = round(hit.start)
        stop = min(samples, start + note.shape[1])
        total[:, start:stop] += note[:, : stop - start]
    return total


def envelope(held: int, attack_s: float, decay_s: float, sustain: float, release_s: float) -> Floats:
    """Levels of a note: up, toward `sustain`, and down after the key is released."""
    attack, release = max(1, round(attack_s * RATE_HZ)), round(release_s * RATE_HZ)
    t = np.arange(held + release, dtype=np.float32)
    level = sustain + (1 - sustain) * np.exp(-np.maximum(t - attack, 0) / (decay_s * RATE_HZ))
    level *= np.minimum(1, t / attack)
    level[held:] *= np.exp(-5 * np.arange(release) / release) * (1 - np.arange(release) / release)
    return np.asarray(level, np.float32)


def saw(hz: float, samples: int, phase: float) -> Floats:
    """A sawtooth without the worst of aliasing: its edges are rounded by polynomials."""
    step = hz / RATE_HZ
    at = (phase + step * np.arange(samples)) % 1
    wave = 2 * at - 1
    early, late = at < step, at > 1 - step
    x = at[early] / step
    wave[early] -= 2 * x - x * x - 1
    x = (at[late] - 1) / step
    wave[late] -= x * x + 2 * x + 1
    return np.asarray(wave, np.float32)


def low_pass(x: Floats, hz: float, order: int = 2) -> Floats:
    """Samples along the last axis, low-passed."""
    sos = butter(order, min(hz, 0.45 * RATE_HZ), fs=RATE_HZ, output="sos")
    return np.asarray(sosfilt(sos, x, axis=-1), np.float32)


def unison(hz: float, samples: int, cents: Sequence[float], rng: np.random.Generator) -> Floats:
    """Detuned sawtooths, spread from left to right."""
    total = np.zeros((2, samples), np.float32)
    for index, cent in enumerate(cents):
        wave = saw(hz * 2 ** (cent / 1200), samples, rng.random())
        side = index / max(1, len(cents) - 1)
        total += np.array([[np.cos(side * np.pi / 2)], [np.sin(side * np.pi / 2)]], np.float32) * wave
    return total / np.float32(len(cents) ** 0.5)


def pad(hz: float, held: int, force: float, rng: np.random.Generator) -> Floats:
    """Five slow sawtooths, dark."""
    level = envelope(held, 0.18, 2.0, 0.8, 0.9)
    wave = unison(hz, len(level), (-14, -6, 0, 7, 13), rng)
    return low_pass(wave, 500 + 1500 * force) * level * np.float32(force)


def bright_pad(hz: float, held: int, force: float, rng: np.random.Generator) -> Floats:
    """Seven sawtooths, quick, open."""
    level = envelope(held, 0.02, 1.2, 0.7, 0.35)
    wave = unison(hz, len(level), (-22, -13, -6, 0, 5, 14, 21), rng)
    return low_pass(wave, 1500 + 4500 * force) * level * np.float32(force)


def pluck(hz: float, held: int, force: float, rng: np.random.Generator) -> Floats:
    """Three sawtooths under a filter that closes at once."""
    level = envelope(held, 0.002, 0.22, 0.12, 0.25)
    wave = unison(hz, len(level), (-8, 0, 9), rng)
    closing = np.exp(-np.arange(len(level)) / (0.07 * RATE_HZ)).astype(np.float32)
    bright, dark = low_pass(wave, 1200 + 5500 * force), low_pass(wave, 500 + 600 * force)
    return (bright * closing + dark * (1 - closing)) * level * np.float32(force)


def soft_keys(hz: float, held: int, force: float, rng: np.random.Generator) -> Floats:
    """An electric piano by frequency modulation: a tine that fades over a tone that stays."""
    level = envelope(held, 0.003, 0.9, 0.25, 0.3)
    t = np.arange(len(level)) / RATE_HZ
    phase = 2 * np.pi * hz * t
    index = (0.4 + 1.3 * force) * np.exp(-t / 0.5)
    tine = 0.12 * force * np.sin(14 * phase) * np.exp(-t / 0.06) if 14 * hz < 16_000 else 0
    wave = np.sin(phase + index * np.sin(phase + rng.random())) + tine
    return np.asarray(np.stack([wave, wave]) * level * force * 0.7, np.float32)


def sub(hz: float, held: int, force: float, rng: np.random.Generator) -> Floats:
    """A sine with a little of its overtones, as of an 808: it begins above its pitch."""
    level = envelope(held, 0.004, 1.6, 0.45, 0.12)
    t = np.arange(len(level)) / RATE_HZ
    phase = 2 * np.pi * np.cumsum(hz * (1 + 0.5 * np.exp(-t / 0.018))) / RATE_HZ
    wave = np.tanh(1.6 * np.sin(phase)) + 0.12 * np.sin(2 * phase)
    return np.asarray(np.stack([wave, wave]) * level * force, np.float32)


def saw_bass(hz: float, held: int, force: float, rng: np.random.Generator) -> Floats:
    """Two sawtooths and a sine below, under a filter that closes."""
    level = envelope(held, 0.003, 0.5, 0.55, 0.06)
    n = len(level)
    wave = saw(hz, n, rng.random()) + saw(hz * 1.004, n, rng.random())
    closing = np.exp(-np.arange(n) / (0.12 * RATE_HZ)).astype(np.float32)
    mixed = low_pass(wave, 400 + 1400 * force, 4) * closing + low_pass(wave, 320, 4) * (1 - closing)
    mixed = mixed * 0.6 + 0.8 * np.sin(2 * np.pi * hz * np.arange(n) / RATE_HZ)
    return np.asarray(np.stack([mixed, mixed]) * level * force, np.float32)


def reese(hz: float, held: int, force: float, rng: np.random.Generator) -> Floats:
    """Sawtooths that beat slowly, over a clean sine."""
    level = envelope(held, 0.006, 2.0, 0.85, 0.08)
    wave = low_pass(unison(hz, len(level), (-19, -9, 8, 20), rng), 300 + 700 * force, 4)
    low = 0.9 * np.sin(2 * np.pi * hz * np.arange(len(level)) / RATE_HZ)
    return np.asarray((wave * 0.8 + low) * level * force, np.float32)


def air(hz: float, held: int, force: float, rng: np.random.Generator) -> Floats:
    """Breath around a pitch: noise through a narrow band, and its octave."""
    level = envelope(held, 0.8, 3.0, 0.8, 1.2)
    noise = rng.standard_normal((2, len(level))).astype(np.float32)
    total = np.zeros_like(noise)
    for partial, share in ((1, 1.0), (2, 0.5), (3, 0.2)):
        band = (partial * hz * 0.985, partial * hz * 1.015)
        total += np.float32(share) * sosfilt(
            butter(1, band, "band", fs=RATE_HZ, output="sos"), noise, axis=-1
        )
    return np.asarray(total * level * force, np.float32)


SOUNDS: dict[str, Sound] = {
    "pad": pad,
    "bright pad": bright_pad,
    "pluck": pluck,
    "soft keys": soft_keys,
    "sub": sub,
    "saw bass": saw_bass,
    "reese": reese,
    "air": air,
}
"""Synthesizers by name."""
