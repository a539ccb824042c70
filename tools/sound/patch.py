"""Timbres: a `Patch` says how one instrument sounds, and `patches.draw_patch` draws one of a family.

Every pitched instrument is a few `Layer`s: periodic waves, each with its own spectrum, decay and
detuning. Layers that decay at different speeds make plucks and pianos, detuned equal layers make
strings and pads, a modulated layer makes bells and brass.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

Partials = npt.NDArray[np.complex64]
"""Complex amplitudes of the harmonics 1..H."""

HARMONICS = 120
"""Enough to fill 8 kHz from A1 (55 Hz) on; what would alias is cut when a note is rendered."""


class Program(StrEnum):
    """The instrument families."""

    PLUCK = "pluck"
    PIANO = "piano"
    ORGAN = "organ"
    STRINGS = "strings"
    LEAD = "lead"
    CHIP = "chip"
    BELL = "bell"
    BRASS = "brass"
    FLUTE = "flute"
    GUITAR = "guitar"
    BASS = "bass"
    PAD = "pad"
    DRUMS = "drums"
    """The notes' `midi` is a General MIDI percussion key (36 kick, 38 snare, 42 hat ...)."""


@dataclass(frozen=True)
class Layer:
    """One periodic wave of a patch."""

    partials: Partials
    decay_s: float = math.inf
    """Time to fall by 1/e while the note is held; infinite for sustained instruments."""
    ratio: float = 1.0
    """Frequency over the note's frequency: detuning, octave stops."""
    fm_ratio: float = 0.0
    """Modulator frequency over the note's; 0 turns frequency modulation off."""
    fm_index: float = 0.0
    """Peak phase deviation in radians at the onset."""
    fm_decay_s: float = 1.0
    """Time for the index to fall by 1/e."""


@dataclass(frozen=True)
class Patch:
    """How one instrument plays a note."""

    layers: tuple[Layer, ...]
    attack_s: float = 0.005
    release_s: float = 0.08
    vibrato_hz: float = 0.0
    vibrato_cents: float = 0.0
    vibrato_delay_s: float = 0.2
    tremolo: float = 0.0
    """Depth of amplitude modulation at the vibrato's rate, 0 to 1."""
    glide_s: float = 0.0
    """Portamento from the previous note of the same program."""
    arpeggio: tuple[int, ...] = ()
    """Semitones stepped through while the note is held (the chip's chord)."""
    arpeggio_hz: float = 15.0
    drive: float = 0.0
    """Gain into a tanh; 0 leaves the wave clean."""
    noise: float = 0.0
    """Breath or bow noise, relative to the tone."""
    gain_db: float = 0.0
    """Level within a mix."""


def rolloff(rng: np.random.Generator, power: float, *, duty: float = 0.0, formants: int = 0) -> Partials:
    """Partials that fall as 1/h^power with random phases.

    `duty` > 0 multiplies by a pulse wave's comb |sin(pi h duty)| (0.5: only odd harmonics);
    `formants` adds that many random resonances, the body of the instrument.
    """
    h = np.arange(1, HARMONICS + 1)
    amplitude = h ** (-power)
    if duty > 0:
        amplitude = amplitude * np.abs(np.sin(np.pi * h * duty))
    for _ in range(formants):
        centre, width = rng.uniform(1.5, 14.0), rng.uniform(0.1, 0.35)
        amplitude = amplitude * (1.0 + rng.uniform(0.5, 4.0) * np.exp(-((np.log(h / centre) / width) ** 2)))
    amplitude /= np.sqrt(np.sum(amplitude**2))
    partials: Partials = (amplitude * np.exp(1j * rng.uniform(0, math.tau, HARMONICS))).astype(np.complex64)
    return partials


def sine() -> Partials:
    """One partial."""
    partials = np.zeros(HARMONICS, np.complex64)
    partials[0] = 1.0
    return partials


def cents(rng: np.random.Generator, spread: float) -> float:
    """A frequency ratio of up to `spread` cents either way."""
    return float(2.0 ** (rng.uniform(-spread, spread) / 1200.0))


def decaying(rng: np.random.Generator, ring_s: float, bright: float, formants: int) -> tuple[Layer, ...]:
    """Slow low partials, faster higher ones: the sum is a string that darkens as it dies."""
    slow = rolloff(rng, bright + 1.4, formants=formants)
    middle = rolloff(rng, bright + 0.5, duty=rng.uniform(0.08, 0.45), formants=formants)
    fast = rolloff(rng, bright * 0.7)
    return (
        Layer(slow, ring_s, cents(rng, 1.5)),
        Layer((middle * np.float32(0.8)), ring_s * rng.uniform(0.25, 0.5), cents(rng, 1.5)),
        Layer((fast * np.float32(0.5)), ring_s * rng.uniform(0.03, 0.1)),
    )


def unison(
    rng: np.random.Generator, voices: int, spread: float, draw: Callable[[], Partials]
) -> tuple[Layer, ...]:
    """Equal waves, detuned by up to `spread` cents."""
    return tuple(Layer(draw(), ratio=cents(rng, spread)) for _ in range(voices))
