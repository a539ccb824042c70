"""The fusion's network and its training on scenes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from edge.arrays import Floats
from edge.networks.face_fusion import COLUMNS, FLOOR
from edge.vocabulary import LABELS
from tools.train.face_fusion.scenes import PERFORMING, SHOTS, Scene

HIDDEN = 24

LOST_P, AUDIO_P = 0.1, 0.2
"""Of segments: their video is missing. Of parts of performances: all of it is."""

UNEXAMINED_WEIGHT = 0.1
"""Of segments whose fused label is not used."""

FEWEST = 10
"""Segments of a case that is scored."""

PARTS = {
    "audio": 0,
    "+ face": COLUMNS.index("producing"),
    "+ lips": COLUMNS.index("synchrony"),
    "+ synchrony": len(COLUMNS),
}
"""Columns of the rows that a part of the evidence knows."""


class FusionNetwork(nn.Module):
    """Features [batch, segments, 4 + size] -> logits [batch, segments, 4].

    The audio's own labels, and a correction by an LSTM in both directions over audio and faces.
    """

    def __init__(self, size: int, dropout: float = 0.2) -> None:
        super().__init__()
        self.columns = size
        self.dropout = nn.Dropout(dropout)
        inputs = len(LABELS) + size
        self.lstm = nn.LSTM(inputs, HIDDEN, batch_first=True, bidirectional=True)
        self.correction = nn.Sequential(
            nn.Linear(2 * HIDDEN + inputs, 32), nn.ReLU(), nn.Linear(32, len(LABELS))
        )

    def forward(self, features: Tensor) -> Tensor:
        """Return the logits of every segment in the light of the whole sequence."""
        sound = features[..., : len(LABELS)]
        sequence, _ = self.lstm(features)
        return sound + self.correction(torch.cat([self.dropout(sequence), features], -1))  # type: ignore[no-any-return]


class Confidences(nn.Module):
    """The confidences of a fusion, after a temperature."""

    def __init__(self, fusion: FusionNetwork) -> None:
        super().__init__()
        self.fusion = fusion

    def forward(self, features: Tensor) -> Tensor:
        """Return confidences [batch, segments, 4] that sum to 1."""
        return torch.softmax(self.fusion(features), -1)


def features_of(scene: Scene, columns: int) -> Tensor:
    """Return float32[m, 4 + columns] of a scene: only so many of the video's columns are known."""
    rows = scene.rows[:, :columns]
    return torch.from_numpy(
        np.concatenate([np.log(scene.confidences + FLOOR), rows], axis=1).astype(np.float32)
    )


def train_fusion(
    scenes: Sequence[Scene], *, columns: int = len(COLUMNS), steps: int = 2500, batch: int = 32, seed: int = 0
) -> FusionNetwork:
    """Train on parts of 1 to 24 segments, which know so many `columns` of the video."""
    torch.manual_seed(seed)
    rng = np.random.default_rng([seed, 9])
    network = FusionNetwork(columns).train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=3e-3, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=steps)
    for step in range(1, steps + 1):
        width = int(rng.choice([1, 2, 3, 6, 12, 24]))
        parts = [
            part_of(scenes[int(index)], width, columns, rng)
            for index in rng.integers(len(scenes), size=batch)
        ]
        x, truth, weight = (torch.from_numpy(np.stack(rows)) for rows in zip(*parts, strict=True))
        target = truth * 0.96 + 0.01
        losses = -(target * functional.log_softmax(network(x), -1)).sum(-1)
        value = (losses * weight).sum() / weight.sum().clamp(min=1)
        optimizer.zero_grad()
        value.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
        if step % 500 == 0:
            print(f"fusion step {step}: loss {value.item():.3f}", flush=True)
    return network.eval()


def part_of(
    scene: Scene, width: int, columns: int, rng: np.random.Generator
) -> tuple[Floats, Floats, Floats]:
    """Features [width, 4 + columns], truth [width, 4] and weights [width] of a part, zeros after its end.

    The audio is less sure than that of recordings the segmenter knows. The video of some segments is missing,
    that of some performances altogether: then their audio decides.
    """
    start = int(rng.integers(max(1, len(scene.truth) - width + 1)))
    part = slice(start, start + width)
    rows, truth = scene.rows[part].copy(), scene.truth[part]
    weight = truth.sum(axis=1) * np.where(rows[:, 0] > 0, 1, UNEXAMINED_WEIGHT)
    lost = rng.random(len(rows)) < LOST_P
    if rng.random() < AUDIO_P and (scene.shown == PERFORMING).any():
        lost[:] = True
    rows[lost] = 0
    audio = np.log(scene.confidences[part] + FLOOR) * rng.uniform(0.5, 1)
    audio -= np.log(np.exp(audio).sum(axis=1, keepdims=True))
    features = np.concatenate([audio, rows[:, :columns]], axis=1).astype(np.float32)
    missing = width - len(features)
    whole = [np.pad(rows, ((0, missing), (0, 0))) for rows in (features, truth)]
    return whole[0], whole[1], np.pad(weight, (0, missing)).astype(np.float32)


@torch.no_grad()
def answers(network: FusionNetwork, scenes: Sequence[Scene]) -> list[Floats]:
    """The confidences float32[m, 4] of each scene by a network, which may know only a part of the rows."""
    columns = network.columns
    return [torch.softmax(network(features_of(scene, columns)[None])[0], -1).numpy() for scene in scenes]


def scored(scenes: Sequence[Scene], confidences: Sequence[Floats]) -> dict[str, float]:
    """Share of the segments with the right label, by true label and what was shown; "" if nobody looked."""
    right: dict[str, list[bool]] = defaultdict(list)
    for scene, found in zip(scenes, confidences, strict=True):
        for index in np.flatnonzero(scene.truth.sum(axis=1)):
            column = int(scene.truth[index].argmax())
            shown = SHOTS[scene.shown[index]] if scene.shown[index] >= 0 else "not examined"
            right[f"{LABELS[column].value}, {shown}"].append(int(found[index].argmax()) == column)
    return {case: float(np.mean(rows)) for case, rows in sorted(right.items()) if len(rows) >= FEWEST}
