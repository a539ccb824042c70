"""Edit distances, similarity of texts and scans over labels, by our kernels and by others."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache, partial
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
from edge_kernels.labels import change_point, viterbi
from edge_kernels.text import encode, levenshtein_all, levenshtein_window, similarity_window
from numpy.typing import NDArray

from tools.bench.rows import Case, Peer

Array = NDArray[Any]
Job = Callable[[], Any]

WINDOW = 4
STATES = 4
WORDS = """
the of and to in is you that it he was for on are as with his they at be this have from or one had by word but
not what all were we when your can said there use each which she do how their if will up other about out many
then them these so some her would make like him into time has look two more write go see number no way could
"""


def sentences(count: int) -> list[str]:
    """Chinese and English sentences; every fourth or so is a light edit of the one before it.

    Lengths are log-normal with a median of 27 code points in Chinese and twice that in English, 4 to 200;
    common characters are more frequent than rare ones.
    """
    draw = random.Random(0)
    han = [chr(0x4E00 + i) for i in draw.sample(range(3000), 1500)]
    words = WORDS.split()
    rarity = [1 / (rank + 10) for rank in range(len(han))]
    made: list[str] = []
    for index in range(count):
        length = min(200, max(4, int(draw.lognormvariate(np.log(27), 0.6))))
        if index % 2 and draw.random() < 0.5:
            made.append(_edited(made[-1], draw))
        elif draw.random() < 0.5:
            made.append("".join(draw.choices(han, rarity, k=length)))
        else:
            made.append(" ".join(draw.choices(words, k=2 * length))[: min(200, 2 * length)])
    return made


def _edited(text: str, draw: random.Random) -> str:
    """`text` with every eighth character or so left out, doubled or replaced."""
    characters = list(text)
    for _ in range(max(1, len(text) // 8)):
        at = draw.randrange(len(characters))
        characters[at : at + 1] = [draw.choice(characters)] * draw.choice((0, 1, 2))
    return "".join(characters)[:200].ljust(4)


def cases(texts: list[str], square: int, frames: int) -> list[Case]:
    """Every kernel of texts and labels; the first `square` texts are compared with each other."""
    distances = _distances(texts, square) if find_spec("rapidfuzz") else []
    return [*distances, _similarity(texts), _viterbi(frames), _change_point(frames)]


def _distances(texts: list[str], square: int) -> list[Case]:
    process = import_module("rapidfuzz.process")
    exact = import_module("rapidfuzz.distance.Levenshtein").distance
    settings = {"scorer": exact, "workers": 1, "dtype": np.int32}
    near = [(a, b) for i, a in enumerate(texts) for b in texts[i + 1 : i + 1 + WINDOW]]
    former, latter = map(list, zip(*near, strict=True))
    few = texts[:square]

    def loop(module: str) -> Job:
        distance = import_module(module).distance
        return lambda: [distance(a, b) for a, b in near]

    peers = (
        Peer("rapidfuzz cpdist", lambda: partial(process.cpdist, former, latter, **settings)),
        Peer("rapidfuzz loop", lambda: loop("rapidfuzz.distance.Levenshtein")),
        Peer("Levenshtein loop", lambda: loop("Levenshtein")),
    )
    error = _share_wrong(lambda: [exact(a, b) for a, b in near])
    error_all = _share_wrong(lambda: [exact(a, b) for a in few for b in few])
    error_is, pairs = "share of wrong distances", f"Levenshtein, {len(near)} pairs"
    cdist = Peer("rapidfuzz cdist", lambda: partial(process.cdist, few, few, **settings))

    def encoded() -> Job:
        return partial(levenshtein_window, encode(texts), WINDOW)

    def strings() -> Job:
        return partial(levenshtein_window, texts, WINDOW)

    def every() -> Job:
        return partial(levenshtein_all, few)

    return [
        Case(f"{pairs}, encoded before", encoded, peers, error, error_is),
        Case(f"{pairs}, from strings", strings, peers, error, error_is),
        Case(f"Levenshtein, {square} by {square} strings", every, (cdist,), error_all, error_is),
    ]


def _share_wrong(truth: Callable[[], Sequence[int]]) -> Callable[[Any], float]:
    """Of distances in any shape, -1 where there is none."""
    exact = cache(lambda: np.array(truth()))

    def error(result: Any) -> float:
        flat = np.asarray(result).ravel()
        return float(np.mean(flat[flat >= 0] != exact()))

    return error


def _similarity(texts: list[str]) -> Case:
    def ours() -> Job:
        encoded = encode(texts)
        return lambda: tuple(vars(similarity_window(encoded, WINDOW)).values())

    def counters() -> Job:
        return partial(_by_counters, [Counter(text) for text in texts])

    exact = cache(lambda: np.stack(counters()()))
    return Case(
        f"similarity, {len(texts)} texts, window {WINDOW}", ours,
        (Peer("SciPy sparse", lambda: _by_scipy(texts)), Peer("Counter loop", counters)),
        lambda result: float(np.abs(np.stack(result) - exact()).max()), "largest difference from float64",
    )  # fmt: skip


def _by_counters(texts: Sequence[Counter[str]]) -> Array:
    """The three measures float64[3, texts, WINDOW]."""
    out = np.full((3, len(texts), WINDOW), -1.0)
    lengths = [text.total() for text in texts]
    squares = [sum(n * n for n in text.values()) for text in texts]
    for i, text in enumerate(texts):
        for d, other in enumerate(texts[i + 1 : i + 1 + WINDOW]):
            j, both, shared, product = i + 1 + d, 0, 0, 0
            for character, n in text.items():
                if m := other.get(character):
                    both, shared, product = both + min(n, m), shared + 1, product + n * m
            out[0, i, d] = both / max(lengths[i], lengths[j])
            out[1, i, d] = shared / (len(text) * len(other)) ** 0.5
            out[2, i, d] = product / (squares[i] * squares[j]) ** 0.5
    return out


def _by_scipy(texts: list[str]) -> Job:
    """The same from a sparse matrix of counts, shifted against itself."""
    sparse, encoded = import_module("scipy.sparse"), encode(texts)
    shape, ones = (len(texts), encoded.alphabet), np.ones(len(encoded.ids), np.float32)

    def job() -> Array:
        counts = sparse.csr_array((ones.copy(), encoded.ids.copy(), encoded.offsets.copy()), shape)
        counts.sum_duplicates()
        present = counts.sign()
        lengths, distinct, squares = counts.sum(axis=1), present.sum(axis=1), (counts**2).sum(axis=1)
        out = np.full((3, len(texts), WINDOW), -1, np.float32)
        for d in range(min(WINDOW, len(texts) - 1)):
            a, b = slice(0, -1 - d), slice(1 + d, None)
            out[0, a, d] = counts[a].minimum(counts[b]).sum(axis=1) / np.maximum(lengths[a], lengths[b])
            out[1, a, d] = (present[a] * present[b]).sum(axis=1) / np.sqrt(distinct[a] * distinct[b])
            out[2, a, d] = (counts[a] * counts[b]).sum(axis=1) / np.sqrt(squares[a] * squares[b])
        return out

    return job


def _viterbi(frames: int) -> Case:
    draw = np.random.default_rng(0)
    states = np.repeat(draw.integers(0, STATES, frames), draw.integers(1, 200, frames))[:frames]
    logits = draw.normal(size=(frames, STATES)) * 1.5 + np.eye(STATES)[states]
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    moves = np.full((STATES, STATES), 0.01 / (STATES - 1)) + np.eye(STATES) * (0.99 - 0.01 / (STATES - 1))
    scores, transitions = np.log(chances).astype(np.float32), np.log(moves).astype(np.float32)
    exact = cache(lambda: _by_frames(scores.astype(np.float64), transitions.astype(np.float64)))

    def by_librosa() -> Job:
        decode = import_module("librosa").sequence.viterbi
        return partial(decode, np.ascontiguousarray(np.exp(scores).T), np.exp(transitions))

    return Case(
        f"Viterbi, {frames} frames, {STATES} states", lambda: partial(viterbi, scores, transitions),
        (
            Peer("librosa (numba)", by_librosa, detail="the peer takes the logarithms, too"),
            Peer("NumPy loop over frames", lambda: partial(_by_frames, scores, transitions)),
        ),
        lambda path: float(np.mean(path != exact())), "share of frames that differ from float64",
    )  # fmt: skip


def _by_frames(scores: Array, transitions: Array) -> Array:
    """The most likely path, a few NumPy calls a frame."""
    best, came = scores[0], np.zeros(scores.shape, np.int32)
    for frame in range(1, len(scores)):
        totals = best[:, None] + transitions
        came[frame] = totals.argmax(axis=0)
        best = totals.max(axis=0) + scores[frame]
    path = [int(best.argmax())]
    for before in came[:0:-1].tolist():
        path.append(before[path[-1]])
    return np.array(path[::-1])


def _change_point(count: int) -> Case:
    middle = np.where(np.arange(count) < 0.6 * count, 0.4, 0.6)
    inside = np.random.default_rng(0).normal(middle, 0.3).clip(0, 1).astype(np.float32)

    def by_numpy() -> int:
        p = np.clip(inside, 1e-4, 1 - 1e-4)
        return int(np.concatenate([[0], np.cumsum(np.log(1 - p) - np.log(p), dtype=np.float64)]).argmax())

    def exact() -> int:
        p = np.clip(inside.astype(np.float64), 1e-4, 1 - 1e-4)
        return int(np.concatenate([[0], np.cumsum(np.log1p(-p) - np.log(p))]).argmax())

    return Case(
        f"change point, {count} values", lambda: partial(change_point, inside),
        (Peer("NumPy cumsum", lambda: by_numpy),),
        lambda cut: float(abs(cut - exact())), "distance from the float64 cut",
    )  # fmt: skip
