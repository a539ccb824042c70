"""Distillation (Hinton et al. 2015): the teacher answers on the same varied spectrograms, step by step."""

from __future__ import annotations

import copy
import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from tools.train.steps import adamw, save, update_average
from tools.train.tagger.network import TaggerNetwork
from tools.train.tagger.spectra import draw


@dataclass(frozen=True)
class Plan:
    """How to train."""

    steps: int = 5500
    batch: int = 192
    rate: float = 2e-3
    weight_decay: float = 0.02
    warmup: int = 300
    tags: float = 1.0
    """Weight of the tags' loss beside the vector's."""
    seed: int = 0
    device: str = "cpu"
    print_every: int = 200


def train(
    excerpts: NDArray[np.uint8], teacher: nn.Module, frames: int, plan: Plan, folder: Path
) -> TaggerNetwork:
    """Train, or go on from the checkpoint in `folder`; return the averaged network, on the CPU.

    excerpts: see `spectra`. teacher: returns tags and vector of spectrograms [n, frames, bands].
    """
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(plan.seed)
    teacher = teacher.to(plan.device).eval()
    mels = torch.from_numpy(excerpts).to(plan.device)
    scale, tags = _spread(mels, teacher, frames, plan)
    model = TaggerNetwork(tags, len(scale)).to(plan.device)
    average, optimizer = copy.deepcopy(model), adamw(model, plan.rate, plan.weight_decay)
    done, checkpoint = 0, folder / "checkpoint.pt"
    if checkpoint.exists():
        state: dict[str, Any] = torch.load(checkpoint, weights_only=True, map_location=plan.device)
        done = state["step"]
        for key, part in (("model", model), ("average", average), ("optimizer", optimizer)):
            part.load_state_dict(state[key])
    started, losses = time.monotonic(), []
    for step in range(done + 1, plan.steps + 1):
        for group in optimizer.param_groups:
            group["lr"] = _rate(step, plan)
        given = draw(mels, frames, plan.batch, np.random.default_rng([plan.seed, step]))
        with torch.no_grad():
            wanted, vector = teacher(given)
        said, made = model.train()(given)
        near = functional.mse_loss(made / scale, vector / scale)
        value = near + plan.tags * functional.binary_cross_entropy(said, wanted)
        optimizer.zero_grad()
        value.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        update_average(average, model, min(0.999, step / (step + 20)))
        losses.append(near.item())
        if step % plan.print_every == 0 or step == plan.steps:
            print(f"step {step}: {np.mean(losses):.3f} of the variance, {time.monotonic() - started:.0f} s")
            losses.clear()
            parts: dict[str, Any] = {"model": model, "average": average, "optimizer": optimizer}
            save({"step": step, **{key: part.state_dict() for key, part in parts.items()}}, checkpoint)
    return average.eval().cpu()


@torch.no_grad()
def _spread(mels: Tensor, teacher: nn.Module, frames: int, plan: Plan) -> tuple[Tensor, int]:
    """Return the deviation of each number of the teacher's vector, and the number of its tags."""
    rng = np.random.default_rng(plan.seed)
    answers = [teacher(draw(mels, frames, 64, rng)) for _ in range(8)]
    return torch.cat([vector for _, vector in answers]).std(0).clamp(min=1e-3), answers[0][0].shape[1]


def _rate(step: int, plan: Plan) -> float:
    return plan.rate * min(1, step / plan.warmup) * (0.502 + 0.498 * math.cos(math.pi * step / plan.steps))
