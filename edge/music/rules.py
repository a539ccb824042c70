"""What may come next in a piece: rules that keep every bar full, in metre, as dense as asked, in key and over
its chords.

Each rule returns which values of one field of the next word are allowed, given the draft so far.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from edge.music import words
from edge.music.words import BAR, END, METRIC, NOTE, STEPS, Bar, Note

SCALE = frozenset((0, 2, 4, 5, 7, 9, 11))
"""Pitch classes of C major and A minor."""

SHAPES = {
    "maj": (0, 4, 7),
    "min": (0, 3, 7),
    "dim": (0, 3, 6),
    "aug": (0, 4, 8),
    "sus": (0, 5, 7),
    "7": (0, 4, 7, 10),
}
"""Semitones above the root by quality."""

RANGES = ((57, 84), (48, 88))
"""Lowest and highest pitch of each voice, as in MIDI."""

MOST_AT_ONCE = (1, 2)
"""Notes of each voice that begin at the same time."""

DECORATED, DECORATION = 3, 0.3
"""Density from which bars are decorated, and the share of their least notes that is not of the melody."""

MOST_REPEATED = 4
"""How often a voice plays the same pitch in a row, at most."""

REMEMBERED = 4
"""Bars in which it is counted."""

LONG = 4
"""Sixteenths from which a note on a beat must be of the chord."""


@dataclass(slots=True)
class Draft:
    """A piece while it is composed."""

    rng: np.random.Generator
    """Draws."""
    bar: int = -1
    """Index of the bar that it is in; -1 before the first."""
    step: int = -1
    """Sixteenth that the last metric word named; -1 at the beginning of a bar."""
    here: list[Note] = field(default_factory=list)
    """Notes that begin at this step."""
    count: int = 0
    """Notes of this bar."""
    notes: list[list[Note]] = field(default_factory=list)
    """Notes of each bar."""
    likelihood: float = 0.0
    """Sum of the logarithms of the chances of all that was drawn."""
    drawn: int = 0
    """How many values were drawn."""
    done: bool = False
    """Whether it has ended."""

    @property
    def pitches(self) -> set[int]:
        """Return the pitches that begin at this step."""
        return {note.pitch for note in self.here}

    def begin_bar(self) -> None:
        """Go on to the next bar."""
        self.bar, self.step, self.count, self.here = self.bar + 1, -1, 0, []
        self.notes.append([])

    def take(self, word: NDArray[np.int64]) -> None:
        """Add a word int64[fields]."""
        family, step, voice, pitch, duration, strength = word.tolist()
        if family == END:
            self.done = True
        elif family == METRIC and step == BAR:
            self.begin_bar()
        elif family == METRIC:
            self.step, self.here = step, []
        else:
            note = Note(self.step, words.DURATIONS[duration], words.LOWEST + pitch, strength, voice)
            self.here.append(note)
            self.notes[-1].append(note)
            self.count += 1


def least(bar: Bar) -> int:
    """Return the least notes of a bar of its density."""
    return words.DENSITIES[bar.density]


def most_of(bar: Bar) -> int:
    """Return the most notes of a bar of its density."""
    above = bar.density + 1
    return words.DENSITIES[above] - 1 if above < len(words.DENSITIES) else 24


def most_melody(bar: Bar) -> int:
    """Return the most notes of the melody in a bar: all but `DECORATION` of its least notes, if it is dense.

    >>> [most_melody(Bar((0, 0, 0, 0), density, 2, 0, 0)) for density in (1, 3, 5, 7)]
    [2, 4, 7, 12]
    """
    return math.ceil(least(bar) * (1 - DECORATION)) if bar.density >= DECORATED else most_of(bar)


def families(draft: Draft, bars: Sequence[Bar]) -> NDArray[np.bool_]:
    """Return whether a metric word, a note or the end may come, bool[3]."""
    bar = bars[draft.bar]
    allowed = np.zeros(3, bool)
    fresh = draft.step >= 0 and not draft.here  # a step without notes says nothing
    allowed[NOTE] = fresh or (
        draft.step >= 0 and draft.count < most_of(bar) and bool(voices(draft, bar).any())
    )
    enough = draft.count >= least(bar)
    last = draft.bar + 1 == len(bars)
    more = draft.step < STEPS - 1 and draft.count < most_of(bar)
    allowed[METRIC] = not fresh and (more or (enough and not last))
    allowed[END] = not fresh and enough and last
    if not allowed.any():  # the bar is over with too few notes: rather that than none
        allowed[END if last else METRIC] = True
    return allowed


def steps(draft: Draft, bars: Sequence[Bar]) -> NDArray[np.bool_]:
    """Return which steps may come: later ones that leave room for missing notes, or the next bar."""
    bar = bars[draft.bar]
    allowed = np.zeros(STEPS + 1, bool)
    missing = least(bar) - draft.count
    if draft.count < most_of(bar):
        allowed[draft.step + 1 : STEPS] = True
        latest = max(draft.step + 1, STEPS - missing)  # a note a step is always allowed
        if missing > 0:
            allowed[latest + 1 : STEPS] = False
    allowed[BAR] = (missing <= 0 or draft.step == STEPS - 1) and draft.bar + 1 < len(bars)
    return allowed


def voices(draft: Draft, bar: Bar) -> NDArray[np.bool_]:
    """Return which voices may play: those with a note and a pitch left here; the melody comes first."""
    counts = [sum(note.voice == voice for note in draft.here) for voice in range(len(words.VOICES))]
    free = [count < most for count, most in zip(counts, MOST_AT_ONCE, strict=True)]
    free[0] &= not counts[1] and sum(note.voice == 0 for note in draft.notes[-1]) < most_melody(bar)
    return np.array([one and bool(pitches(draft, bar, voice).any()) for voice, one in enumerate(free)])


def pitches(draft: Draft, bar: Bar, voice: int) -> NDArray[np.bool_]:
    """Return which pitches may come: of scale or chord, in range, above what the voice begins here."""
    tones = chord_tones(bar.chords[draft.step // 4])
    low, high = RANGES[voice]
    lowest = max([low, *(note.pitch + 1 for note in draft.here if note.voice == voice)])
    pitches = words.LOWEST + np.arange(words.PITCHES)
    in_scale = np.isin(pitches % 12, sorted(scale_over(bar, draft.step) | tones))
    allowed = in_scale & (pitches >= lowest) & (pitches <= high)
    taken = [note.pitch for note in draft.here]
    recent = [note.pitch for bar in draft.notes[-REMEMBERED:] for note in bar if note.voice == voice]
    if len(recent) >= MOST_REPEATED and len({*recent[-MOST_REPEATED:]}) == 1:
        taken.append(recent[-1])
    return allowed & ~np.isin(pitches, taken)


def scale_over(bar: Bar, step: int) -> frozenset[int]:
    """Return the scale over a chord: notes a semitone from one of its tones that is outside of C give way."""
    tones = chord_tones(bar.chords[step // 4])
    foreign = tones - SCALE
    return SCALE - {(tone + side) % 12 for tone in foreign for side in (-1, 1)}


def chord_tones(chord: int) -> frozenset[int]:
    """Return the pitch classes of a chord; those of none are the scale's.

    >>> sorted(chord_tones(words.chord_of(9, "min")))
    [0, 4, 9]
    """
    if chord == words.NO_CHORD:
        return SCALE
    root, quality = divmod(chord, len(words.QUALITIES))
    return frozenset((root + above) % 12 for above in SHAPES[words.QUALITIES[quality]])


def durations(draft: Draft, bars: Sequence[Bar], pitch: int) -> NDArray[np.bool_]:
    """Return which durations may come: they end in the piece; notes outside of the chord are short."""
    left = (len(bars) - draft.bar) * STEPS - draft.step
    allowed = np.array(words.DURATIONS) <= left
    foreign = (words.LOWEST + pitch) % 12 not in chord_tones(bars[draft.bar].chords[draft.step // 4])
    if foreign:
        allowed &= np.array(words.DURATIONS) < LONG
    return allowed
