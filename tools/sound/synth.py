"""Notes in, samples out: a small numpy synthesizer, fast and with a new timbre for every draw.

    notes -> per program one patch (drawn, or given) -> wavetable voices -> one mix

A voice is a 32-bit phase accumulator that reads a wavetable holding only the harmonics that fit below
the band's edge, so nothing aliases before the optional drive. No Python loop runs over samples.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tools.sound.drums import draw_kit, hit
from tools.sound.patch import HARMONICS, Layer, Patch, Program
from tools.sound.patches import draw_patch
from tools.sound.signals import RATE_HZ, Samples, add_at, silence

TABLE = 4096
"""Wavetable length; read without interpolation, its error stays below -45 dB of each harmonic."""
EDGE_HZ = 7600.0
"""No harmonic is rendered above this, so that vibrato stays below 8 kHz."""
PEAK = 0.7
"""Peak of a rendered mix."""


@dataclass(frozen=True, order=True)
class Note:
    """One note: when, how long, which MIDI pitch, how loud, on what."""

    start_s: float
    seconds: float
    midi: float
    """MIDI pitch, 69 is A4 = 440 Hz; fractions are allowed. For drums the percussion key."""
    velocity: float = 0.8
    """0 to 1, an amplitude."""
    program: Program = Program.PIANO

    @property
    def end_s(self) -> float:
        """When the note is released."""
        return self.start_s + self.seconds


def hertz(midi: float) -> float:
    """Frequency of a MIDI pitch in equal temperament."""
    return float(440.0 * 2.0 ** ((midi - 69.0) / 12.0))


def render(
    notes: Iterable[Note],
    rng: np.random.Generator,
    *,
    seconds: float | None = None,
    instruments: Mapping[Program, Patch] | None = None,
) -> Samples:
    """Play the notes. Programs without a patch in `instruments` get one drawn from `rng`.

    Returns round(seconds * RATE_HZ) samples (by default up to the last release plus one second for the
    ring), scaled to a peak of 0.7; no notes give silence.
    """
    ordered = sorted(notes)
    length_s = seconds if seconds is not None else max((n.end_s for n in ordered), default=0.0) + 1.0
    patches = dict(instruments or {})
    for program in sorted({n.program for n in ordered} - {Program.DRUMS} - patches.keys()):
        patches[program] = draw_patch(program, rng)
    kit = draw_kit(rng) if any(n.program is Program.DRUMS for n in ordered) else {}
    mix = silence(length_s)
    before: dict[Program, Note] = {}
    for note in ordered:
        if note.program is Program.DRUMS:
            add_at(mix, hit(kit, round(note.midi)) * np.float32(0.45 * note.velocity), note.start_s)
            continue
        voice = play(note, patches[note.program], rng, before.get(note.program))
        add_at(mix, voice, note.start_s)
        before[note.program] = note
    peak = float(np.max(np.abs(mix), initial=0.0))
    return mix * np.float32(PEAK / peak) if peak > 0 else mix


@dataclass(frozen=True)
class _Line:
    """What all layers of one voice share."""

    hz: float
    top_hz: float
    """The highest frequency the note steps to."""
    t: Samples
    bend: Samples | None
    """Frequency over `hz`, per sample; None if constant."""


def play(note: Note, patch: Patch, rng: np.random.Generator, before: Note | None = None) -> Samples:
    """One note from its start to the end of its release; `before` is where a glide comes from."""
    n = max(2, round((note.seconds + patch.release_s) * RATE_HZ))
    t = np.arange(n, dtype=np.float32) / np.float32(RATE_HZ)
    top_hz = hertz(note.midi + max(patch.arpeggio, default=0))
    line = _Line(hertz(note.midi), top_hz, t, _bend(note, patch, t, before))
    wave = np.zeros(n, np.float32)
    for layer in patch.layers:
        part = _wave(layer, line, note.velocity, rng)
        wave += part if math.isinf(layer.decay_s) else part * np.exp(t / np.float32(-layer.decay_s))
    if patch.noise:
        wave += np.float32(patch.noise) * rng.standard_normal(n, np.float32)
    if patch.drive:
        wave = np.tanh(np.float32(patch.drive) * wave) * np.float32(0.7)
    gain = note.velocity * 10 ** (patch.gain_db / 20) * 0.2
    return wave * _envelope(note, patch, t) * np.float32(gain)


def _bend(note: Note, patch: Patch, t: Samples, before: Note | None) -> Samples | None:
    """Frequency over the note's own, per sample, for vibrato, glide and arpeggio; None if constant."""
    cents: Samples | None = None
    if patch.vibrato_cents:
        rise = np.clip((t - np.float32(patch.vibrato_delay_s)) * 4, 0, 1)
        cents = rise * np.float32(patch.vibrato_cents) * np.sin(t * np.float32(math.tau * patch.vibrato_hz))
    if patch.glide_s and before is not None and 0 <= note.start_s - before.end_s < 0.1:
        slide = np.float32(100 * (before.midi - note.midi)) * np.exp(t / np.float32(-patch.glide_s))
        cents = slide if cents is None else cents + slide
    if patch.arpeggio:
        steps = np.array(patch.arpeggio, np.float32) * 100
        stair = steps[(t * np.float32(patch.arpeggio_hz)).astype(np.int32) % len(steps)]
        cents = stair if cents is None else cents + stair
    return None if cents is None else np.exp2(cents / np.float32(1200))


def _wave(layer: Layer, line: _Line, velocity: float, rng: np.random.Generator) -> Samples:
    """The layer's wave at constant amplitude, from a random phase."""
    phase = _phase(line.hz * layer.ratio, line) + np.uint32(rng.integers(1 << 32))
    if layer.fm_index:
        # Carson's rule: keep (index + 1) * modulator below the edge, or high bells alias into hiss
        room = max(0.0, (EDGE_HZ - line.top_hz) / (line.top_hz * layer.fm_ratio) - 1.0)
        index = min(layer.fm_index * velocity, room)
        modulator = np.sin(_phase(line.hz * layer.fm_ratio, line) * np.float32(math.tau / (1 << 32)))
        swing = modulator * np.exp(line.t / np.float32(-layer.fm_decay_s))
        phase += (swing * np.float32(index / math.tau * (1 << 32))).astype(np.int64).astype(np.uint32)
    table = _table(layer, int(EDGE_HZ / (line.top_hz * max(layer.ratio, 1.0))))
    return np.take(table, phase >> np.uint32(32 - TABLE.bit_length() + 1))


def _phase(hz: float, line: _Line) -> npt.NDArray[np.uint32]:
    """Phase in 2^-32 cycles, wrapping."""
    step = hz / RATE_HZ * (1 << 32)
    if line.bend is None:
        return np.arange(len(line.t), dtype=np.uint32) * np.uint32(round(step))
    return np.cumsum((line.bend * np.float32(step)).astype(np.uint32), dtype=np.uint32)


def _table(layer: Layer, harmonics: int) -> Samples:
    """One cycle holding the layer's partials up to that count."""
    spectrum = np.zeros(TABLE // 2 + 1, np.complex64)
    count = min(max(harmonics, 1), HARMONICS)
    spectrum[1 : count + 1] = layer.partials[:count]
    return (np.fft.irfft(spectrum) * (TABLE / 2)).astype(np.float32)


def _envelope(note: Note, patch: Patch, t: Samples) -> Samples:
    """Attack, hold, exponential release; tremolo on top. A short note is released in mid-attack."""
    attack = np.minimum(t / np.float32(patch.attack_s), 1)
    release = np.exp(np.minimum((np.float32(note.seconds) - t) * np.float32(4 / patch.release_s), 0))
    envelope: Samples = attack * release * np.minimum((t[-1] - t) * 200, 1)
    if patch.tremolo:
        swing = 0.5 + 0.5 * np.sin(t * np.float32(math.tau * patch.vibrato_hz))
        envelope *= 1 - np.float32(patch.tremolo) * swing
    return envelope
