"""A recipe for each instrument: patches are drawn around it, so that no two sound the same."""

from __future__ import annotations

import math

import numpy as np

from tools.sound.patch import HARMONICS, Layer, Patch, Program, cents, decaying, rolloff, sine, unison


def _pluck(rng: np.random.Generator) -> Patch:
    return Patch(
        decaying(rng, rng.uniform(0.25, 1.2), rng.uniform(0.5, 1.3), int(rng.integers(0, 3))),
        attack_s=rng.uniform(0.001, 0.004),
        release_s=rng.uniform(0.05, 0.3),
    )


def _piano(rng: np.random.Generator) -> Patch:
    return Patch(
        decaying(rng, rng.uniform(0.8, 2.5), rng.uniform(0.8, 1.6), 1),
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
        unison(rng, voices, 8.0 if voices > 1 else 1.0, lambda: rolloff(rng, power, formants=3)),
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
        unison(rng, voices, spread, lambda: rolloff(rng, power, duty=duty, formants=formants)),
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
        sine(), ring_s, 1.0, rng.choice([1.4, 2.0, 3.0, 3.5, 7.0]), rng.uniform(0.5, 2.5), ring_s * 0.4
    )
    shimmer = Layer(sine() * np.float32(rng.uniform(0.1, 0.5)), ring_s * 0.5, rng.choice([2.0, 2.76, 4.0]))
    return Patch((tine, shimmer), attack_s=0.002, release_s=rng.uniform(0.2, 0.6))


def _brass(rng: np.random.Generator) -> Patch:
    blown = Layer(sine(), math.inf, 1.0, 1.0, rng.uniform(1.5, 3.5), rng.uniform(0.6, 2.5))
    section = tuple(Layer(rolloff(rng, 1.1, formants=2), ratio=cents(rng, 7)) for _ in range(2))
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
        unison(rng, 2, 4.0, lambda: rolloff(rng, power, duty=duty, formants=1)),
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
        unison(rng, 2, 4.0, lambda: rolloff(rng, power, duty=duty))
        if sustained
        else decaying(rng, rng.uniform(0.4, 1.2), 1.2, 0)
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
        unison(rng, voices, spread, lambda: rolloff(rng, power, formants=2)),
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


def draw_patch(program: Program, rng: np.random.Generator) -> Patch:
    """A new instrument of that family. Drums are no patch: see `drums.draw_kit`."""
    return _RECIPES[program](rng)
