"""Chords by name, and how they are laid out on an instrument."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from edge.music.words import chord_of

LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
ALTERED = {"": 0, "#": 1, "b": -1}

SUFFIXES: dict[str, tuple[str, tuple[int, ...]]] = {
    "": ("maj", (0, 4, 7)),
    "6": ("maj", (0, 4, 7, 9)),
    "69": ("maj", (0, 4, 7, 9, 14)),
    "maj7": ("maj", (0, 4, 7, 11)),
    "maj9": ("maj", (0, 4, 7, 11, 14)),
    "add9": ("maj", (0, 4, 7, 14)),
    "m": ("min", (0, 3, 7)),
    "m6": ("min", (0, 3, 7, 9)),
    "m7": ("min", (0, 3, 7, 10)),
    "m9": ("min", (0, 3, 7, 10, 14)),
    "madd9": ("min", (0, 3, 7, 14)),
    "7": ("7", (0, 4, 7, 10)),
    "9": ("7", (0, 4, 7, 10, 14)),
    "13": ("7", (0, 4, 10, 14, 21)),
    "7b9": ("7", (0, 4, 7, 10, 13)),
    "sus": ("sus", (0, 5, 7)),
    "sus4": ("sus", (0, 5, 7)),
    "sus2": ("sus", (0, 2, 7)),
    "7sus": ("sus", (0, 5, 7, 10)),
    "dim": ("dim", (0, 3, 6)),
    "m7b5": ("dim", (0, 3, 6, 10)),
    "dim7": ("dim", (0, 3, 6, 9)),
    "aug": ("aug", (0, 4, 8)),
}
"""What follows the root in a name -> quality in `edge.music.words`, and semitones above the root."""

STRINGS = (40, 45, 50, 55, 59, 64)
"""Open strings of a guitar."""


@dataclass(frozen=True)
class Chord:
    """A chord as it is played."""

    root: int
    """Semitones above C."""
    quality: str
    """As in `edge.music.words`."""
    tones: tuple[int, ...]
    """Semitones above the root, ascending."""
    bass: int
    """Lowest note, in semitones above C."""

    @property
    def number(self) -> int:
        """The chord in `edge.music.words`."""
        return chord_of(self.root, self.quality)


Bars = tuple[tuple[Chord, Chord, Chord, Chord], ...]
"""Chords of each beat of bars."""


def chord(name: str) -> Chord:
    """The chord of a name such as `Am7`, `F#`, `C/E`. Raises ValueError.

    >>> chord("Bbm7").root, chord("Bbm7").quality, chord("C/E").bass
    (10, 'min', 4)
    """
    upper, _, lower = name.partition("/")
    root, suffix = _root(upper, name)
    if suffix not in SUFFIXES:
        raise ValueError(
            f"{name!r} is not a chord: after its root may stand {', '.join(filter(None, SUFFIXES))}"
        )
    quality, tones = SUFFIXES[suffix]
    bass, rest = _root(lower, name) if lower else (root, "")
    if rest:
        raise ValueError(f"{name!r} is not a chord: after the slash stands one note")
    return Chord(root, quality, tones, bass)


def bar(text: str) -> tuple[Chord, Chord, Chord, Chord]:
    """The chords of the beats of a bar with one, two or four names. Raises ValueError.

    >>> [chord.root for chord in bar("C G")]
    [0, 0, 7, 7]
    """
    names = text.split()
    if len(names) not in (1, 2, 4):
        raise ValueError(f"a bar has one, two or four chords, not {len(names)}: {text!r}")
    a, b, c, d = (chord(names[beat * len(names) // 4]) for beat in range(4))
    return a, b, c, d


def progression(text: str, bars: int) -> Bars:
    """Bars written with `|` between them, repeated to `bars`."""
    written = [bar(part) for part in text.split("|")]
    return tuple(written[number % len(written)] for number in range(bars))


def lead(chord: Chord, before: Sequence[int], center: int, voices: int) -> tuple[int, ...]:
    """Pitches of a chord around `center`, as near as possible to those before, ascending."""
    classes = [(chord.root + tone) % 12 for tone in _chosen(chord.tones, voices)]
    places = [pitch for pitch in range(center - 14, center + 15) if pitch % 12 in classes]
    options = [
        option
        for option in combinations(places, len(classes))
        if {pitch % 12 for pitch in option} == set(classes) and option[-1] - option[0] <= 19
    ]
    firm = {(chord.root + tone) % 12 for tone in chord.tones[:3]}

    def cost(option: Sequence[int]) -> float:
        added_below = option[0] % 12 not in firm
        return _movement(option, before, center) + 5 * _clusters(option) + 8 * added_below

    best = min(options, key=cost)
    doubled = (best[0] + 12,) if len(best) == 3 < voices and best[0] + 12 not in best else ()
    return tuple(sorted((*best, *doubled)))


def on_strings(chord: Chord) -> tuple[int, ...]:
    """Pitches of a chord on a guitar's strings, the lowest within four frets each, from the root up."""
    classes = {(chord.root + tone) % 12 for tone in chord.tones}
    pitches = [
        next((open_ + fret for fret in range(5) if (open_ + fret) % 12 in classes), 0) for open_ in STRINGS
    ]
    lowest = next((i for i, pitch in enumerate(pitches[:3]) if pitch % 12 == chord.root), 0)
    return tuple(pitch for pitch in pitches[lowest:] if pitch)


def _root(text: str, name: str) -> tuple[int, str]:
    """The note at the start of a text, and what follows it."""
    if not text or text[0] not in LETTERS:
        raise ValueError(f"{name!r} is not a chord: it begins with a note from A to G")
    altered = text[1:2] if text[1:2] in ("#", "b") else ""
    return (LETTERS[text[0]] + ALTERED[altered]) % 12, text[1 + len(altered) :]


def _chosen(tones: tuple[int, ...], voices: int) -> list[int]:
    """The tones that say most: ninths go first, then fifth, root (the bass has it) and seventh.

    A chord with a ninth has a voice more, or its triad would not be recognized.
    """
    chosen, allowed = list(tones), voices + (len(tones) > 4)
    for spare in (*tones[:3:-1], 7, 0, *tones[3:4]):
        if len(chosen) > allowed and spare in chosen and (spare or len(tones) > 3):
            chosen.remove(spare)
    return chosen[:allowed]


def _clusters(option: Sequence[int]) -> int:
    """How many seconds too many: one is allowed, and none at the bottom."""
    steps = np.diff(option)
    return max(0, int((steps <= 2).sum()) - 1) + int((steps[:1] <= 2).sum())


def _movement(option: Sequence[int], before: Sequence[int], center: int) -> float:
    """How far hands move, and how far they are from the center."""
    off = abs(float(np.mean(option)) - center)
    if not before:
        return off
    nearest = [min(abs(pitch - held) for held in before) for pitch in option]
    return sum(nearest) + 0.5 * abs(option[-1] - before[-1]) + 0.4 * off
