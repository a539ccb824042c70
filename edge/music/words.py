"""Compound words: what the composer reads and writes, a metric word or a note at a time.

After Hsiao et al. 2021, "Compound Word Transformer": tokens that belong together are one word, and words are
of two families. A metric word says that a bar begins, or at which sixteenth of it the notes that follow do; a
note word has a voice, a pitch, a duration and a strength. What the music shall be like, its conditions, is
known before and stands beside every word.

Pitches are written in C, or in A for minor: the key is a matter of playing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

STEPS: Final = 16
"""Sixteenths of a bar in 4/4."""

BAR: Final = STEPS
"""Step of the word that begins a bar."""

METRIC, NOTE, END = 0, 1, 2
"""Families; an end word ends the piece."""

LOWEST, PITCHES = 36, 60
"""Pitch that the first of the pitches stands for, as in MIDI; how many there are."""

DURATIONS: Final = (*range(1, 17), 20, 24, 28, 32)
"""Durations in sixteenths."""

STRENGTHS = 8
"""Levels of how hard a note is played, soft first."""

VOICES = ("melody", "decoration")

QUALITIES: Final = ("maj", "min", "dim", "aug", "sus", "7")
"""Qualities of chords; others are written as the nearest."""

NO_CHORD: Final = 12 * len(QUALITIES)
"""Chord that is none; the others are 6 * root + quality."""

DENSITIES: Final = (0, 1, 3, 5, 7, 9, 12, 16)
"""Least notes of a bar at each level of density."""

BAR_STRENGTHS = 5
"""Levels of how hard a bar is played."""

PHRASE = 8
"""Bars of a phrase that are distinguished; later ones count as the last."""

FIELDS: Final = ("family", "step", "voice", "pitch", "duration", "strength")
"""Columns of words as numbers."""

CONDITIONS: Final = ("chord", "next_chord", "density", "bar_strength", "minor", "since", "left")
"""Columns of conditions as numbers."""

Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Note:
    """A note in a bar."""

    step: int
    """Sixteenth at which it begins, 0 to 15."""
    duration: int
    """Sixteenths, at least 1; it may end after the bar."""
    pitch: int
    """As in MIDI, in C or A minor."""
    strength: int
    """0 to `STRENGTHS` - 1."""
    voice: int = 0
    """Index of `VOICES`."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of 4/4 and what it shall be like."""

    chords: tuple[int, int, int, int]
    """Chord of each beat."""
    density: int
    """Index of `DENSITIES`."""
    strength: int
    """0 to `BAR_STRENGTHS` - 1."""
    since: int
    """Bars since the phrase began."""
    left: int
    """Bars until it ends, 0 in its last one."""
    minor: bool = False
    """Whether the piece is in A minor."""
    notes: tuple[Note, ...] = ()
    """By step, voice and pitch."""


def density_of(count: int) -> int:
    """Return the level of density of a bar with `count` notes.

    >>> density_of(0), density_of(2), density_of(40)
    (0, 1, 7)
    """
    return int(np.searchsorted(DENSITIES, count, side="right")) - 1


def chord_of(root: int, quality: str) -> int:
    """Return the number of a chord of a root, 0 for C, and one of `QUALITIES`."""
    return len(QUALITIES) * (root % 12) + QUALITIES.index(quality)


def encode(bars: Sequence[Bar]) -> tuple[Numbers, Numbers]:
    """Return the words of bars int64[n, fields], and the conditions beside them int64[n, conditions].

    Fields that a word does not have are 0. A metric word of a step comes before the notes of it. The last
    word is `END`.
    """
    words, beside = [], []
    for number, bar in enumerate(bars):
        following = bars[number + 1].chords[0] if number + 1 < len(bars) else bar.chords[-1]
        for word in _words(bar):
            words.append(word)
            beside.append(
                condition(bar, word[1] if word[0] == METRIC and word[1] != BAR else word[6], following)
            )
    words.append((END, 0, 0, 0, 0, 0, 0))
    beside.append(condition(bars[-1], STEPS - 1, bars[-1].chords[-1]))
    return np.array(words, np.int64)[:, : len(FIELDS)], np.array(beside, np.int64)


def condition(bar: Bar, step: int, following: int) -> tuple[int, ...]:
    """Return what stands beside a word at a step of a bar; `following` is the first chord of the next bar."""
    beat = step // 4
    after = bar.chords[beat + 1] if beat < 3 else following
    since, left = (min(count, PHRASE - 1) for count in (bar.since, bar.left))
    return bar.chords[beat], after, bar.density, bar.strength, int(bar.minor), since, left


def decode(words: Iterable[Sequence[int]]) -> Iterator[list[Note]]:
    """Yield the notes of each bar of words; notes before the first bar are dropped."""
    notes: list[Note] | None = None
    step = 0
    for family, at, voice, pitch, duration, strength, *_ in words:
        if family == END:
            break
        if family == METRIC and at == BAR:
            if notes is not None:
                yield notes
            notes, step = [], 0
        elif family == METRIC:
            step = at
        elif notes is not None:
            notes.append(Note(step, DURATIONS[duration], LOWEST + pitch, strength, voice))
    if notes is not None:
        yield notes


def _words(bar: Bar) -> Iterator[tuple[int, ...]]:
    """Yield the words of a bar, each with the step that it is at as a seventh number."""
    yield METRIC, BAR, 0, 0, 0, 0, 0
    at = None
    for note in sorted(bar.notes, key=lambda note: (note.step, note.voice, note.pitch)):
        if note.step != at:
            at = note.step
            yield METRIC, at, 0, 0, 0, 0, at
        pitch = min(max(note.pitch - LOWEST, 0), PITCHES - 1)
        yield NOTE, 0, note.voice, pitch, nearest_duration(note.duration), note.strength, note.step


def nearest_duration(steps: int) -> int:
    """Return the index of the duration that is nearest; of two the shorter.

    >>> DURATIONS[nearest_duration(18)], DURATIONS[nearest_duration(99)]
    (16, 32)
    """
    return int(np.abs(np.array(DURATIONS) - steps).argmin())
