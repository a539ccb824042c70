"""Scores of label sequences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from edge.vocabulary import LABELS


def classification(truth: Sequence[int], guess: Sequence[int]) -> dict[str, Any]:
    """Per-class precision, recall and F1, their mean F1, and the confusion matrix (rows are the truth)."""
    confusion = np.zeros((len(LABELS), len(LABELS)), int)
    np.add.at(confusion, (np.asarray(truth, int), np.asarray(guess, int)), 1)
    hits = confusion.diagonal()
    precision = hits / np.maximum(confusion.sum(axis=0), 1)
    recall = hits / np.maximum(confusion.sum(axis=1), 1)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    return {
        "macro_f1": float(f1.mean()),
        "per_class": {
            label.value: {"precision": float(p), "recall": float(r), "f1": float(f)}
            for label, p, r, f in zip(LABELS, precision, recall, f1, strict=True)
        },
        "confusion": confusion.tolist(),
    }
