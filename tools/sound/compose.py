"""A small song out of nothing: chords, bass, comping, drums, and a melody that a voice can sing.

The melody repeats one rhythm per phrase, lands on chord tones on strong beats, moves by step in
between, and breathes at the end of every phrase.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tools.sound.melody import Arrangement, drum_part
from tools.sound.patch import Program
from tools.sound.synth import Note

MAJOR = (0, 2, 4, 5, 7, 9, 11)
MINOR = (0, 2, 3, 5, 7, 8, 10)

PROGRESSIONS = ((0, 4, 5, 3), (0, 5, 3, 4), (5, 3, 0, 4), (0, 3, 0, 4), (0, 2, 3, 4), (3, 4, 2, 5))
"""Scale degrees of the root of each bar, the loops most pop songs stand on."""

RHYTHMS = ((2, 2, 2, 2), (3, 1, 2, 2), (2, 1, 1, 4), (4, 2, 2), (1, 1, 2, 1, 1, 2), (2, 2, 4), (3, 3, 2))
"""Note lengths of one bar in eighths."""
CADENCES = ((2, 2, 4), (4, 4), (3, 5), (2, 6))
"""The same for the last bar of a phrase; its last note gives half its length to a breath."""

COMPS = (Program.PIANO, Program.PLUCK, Program.ORGAN, Program.BELL, Program.CHIP)
SOLOS = (Program.LEAD, Program.FLUTE, Program.STRINGS, Program.GUITAR, Program.BRASS)


@dataclass(frozen=True)
class _Key:
    tonic: int
    scale: tuple[int, ...]

    def midi(self, degree: int, octave: int = 0) -> int:
        """Pitch of a scale degree; degrees run on past the octave."""
        return self.tonic + 12 * octave + 12 * (degree // 7) + self.scale[degree % 7]


def compose(
    rng: np.random.Generator, seconds: float, *, prelude_bars: int = 0, postlude_bars: int = 0
) -> Arrangement:
    """A song that fills `seconds` with whole bars; the last one holds the tonic.

    In the prelude and postlude bars an instrument plays what is else sung: they have no `melody`.
    Raises ValueError if fewer than two bars would be left to sing.
    """
    bars = max(2, round(seconds / (4 * 60 / rng.uniform(84, 116))))
    if bars - prelude_bars - postlude_bars < 2:
        raise ValueError(f"{seconds:.0f} s are {bars} bars: too few for this prelude and postlude")
    beat_s = seconds / bars / 4
    key = _Key(int(rng.integers(55, 62)), MAJOR if rng.random() < 0.7 else MINOR)
    loop = PROGRESSIONS[int(rng.integers(len(PROGRESSIONS)))]
    roots = [loop[bar % 4] for bar in range(bars - 1)] + [0]
    beats = tuple(i * beat_s for i in range(4 * bars))
    ends = {bar for bar in range(bars) if (bar - prelude_bars) % 2} | {bars - postlude_bars - 1, bars - 1}
    tune = _tune(key, roots, ends, beat_s, rng)
    sung_from, sung_to = 4 * prelude_bars * beat_s, 4 * (bars - postlude_bars) * beat_s
    solo = SOLOS[int(rng.integers(len(SOLOS)))]
    # the margins are wide enough for rounding: every note starts on a multiple of half a beat
    melody = [n for n in tune if sung_from - 0.01 <= n.start_s < sung_to - 0.01]
    played = [Note(n.start_s, n.seconds, n.midi + 12, 0.6, solo) for n in tune if n not in melody]
    band = _chords(key, roots, beat_s, rng) + _bass(key, roots, beat_s, rng) + drum_part(beats[:-3], rng)
    return Arrangement(melody, sorted(band + played), seconds, beats)


def _tune(key: _Key, roots: list[int], ends: set[int], beat_s: float, rng: np.random.Generator) -> list[Note]:
    """Phrases that end in the bars `ends`: a drawn rhythm that returns in every bar before, and a cadence."""
    opening = RHYTHMS[int(rng.integers(len(RHYTHMS)))]
    closing = CADENCES[int(rng.integers(len(CADENCES)))]
    notes: list[Note] = []
    degree = 4
    for bar, root in enumerate(roots):
        at = 8 * bar
        lengths: tuple[int, ...] = closing if bar in ends else opening
        if bar == len(roots) - 1:
            lengths = (8,)
        for i, eighths in enumerate(lengths):
            degree = _next_degree(degree, root if at % 4 == 0 or i == len(lengths) - 1 else None, rng)
            breath = 0.5 if i == len(lengths) - 1 and bar in ends else 0.04
            held_s = eighths * beat_s / 2 * (1 - breath if eighths > 2 else 0.96)
            notes.append(Note(at * beat_s / 2, held_s, key.midi(degree), 0.8, Program.LEAD))
            at += eighths
    return notes


def _next_degree(degree: int, root: int | None, rng: np.random.Generator) -> int:
    """A step or small leap from `degree`; onto a tone of the chord over `root` where one is given."""
    weights = np.array([0.06, 0.1, 0.26, 0.14, 0.26, 0.1, 0.08])  # from three down to three up
    moves = degree + np.arange(-3, 4)
    weights = weights * np.exp(-0.5 * ((moves - 4.0) / 3.0) ** 2)  # a leash to the middle of the range
    if root is not None:
        weights = weights * np.where(np.isin((moves - root) % 7, (0, 2, 4)), 1.0, 0.0)
    return int(rng.choice(moves, p=weights / weights.sum()))


def _chords(key: _Key, roots: list[int], beat_s: float, rng: np.random.Generator) -> list[Note]:
    """A pad that holds each bar's triad and a comping instrument that breaks or strikes it."""
    comp = COMPS[int(rng.integers(len(COMPS)))]
    order = rng.permutation([0, 1, 2, 1, 0, 2, 1, 2])
    struck = rng.random() < 0.4
    notes: list[Note] = []
    for bar, root in enumerate(roots):
        start_s = 4 * bar * beat_s
        triad = [key.midi((root + third) % 7) for third in (0, 2, 4)]
        notes += [Note(start_s, 3.9 * beat_s, pitch, 0.45, Program.PAD) for pitch in triad]
        if bar == len(roots) - 1:
            notes += [Note(start_s, 3 * beat_s, pitch, 0.6, comp) for pitch in triad]
        elif struck:
            hits = [(start_s + beat * beat_s, pitch) for beat in range(4) for pitch in triad]
            notes += [Note(at, 0.7 * beat_s, pitch, 0.5, comp) for at, pitch in hits]
        else:
            steps = enumerate(order)
            notes += [
                Note(start_s + i * beat_s / 2, 0.6 * beat_s, triad[k] + 12, 0.55, comp) for i, k in steps
            ]
    return notes


def _bass(key: _Key, roots: list[int], beat_s: float, rng: np.random.Generator) -> list[Note]:
    """The root on one and three, the fifth or octave before the next bar."""
    passing = int(rng.choice([4, 7]))
    notes: list[Note] = []
    for bar, root in enumerate(roots):
        steps = (
            [(0.0, 3.0, 0)] if bar == len(roots) - 1 else [(0.0, 1.8, 0), (2.0, 1.3, 0), (3.5, 0.45, passing)]
        )
        notes += [
            Note(
                (4 * bar + beat) * beat_s, held * beat_s, key.midi((root % 7) + degree, -2), 0.8, Program.BASS
            )
            for beat, held, degree in steps
        ]
    return notes
