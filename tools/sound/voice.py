"""`sing`: speech becomes singing.

    speech -> WORLD frames -> syllables -> laid over the notes -> the melody's pitch -> WORLD synthesis

A syllable is an unvoiced onset and a voiced nucleus. Its vowel starts on the note and is held at its
loudest place until the note ends; consonants keep the speed of speech.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from tools.sound.contour import pitch_contour
from tools.sound.signals import RATE_HZ, Samples, at_dbfs
from tools.sound.synth import Note
from tools.sound.vocoder import FRAMES_PER_S, Frames, Speech, analyse, smooth, synthesize

LEVEL_DBFS, PEAK = -20.0, 0.95
"""RMS of what is sung, lowered where the peak would pass 0.95."""
ONSET_FRAMES = 24
"""The longest consonant kept before a vowel: 120 ms."""
QUIET_DB = 35.0
"""Frames this far below the loudest are pauses, not consonants."""
VOWEL_HZ, VOWEL_BALANCE_DB = (200.0, 2500.0), -3.0
"""A vowel is at least about as dense in this band as over all; a voiced "z" is not, and is never held."""
DIP_DB = 3.0
"""A dip this deep of that band inside a voiced run parts two syllables."""
LIFT_SEMITONES = 4.0
"""People sing somewhat above their speaking pitch."""
SLUR = 0.15
"""How often a note that follows without a gap goes on with the syllable of the last one."""
REST_S = 0.3
"""Shorter gaps between notes do not end a span of singing."""


@dataclass(frozen=True)
class Sung:
    """A sung melody and its truth."""

    samples: Samples
    """Time zero is the melody's, the end 0.3 s after its last note; -20 dBFS RMS."""
    spans: tuple[tuple[float, float], ...]
    """(start, end) in seconds of each stretch sung without a rest of 0.3 s or more."""
    f0_hz: Frames
    """The pitch asked of the voice, every 5 ms; 0 where it is unvoiced or silent."""
    transposed: int
    """Semitones from the melody to what is sung: a multiple of 12."""


@dataclass(frozen=True)
class _Syllable:
    """Frames [start, vowel) are the onset, [vowel, end) is voiced; it is held at `hold`."""

    start: int
    vowel: int
    hold: int
    end: int


def sing(speech: Samples, melody: Sequence[Note], rng: np.random.Generator) -> Sung:
    """Sing the words of `speech` on `melody`: a syllable a note, from the first again when they run out.

    The melody must be one voice in order (see `melody.monophonic`). It is moved by octaves into the
    speaker's range, so the result goes with the song's accompaniment. Raises ValueError if the melody is
    empty or the speech has no voiced syllable.
    """
    if not melody:
        raise ValueError("nothing to sing: the melody has no notes")
    said = analyse(speech)
    syllables = _syllables(said)
    if not syllables:
        raise ValueError("nothing to sing: the speech has no voiced syllable")
    frames = round((melody[-1].end_s + 0.3) * FRAMES_PER_S)
    places, gain = _lay(syllables, melody, frames, rng)
    laid = said.at(places)
    voiced = (laid.f0_hz > 0) & (gain > 0)
    # a vowel's level follows the singer, not the sentence: half of the speech's differences in dB go
    said_db = said.level_db()
    laid_db = np.interp(places, np.arange(len(said_db)), said_db)
    even_db = np.where(voiced, 0.5 * (np.median(said_db[said.f0_hz > 0]) - laid_db), 0.0)
    power = gain**2 * 10 ** (even_db / 10)
    octaves = _octaves(said, melody)
    pitch = pitch_contour(melody, frames, rng) + 12 * octaves
    f0_hz = np.where(voiced, 440 * 2 ** ((pitch - 69) / 12), 0.0)
    spectrum = _timbre(laid.spectrum, rng) * power[:, None] + 1e-12
    wave = at_dbfs(synthesize(Speech(f0_hz, spectrum, laid.aperiodicity)), LEVEL_DBFS)
    wave *= np.float32(min(1.0, PEAK / float(np.max(np.abs(wave)))))
    return Sung(wave, _spans(gain), f0_hz, 12 * octaves)


def _syllables(said: Speech) -> list[_Syllable]:
    """Voiced runs of 40 ms or more with the consonant before them, parted between vowels."""
    loud = said.level_db() > said.level_db().max() - QUIET_DB
    vowel_db = said.level_db(*VOWEL_HZ)
    balance_db = vowel_db - said.level_db()
    edges = np.flatnonzero(np.diff(np.concatenate([[0], (said.f0_hz > 0) & loud, [0]])))
    syllables: list[_Syllable] = []
    free_from = 0
    for start, end in edges.reshape(-1, 2).tolist():
        if end - start < 8:
            continue
        onset = start
        while onset > max(free_from, start - ONSET_FRAMES) and loud[onset - 1]:
            onset -= 1
        for vowel, until in pairwise([start, *_dips(vowel_db[start:end], start), end]):
            hold = vowel + int(np.argmax(smooth(vowel_db[vowel:until], 9)))
            if balance_db[hold] < VOWEL_BALANCE_DB:
                continue
            syllables.append(_Syllable(onset if vowel == start else vowel, vowel, hold, until))
        free_from = end
    return syllables


def _dips(level_db: Frames, offset: int) -> list[int]:
    """Where to part a voiced run: well below the peaks on both sides, 40 ms or more from the ends."""
    left, right = np.maximum.accumulate(level_db), np.maximum.accumulate(level_db[::-1])[::-1]
    depth = np.minimum(left, right) - level_db
    depth[:8] = depth[-8:] = 0.0
    split = int(np.argmax(depth))
    if depth[split] < DIP_DB:
        return []
    return [*_dips(level_db[:split], offset), offset + split, *_dips(level_db[split:], offset + split)]


def _octaves(said: Speech, melody: Sequence[Note]) -> int:
    """The transposition that brings the melody nearest to the speaker's singing range."""
    speaking = 69 + 12 * np.log2(np.median(said.f0_hz[said.f0_hz > 0]) / 440)
    return round((float(speaking) + LIFT_SEMITONES - float(np.median([n.midi for n in melody]))) / 12)


def _lay(
    syllables: Sequence[_Syllable], melody: Sequence[Note], frames: int, rng: np.random.Generator
) -> tuple[Frames, Frames]:
    """For every output frame the place in the speech it is taken from (fractional) and a gain."""
    places, gain = np.zeros(frames), np.zeros(frames)
    free_from = 0
    for i, notes in enumerate(_slurred(melody, rng)):
        syllable = syllables[i % len(syllables)]
        start, end = round(notes[0].start_s * FRAMES_PER_S), round(notes[-1].end_s * FRAMES_PER_S)
        onset = max(0, min(syllable.vowel - syllable.start, start - free_from))
        places[start - onset : start] = np.arange(syllable.vowel - onset, syllable.vowel)
        gain[start - onset : start] = 1.0
        places[start:end] = _stretch(syllable, end - start, rng)
        gain[start:end] = _shape(end - start, notes[0].velocity, rng)
        # a note gives its last 60 ms to the next syllable's consonant, as singers do
        free_from = max((start + end) // 2, end - ONSET_FRAMES // 2)
    return places, gain


def _slurred(melody: Sequence[Note], rng: np.random.Generator) -> list[list[Note]]:
    """The notes of each syllable: mostly one."""
    groups: list[list[Note]] = []
    for note in melody:
        if groups and note.start_s - groups[-1][-1].end_s < 0.05 and rng.random() < SLUR:
            groups[-1].append(note)
        else:
            groups.append([note])
    return groups


def _stretch(syllable: _Syllable, frames: int, rng: np.random.Generator) -> Frames:
    """Places in a vowel for `frames` output frames: in and out at speech's own speed, held between."""
    before, after = syllable.hold - syllable.vowel, syllable.end - 1 - syllable.hold
    scale = min(1.0, 0.8 * frames / max(1, before + after))
    go_in, go_out = round(before * scale), round(after * scale)
    held = max(0, frames - go_in - go_out)
    sway = 8.0 * smooth(rng.standard_normal(held + 1), 41)[:held] * np.hanning(held + 2)[1:-1]
    places = np.concatenate([
        np.linspace(syllable.vowel, syllable.hold, go_in, endpoint=False),
        syllable.hold + sway,
        np.linspace(syllable.hold, syllable.end - 1, go_out),
    ])[:frames]  # fmt: skip
    inside: Frames = np.clip(places, syllable.vowel, syllable.end - 1)
    return inside


def _shape(frames: int, velocity: float, rng: np.random.Generator) -> Frames:
    """Loudness over a syllable: 50 ms in, a swell, a breath's decline, 40 ms out."""
    at = np.arange(frames)
    t = at / max(frames, 1)
    ends = np.minimum(1.0, 0.5 + at / 20) * np.minimum(1.0, (frames - at) / 8)
    decline = 1.0 - rng.uniform(0.1, 0.4) * t**2 + rng.uniform(0.0, 0.2) * np.sin(np.pi * t)
    shape: Frames = (0.5 + 0.5 * velocity) * ends * decline
    return shape


def _timbre(spectrum: Frames, rng: np.random.Generator) -> Frames:
    """Another singer: formants moved by up to 8 %, and a singer's formant of up to 8 dB near 3 kHz."""
    bins = np.arange(spectrum.shape[1])
    at = np.clip(bins / rng.uniform(0.92, 1.08), 0, len(bins) - 1)
    low = np.minimum(at.astype(np.int64), len(bins) - 2)
    part = at - low
    hz = bins * (RATE_HZ / 2 / (len(bins) - 1))
    ring_db = rng.uniform(0, 8) * np.exp(-(((hz - rng.uniform(2600, 3300)) / 500) ** 2))
    moved: Frames = (spectrum[:, low] * (1 - part) + spectrum[:, low + 1] * part) * 10 ** (ring_db / 10)
    return moved


def _spans(gain: Frames) -> tuple[tuple[float, float], ...]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], gain > 0, [0]]))) / FRAMES_PER_S
    spans: list[tuple[float, float]] = []
    for start, end in edges.reshape(-1, 2).tolist():
        if spans and start - spans[-1][1] < REST_S:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return tuple(spans)
