"""Probabilities for equal odds: a line through the logits, fitted on people who were left out of training."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from edge.arrays import Floats
from tools.evaluate.clips import TALKING
from tools.evaluate.lip_scores import JUDGED, Judged

Doubles = NDArray[np.float64]

ROUNDS = 30
"""Steps of Newton's method."""
PRIOR = 1e-3
"""Weight of the prior on a line that changes nothing."""


class Line(msgspec.Struct, frozen=True):
    """Calibrated logit = scale * logit + offset."""

    scale: float = 1.0
    offset: float = 0.0

    def __call__(self, probability: Floats) -> Floats:
        """Calibrate probabilities float32[n]."""
        return np.asarray(1 / (1 + np.exp(-self.scale * logit(probability) - self.offset)), np.float32)


class Calibration(msgspec.Struct, frozen=True):
    """The lines of both networks."""

    producing: Line = Line()
    synchrony: Line = Line()

    def write(self, file: Path) -> None:
        """Keep it as JSON."""
        file.write_bytes(msgspec.json.encode(self))

    @classmethod
    def read(cls, file: Path) -> Calibration:
        """What `write` kept."""
        return msgspec.json.decode(file.read_bytes(), type=cls)


def logit(probability: Floats) -> Doubles:
    """Inverse of the sigmoid, float64[n]."""
    bounded = np.clip(probability.astype(np.float64), 1e-6, 1 - 1e-6)
    return np.asarray(np.log(bounded / (1 - bounded)))


def calibrated(parts: Sequence[Judged]) -> Calibration:
    """Fit both lines on the windows of all parts; sounds only with windows that are long enough to tell."""
    groups = [f"{w.group} {w.label}" for part in parts for w in part.windows]
    truth = [w.label == TALKING for part in parts for w in part.windows]
    producing = fitted(np.concatenate([part.producing for part in parts]), truth, groups)
    pairs = [(w, kind) for part in parts for w, _, kind in part.pairs]
    long = np.array([len(w.crops) >= JUDGED for w, _ in pairs])
    fits = np.concatenate([part.fits for part in parts])[long]
    told = [pair for pair, kept in zip(pairs, long, strict=True) if kept]
    kinds = [kind == "own" for _, kind in told]
    people = [f"{w.group} {own}" for (w, _), own in zip(told, kinds, strict=True)]
    return Calibration(producing, fitted(fits, kinds, people))


def fitted(probabilities: Floats, truth: Sequence[bool], groups: Sequence[str]) -> Line:
    """Logistic regression on the logits; both truths weigh the same, and so do the groups of each."""
    target = np.array(truth, np.float64)
    weights = np.zeros(len(target))
    names = np.array(groups)
    for side in (0.0, 1.0):
        _, index, counts = np.unique(names[target == side], return_inverse=True, return_counts=True)
        weights[target == side] = 1 / counts[index] / len(counts)
    x = np.stack([logit(probabilities), np.ones(len(target))], 1)
    line = np.array([1.0, 0.0])
    for _ in range(ROUNDS):
        guess = 1 / (1 + np.exp(-x @ line))
        slope = x.T @ (weights * (guess - target)) + PRIOR * (line - (1.0, 0.0))
        curve = (x * (weights * guess * (1 - guess))[:, None]).T @ x + PRIOR * np.eye(2)
        line -= np.clip(np.linalg.solve(curve, slope), -1, 1)
    return Line(float(line[0]), float(line[1]))
