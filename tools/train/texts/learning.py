"""The training loop: seeded, resumable, one averaged network."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from tools.train.steps import adamw, save, update_average
from tools.train.texts.network import WordNetwork

CHUNK = 16
"""Batches whose texts are drawn together and sorted by length, so that little of a batch is padding."""

EARLY = 0.4
"""Share of the steps that see only words."""

WARM = 200
"""Steps until the rate is whole."""


@dataclass(frozen=True)
class Plan:
    """How to train."""

    steps: int
    batch: int = 256
    rate: float = 5e-3
    weight_decay: float = 0.01
    similarity: float = 4.0
    """Weight of the similarities within a batch, against the cosine to the teacher."""
    seed: int = 0
    threads: int = 1
    save_every: int = 500


@dataclass(frozen=True)
class Lessons:
    """Texts as word pieces, and what the teacher makes of them."""

    pieces: Sequence[NDArray[np.int64]]
    vectors: NDArray[np.float16]
    """float16[texts, size]."""
    words: int
    """How many of the first texts come alone at the beginning: words, before what is composed of them."""

    def batches(self, plan: Plan, done: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Batches from number `done` on: pieces int64[batch, longest], 0 for padding, and vectors."""
        lengths = np.array([len(text) for text in self.pieces])
        for number in range(done, plan.steps):
            early = number < EARLY * plan.steps
            rows = _rows(lengths[: self.words] if early else lengths, plan, number)
            texts = [torch.from_numpy(self.pieces[row]) for row in rows]
            padded = nn.utils.rnn.pad_sequence(texts, batch_first=True)
            yield padded, torch.from_numpy(self.vectors[rows]).float()


def train(network: WordNetwork, lessons: Lessons, plan: Plan, folder: Path) -> WordNetwork:
    """Train, or go on from the checkpoint in `folder`; return the averaged network."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(plan.threads)
    average = copy.deepcopy(network)
    optimizer = adamw(network, plan.rate, plan.weight_decay, fused=True)
    parts: dict[str, Any] = {"model": network, "average": average, "optimizer": optimizer}
    done, checkpoint = 0, folder / "checkpoint.pt"
    if checkpoint.exists():
        state: dict[str, Any] = torch.load(checkpoint, weights_only=True)
        done = state["step"]
        for name, part in parts.items():
            part.load_state_dict(state[name])
    started, running = time.monotonic(), 0.0
    for step, (pieces, wanted) in enumerate(lessons.batches(plan, done), done + 1):
        share = 0.505 + 0.495 * math.cos(math.pi * step / plan.steps)
        for group in optimizer.param_groups:
            group["lr"] = plan.rate * min(1, step / WARM) * share
        value = loss(network.train()(pieces), wanted, plan.similarity)
        optimizer.zero_grad()
        value.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        update_average(average, network, min(0.998, step / (step + 20)))
        running += value.item()
        if step % plan.save_every == 0 or step == plan.steps:
            print(
                f"step {step} of {plan.steps}: loss {running / plan.save_every:.4f}, "
                f"{time.monotonic() - started:.0f} s",
                flush=True,
            )
            running = 0.0
            save({"step": step, **{name: part.state_dict() for name, part in parts.items()}}, checkpoint)
    return average.eval()


def loss(found: Tensor, wanted: Tensor, similarity: float) -> Tensor:
    """1 - cosine to the teacher, and how far similarities within the batch are from the teacher's."""
    wanted = functional.normalize(wanted)
    away = (found @ found.T - wanted @ wanted.T).square().mean()
    return 1 - (found * wanted).sum(dim=1).mean() + similarity * away


def _rows(lengths: NDArray[np.int64], plan: Plan, number: int) -> NDArray[np.int64]:
    """Texts of batch `number`: of a chunk that is sorted by length, and each text once before any twice."""
    chunk, place = divmod(number, CHUNK)
    count = CHUNK * plan.batch
    epoch, start = divmod(chunk * count, max(len(lengths) - count, 1))
    order = np.random.default_rng([plan.seed, epoch]).permutation(len(lengths))[start : start + count]
    ordered = order[np.argsort(lengths[order], kind="stable")]
    parts = np.array_split(ordered, CHUNK)
    rows: NDArray[np.int64] = parts[np.random.default_rng([plan.seed, 1, chunk]).permutation(CHUNK)[place]]
    return rows
