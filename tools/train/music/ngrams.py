"""A baseline for the composer: each field of a word by what came before, counted."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Sequence

import numpy as np

from edge.music import words
from edge.music.words import METRIC, NOTE
from tools.train.music.corpus import Piece
from tools.train.music.network import SIZES

Seen = tuple[str, Hashable, int]
"""A field, what it is foretold from, and its value."""

SMOOTHING = 0.5
"""Added to every count."""


class Ngrams:
    """Counts of fields, given the two before of their kind, and the bar's density, strength and chord."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self._counts: dict[tuple[str, Hashable], Counter[int]] = defaultdict(Counter)
        for piece in pieces:
            for _, (name, known, value) in _fields(piece):
                self._counts[name, known][value] += 1
                self._counts[name, None][value] += 1

    def loss(self, pieces: Sequence[Piece], length: int = 512) -> float:
        """Return the mean loss of a word in nats, the first `length` words of each piece."""
        return round(float(np.mean([self._loss(piece, length) for piece in pieces])), 4)

    def _loss(self, piece: Piece, length: int) -> float:
        rows = [seen for number, seen in _fields(piece) if number < length]
        last = min(length - 1, max(number for number, _ in _fields(piece)))
        return sum(self._surprise(*seen) for seen in rows) / max(1, last)

    def _surprise(self, name: str, known: Hashable, value: int) -> float:
        """Back off to the field alone where too little was seen."""
        size = SIZES[words.FIELDS.index(name)]
        alone, here = self._counts[name, None], self._counts[name, known]
        prior = (alone[value] + SMOOTHING) / (alone.total() + SMOOTHING * size)
        weight = 20.0
        return float(-np.log((here[value] + weight * prior) / (here.total() + weight)))


def _fields(piece: Piece) -> Iterator[tuple[int, Seen]]:
    """Yield the fields of all words but the first, each with the number of its word."""
    given, beside = words.encode(piece.bars)
    step, pitches, duration, count = 0, (0, 0), 0, 0
    for number, (word, condition) in enumerate(zip(given.tolist(), beside.tolist(), strict=True)):
        family, at, voice, pitch, length, strength = word
        chord, _, density, bar_strength = condition[:4]
        if number:
            yield number, ("family", (given[number - 1, 0].item(), min(count, 15), density), family)
            if family == METRIC:
                yield number, ("step", (step, density), at)
            elif family == NOTE:
                yield number, ("voice", (step % 4, given[number - 1, 0].item()), voice)
                yield number, ("pitch", (*pitches, chord), pitch)
                yield number, ("duration", (step, duration), length)
                yield number, ("strength", (bar_strength, voice), strength)
        if family == METRIC:
            step = -1 if at == words.BAR else at
            count = 0 if at == words.BAR else count
        elif family == NOTE:
            pitches, duration, count = (pitches[1], pitch), length, count + 1
