"""Scores of label sequences: F1, its interval over groups, and how well confidences are calibrated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edge.vocabulary import LABELS

RESAMPLES = 1000
"""Bootstrap samples of an interval."""
BINS = 10
"""Bins of a reliability diagram."""


def classification(
    truth: Sequence[int], guess: Sequence[int], weights: ArrayLike | None = None
) -> dict[str, Any]:
    """Per-class precision, recall and F1, their mean F1, and the confusion matrix (rows are the truth).

    With `weights` each label counts that much, and so does its cell of the matrix.
    """
    confusion = np.zeros((len(LABELS), len(LABELS)))
    np.add.at(confusion, (np.asarray(truth, int), np.asarray(guess, int)), 1 if weights is None else weights)
    precision, recall, f1 = _scores(confusion)
    return {
        "macro_f1": float(f1.mean()),
        "per_class": {
            label.value: {"precision": float(p), "recall": float(r), "f1": float(f)}
            for label, p, r, f in zip(LABELS, precision, recall, f1, strict=True)
        },
        "confusion": (confusion.astype(int) if weights is None else confusion.round(3)).tolist(),
    }


def group_weights(groups: Sequence[str]) -> NDArray[np.float64]:
    """Weights float64[n] that sum to 1 in each group: a long recording counts no more than a short one."""
    _, index, counts = np.unique(groups, return_inverse=True, return_counts=True)
    return np.asarray(1.0 / counts[index])


def intervals(truth: Sequence[int], guess: Sequence[int], groups: Sequence[str]) -> dict[str, list[float]]:
    """95 % intervals of macro-F1 and of each class's F1, by a bootstrap over groups, stratified by class."""
    names, index = np.unique(groups, return_inverse=True)
    tables = np.zeros((len(names), len(LABELS), len(LABELS)))
    np.add.at(tables, (index, np.asarray(truth, int), np.asarray(guess, int)), 1)
    classes = tables.sum(2).argmax(1)
    strata = [np.flatnonzero(classes == column) for column in np.unique(classes)]
    rng = np.random.default_rng(0)
    rows = []
    for _ in range(RESAMPLES):
        drawn = [rng.choice(members, len(members)) for members in strata]
        rows.append(_scores(tables[np.concatenate(drawn)].sum(0))[2])
    f1 = np.array(rows)
    columns = {"macro_f1": f1.mean(1)} | {label.value: f1[:, i] for i, label in enumerate(LABELS)}
    return {name: np.percentile(column, [2.5, 97.5]).round(4).tolist() for name, column in columns.items()}


def mean_interval(values: NDArray[np.float64]) -> list[float]:
    """95 % interval of the mean of one value per group, by a bootstrap over groups."""
    drawn = np.random.default_rng(0).integers(len(values), size=(RESAMPLES, len(values)))
    return [float(end) for end in np.percentile(values[drawn].mean(axis=1), [2.5, 97.5])]


def calibration_error(truth: Sequence[int], confidences: ArrayLike) -> dict[str, float]:
    """Expected calibration error of each label's confidence: float[n, 4] against whether it is the label."""
    rows = np.asarray(confidences, np.float64)
    is_label = np.asarray(truth, int)[:, None] == np.arange(len(LABELS))
    errors = {}
    for column, label in enumerate(LABELS):
        which = np.minimum((rows[:, column] * BINS).astype(int), BINS - 1)
        sums = np.bincount(which, rows[:, column] - is_label[:, column], BINS)
        errors[label.value] = float(np.abs(sums).sum() / max(1, len(rows)))
    return errors


def _scores(confusion: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """Precision, recall and F1 of each class."""
    hits = confusion.diagonal()
    precision = hits / np.maximum(confusion.sum(axis=0), 1e-12)
    recall = hits / np.maximum(confusion.sum(axis=1), 1e-12)
    return precision, recall, 2 * precision * recall / np.maximum(precision + recall, 1e-12)
