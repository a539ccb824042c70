"""How far a text encoder agrees with its teacher on texts that neither trained on together."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.networks.text_encoder import TextEncoder

QUERIES = 2000
"""The first texts; each is looked for among all the others."""

NEAREST = 10

Vectors = NDArray[np.float32]


def agreement(encoder: TextEncoder, texts: Sequence[str], truth: Vectors) -> dict[str, Any]:
    """Compare vectors of `texts` with those of the teacher, `truth` float32[n, size] of length 1.

    Keys: cosine (mean, of a text's two vectors), recall_at_10 (share of the teacher's ten nearest others of
    one of the first `QUERIES` texts that are among the encoder's ten), spearman (rank correlation of the
    similarities of those texts and the others), ms (median time of a text).
    """
    encoder.encode(texts[:20])
    found, times = np.zeros_like(truth), np.zeros(len(texts))
    for index, text in enumerate(texts):
        started = time.perf_counter()
        found[index] = encoder.encode([text])[0]
        times[index] = time.perf_counter() - started
    return {**compared(found, truth, min(QUERIES, len(texts) // 2)), "ms": 1000 * float(np.median(times))}


def compared(found: Vectors, truth: Vectors, queries: int) -> dict[str, float]:
    """Cosine, recall_at_10 and spearman of `agreement`, from vectors."""
    guess, wanted = (vectors[:queries] @ vectors[queries:].T for vectors in (found, truth))
    near, nearest = (np.argpartition(-rows, NEAREST - 1)[:, :NEAREST] for rows in (guess, wanted))
    hits = [len(np.intersect1d(one, other)) for one, other in zip(near, nearest, strict=True)]
    return {
        "cosine": float((found * truth).sum(axis=1).mean()),
        f"recall_at_{NEAREST}": float(np.mean(hits)) / NEAREST,
        "spearman": float(np.corrcoef(_ranks(guess), _ranks(wanted))[0, 1]),
    }


def neighbours(vectors: Vectors, texts: Sequence[str], row: int, count: int = NEAREST) -> list[str]:
    """The nearest other texts of one, the nearest first."""
    order = np.argsort(-(vectors @ vectors[row]), kind="stable")
    return [texts[other] for other in order[: count + 1] if other != row][:count]


def _ranks(values: Vectors) -> NDArray[np.float32]:
    ranks = np.empty(values.size, np.float32)
    ranks[np.argsort(values, axis=None)] = np.arange(values.size, dtype=np.float32)
    return ranks
