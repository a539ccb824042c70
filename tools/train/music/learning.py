"""The training loop of the composer: crops of pieces, the next word, and the loss on held-out pieces."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from edge.music import words
from edge.music.words import Numbers
from tools.train.music.corpus import Piece
from tools.train.music.network import OWNERS, Composer
from tools.train.steps import adamw, save


@dataclass(frozen=True)
class Plan:
    """How to train."""

    steps: int
    batch: int = 8
    length: int = 384
    """Words of a crop."""
    rate: float = 6e-4
    weight_decay: float = 0.05
    warm: int = 200
    """Steps until the rate is whole."""
    seed: int = 0
    threads: int = 1
    save_every: int = 250


class Lessons:
    """Pieces as words, from which crops are drawn that begin with a bar."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self.encoded = [words.encode(piece.bars) for piece in pieces]
        self._starts = [
            np.flatnonzero((one[:, 0] == words.METRIC) & (one[:, 1] == words.BAR)) for one, _ in self.encoded
        ]
        lengths = np.array([len(one) for one, _ in self.encoded], float)
        self._chances = lengths / lengths.sum()

    def batch(self, plan: Plan, number: int) -> tuple[Tensor, Tensor]:
        """Return crops: words int64[batch, length, fields], padded with ends, and conditions beside them."""
        rng = np.random.default_rng([plan.seed, number])
        chosen = rng.choice(len(self.encoded), size=plan.batch, p=self._chances)
        crops = [self._crop(int(index), plan.length, rng) for index in chosen]
        given, beside = (torch.from_numpy(np.stack(rows)) for rows in zip(*crops, strict=True))
        return given, beside

    def _crop(self, index: int, length: int, rng: np.random.Generator) -> tuple[Numbers, Numbers]:
        given, beside = self.encoded[index]
        start = int(rng.choice(self._starts[index]))
        if len(given) - start < length // 2:  # rather the end as a whole than a few words of it
            earlier = self._starts[index][self._starts[index] <= max(0, len(given) - length)]
            start = int(earlier[-1]) if len(earlier) else 0
        return _padded(given[start : start + length], length), _padded(beside[start : start + length], length)


def _padded(rows: Numbers, length: int) -> Numbers:
    padding = np.repeat(rows[-1:], length - len(rows), axis=0)
    return np.concatenate([rows, padding])


def losses(network: Composer, given: Tensor, beside: Tensor) -> dict[str, Tensor]:
    """Return the mean loss of each field over the words that have it, and `word`: the sum, in nats."""
    state, _ = network(given[:, :-1], beside[:, :-1])
    after = given[:, 1:]
    family = after[..., 0]
    logits = network.parts(state, family, after[..., 2], after[..., 3])
    real = (given[:, :-1, 0] != words.END).float()  # nothing is foretold after the end
    total, result = torch.zeros(()), {}
    for name, column, owner in zip(words.FIELDS, range(len(OWNERS)), OWNERS, strict=True):
        each = functional.cross_entropy(
            logits[column].flatten(0, 1), after[..., column].flatten(), reduction="none"
        )
        has = real if owner is None else real * (family == owner)
        sum_ = (each.view_as(has) * has).sum()
        result[name] = sum_ / has.sum().clamp(min=1)
        total = total + sum_
    return {**result, "word": total / real.sum()}


@torch.no_grad()
def judged(network: Composer, lessons: Lessons, length: int = 512) -> dict[str, float]:
    """Return the mean losses over pieces, the first `length` words of each."""
    network.eval()
    sums: dict[str, list[float]] = {}
    for given, beside in lessons.encoded:
        rows = (torch.from_numpy(part[:length])[None] for part in (given, beside))
        for name, loss in losses(network, *rows).items():
            sums.setdefault(name, []).append(loss.item())
    return {name: round(float(np.mean(values)), 4) for name, values in sums.items()}


def train(
    pieces: Lessons, held_out: Lessons, folder: Path, plan: Plan, network: Composer | None = None
) -> Composer:
    """Train, or go on from the checkpoint in `folder`; return the network."""
    torch.manual_seed(plan.seed)
    torch.set_num_threads(plan.threads)
    folder.mkdir(parents=True, exist_ok=True)
    network, done, checkpoint = network or Composer(), 0, folder / "checkpoint.pt"
    optimizer = adamw(network, plan.rate, plan.weight_decay)
    if checkpoint.exists():
        state: dict[str, Any] = torch.load(checkpoint, weights_only=True)
        done = state["step"]
        network.load_state_dict(state["network"])
        optimizer.load_state_dict(state["optimizer"])
    started, recent = time.monotonic(), list[float]()
    for number in range(done + 1, plan.steps + 1):
        for group in optimizer.param_groups:
            group["lr"] = plan.rate * _share(number, plan)
        torch.manual_seed(plan.seed * 1_000_003 + number)
        network.train()
        loss = losses(network, *pieces.batch(plan, number))["word"]
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        recent.append(loss.item())
        if number % plan.save_every == 0 or number == plan.steps:
            held = judged(network, held_out)
            print(
                f"step {number}: {np.mean(recent):.4f}, held out {held}, {time.monotonic() - started:.0f} s",
                flush=True,
            )
            recent = []
            parts: dict[str, Any] = {"network": network, "optimizer": optimizer}
            save({"step": number, **{key: part.state_dict() for key, part in parts.items()}}, checkpoint)
    return network.eval()


def _share(number: int, plan: Plan) -> float:
    """Return the rate at a step as a share of the whole: it grows, then falls to a hundredth."""
    return min(1.0, number / plan.warm) * (0.505 + 0.495 * math.cos(math.pi * number / plan.steps))
