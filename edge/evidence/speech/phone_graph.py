"""Graphs of phones in context, for words between numbered joints.

    joint 0 -word-> joint 1 -word-> joint 2 ... with an optional silence at every joint

Phones at the ends of a word depend on what is next to them: there is a node for each possible neighbor.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from edge_kernels.speech import PhoneGraph, phone_path
from numpy.typing import NDArray

from edge.arrays import Floats
from edge.networks.phone_models import PhoneModels, Position

SILENCE_COST = 6.5 * math.log(0.005)
"""Log-probability of a silence between two words; the factor is that of Sphinx for all but phones."""

BEAM = 200.0
"""States this much less likely than the best are dropped, in natural logarithms. With 110, as Sphinx has it,
the search is a third faster, and loses the path where filled pauses are allowed."""

_NEVER = -1e30


@dataclass(frozen=True, slots=True)
class Spoken:
    """A word that may be said between two joints; from a joint to itself, any number of times."""

    start: int
    """Joint before."""
    end: int
    """Joint after."""
    pronunciations: tuple[tuple[str, ...], ...]
    """Phones."""
    cost: float = 0.0
    """Log-probability."""


@dataclass(frozen=True, slots=True)
class PhonePath:
    """The most likely path through a graph."""

    spoken: tuple[tuple[int, int, int], ...]
    """Index of each word that was said, its first frame and the frame after its last, in order."""
    score: float
    """Log-probability; -infinity if there is no path."""


def most_likely(
    models: PhoneModels, features: Floats, words: Sequence[Spoken], skips: Mapping[tuple[int, int], float]
) -> PhonePath:
    """Find the words in features float32[frames, 39]; they lead from joint 0 to the highest.

    `skips` are the log-probabilities of going from one joint to another without a word.
    """
    graph = _Graph(models, words, skips)
    used, states = np.unique(np.array(graph.states, np.int16), return_inverse=True)
    books = np.array(graph.books, np.int32)
    built = PhoneGraph(
        books,
        states.reshape(-1, 3).astype(np.int32),
        models.moves[books],
        _filled(len(books), graph.begins),
        _filled(len(books), graph.ends),
        graph.arcs,
    )
    path, score = phone_path(features, models.gaussians, models.weights(used), built, BEAM)
    if not len(path) or path[0] < 0:
        return PhonePath((), -math.inf)
    said = np.array(graph.owners)[path]
    entered = np.array(graph.entries)[path] & (np.diff(path, prepend=-1) != 0)
    edges = np.flatnonzero((np.diff(said, prepend=-2) != 0) | entered)
    spans = zip(edges.tolist(), [*edges[1:].tolist(), len(path)], strict=True)
    return PhonePath(
        tuple((int(said[first]), first, stop) for first, stop in spans if said[first] >= 0), score
    )


def _filled(count: int, known: Mapping[int, float]) -> Floats:
    values = np.full(count, _NEVER, np.float32)
    values[list(known)] = list(known.values())
    return values


class _Graph:
    """Nodes: codebook, senones, word (-1: silence), whether a word begins there; and what may follow each."""

    def __init__(
        self, models: PhoneModels, words: Sequence[Spoken], skips: Mapping[tuple[int, int], float]
    ) -> None:
        self.books: list[int] = []
        self.states: list[NDArray[np.int16]] = []
        self.owners: list[int] = []
        self.entries: list[bool] = []
        self.arcs: list[tuple[int, int, float]] = []
        self.begins, self.ends = dict[int, float](), dict[int, float]()
        self._models = models
        last = max(word.end for word in words)
        ways = defaultdict[int, dict[int, float]](dict)
        for joint in range(last + 1):
            ways[joint][joint] = 0.0
        for (one, other), cost in skips.items():
            ways[one][other] = cost
        spoken = [
            [tuple(map(models.phones.__getitem__, phones)) for phones in word.pronunciations]
            for word in words
        ]
        before, after = _neighbors(words, spoken, ways, models.silence)
        self._starts = defaultdict[tuple[int, int, int], list[tuple[int, float]]](list)
        self._stops = defaultdict[int, list[tuple[int, int, int]]](list)
        for number, (word, phones) in enumerate(zip(words, spoken, strict=True)):
            for pronunciation in phones:
                self._add(number, word, pronunciation, before[word.start], after[word.end])
        silences = [self._node(models.silence, 0, 0, "single", -1) for _ in range(last + 1)]
        self._connect(ways, silences, last)

    def _node(self, phone: int, left: int, right: int, position: Position, owner: int) -> int:
        self.books.append(phone)
        self.states.append(self._models.states(phone, left, right, position))
        self.owners.append(owner)
        self.entries.append(position in ("begin", "single"))
        return len(self.books) - 1

    def _add(
        self, number: int, word: Spoken, phones: tuple[int, ...], before: set[int], after: set[int]
    ) -> None:
        """Add the nodes of a pronunciation."""
        if len(phones) == 1:
            for left in before:
                for right in after:
                    node = self._node(phones[0], left, right, "single", number)
                    self._starts[word.start, left, phones[0]].append((node, word.cost))
                    self._stops[word.end].append((node, phones[0], right))
            return
        here = []
        for left in before:
            here.append(self._node(phones[0], left, phones[1], "begin", number))
            self._starts[word.start, left, phones[0]].append((here[-1], word.cost))
        for left, phone, right in zip(phones, phones[1:-1], phones[2:], strict=False):
            node = self._node(phone, left, right, "internal", number)
            self.arcs += [(other, node, 0.0) for other in here]
            here = [node]
        for right in after:
            node = self._node(phones[-1], phones[-2], right, "end", number)
            self.arcs += [(other, node, 0.0) for other in here]
            self._stops[word.end].append((node, phones[-1], right))

    def _connect(self, ways: Mapping[int, Mapping[int, float]], silences: list[int], last: int) -> None:
        """Join the ends of words, silences, and the words that may follow."""
        silence = self._models.silence
        firsts = defaultdict[tuple[int, int], list[tuple[int, int, float]]](list)
        for (joint, left, phone), nodes in self._starts.items():
            firsts[joint, left] += [(phone, node, cost) for node, cost in nodes]
        for joint, quiet in enumerate(silences):
            self.arcs += [(quiet, node, cost) for _, node, cost in firsts[joint, silence]]
            for node, phone, right in self._stops[joint]:
                for other, cost in ways[joint].items():
                    if right == silence:
                        self.arcs.append((node, silences[other], cost + SILENCE_COST))
                        if other == last:
                            self.ends[node] = cost
                    starts = self._starts.get((other, phone, right), ())
                    self.arcs += [(node, start, cost + own) for start, own in starts]
        for other, cost in ways[0].items():
            self.begins[silences[other]] = cost + SILENCE_COST
            for _, node, own in firsts[other, silence]:
                self.begins[node] = cost + own
        self.ends[silences[last]] = 0.0


def _neighbors(
    words: Sequence[Spoken],
    spoken: Sequence[Sequence[tuple[int, ...]]],
    ways: Mapping[int, Mapping[int, float]],
    silence: int,
) -> tuple[dict[int, set[int]], dict[int, set[int]]]:
    """Return the phones that may come before and after each joint."""
    before = {joint: {silence} for joint in ways}
    after = {joint: {silence} for joint in ways}
    first = {joint: {silence} for joint in ways}
    for word, pronunciations in zip(words, spoken, strict=True):
        first[word.start] |= {phones[0] for phones in pronunciations}
        for joint in ways[word.end]:
            before[joint] |= {phones[-1] for phones in pronunciations}
    for joint, others in ways.items():
        for other in others:
            after[joint] |= first[other]
    return before, after
