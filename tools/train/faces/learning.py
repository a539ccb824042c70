"""The training loop of both networks: seeded, resumable, one averaged network."""

from __future__ import annotations

import copy
import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from tools.train.faces.compose import Composer
from tools.train.faces.lessons import Lesson
from tools.train.steps import adamw, save, update_average


@dataclass(frozen=True)
class Plan:
    """How to train."""

    steps: int = 4000
    batch: int = 24
    rate: float = 2e-3
    weight_decay: float = 0.01
    seed: int = 0
    threads: int = 1
    save_every: int = 100


class Batches(Dataset[tuple[Tensor, ...]]):
    """Batch `i` of composed images, the same whenever it is asked for."""

    def __init__(self, lesson: Lesson, composer: Composer, plan: Plan) -> None:
        self._lesson, self._composer, self._plan = lesson, composer, plan

    def __len__(self) -> int:
        return self._plan.steps

    def __getitem__(self, index: int) -> tuple[Tensor, ...]:
        self._composer.rng = np.random.default_rng([self._plan.seed, index])
        arrays = self._lesson.draw(self._composer, self._plan.batch)
        return tuple(torch.from_numpy(np.asarray(array, np.float32)) for array in arrays)


def train(lesson: Lesson, composer: Composer, plan: Plan, folder: Path) -> nn.Module:
    """Train, or go on from the checkpoint in `folder`; return the averaged network."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(plan.threads)
    torch.manual_seed(plan.seed)
    model: nn.Module = lesson.network().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    average = copy.deepcopy(model)
    optimizer = adamw(model, plan.rate, plan.weight_decay)
    done, checkpoint = 0, folder / "checkpoint.pt"
    if checkpoint.exists():
        state: dict[str, Any] = torch.load(checkpoint, weights_only=True)
        done = state["step"]
        model.load_state_dict(state["model"])
        average.load_state_dict(state["average"])
        optimizer.load_state_dict(state["optimizer"])
    batches = DataLoader(
        Batches(lesson, composer, plan), batch_size=None, sampler=range(done, plan.steps), num_workers=1
    )
    started, running = time.monotonic(), 0.0
    for step, (pixels, *wanted) in enumerate(batches, done + 1):
        for group in optimizer.param_groups:
            group["lr"] = (
                plan.rate * min(1, step / 100) * (0.502 + 0.498 * math.cos(math.pi * step / plan.steps))
            )
        value = lesson.loss(model.train()(pixels.contiguous(memory_format=torch.channels_last)), wanted)
        optimizer.zero_grad()
        value.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        update_average(average, model, min(0.998, step / (step + 20)))
        running += value.item()
        if step % plan.save_every == 0 or step == plan.steps:
            print(
                f"step {step}: loss {running / plan.save_every:.3f}, {time.monotonic() - started:.0f} s",
                flush=True,
            )
            running = 0.0
            parts: dict[str, Any] = {"model": model, "average": average, "optimizer": optimizer}
            save({"step": step, **{key: part.state_dict() for key, part in parts.items()}}, checkpoint)
    return average.eval()
