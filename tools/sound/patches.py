"""Timbres: a `Patch` says how one instrument sounds, and `draw_patch` draws a fresh one of a family.

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


def draw_patch(program: Program, rng: np.random.Generator) -> Patch:
    """A new instrument of that family. Drums are no patch: see `drums.draw_kit`."""
    return _RECIPES[program](rng)


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


def _sine() -> Partials:
    partials = np.zeros(HARMONICS, np.complex64)
    partials[0] = 1.0
    return partials


def _cents(rng: np.random.Generator, spread: float) -> float:
    return float(2.0 ** (rng.uniform(-spread, spread) / 1200.0))


def _decaying(rng: np.random.Generator, ring_s: float, bright: float, formants: int) -> tuple[Layer, ...]:
    """Slow low partials, faster higher ones: the sum is a string that darkens as it dies."""
    slow = rolloff(rng, bright + 1.4, formants=formants)
    middle = rolloff(rng, bright + 0.5, duty=rng.uniform(0.08, 0.45), formants=formants)
    fast = rolloff(rng, bright * 0.7)
    return (
        Layer(slow, ring_s, _cents(rng, 1.5)),
        Layer((middle * np.float32(0.8)), ring_s * rng.uniform(0.25, 0.5), _cents(rng, 1.5)),
        Layer((fast * np.float32(0.5)), ring_s * rng.uniform(0.03, 0.1)),
    )


def _unison(
    rng: np.random.Generator, voices: int, spread: float, draw: Callable[[], Partials]
) -> tuple[Layer, ...]:
    """Equal waves, detuned by up to `spread` cents."""
    return tuple(Layer(draw(), ratio=_cents(rng, spread)) for _ in range(voices))


def _pluck(rng: np.random.Generator) -> Patch:
    return Patch(
        _decaying(rng, rng.uniform(0.25, 1.2), rng.uniform(0.5, 1.3), int(rng.integers(0, 3))),
        attack_s=rng.uniform(0.001, 0.004),
        release_s=rng.uniform(0.05, 0.3),
    )


def _piano(rng: np.random.Generator) -> Patch:
    return Patch(
        _decaying(rng, rng.uniform(0.8, 2.5), rng.uniform(0.8, 1.6), 1),
        attack_s=rng.uniform(0.002, 0.008),
        release_s=rng.uniform(0.1, 0.35),
    )


def _organ(rng: np.random.Generator) -> Patch:
    stops = np.zeros(HARMONICS, np.complex64)
    for drawbar in (1, 2, 3, 4, 6, 8, 10, 12):
        stops[drawbar - 1] = rng.uniform(0, 1) * (rng.random() < 0.7)
    stops[0] += 0.6
    return Patch(
        (Layer(stops / np.linalg.norm(stops)), Layer(stops * np.float32(0.2), ratio=0.5)),
        attack_s=rng.uniform(0.005, 0.03),
        release_s=rng.uniform(0.03, 0.1),
        vibrato_hz=rng.uniform(0.8, 7.0),
        vibrato_cents=rng.choice([0.0, rng.uniform(3, 18)]),
        tremolo=rng.uniform(0, 0.3),
        vibrato_delay_s=0.0,
    )


def _strings(rng: np.random.Generator) -> Patch:
    voices, power = int(rng.choice([1, 3, 4])), rng.uniform(0.9, 1.4)
    return Patch(
        _unison(rng, voices, 8.0 if voices > 1 else 1.0, lambda: rolloff(rng, power, formants=3)),
        attack_s=rng.uniform(0.04, 0.16),
        release_s=rng.uniform(0.1, 0.3),
        vibrato_hz=rng.uniform(4.8, 6.6),
        vibrato_cents=rng.uniform(8, 45),
        vibrato_delay_s=rng.uniform(0.05, 0.35),
        glide_s=rng.choice([0.0, rng.uniform(0.02, 0.09)]),
        noise=rng.uniform(0.0, 0.02),
    )


def _lead(rng: np.random.Generator) -> Patch:
    power, formants = rng.uniform(0.7, 1.5), int(rng.integers(0, 2))
    duty = rng.choice([0.0, 0.5, rng.uniform(0.1, 0.4)])
    voices, spread = int(rng.integers(1, 4)), rng.uniform(2, 14)
    return Patch(
        _unison(rng, voices, spread, lambda: rolloff(rng, power, duty=duty, formants=formants)),
        attack_s=rng.uniform(0.003, 0.04),
        release_s=rng.uniform(0.03, 0.2),
        vibrato_hz=rng.uniform(4.0, 7.5),
        vibrato_cents=rng.choice([0.0, rng.uniform(10, 70)]),
        vibrato_delay_s=rng.uniform(0.0, 0.4),
        glide_s=rng.choice([0.0, rng.uniform(0.03, 0.15)]),
    )


def _chip(rng: np.random.Generator) -> Patch:
    chords: tuple[tuple[int, ...], ...] = ((), (), (0, 12), (0, 4, 7), (0, 3, 7))
    return Patch(
        (Layer(rolloff(rng, 1.0, duty=rng.choice([0.125, 0.25, 0.5])), rng.choice([0.3, 1.0, math.inf])),),
        attack_s=0.001,
        release_s=rng.uniform(0.005, 0.03),
        vibrato_hz=rng.uniform(5, 9),
        vibrato_cents=rng.choice([0.0, rng.uniform(15, 60)]),
        vibrato_delay_s=rng.uniform(0.1, 0.3),
        arpeggio=chords[int(rng.integers(len(chords)))],
        arpeggio_hz=rng.uniform(12, 30),
    )


def _bell(rng: np.random.Generator) -> Patch:
    ring_s = rng.uniform(0.5, 2.0)
    tine = Layer(
        _sine(), ring_s, 1.0, rng.choice([1.4, 2.0, 3.0, 3.5, 7.0]), rng.uniform(0.5, 2.5), ring_s * 0.4
    )
    shimmer = Layer(_sine() * np.float32(rng.uniform(0.1, 0.5)), ring_s * 0.5, rng.choice([2.0, 2.76, 4.0]))
    return Patch((tine, shimmer), attack_s=0.002, release_s=rng.uniform(0.2, 0.6))


def _brass(rng: np.random.Generator) -> Patch:
    blown = Layer(_sine(), math.inf, 1.0, 1.0, rng.uniform(1.5, 3.5), rng.uniform(0.6, 2.5))
    section = tuple(Layer(rolloff(rng, 1.1, formants=2), ratio=_cents(rng, 7)) for _ in range(2))
    return Patch(
        (blown, *section),
        attack_s=rng.uniform(0.02, 0.07),
        release_s=rng.uniform(0.05, 0.15),
        vibrato_hz=rng.uniform(4.5, 6.0),
        vibrato_cents=rng.uniform(0, 20),
        vibrato_delay_s=0.3,
    )


def _flute(rng: np.random.Generator) -> Patch:
    return Patch(
        (Layer(rolloff(rng, rng.uniform(1.8, 3.0), duty=rng.choice([0.0, 0.5]), formants=1)),),
        attack_s=rng.uniform(0.03, 0.1),
        release_s=rng.uniform(0.06, 0.15),
        vibrato_hz=rng.uniform(4.5, 6.5),
        vibrato_cents=rng.uniform(5, 35),
        vibrato_delay_s=rng.uniform(0.1, 0.5),
        tremolo=rng.uniform(0.0, 0.25),
        glide_s=rng.choice([0.0, 0.03]),
        noise=rng.uniform(0.005, 0.05),
    )


def _guitar(rng: np.random.Generator) -> Patch:
    power, duty = rng.uniform(1.0, 1.6), rng.uniform(0.1, 0.4)
    return Patch(
        _unison(rng, 2, 4.0, lambda: rolloff(rng, power, duty=duty, formants=1)),
        attack_s=0.003,
        release_s=rng.uniform(0.04, 0.15),
        vibrato_hz=rng.uniform(4.5, 6.5),
        vibrato_cents=rng.uniform(0, 50),
        vibrato_delay_s=rng.uniform(0.2, 0.5),
        glide_s=rng.choice([0.0, rng.uniform(0.02, 0.1)]),
        drive=rng.uniform(2.0, 9.0),
        gain_db=-2.0,
    )


def _bass(rng: np.random.Generator) -> Patch:
    sustained, power, duty = rng.random() < 0.4, rng.uniform(1.2, 2.2), rng.choice([0.0, 0.5])
    layers = (
        _unison(rng, 2, 4.0, lambda: rolloff(rng, power, duty=duty))
        if sustained
        else _decaying(rng, rng.uniform(0.4, 1.2), 1.2, 0)
    )
    return Patch(
        layers,
        attack_s=rng.uniform(0.003, 0.015),
        release_s=rng.uniform(0.03, 0.1),
        drive=rng.choice([0.0, 1.5]),
        gain_db=1.0,
    )


def _pad(rng: np.random.Generator) -> Patch:
    power, voices, spread = rng.uniform(1.1, 2.2), int(rng.integers(2, 5)), rng.uniform(6, 18)
    return Patch(
        _unison(rng, voices, spread, lambda: rolloff(rng, power, formants=2)),
        attack_s=rng.uniform(0.15, 0.6),
        release_s=rng.uniform(0.3, 0.9),
        vibrato_hz=rng.uniform(0.2, 2.0),
        tremolo=rng.uniform(0, 0.3),
        vibrato_delay_s=0.0,
        gain_db=-4.0,
    )


_RECIPES = {
    Program.PLUCK: _pluck,
    Program.PIANO: _piano,
    Program.ORGAN: _organ,
    Program.STRINGS: _strings,
    Program.LEAD: _lead,
    Program.CHIP: _chip,
    Program.BELL: _bell,
    Program.BRASS: _brass,
    Program.FLUTE: _flute,
    Program.GUITAR: _guitar,
    Program.BASS: _bass,
    Program.PAD: _pad,
}
