"""From grids and chords to notes: where they begin, how long, how high and how hard.

A grid has one symbol for each sixteenth of one or more bars, which are repeated: `.` nothing, `-` what was
begun goes on, anything else begins. Spaces between are for the eye.

- chords: `x`, hard `X`, soft `o`
- arpeggios: `0` to `9`, the tones of the chord from below; those beyond are an octave up
- bass: `r` root, `R` an octave up, `f` fifth, `F` fifth below, `t` third, `s` seventh or sixth, `o` soft
  root, `a` step toward the next root
- drums: `x`, `X`, ghost `o`, and `d` a drag: two soft ones before
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from edge.music.words import STEPS
from tools.templates.harmony import Bars, Chord, lead, on_strings
from tools.templates.style import Layer

FORCE = {
    "x": 0.72,
    "X": 0.94,
    "o": 0.42,
    "r": 0.8,
    "R": 0.72,
    "f": 0.72,
    "F": 0.72,
    "t": 0.68,
    "s": 0.66,
    "a": 0.64,
}
"""How hard a symbol is played; others as `DEFAULT_FORCE`."""
DEFAULT_FORCE = 0.66

RINGING = 48_000
"""Samples for which the last hit of an ending is held after its bar."""

PART_FORCE = {"intro": 0.85, "verse": 0.9, "chorus": 1.0, "break": 0.78, "fill": 0.92, "ending": 0.95}
"""How hard parts are played."""

SCALE = {False: {0, 2, 4, 5, 7, 9, 11}, True: {0, 2, 3, 5, 7, 8, 10, 11}}
"""Semitones above the tonic, of major and of minor with its leading note."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A note as it is played."""

    start: float
    """Sample of the part."""
    length: float
    """Samples."""
    pitch: float
    """As in MIDI."""
    force: float
    """0 to 1."""


@dataclass(frozen=True)
class Time:
    """Where sixteenths lie."""

    bar_samples: int
    place: Callable[[float], float]
    """Sample of the bar of a sixteenth."""

    def at(self, bar: int, step: float) -> float:
        """Sample of the part."""
        return bar * self.bar_samples + self.place(step)


def events(grid: str) -> list[tuple[int, int, str]]:
    """First sixteenth, sixteenths and symbol of what a grid begins.

    >>> events("x-..o---")
    [(0, 2, 'x'), (4, 4, 'o')]
    """
    symbols = grid.replace(" ", "")
    found: list[tuple[int, int, str]] = []
    for step, symbol in enumerate(symbols):
        if symbol == "-" and found:
            first, _, begun = found[-1]
            found[-1] = first, step + 1 - first, begun
        elif symbol not in ".-":
            found.append((step, 1, symbol))
    return found


def bar_of(grid: str, bar: int) -> list[tuple[int, int, str]]:
    """Events of a bar of a repeated grid; what crosses a bar line is cut there. Raises ValueError."""
    symbols = grid.replace(" ", "")
    if len(symbols) % STEPS:
        raise ValueError(f"a grid has whole bars of {STEPS} sixteenths, not {len(symbols)}: {grid!r}")
    first = bar * STEPS % len(symbols)
    return events(symbols[first : first + STEPS])


def play(
    layer: Layer, part: str, bars: Bars, time: Time, *, minor: bool, rng: np.random.Generator
) -> list[Hit]:
    """All notes of a layer in a part, in C major or A minor."""
    if part[0] not in layer.parts:
        return []
    grid = layer.grid if isinstance(layer.grid, str) else layer.grid.get(part, layer.grid["verse"])
    hits: list[Hit] = []
    held: tuple[int, ...] = ()
    for number, chords in enumerate(bars):
        is_last_hit = part == "ending" and number == len(bars) - 1
        written = [(0, STEPS, "!")] if is_last_hit else bar_of(grid, number)
        for step, steps, symbol in split(written, chords):
            now = chords[step // 4]
            following = chords[step // 4 + 1] if step < 12 else bars[(number + 1) % len(bars)][0]
            held = _held(layer, now, held)
            start, end = time.at(number, step), time.at(number, step + steps)
            length = end - start + RINGING if is_last_hit else (end - start) * layer.legato
            force = PART_FORCE[part] * _force(symbol, step, rng)
            for order, pitch in _sounding(layer, symbol, now, following, held=held, minor=minor, step=step):
                loose = rng.normal(0, layer.loose_ms) + layer.late_ms + order * _strum_ms(layer, symbol)
                at = max(0.0, start + loose * 48)
                struck = min(1.0, force * rng.uniform(0.94, 1.04))
                hits.append(Hit(at, max(length - (at - start), 480.0), pitch, struck))
    return hits


def _held(layer: Layer, now: Chord, before: tuple[int, ...]) -> tuple[int, ...]:
    """Pitches that a hand holds; none for a bass."""
    if layer.play in ("strings", "picking"):
        return on_strings(now)
    if layer.play == "power":
        root = _near(now.root, layer.center)
        return root, root + (7 if 7 in now.tones else 12), root + 12
    return () if layer.play == "bass" else lead(now, before, layer.center, layer.voices)


def split(written: list[tuple[int, int, str]], chords: tuple[Chord, ...]) -> Iterator[tuple[int, int, str]]:
    """Events, begun again where the chord changes under them."""
    for first, steps, symbol in written:
        begun = first
        for step in range(first + 1, first + steps):
            if step % 4 == 0 and chords[step // 4] != chords[step // 4 - 1] and steps >= 4:
                yield begun, step - begun, symbol
                begun = step
        yield begun, first + steps - begun, symbol


def _strum_ms(layer: Layer, symbol: str) -> float:
    """Time between notes; the last hit of an arpeggio is spread."""
    return 70.0 if symbol == "!" and layer.play in ("arp", "picking") else layer.strum_ms


def _force(symbol: str, step: int, rng: np.random.Generator) -> float:
    """How hard: by symbol, harder on beats, never twice the same."""
    accent = 0.05 if step % 8 == 0 else 0.0 if step % 4 == 0 else -0.04 if step % 2 == 0 else -0.08
    return float(np.clip(FORCE.get(symbol, DEFAULT_FORCE) + accent + rng.normal(0, 0.035), 0.08, 1))


def _sounding(
    layer: Layer, symbol: str, now: Chord, following: Chord, *, held: tuple[int, ...], minor: bool, step: int
) -> Iterator[tuple[int, float]]:
    """Order in the strum, and pitch, of each note of an event."""
    if layer.play == "bass":
        yield 0, bass_note("r" if symbol == "!" else symbol, now, following, layer.center, minor)
    elif symbol.isdigit():
        octave, index = divmod(int(symbol), len(held))
        yield 0, held[index] + 12 * octave
    else:
        upward = layer.play == "strings" and step % 4 == 2  # the hand goes up between beats
        pitches = held[::-1][:4] if upward else held
        yield from enumerate(pitches)


def bass_note(symbol: str, now: Chord, following: Chord, center: int, minor: bool) -> int:
    """Pitch of a symbol of a bass grid; roots lie within an octave around `center`."""
    root = _near(now.bass, center)
    tones = dict(zip("tfs", (*now.tones[1:3], now.tones[3] if len(now.tones) > 3 else 9), strict=False))
    if symbol == "a":
        goal = _near(following.bass, center)
        tonic = 9 if minor else 0
        steps = [goal + step for step in (-1, 1, -2, 2) if (goal + step - tonic) % 12 in SCALE[minor]]
        return min(steps, key=lambda pitch: abs(pitch - root - 3) if pitch != root else 99)
    if symbol == "R":
        return root + 12
    if symbol == "F":
        return root + tones["f"] - 12 if tones["f"] > 5 else root
    above = root + tones.get(symbol, 0)
    return above - 12 if above > center + 12 else above


def _near(pitch_class: int, center: int) -> int:
    """The pitch of a class from 6 below to 5 above a center."""
    return center - 6 + (pitch_class - (center - 6)) % 12
