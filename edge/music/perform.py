"""Perform notes: when each one is played, how high and how hard, as a musician would and not on the grid.

Three instruments play: the melody, its decoration, and an accompaniment that breaks the chords. The same seed
gives the same performance.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from edge.music import rules
from edge.music.instruments import Played
from edge.music.templates import RATE_HZ, Template
from edge.music.words import NO_CHORD, STEPS, STRENGTHS, Bar, Note

VOICES: Final = ("melody", "decoration", "instrument")
"""What instruments play."""

LATE_S = 0.006
"""Standard deviation of when a note is played, in seconds."""

LEGATO = 0.96
"""How much of its duration a note is held."""

FIGURES = ((0, 1, 2, 1), (0, 2, 1, 2), (0, 1, 2, 3), (2, 1, 0, 1), (0, 2, 3, 2))
"""Which tone of the chord comes next in the accompaniment, lowest first; 3 is the lowest an octave higher."""

STRIDES = (8, 8, 4, 4, 2, 2, 1, 1)
"""Sixteenths between notes of the accompaniment, by density."""

LOWEST = 52
"""Pitch from which the chords of the accompaniment are built, in C or A minor."""


def perform(
    bars: Sequence[Bar], voice: str, template: Template, speed: float, seed: int
) -> Iterator[list[Played]]:
    """Yield what a voice plays in each bar; starts are samples from the beginning of the bar, not negative.

    The template is played at `speed`, which raises its pitch as that of a tape; notes follow.
    """
    figure = FIGURES[seed % len(FIGURES)]
    for number, bar in enumerate(bars):
        rng = np.random.default_rng([seed, VOICES.index(voice), number])
        notes = (
            accompaniment(bar, figure)
            if voice == "instrument"
            else [note for note in bar.notes if note.voice == VOICES.index(voice)]
        )
        yield [_played(note, template, speed, rng) for note in notes]


def hertz(pitch: int, template: Template, speed: float) -> float:
    """Return the frequency of a written pitch, as in MIDI, over a template that is played at a speed."""
    return float(440.0 * 2 ** ((pitch + template.key - 69) / 12) * speed)


def accompaniment(bar: Bar, figure: Sequence[int]) -> list[Note]:
    """Return the notes of a bar's chords, one after the other; none where there is no chord.

    >>> [note.pitch for note in accompaniment(Bar((0, 0, 0, 0), 2, 2, 0, 0), (0, 1, 2, 1))]
    [52, 55, 60, 55]
    """
    stride = STRIDES[bar.density]
    notes = list[Note]()
    for index, step in enumerate(range(0, STEPS, stride)):
        chord = bar.chords[step // 4]
        if chord == NO_CHORD:
            continue
        tones = sorted(LOWEST + (tone - LOWEST) % 12 for tone in rules.chord_tones(chord))
        tones.append(tones[0] + 12)
        strength = min(STRENGTHS - 1, bar.strength + 1 + (step % 8 == 0))
        notes.append(Note(step, stride, tones[figure[index % len(figure)]], strength, 1))
    return notes


def _played(note: Note, template: Template, speed: float, rng: np.random.Generator) -> Played:
    begin, end = (template.place(step) / speed for step in (note.step, note.step + LEGATO * note.duration))
    late = rng.normal(0, LATE_S) * RATE_HZ
    loudness = (note.strength + 0.5) / STRENGTHS + rng.normal(0, 0.03)
    return Played(
        max(0, round(begin + late)),
        max(1, round(end - begin)),
        hertz(note.pitch, template, speed),
        float(np.clip(0.25 + 0.7 * loudness, 0.1, 1.0)),
    )
