"""Second stage of training: the fusion LSTM, on the features that the int8 encoder gives for whole scenes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from tools.train.segmenter import augment
from tools.train.segmenter.compose import IGNORE, STRIDE, Composer
from tools.train.segmenter.corpus import Take
from tools.train.segmenter.network import LABEL_COUNT, Fusion
from tools.train.segmenter.tower import segment_target

SCENE_S = 96
"""Seconds of a scene: a verse and what surrounds it."""

LENGTHS = (30, 30, 30, 10, 50)
"""Segment lengths in frames, one drawn for each scene beside 3 s: the setting that users may change."""

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Scenes:
    """Feature sequences [scenes, segments, n] of one segment length, with targets [scenes, segments, 4]."""

    features: Tensor
    targets: Tensor


def encode(encoder: onnxruntime.InferenceSession, power: Tensor) -> tuple[Floats, Floats, Floats]:
    """Embedding [time, towers, 128], attention [time, towers] and logits [time, 4] of one recording."""
    mel = augment.normalize(power)[None].numpy()
    embedding, attention, logits = encoder.run(None, {"mel": mel})
    return embedding[0], attention[0], logits[0]


def pool_all(embedding: Floats, attention: Floats, logits: Floats, length: int) -> Floats:
    """Features float32[segments, towers * 128 + 4] of consecutive segments, as the runtime pools them."""
    rows = []
    for start in range(0, len(embedding), length):
        weights = np.exp(attention[start : start + length])
        weights /= weights.sum(axis=0)
        pooled = (embedding[start : start + length] * weights[:, :, None]).sum(axis=0).ravel()
        powers = np.exp(logits[start : start + length])
        mean = (powers / powers.sum(axis=1, keepdims=True)).mean(axis=0)
        rows.append(np.concatenate([pooled, np.log(mean + 1e-4)]))
    return np.stack(rows)


def compose_scenes(
    takes: list[Take], encoder: onnxruntime.InferenceSession, count: int, seed: int
) -> tuple[dict[int, Scenes], Floats, NDArray[np.int8]]:
    """`count` scenes as feature sequences by segment length, and all frame logits with their truth."""
    composer = Composer(takes, np.random.default_rng([seed, 77]))
    torch.manual_seed(seed)
    rows: dict[int, tuple[list[Floats], list[Floats]]] = {}
    logits, truths = [], []
    for number in range(count):
        scene = composer.scene(SCENE_S * 10 * STRIDE)
        power = augment.channel(torch.from_numpy(scene.power.copy())[None], composer.rng)[0]
        embedding, attention, frame_logits = encode(encoder, power)
        truth = torch.from_numpy(scene.truth).long()
        for length in {30, LENGTHS[number % len(LENGTHS)]}:
            segments = len(truth) // length - 1
            start = int(composer.rng.integers(length))
            part = slice(start, start + segments * length)
            features, targets = rows.setdefault(length, ([], []))
            features.append(pool_all(embedding[part], attention[part], frame_logits[part], length))
            targets.append(segment_target(truth[part].reshape(segments, length)).numpy())
        logits.append(frame_logits)
        truths.append(scene.truth)
    scenes = {
        length: Scenes(torch.from_numpy(np.stack(features)), torch.from_numpy(np.stack(targets)))
        for length, (features, targets) in rows.items()
    }
    return scenes, np.concatenate(logits), np.concatenate(truths)


def sequence_loss(logits: Tensor, targets: Tensor, smoothing: float = 0.03) -> Tensor:
    """Cross-entropy of segments whose truth is known."""
    known = targets.sum(-1, keepdim=True)
    soft = targets * (1 - smoothing) + known * smoothing / LABEL_COUNT
    return -(soft * functional.log_softmax(logits, -1)).sum() / known.sum().clamp(min=1)


def train_fusion(
    scenes: dict[int, Scenes], heads: Sequence[nn.Linear], *, steps: int = 3000, seed: int = 0
) -> Fusion:
    """Train on crops of 1 to 31 segments: recordings may be as short as one segment."""
    torch.manual_seed(seed)
    rng = np.random.default_rng([seed, 5])
    fusion = Fusion(features=scenes[30].features.shape[2] - LABEL_COUNT, heads=heads)
    learned = [parameter for parameter in fusion.parameters() if parameter.requires_grad]
    optimiser = torch.optim.AdamW(learned, lr=2e-3, weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, total_steps=steps)
    lengths = list(scenes)
    weights = np.array([0.6 if length == 30 else 0.4 / (len(lengths) - 1) for length in lengths])
    fusion.train()
    for step in range(steps):
        data = scenes[lengths[int(rng.choice(len(lengths), p=weights / weights.sum()))]]
        index = torch.from_numpy(rng.integers(len(data.features), size=64))
        width = min(int(rng.choice([1, 2, 3, 6, 12, 31])), data.features.shape[1])
        start = int(rng.integers(data.features.shape[1] - width + 1))
        features = data.features[index, start : start + width, :-LABEL_COUNT]
        value = sequence_loss(fusion(features), data.targets[index, start : start + width])
        optimiser.zero_grad()
        value.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
        if (step + 1) % 1000 == 0:
            print(f"fusion step {step + 1}: loss {value.item():.3f}", flush=True)
    return fusion.eval()


def temperature(logits: Tensor, truth: Tensor) -> float:
    """The temperature that makes softmax(logits / T) most likely for `truth`; ignored rows do not count."""
    known = truth != IGNORE
    candidates = torch.exp(torch.linspace(-1.5, 1.5, 121))
    values = [functional.cross_entropy(logits[known] / t, truth[known]).item() for t in candidates]
    return float(candidates[int(np.argmin(values))])


def load_network(file: Path) -> onnxruntime.InferenceSession:
    """An ONNX file on one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
