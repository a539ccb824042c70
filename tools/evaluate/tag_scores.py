"""Figures of ranked tags: recall, average precision, and recall of nearly the same meaning."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.arrays import Floats
from edge.tagging.names import folded
from tools.evaluate.metrics import mean_interval

FIRST = 5
"""Tags that are shown."""

SOFT = 0.7
"""Cosine of the text vectors from which a tag counts as nearly the same as another."""


@dataclass(frozen=True)
class Ranking:
    """The tags of a video as some way of tagging ranks them."""

    first: tuple[str, ...]
    """What would be shown."""
    ranked: tuple[str, ...]
    """All that are ranked, the nearest first."""


def judged(
    rankings: Sequence[Ranking | None], given: Sequence[Sequence[str]], vectors: dict[str, Floats]
) -> dict[str, Any]:
    """Return the figures of the videos that have a ranking and were given tags.

    `vectors` are the text vectors of all tags, by folded name.
    """
    pairs = [
        (ranking, [folded(tag) for tag in tags])
        for ranking, tags in zip(rankings, given, strict=True)
        if ranking is not None and tags
    ]
    if not pairs:
        nothing = dict.fromkeys(("recall_at_5", "map", "soft_recall_at_5", "precision_at_3"), 0.0)
        return {**nothing, "recall_interval": [0.0, 0.0], "videos": 0}
    found = np.array([_recall(ranking.first, tags) for ranking, tags in pairs])
    return {
        "recall_at_5": float(found.mean()),
        "recall_interval": mean_interval(found),
        "map": float(np.mean([average_precision(ranking.ranked, tags) for ranking, tags in pairs])),
        "soft_recall_at_5": float(np.mean([_soft(ranking.first, tags, vectors) for ranking, tags in pairs])),
        "precision_at_3": float(
            np.mean(
                [len({folded(tag) for tag in ranking.first[:3]} & {*tags}) / 3 for ranking, tags in pairs]
            )
        ),
        "videos": len(pairs),
    }


def _recall(first: Iterable[str], tags: Sequence[str]) -> float:
    return len({folded(tag) for tag in first} & set(tags)) / min(FIRST, len(tags))


def _soft(first: Iterable[str], tags: Sequence[str], vectors: dict[str, Floats]) -> float:
    shown = np.stack([vectors[folded(tag)] for tag in first])
    near = [bool((shown @ vectors[tag]).max() >= SOFT) for tag in tags]
    return min(1.0, sum(near) / min(FIRST, len(tags)))


def average_precision(ranked: Sequence[str], tags: Sequence[str]) -> float:
    """Return the average precision of a ranking, against folded tags."""
    hits: NDArray[np.bool_] = np.array([folded(tag) in tags for tag in ranked])
    ranks = np.flatnonzero(hits) + 1
    return float((np.arange(1, len(ranks) + 1) / ranks).sum() / len(tags))
