"""Keys and chords: as POP909 writes them, and as they sound."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edge.music import words
from edge.music.vectors import MAJOR, MINOR
from tools.train.music.midi import Sounded

ROOTS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
ACCIDENTALS = {"#": 1, "b": -1}

QUALITIES = {
    "maj": "maj", "maj6": "maj", "maj7": "maj", "min": "min", "min6": "min", "min7": "min", "minmaj7": "min",
    "dim": "dim", "dim7": "dim", "hdim7": "dim", "aug": "aug", "sus2": "sus", "sus4": "sus",
    "sus4(b7)": "sus", "7": "7", "9": "7",
}  # fmt: skip
"""Quality as POP909 writes it -> one of `words.QUALITIES`."""

SHAPES = {
    (0, 4, 7): "maj", (0, 3, 7): "min", (0, 3, 6): "dim", (0, 4, 8): "aug", (0, 5, 7): "sus",
    (0, 2, 7): "sus", (0, 4, 7, 10): "7", (0, 4, 10): "7",
}  # fmt: skip
"""Pitch classes above the root -> quality."""


def longest_key(text: str) -> tuple[int, bool]:
    """Return the tonic, 0 for C, and whether the key is minor, of the key that lasts longest."""
    rows = [line.split("\t") for line in text.splitlines() if line.strip()]
    *_, key = max(rows, key=lambda row: float(row[1]) - float(row[0]))
    tonic, _, mode = key.partition(":")
    return pitch_class(tonic), mode == "min"


def shift(tonic: int, minor: bool) -> int:
    """Return the semitones to C or A, -6 to 5."""
    return ((9 if minor else 0) - tonic + 6) % 12 - 6


def pitch_class(name: str) -> int:
    """Return the pitch class of a note name, such as Bb."""
    return (ROOTS[name[0]] + sum(ACCIDENTALS[sign] for sign in name[1:])) % 12


def named_chord(name: str, tonic: int, minor: bool) -> int:
    """Return the chord of a name as in Bb:min7/5, in a key of C or A minor."""
    root, _, quality = name.partition(":")
    known = QUALITIES.get(quality.partition("/")[0])
    if root == "N" or known is None:
        return words.NO_CHORD
    return words.chord_of(pitch_class(root) + shift(tonic, minor), known)


def sounding_chord(notes: Sequence[Sounded], beat: int, tonic: int, minor: bool) -> int:
    """Return the chord of the second voice at a beat."""
    pitches = sorted(one.pitch for one in notes if one.voice == 1 and one.start <= beat + 0.5 < one.end)
    if len(pitches) < 3:
        return words.NO_CHORD
    for root in pitches:
        shape = tuple(sorted({(pitch - root) % 12 for pitch in pitches}))
        if shape in SHAPES:
            return words.chord_of(root + shift(tonic, minor), SHAPES[shape])
    return words.NO_CHORD


def estimated_key(notes: Sequence[Sounded]) -> tuple[int, bool]:
    """Return tonic and mode of the profile that the durations of pitch classes fit best."""
    durations = np.zeros(12)
    for one in notes:
        durations[one.pitch % 12] += one.end - one.start
    fits = [
        (float(np.corrcoef(np.roll(profile, tonic), durations)[0, 1]), tonic, minor)
        for tonic in range(12)
        for minor, profile in ((False, MAJOR), (True, MINOR))
    ]
    _, tonic, minor = max(fits)
    return tonic, minor
