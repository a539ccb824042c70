"""Instruments by name, and notes played by them: strings, keys, mallets, synthesizers, basses, drums.

All sound is computed; there are no recordings. A scale in the middle register at velocity 0.7 has -20 LUFS
from each of them, so that a mixer can treat them alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from edge.arrays import Floats
from edge.errors import UsageError
from edge.music import patches, percussion
from edge.music.layers import TAIL_S, Instrument, Played, add_note, frames, resonant

__all__ = ["DRUMS", "INSTRUMENTS", "Instrument", "Played", "play"]

DRUMS: frozenset[str] = frozenset(percussion.DRUMS)
"""Names of the instruments without pitch."""

INSTRUMENTS: Mapping[str, Instrument] = {
    name: replace(instrument, gain_db=patches.GAINS_DB.get(name, 0.0))
    for table in (patches.STRINGED, patches.KEYS, patches.WINDS, patches.BASSES, percussion.DRUMS)
    for name, instrument in table.items()
}
"""All instruments by name."""


def play(instrument: str | Instrument, notes: Sequence[Played], rate_hz: int = 48_000) -> Floats:
    """Return the notes as float32[2, n]; n covers the last release, and is 0 without notes.

    The same notes give the same samples. Raises UsageError for an unknown instrument, a rate that is
    not 16 to 192 kHz, or a note before sample 0, without duration, not of 20 to `rate_hz` / 10 hertz, or with
    a velocity outside 0 to 1.

    >>> play("marimba", [Played(0, 24_000, 440.0, 0.7)]).shape
    (2, 46561)
    """
    if isinstance(instrument, str):
        instrument = _named(instrument)
    if not 16_000 <= rate_hz <= 192_000:
        raise UsageError(f"instruments play at 16,000 to 192,000 Hz, not {rate_hz}")
    for note in notes:
        _check(note, rate_hz)
    tail = int(TAIL_S * rate_hz) if instrument.body and notes else 0
    count = max((note.start + frames(instrument, note, rate_hz) for note in notes), default=0) + tail
    out = np.zeros((2, count), np.float32)
    for note in notes:
        if note.velocity > 0:
            add_note(out, instrument, note, rate_hz)
    return resonant(out, instrument.body, rate_hz)


def _named(name: str) -> Instrument:
    try:
        return INSTRUMENTS[name]
    except KeyError:
        raise UsageError(f"no instrument is called {name!r}; there are {', '.join(INSTRUMENTS)}") from None


def _check(note: Played, rate_hz: int) -> None:
    if note.start < 0 or note.duration < 1:
        raise UsageError(f"a note begins at 0 or later and lasts 1 sample or longer: {note}")
    if not 20 <= note.pitch_hz <= rate_hz / 10 or not 0 <= note.velocity <= 1:
        raise UsageError(f"a note has 20 to {rate_hz // 10} Hz and a velocity of 0 to 1: {note}")
