"""First stage of training: one tower of the encoder, on short composed clips."""

from __future__ import annotations

import copy
import csv
import math
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

from tools.train.segmenter import augment
from tools.train.segmenter.compose import IGNORE, Composer
from tools.train.segmenter.corpus import Take
from tools.train.segmenter.network import LABEL_COUNT, pool
from tools.train.segmenter.score import TrainedTower, segment_scores
from tools.train.steps import adamw, save, update_average

CLIP_FRAMES = 640
"""Mel frames of a training clip: 8 s, room for two segments and their surroundings."""

VOICE_SATURATION = 0.35
"""A segment with this share of voice over its backing is wholly a voice segment."""


@dataclass(frozen=True)
class Plan:
    """One training run of a tower; the same plan gives the same network on the same machine."""

    steps: int = 1500
    batch: int = 32
    rate: float = 2e-3
    weight_decay: float = 0.02
    frame_weight: float = 0.5
    smoothing: float = 0.05
    seed: int = 0
    threads: int = 1
    compiled: bool = True
    """Compile the network: a fifth faster from then on, after half a minute."""
    log_every: int = 100
    """Steps between log lines, each with a checkpoint."""
    score_every: int = 500
    """Steps between validations."""


class ClipBatches(Dataset[tuple[Tensor, Tensor]]):
    """Batch i of a run, drawn with a generator seeded by (seed, i): resuming redraws the same batches."""

    def __init__(self, takes: list[Take], plan: Plan) -> None:
        self._composer, self._plan = Composer(takes, np.random.default_rng(0)), plan

    def __len__(self) -> int:
        return self._plan.steps

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        self._composer.rng = np.random.default_rng([self._plan.seed, index])
        clips = [self._composer.clip(CLIP_FRAMES) for _ in range(self._plan.batch)]
        return (
            torch.from_numpy(np.stack([clip.power for clip in clips])),
            torch.from_numpy(np.stack([clip.truth for clip in clips])).long(),
        )


def segment_target(truth: Tensor) -> Tensor:
    """Soft target [batch, 4] of a window from its frame truth [batch, frames]; all zero if all is ignored."""
    known = truth != IGNORE
    share = functional.one_hot(truth.clamp(min=0), LABEL_COUNT).float() * known.unsqueeze(2)
    share = share.sum(1) / known.sum(1, keepdim=True).clamp(min=1)
    voice = share[:, :2]
    total = voice.sum(1, keepdim=True)
    voiced = voice / total.clamp(min=1e-6) * (total / VOICE_SATURATION).clamp(max=1)
    rest = share[:, 2:] / (1 - total).clamp(min=1e-6) * (1 - voiced.sum(1, keepdim=True))
    return torch.cat([voiced, rest], 1) * known.any(1, keepdim=True)


def has_bfloat16(device: torch.device) -> bool:
    """Whether the device multiplies in bfloat16; a processor that emulates it takes seven times as long."""
    return device.type == "cuda" or "avx512_bf16" in Path("/proc/cpuinfo").read_text()


def loss(
    heard: tuple[Tensor, Tensor, Tensor], head: nn.Module, truth: Tensor, plan: Plan, rng: np.random.Generator
) -> Tensor:
    """Cross-entropy of pooled windows of several lengths, and of frames; `heard` is a tower's output."""
    embedding, attention, frames = (x.float() for x in heard)
    total = plan.frame_weight * functional.cross_entropy(
        frames.flatten(0, 1), truth.flatten(), ignore_index=IGNORE, label_smoothing=plan.smoothing
    )
    lengths = [30, 30, int(rng.choice([5, 10, 20, 50, 80]))]
    for length in lengths:
        start = int(rng.integers(0, truth.shape[1] - length + 1))
        target = segment_target(truth[:, start : start + length])
        known = target.sum(1, keepdim=True)
        target = target * (1 - plan.smoothing) + known * plan.smoothing / LABEL_COUNT
        logits = head(pool(embedding, attention, start, start + length))
        total = total - (target * functional.log_softmax(logits, 1)).sum(1).mean() / len(lengths)
    return total


def train_tower(
    takes: list[Take], validation: list[Take], plan: Plan, folder: Path, *, until: int | None = None
) -> TrainedTower:
    """Train, or go on from the last checkpoint in `folder`; returns the averaged network.

    `until` ends this call after that step, for machines lent by the hour; a later call goes on.

    Writes `checkpoint.pt`, `log.csv` (step, loss, validation macro-F1, seconds) and, at the end, `tower.pt`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.set_num_threads(plan.threads)
    torch.manual_seed(plan.seed)
    model = TrainedTower().to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    average: TrainedTower = copy.deepcopy(model)
    tower = torch.compile(model.tower) if plan.compiled else model.tower
    optimiser = adamw(model, plan.rate, plan.weight_decay)
    state: dict[str, Any] = {"step": 0}
    checkpoint = folder / "checkpoint.pt"
    stop = plan.steps if until is None else min(until, plan.steps)
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True, map_location=device)
        model.load_state_dict(state["model"])
        average.load_state_dict(state["average"])
        optimiser.load_state_dict(state["optimiser"])
    batches = DataLoader(
        ClipBatches(takes, plan), batch_size=None, sampler=range(state["step"], stop), num_workers=1
    )
    started, running = time.monotonic(), 0.0
    for step, (power, truth) in enumerate(batches, state["step"]):
        rng = np.random.default_rng([plan.seed, step, 1])
        torch.manual_seed(plan.seed * 1_000_003 + step)
        progress = step / plan.steps
        for group in optimiser.param_groups:
            group["lr"] = (
                plan.rate * min(1, (step + 1) / 60) * (0.5 + 0.5 * math.cos(math.pi * progress) + 0.002)
            )
        mel = augment.spec_augment(augment.normalize(augment.channel(power, rng)), rng)
        model.train()
        with torch.autocast(device.type, torch.bfloat16, enabled=has_bfloat16(device)):
            value = loss(tower(mel.to(device)), model.head, truth.to(device), plan, rng)
        optimiser.zero_grad()
        value.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), 3.0)
        optimiser.step()
        update_average(average, model, min(0.995, (step + 1) / (step + 20)))
        running += value.item()
        last = step + 1 == stop
        if (step + 1) % plan.log_every == 0 or last:
            scored = validation and (last or (step + 1) % plan.score_every == 0)
            score = segment_scores(average, validation)["macro_f1"] if scored else math.nan
            _log(
                folder / "log.csv",
                step + 1,
                running / (step % plan.log_every + 1),
                score,
                time.monotonic() - started,
            )
            running = 0.0
            parts: dict[str, Any] = {"model": model, "average": average, "optimiser": optimiser}
            save({"step": step + 1, **{name: part.state_dict() for name, part in parts.items()}}, checkpoint)
    if stop == plan.steps:
        torch.save({"average": average.state_dict(), "plan": asdict(plan)}, folder / "tower.pt")
    return average


def load_tower(file: Path) -> TrainedTower:
    """A trained tower, ready to be run."""
    model = TrainedTower()
    model.load_state_dict(torch.load(file, weights_only=True, map_location="cpu")["average"])
    model.eval()
    return model


def _log(file: Path, step: int, value: float, score: float, seconds: float) -> None:
    new = not file.exists()
    with file.open("a", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle)
        if new:
            writer.writerow(["step", "loss", "validation_macro_f1", "seconds"])
        writer.writerow([step, f"{value:.4f}", f"{score:.4f}", f"{seconds:.0f}"])
    print(f"step {step}: loss {value:.3f}, validation macro-F1 {score:.3f}, {seconds:.0f} s", flush=True)
