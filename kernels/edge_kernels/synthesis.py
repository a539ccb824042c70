"""Notes of oscillators, plucked strings and drums, added to stereo samples."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_kernels.arrays import Floats, positive
from edge_kernels.library import call, library


class Wave(IntEnum):
    """Shape of an oscillator."""

    SINE = 0
    TRIANGLE = 1
    """sin(x) - sin(3 x) / 9 + sin(5 x) / 25."""
    SAW = 2
    """Rising; without aliases above -50 dB."""
    SQUARE = 3


@dataclass(frozen=True, slots=True)
class Voice:
    """An oscillator instrument's note; `-1 <= pan <= 1`, a decay of d is exp(-t / d)."""

    rate_hz: float
    """Samples per second."""
    pitch_hz: float
    """10 to `rate_hz` / 8."""
    wave: Wave = Wave.SINE
    """Shape of the oscillators."""
    oscillators: int = 1
    """1 to 3, of one power in all, from random phases; of three the middle one is twice as strong."""
    detune_cents: float = 0.0
    """Between the lowest or highest oscillator and the middle."""
    width: float = 0.0
    """0 to 1: how far the lowest is to the left and the highest to the right."""
    noise: float = 0.0
    """Amplitude of white noise that is added to the oscillators."""
    noise_decay_s: float = 0.1
    """Of the noise."""
    fm_ratio: float = 1.0
    """Of sines and triangles: frequency of the modulator over that of the carrier."""
    fm_index: float = 0.0
    """In radians; 0 is no modulation."""
    fm_decay_s: float = 0.5
    """Of the index, to `fm_sustain`."""
    fm_sustain: float = 0.0
    """Share of the index that stays."""
    cutoff_hz: float = 0.0
    """Of the low-pass of 12 dB per octave; 0 is no filter."""
    cutoff_octaves: float = 0.0
    """By which the attack times exp(-t / `cutoff_decay_s`) moves it."""
    cutoff_decay_s: float = 0.3
    """Of what moves the cutoff."""
    resonance: float = 0.707
    """Q of the low-pass, 0.5 to 20."""
    attack_s: float = 0.005
    """In which it rises from 0."""
    decay_s: float = 0.5
    """Of the level, to `sustain`."""
    sustain: float = 1.0
    """0 to 1: what the decay falls to."""
    release_s: float = 0.1
    """In which it falls to 0 after it is released."""
    vibrato_hz: float = 5.5
    """Cycles of vibrato per second."""
    vibrato_cents: float = 0.0
    """Reached between one and two delays after the beginning."""
    vibrato_delay_s: float = 0.3
    """Before vibrato begins."""
    gain: float = 1.0
    """Factor of all."""
    pan: float = 0.0
    """-1, left, to 1, right."""
    seed: int = 0
    """Of its random numbers."""


@dataclass(frozen=True, slots=True)
class Pluck:
    """A plucked string's note."""

    rate_hz: float
    """Samples per second."""
    pitch_hz: float
    """10 to `rate_hz` / 8; played to 0.1 cents up to 1.5 kHz at 48 kHz."""
    decay_s: float = 3.0
    """In which it falls by 60 dB."""
    damping: float = 0.2
    """0 to 1: how much faster the high partials fall."""
    brightness_hz: float = 3000.0
    """Above which the excitation falls by 12 dB per octave."""
    position: float = 0.2
    """0 to 0.5: where it is plucked, as a share of its length."""
    noise: float = 0.5
    """0 to 1: the excitation, from an impulse to white noise."""
    attack_s: float = 0.001
    """In which it rises from 0."""
    release_s: float = 0.2
    """In which it falls to 0 after it is released."""
    gain: float = 1.0
    """At 1 the root mean square of the first period is 1/4."""
    pan: float = 0.0
    """-1, left, to 1, right."""
    seed: int = 0
    """Of its random numbers."""


@dataclass(frozen=True, slots=True)
class Drum:
    """A falling sine and filtered noise."""

    rate_hz: float
    """Samples per second."""
    length_s: float = 0.5
    """The last quarter fades out."""
    attack_s: float = 0.001
    """In which it rises from 0."""
    tone: float = 0.0
    """Amplitude of the sine."""
    tone_hz: float = 100.0
    """Its frequency at the beginning."""
    tone_end_hz: float = 50.0
    """Its frequency in the end."""
    sweep_s: float = 0.05
    """Decay from one frequency to the other."""
    tone_decay_s: float = 0.2
    """Of the sine."""
    noise: float = 0.0
    """Amplitude of white noise before its filter."""
    noise_hz: float = 3000.0
    """Frequency of the filter."""
    noise_q: float = 0.7
    """0.5 to 20."""
    noise_high: float = 0.0
    """0 to 1: from a band-pass to a high-pass."""
    noise_decay_s: float = 0.1
    """Of the noise."""
    bursts: int = 1
    """Of noise, 1 to 8; all but the last are `burst_s` long."""
    burst_s: float = 0.01
    """From burst to burst."""
    gain: float = 1.0
    """Factor of all."""
    pan: float = 0.0
    """-1, left, to 1, right."""
    seed: int = 0
    """Of its random numbers."""


def add_voice(out: Floats, voice: Voice, start: int, hold: int) -> None:
    """Add a note to `out` float32[2, n] from sample `start`, released after `hold` samples.

    What lies outside `out` is cut off. Raises ValueError for another array, KernelError for options outside
    their ranges.

    >>> out = np.zeros((2, 480), np.float32)
    >>> add_voice(out, Voice(48_000, 1000.0, release_s=0.004), 0, 240)
    >>> int(np.abs(out[0]).nonzero()[0].max())
    431
    """
    scratch = np.empty(_constant("VOICE_SCRATCH"))
    frames = _frames(out)
    call("voice", _struct("voice", voice), _steps(), start, positive(hold, "hold"), frames, out, scratch)


def add_pluck(out: Floats, pluck: Pluck, start: int, hold: int) -> None:
    """Add a plucked string to `out` float32[2, n]; as `add_voice`."""
    fits = 1 <= pluck.pitch_hz <= pluck.rate_hz  # else the kernel refuses it
    period = pluck.rate_hz / pluck.pitch_hz if fits else 0
    scratch = np.empty(int(period) + 4, np.float32)
    frames = _frames(out)
    call("pluck", _struct("pluck", pluck), start, positive(hold, "hold"), frames, out, scratch)


def add_drum(out: Floats, drum: Drum, start: int) -> None:
    """Add a drum to `out` float32[2, n] from sample `start`; as `add_voice`."""
    frames = _frames(out)
    call("drum", _struct("drum", drum), start, frames, out)


def _frames(out: Floats) -> int:
    if out.ndim != 2 or out.shape[0] != 2:
        raise ValueError(f"out must be float32[2, n], not {list(out.shape)}")
    return int(out.shape[1])


def _struct(name: str, options: Any) -> NDArray[Any]:
    fields = library().interface.structs[f"edge_{name}_options"]
    values = {field.name: getattr(options, field.name) for field in dataclasses.fields(options)}
    values["seed"] = (values["seed"] + 2**31) % 2**32 - 2**31
    return np.array([tuple(values[field] for field, _ in fields)], fields)


def _constant(name: str) -> int:
    value: int = library().interface.constants[name]
    return value


@cache
def _steps() -> Floats:
    """Band-limited steps minus steps: the integral of a sinc up to 0.44 of the rate under Kaiser's window."""
    taps, phases, fine, cutoff = _constant("STEP_TAPS"), _constant("STEP_PHASES"), 1024, 0.88
    t = (np.arange(taps * fine) + 0.5) / fine - taps / 2
    window = np.i0(6.0 * np.sqrt(1 - (2 * t / taps) ** 2)) / np.i0(6.0)
    rising = np.concatenate(([0.0], np.cumsum(np.sinc(cutoff * t) * window)))
    rising /= rising[-1]
    at = np.arange(taps)[None] + np.arange(phases + 1)[:, None] / phases
    values = rising[(at * fine).astype(int)] - (at >= taps / 2)
    values[phases, taps // 2 - 1] += 1  # the last row is the limit from below
    return np.ascontiguousarray(values, np.float32)
