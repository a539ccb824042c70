"""Train both networks together: seeded, resumable, with checks on people that were left out."""

from __future__ import annotations

import copy
import csv
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from edge.arrays import Floats
from tools.train.lips.bursts import UNKNOWN, Burst
from tools.train.lips.compose import Composer
from tools.train.lips.corpus import Clip
from tools.train.lips.network import Motion, Synchrony
from tools.train.lips.render import augmented, sounds_of
from tools.train.steps import adamw, save, update_average

OPENING_SCALE = 10.0
"""Of openings, which are up to about 0.3, as targets."""


@dataclass(frozen=True)
class Plan:
    """One training run; the same plan gives the same networks on the same machine."""

    steps: int = 1500
    batch: int = 32
    rate: float = 3e-3
    weight_decay: float = 0.03
    smoothing: float = 0.05
    opening_weight: float = 0.3
    synchrony_weight: float = 1.0
    seed: int = 0
    log_every: int = 100
    """Steps between log lines, each with a checkpoint."""


class Networks(nn.Module):
    """Both networks, trained as one."""

    def __init__(self) -> None:
        super().__init__()
        self.motion, self.synchrony = Motion(), Synchrony()

    def forward(self, crops: Tensor, sound: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Logits [batch] of producing and of synchrony, and features [batch, t, 32]."""
        _, producing, features = self.motion(crops.float())
        return producing, self.synchrony(features, sound), features


def loss(networks: Networks, bursts: Sequence[Burst], plan: Plan, rng: np.random.Generator) -> Tensor:
    """The loss of a batch after augmentation."""
    crops, sound = augmented(bursts, rng), sounds_of(bursts, rng)
    producing, fits, features = networks(crops, sound)
    moved = torch.tensor([burst.motion != "" for burst in bursts])
    opening = torch.from_numpy(np.stack([burst.opening for burst in bursts])) * OPENING_SCALE
    change = torch.diff(opening, dim=1, prepend=opening[:, :1])
    guess = networks.motion.opening(features)
    off = functional.smooth_l1_loss(guess, torch.stack([opening, change], -1), reduction="none").mean((1, 2))
    truths = [torch.tensor([getattr(burst, name) for burst in bursts]) for name in ("producing", "fits")]
    return (
        _cross_entropy(producing, truths[0], plan.smoothing)
        + plan.synchrony_weight * _cross_entropy(fits, truths[1], plan.smoothing)
        + plan.opening_weight * off[~moved].mean()
    )


def _cross_entropy(logits: Tensor, truth: Tensor, smoothing: float) -> Tensor:
    known = truth != UNKNOWN
    target = truth[known] * (1 - smoothing) + smoothing / 2
    return functional.binary_cross_entropy_with_logits(logits[known], target)


def train(clips: Sequence[Clip], sounds: dict[str, list[Floats]], plan: Plan, folder: Path) -> Networks:
    """Train, or go on from the last checkpoint in `folder`; returns the averaged networks.

    Writes `checkpoint.pt`, `log.csv` (step, loss, seconds) and, at the end, `networks.pt`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    done = folder / "networks.pt"
    if done.exists():
        return load(done)
    torch.manual_seed(plan.seed)
    model = Networks().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    average: Networks = copy.deepcopy(model)
    optimizer = adamw(model, plan.rate, plan.weight_decay)
    state: dict[str, Any] = {"step": 0}
    if (folder / "checkpoint.pt").exists():
        state = torch.load(folder / "checkpoint.pt", weights_only=True)
        model.load_state_dict(state["model"])
        average.load_state_dict(state["average"])
        optimizer.load_state_dict(state["optimizer"])
    composer = Composer(clips, sounds, np.random.default_rng(0))
    started, running = time.monotonic(), 0.0
    model.train()
    for step in range(state["step"], plan.steps):
        composer.rng = rng = np.random.default_rng([plan.seed, step])
        torch.manual_seed(plan.seed * 1_000_003 + step)
        for group in optimizer.param_groups:
            group["lr"] = _rate(plan, step)
        value = loss(model, composer.batch(plan.batch), plan, rng)
        optimizer.zero_grad()
        value.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), 2.0)
        optimizer.step()
        update_average(average, model, min(0.995, (step + 1) / (step + 20)))
        running += value.item()
        if (step + 1) % plan.log_every == 0 or step + 1 == plan.steps:
            mean, running = running / (step % plan.log_every + 1), 0.0
            _log(folder / "log.csv", step + 1, mean, time.monotonic() - started)
            states: dict[str, Any] = {"model": model, "average": average, "optimizer": optimizer}
            held = {name: value.state_dict() for name, value in states.items()}
            save({"step": step + 1, **held}, folder / "checkpoint.pt")
    save({"average": average.state_dict()}, done)
    return average.eval()


def load(file: Path) -> Networks:
    """Trained networks, ready to be run."""
    networks = Networks()
    networks.load_state_dict(torch.load(file, weights_only=True)["average"])
    return networks.eval()


def _rate(plan: Plan, step: int) -> float:
    """The learning rate: a short rise, then half a cosine."""
    return plan.rate * min(1, (step + 1) / 60) * (0.5 + 0.5 * math.cos(math.pi * step / plan.steps) + 0.002)


def _log(file: Path, step: int, value: float, seconds: float) -> None:
    new = not file.exists()
    with file.open("a", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle)
        if new:
            writer.writerow(["step", "loss", "seconds"])
        writer.writerow([step, f"{value:.4f}", f"{seconds:.0f}"])
    print(f"step {step}: loss {value:.3f}, {seconds:.0f} s", flush=True)
