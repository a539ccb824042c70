"""What an instrument is made of, and how one of its notes is added to samples.

An instrument is a few layers (strings, oscillators, noises) that begin together, and a body with resonances.
A layer is written down as its kernel's options at middle C and velocity 0.7; pitch and velocity change those,
and each note differs a little from all others, as its start and pitch decide.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from edge_kernels.mixing import Biquads
from edge_kernels.synthesis import Drum, Pluck, Voice, add_drum, add_pluck, add_voice
from numpy.typing import NDArray

from edge.arrays import Floats

MIDDLE_HZ = 261.6256
"""Middle C, at which layers are written down."""

MIDDLE_VELOCITY = 0.7
"""Velocity at which layers are written down."""

TAIL_S = 0.12
"""How long a body sounds after the last note."""

LIMIT = 1 / 8.2
"""Highest pitch of a layer, as a share of the rate; higher ones are left out."""


@dataclass(frozen=True, slots=True)
class Played:
    """A note in samples."""

    start: int
    """Sample at which it begins, from 0."""
    duration: int
    """Samples until it is released, from 1."""
    pitch_hz: float
    """Fundamental; drums ignore it."""
    velocity: float
    """0 to 1: how hard it is played."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One sound of an instrument."""

    sound: Voice | Pluck | Drum
    """Options at `MIDDLE_HZ` and `MIDDLE_VELOCITY`; rate, pitch and seed are replaced."""
    ratio: float = 1.0
    """Of its pitch to that of the note."""
    hardness: float = 1.2
    """Gain is proportional to velocity to this power."""
    brightness: float = 2.0
    """Octaves by which filters open and modulation grows over the whole range of velocity."""
    follow: float = 0.6
    """Power of the pitch that filters are proportional to."""
    shorten: float = 0.4
    """Power of the pitch that decays are inversely proportional to."""
    drift_cents: float = 1.5
    """Standard deviation of its tuning from note to note."""


@dataclass(frozen=True, slots=True)
class Resonance:
    """A bell-shaped boost or cut of a body."""

    hz: float
    """Center frequency."""
    db: float
    """Negative is a cut."""
    q: float
    """Center frequency over bandwidth."""


@dataclass(frozen=True, slots=True)
class Instrument:
    """Layers and a body."""

    layers: tuple[Layer, ...]
    """All begin with the note."""
    gain_db: float = 0.0
    """Makes a scale of it as loud as those of the others."""
    body: tuple[Resonance, ...] = ()
    """Through which all notes go together."""


def frames(instrument: Instrument, note: Played, rate_hz: int) -> int:
    """Return how many samples after its start a note is silent."""
    ends = [
        sound.length_s * rate_hz if isinstance(sound, Drum) else note.duration + sound.release_s * rate_hz
        for sound in (layer.sound for layer in instrument.layers)
    ]
    return int(max(ends)) + 1


def add_note(out: Floats, instrument: Instrument, note: Played, rate_hz: int) -> None:
    """Add a note to `out` float32[2, n]."""
    drawn = np.random.default_rng([note.start, round(100 * note.pitch_hz)])
    for layer in instrument.layers:
        tuning, timbre, level = drawn.standard_normal(3).clip(-2, 2)
        hz = note.pitch_hz * layer.ratio * 2 ** (tuning * layer.drift_cents / 1200)
        if hz > LIMIT * rate_hz and not isinstance(layer.sound, Drum):
            continue
        strength = (note.velocity / MIDDLE_VELOCITY) ** layer.hardness
        gain = layer.sound.gain * strength * 10 ** ((instrument.gain_db + 0.4 * level) / 20)
        brighter = 2 ** (layer.brightness * (note.velocity - MIDDLE_VELOCITY) + 0.08 * timbre)
        higher = note.pitch_hz / MIDDLE_HZ
        seed = int(drawn.integers(2**31))
        match layer.sound:
            case Drum() as drum:
                hit = replace(drum, noise_hz=drum.noise_hz * brighter**0.4)
                add_drum(out, replace(hit, rate_hz=rate_hz, gain=gain, seed=seed), note.start)
            case Pluck() as pluck:
                shown = plucked(pluck, brighter * higher**layer.follow, higher**-layer.shorten, timbre)
                shown = replace(shown, rate_hz=rate_hz, pitch_hz=hz, gain=gain, seed=seed)
                add_pluck(out, shown, note.start, note.duration)
            case Voice() as voice:
                opened = voiced(voice, brighter, higher**layer.follow, higher**-layer.shorten)
                opened = replace(opened, rate_hz=rate_hz, pitch_hz=hz, gain=gain, seed=seed)
                add_voice(out, opened, note.start, note.duration)


def plucked(pluck: Pluck, brighter: float, longer: float, timbre: float) -> Pluck:
    """Return a string as it is plucked for one note: a hand never meets the same place twice."""
    return replace(
        pluck,
        brightness_hz=pluck.brightness_hz * brighter,
        decay_s=pluck.decay_s * longer,
        position=float(np.clip(pluck.position + 0.015 * timbre, 0.03, 0.5)),
    )


def voiced(voice: Voice, brighter: float, higher: float, longer: float) -> Voice:
    """Return a voice with its filter, modulation and decay as one note needs them."""
    return replace(
        voice,
        cutoff_hz=voice.cutoff_hz * brighter * higher,
        fm_index=voice.fm_index * brighter / max(1.0, higher),
        decay_s=voice.decay_s * longer,
        fm_decay_s=voice.fm_decay_s * longer,
    )


def resonant(samples: Floats, body: tuple[Resonance, ...], rate_hz: int) -> Floats:
    """Return samples float32[2, n] as a body colors them."""
    sections = [peak(resonance, rate_hz) for resonance in body if resonance.hz < 0.45 * rate_hz]
    return Biquads(sections, 2)(samples) if sections else samples


def peak(resonance: Resonance, rate_hz: int) -> NDArray[np.float64]:
    """Return the biquad of a resonance, float64[5] (the peaking equalizer of Bristow-Johnson's cookbook)."""
    turn = 2 * np.pi * resonance.hz / rate_hz
    alpha, amplitude = np.sin(turn) / (2 * resonance.q), 10 ** (resonance.db / 40)
    b = np.array([1 + alpha * amplitude, -2 * np.cos(turn), 1 - alpha * amplitude])
    a = np.array([1 + alpha / amplitude, -2 * np.cos(turn), 1 - alpha / amplitude])
    return np.asarray(np.concatenate((b, a[1:])) / a[0])
