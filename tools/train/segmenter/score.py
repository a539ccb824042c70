"""Segment scores of a network in training: every file of one label, cut into 3 s segments."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from tools.evaluate.metrics import classification
from tools.train.segmenter.augment import normalize
from tools.train.segmenter.compose import STRIDE
from tools.train.segmenter.corpus import Take, label_index
from tools.train.segmenter.network import EMBEDDING, LABEL_COUNT, Tower, pool

SEGMENT = 30
"""Output frames of a 3 s segment."""


class TrainedTower(nn.Module):
    """A tower and a linear reading of the pooled segment, which the fusion takes over."""

    def __init__(self) -> None:
        super().__init__()
        self.tower = Tower()
        self.head = nn.Linear(EMBEDDING, LABEL_COUNT)


def segment_scores(model: TrainedTower, takes: list[Take]) -> dict[str, Any]:
    """Precision, recall and F1 of a tower with its own head on first takes of recordings."""
    guesses = [label_segments(model, take) for take in takes]
    truth = [label_index(take.recording.label) for take in takes]
    return classification(
        [label for label, guess in zip(truth, guesses, strict=True) for _ in guess],
        [column for guess in guesses for column in guess],
    )


@torch.no_grad()
def label_segments(model: TrainedTower, take: Take) -> list[int]:
    """The column of the label that a tower with its own head gives to each segment of a take."""
    model.eval()
    power = np.exp(take.log_power.astype(np.float32))
    power = np.pad(power, ((0, -len(power) % STRIDE), (0, 0)))
    device = next(model.parameters()).device
    embedding, attention, _ = model.tower(normalize(torch.from_numpy(power)[None]).to(device))
    length = embedding.shape[1]
    pooled = [
        pool(embedding, attention, start, min(start + SEGMENT, length)) for start in range(0, length, SEGMENT)
    ]
    columns: list[int] = model.head(torch.cat(pooled)).argmax(1).tolist()
    return columns
