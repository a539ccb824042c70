"""Statistics of composed notes beside those of people over the same bars and chords."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from edge.music.notes import Sampling, compose_notes
from edge.music.rules import SCALE, chord_tones
from edge.music.vectors import brightness
from edge.music.words import STEPS, Bar
from edge.networks.composer import Composer
from tools.progress import each
from tools.train.music.corpus import read_corpus, read_pop909
from tools.train.music.pipeline import is_held_out

BARS = 16
"""Bars of each piece that are composed anew."""

MOTIF = 4
"""Notes of a motif: intervals and distances of that many notes in a row."""

COPIED = 8
"""Bars that are a copy if all their melody is in the training pack."""


def compared(data: Path, network: Composer, pieces: int, seed: int, *, copies: bool) -> dict[str, Any]:
    """Compose pieces over the chords, density and strength of human ones, and compare their notes.

    Human pieces are those of the evaluation pack; `mode` is the share of them whose notes tell major from
    minor. `copies` counts the eight bars in a row that were composed and are in the training pack beside
    `data`; -1 if they are not looked for, or it is not there.
    """
    human = [piece.bars[:BARS] for piece in read_pop909(data / "midi/pop909.zip") if len(piece.bars) >= BARS]
    modes = [(brightness(bars) < 0.5) == bars[0].minor for bars in human]
    human = human[:pieces]
    composed = []
    for number, bars in enumerate(each(human, "pieces")):
        asked = [replace(bar, density=max(1, bar.density), notes=()) for bar in bars]
        composed.append(compose_notes(asked, network, Sampling(seed=seed + number, candidates=1)))
    groups = {"composed": composed, "human": human}
    rows = {name: _mean([statistics(bars) for bars in group]) for name, group in groups.items()}
    train = data.parent / "train/midi"
    return {
        **rows,
        "mode": float(np.mean(modes)),
        "copies": _copies(train, composed) if copies and train.is_dir() else -1,
    }


def statistics(bars: Sequence[Bar]) -> dict[str, float]:
    """Return what notes are like: shares from 0 to 1, entropies in bits, intervals in semitones."""
    notes = [(STEPS * number + note.step, note, bar) for number, bar in enumerate(bars) for note in bar.notes]
    melody = [(start, note) for start, note, _ in notes if note.voice == 0]
    leaps = [abs(after.pitch - note.pitch) for (_, note), (_, after) in pairwise(melody)]
    return {
        "in_key": float(np.mean([
            note.pitch % 12 in SCALE | chord_tones(bar.chords[note.step // 4]) for _, note, bar in notes
        ])),
        "empty_bars": float(np.mean([not bar.notes for bar in bars])),
        "overlapping": _overlapping(
            [(start, note.pitch, note.voice, note.duration) for start, note, _ in notes]
        ),
        "pitch_class_entropy": _entropy([note.pitch % 12 for _, note, _ in notes]),
        "duration_entropy": _entropy([note.duration for _, note, _ in notes]),
        "repeated_motifs": _repeated([(start, note.pitch) for start, note in melody]),
        "mean_interval": float(np.mean(leaps or [0])),
        "steps": float(np.mean([leap <= 2 for leap in leaps or [0]])),
        "range": float(np.ptp([note.pitch for _, note in melody] or [0])),
    }  # fmt: skip


def _overlapping(notes: Sequence[tuple[int, int, int, int]]) -> float:
    """Return the share of notes that sound on while the same one begins again."""
    ends = dict[tuple[int, int], int]()
    bad = 0
    for start, pitch, voice, duration in sorted(notes):
        bad += ends.get((pitch, voice), 0) > start
        ends[pitch, voice] = start + duration
    return bad / max(1, len(notes))


def _entropy(values: Sequence[int]) -> float:
    _, counts = np.unique(values, return_counts=True)
    shares = counts / counts.sum()
    return float(-(shares * np.log2(shares)).sum())


def _repeated(melody: Sequence[tuple[int, int]]) -> float:
    """Return the share of motifs that came before, in any key: their intervals and distances in time."""
    moves = [(after[1] - one[1], after[0] - one[0]) for one, after in pairwise(melody)]
    motifs = [tuple(moves[index : index + MOTIF - 1]) for index in range(len(moves) - MOTIF + 2)]
    seen, repeated = set[tuple[tuple[int, int], ...]](), 0
    for motif in motifs:
        repeated += motif in seen
        seen.add(motif)
    return repeated / max(1, len(motifs))


def _mean(rows: Sequence[dict[str, float]]) -> dict[str, float]:
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}


def _copies(train: Path, composed: Sequence[Sequence[Bar]]) -> int:
    known = {
        melody
        for piece in read_corpus(train)
        if not is_held_out(piece.name)
        for melody in _melodies(piece.bars)
    }
    return sum(melody in known for bars in composed for melody in _melodies(bars))


def _melodies(bars: Sequence[Bar]) -> list[tuple[tuple[int, int], ...]]:
    """Return the melody of each eight bars in a row, as steps and pitches, if it has eight notes."""
    found = []
    for first in range(len(bars) - COPIED + 1):
        melody = tuple(
            (STEPS * number + note.step, note.pitch)
            for number, bar in enumerate(bars[first : first + COPIED])
            for note in bar.notes
            if note.voice == 0
        )
        if len(melody) >= COPIED:
            found.append(melody)
    return found
