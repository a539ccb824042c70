"""The training loop: seeded, resumable, one averaged network."""

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

from tools.train.images.corpus import SIDE, Corpus
from tools.train.images.network import ImageNetwork
from tools.train.steps import adamw, save, update_average


@dataclass(frozen=True)
class Plan:
    """How to train."""

    steps: int = 12000
    batch: int = 64
    rate: float = 3e-3
    weight_decay: float = 0.05
    warmup: int = 300
    seed: int = 0
    threads: int = 1
    print_every: int = 200


def train(corpus: Corpus, plan: Plan, folder: Path) -> nn.Module:
    """Train, or go on from the checkpoint in `folder`; return the averaged network."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(plan.threads)
    torch.manual_seed(plan.seed)
    wanted = corpus.wanted
    model: nn.Module = ImageNetwork(wanted.shape[1])
    model = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    average, optimizer = copy.deepcopy(model), adamw(model, plan.rate, plan.weight_decay)
    done, checkpoint = 0, folder / "checkpoint.pt"
    if checkpoint.exists():
        state: dict[str, Any] = torch.load(checkpoint, weights_only=True)
        done = state["step"]
        for key, part in (("model", model), ("average", average), ("optimizer", optimizer)):
            part.load_state_dict(state[key])
    started, losses = time.monotonic(), []
    for step in range(done + 1, plan.steps + 1):
        for group in optimizer.param_groups:
            group["lr"] = _rate(step, plan)
        torch.manual_seed(plan.seed * 1_000_003 + step)
        pixels, answers = draw(corpus.views, wanted, plan.batch, np.random.default_rng([plan.seed, step]))
        value = functional.cross_entropy(model.train()(pixels), answers)
        optimizer.zero_grad()
        value.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        update_average(average, model, min(0.999, step / (step + 20)))
        losses.append(value.item())
        if step % plan.print_every == 0 or step == plan.steps:
            spent = time.monotonic() - started
            print(f"step {step}: loss {np.mean(losses):.3f}, {spent:.0f} s", flush=True)
            losses.clear()
            parts: dict[str, Any] = {"model": model, "average": average, "optimizer": optimizer}
            save({"step": step, **{key: part.state_dict() for key, part in parts.items()}}, checkpoint)
    return average.eval()


def draw(
    views: NDArray[np.uint8], answers: NDArray[np.float16], batch: int, rng: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """Draw pixels float32[batch, 3, 64, 64] and probabilities float32[batch, classes].

    Half of the batches are mixed in pairs, by their values (mixup) or by a rectangle (cutmix).
    """
    chosen = rng.integers(len(views), size=batch)
    pixels = torch.from_numpy(views[chosen].astype(np.float32)).permute(0, 3, 1, 2)
    wanted = torch.from_numpy(answers[chosen].astype(np.float32))
    pixels = _varied(pixels, rng)
    if rng.random() < 0.5:
        pixels, wanted = _mixed(pixels, wanted, rng)
    return ((pixels - 127.5) / 127.5).contiguous(memory_format=torch.channels_last), wanted


def _varied(pixels: Tensor, rng: np.random.Generator) -> Tensor:
    """Mirror and shift each image, and change its light, contrast and color."""
    count = len(pixels)
    mirrored = torch.from_numpy(rng.random(count) < 0.5)
    pixels = torch.where(mirrored[:, None, None, None], pixels.flip(3), pixels)
    top, left = rng.integers(0, 13, 2)
    pixels = functional.pad(pixels, (6, 6, 6, 6), mode="reflect")[:, :, top : top + SIDE, left : left + SIDE]
    gain, offset = _random(rng, count, 0.7, 1.3), _random(rng, count, -30, 30)
    gray = pixels.mean(1, keepdim=True)
    pixels = gray + (pixels - gray) * _random(rng, count, 0.4, 1.4)
    return ((pixels - 127.5) * gain + 127.5 + offset).clamp(0, 255)


def _mixed(pixels: Tensor, wanted: Tensor, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    others, share = torch.from_numpy(rng.permutation(len(pixels))), float(rng.beta(0.4, 0.4))
    if rng.random() < 0.5:
        return share * pixels + (1 - share) * pixels[others], share * wanted + (1 - share) * wanted[others]
    side = int(SIDE * math.sqrt(1 - share))
    top, left = rng.integers(0, SIDE + 1 - side, 2)
    pixels = pixels.clone()
    part = (slice(None), slice(None), slice(top, top + side), slice(left, left + side))
    pixels[part] = pixels[others][part]
    share = 1 - (side / SIDE) ** 2
    return pixels, share * wanted + (1 - share) * wanted[others]


def _random(rng: np.random.Generator, count: int, low: float, high: float) -> Tensor:
    return torch.from_numpy(rng.uniform(low, high, (count, 1, 1, 1)).astype(np.float32))


def _rate(step: int, plan: Plan) -> float:
    return plan.rate * min(1, step / plan.warmup) * (0.502 + 0.498 * math.cos(math.pi * step / plan.steps))
