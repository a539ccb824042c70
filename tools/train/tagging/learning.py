"""Triplet loss over rounds of composed videos, with three rules for choosing the tags that do not match."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from edge.arrays import Floats
from edge.errors import UsageError
from edge.evidence.excerpts import light_features
from edge.networks.tag_towers import FACES, LIGHT, MODALITIES
from tools.train.steps import adamw, save
from tools.train.tagging.network import Towers
from tools.train.tagging.samples import Composer, Sample

Rule = Literal["semi-hard", "published", "random"]
"""Which tags are drawn as negatives of an anchor a and a positive p, at distances d:

semi-hard: d(a, p) < d(a, n) < d(a, p) + margin, by the network as it is
published: d(a, n) > d(a, p) + margin, by the network as it was when the round began (US 12,394,226 B2): their
    loss is zero then, so only what has moved since counts
random: any
"""


@dataclass(frozen=True)
class Plan:
    """How to train."""

    rounds: int = 40
    samples: int = 4000
    """Videos that are composed for each round."""
    batch: int = 64
    positives: int = 6
    """Triplets of a video."""
    rate: float = 2e-3
    weight_decay: float = 0.02
    margin: float = 0.1
    nearest: float = 0.7
    """Cosine of the text vectors from which a tag means too much the same as a positive to be a negative."""
    rule: Rule = "semi-hard"
    seed: int = 0
    threads: int = 1

    def __post_init__(self) -> None:
        if self.rule not in get_args(Rule):
            raise UsageError(f"the rule is one of {', '.join(get_args(Rule))}, not {self.rule!r}")


@dataclass(frozen=True)
class Vocabulary:
    """Texts with their vectors."""

    names: Floats
    """float32[labels, text]: names of the image encoder's classes."""
    tags: tuple[str, ...]
    """Tags that are learned."""
    vectors: Floats
    """float32[tags, text]."""
    others: Floats
    """float32[others, text]: tags that no video is known to have; negatives only."""
    encode: Callable[[Sequence[str]], Floats]
    """Encodes titles."""


@dataclass(frozen=True)
class Round:
    """Composed videos as tensors, in the order of `Video.forward`, and their tags."""

    classes: Tensor
    light: Tensor
    audio: Tensor
    text: Tensor
    faces: Tensor
    present: Tensor
    fitting: Tensor
    """float32[samples, tags]: weights of the tags that fit."""

    def __getitem__(self, part: Any) -> Round:
        return Round(*(getattr(self, name)[part] for name in self.__dataclass_fields__))


class Learner:
    """Towers, their optimizer, and the vocabulary that they learn."""

    def __init__(self, vocabulary: Vocabulary, audio: int, plan: Plan) -> None:
        torch.manual_seed(plan.seed)
        torch.set_num_threads(plan.threads)
        self.plan, self._vocabulary = plan, vocabulary
        self._names, self._texts = (
            torch.from_numpy(vocabulary.names),
            torch.from_numpy(np.concatenate([vocabulary.vectors, vocabulary.others])),
        )
        self._index = {tag: number for number, tag in enumerate(vocabulary.tags)}
        self._alike = (self._texts @ self._texts.T) >= plan.nearest
        self._titles: dict[str, Floats] = {}
        self.towers = Towers(vocabulary.vectors.shape[1], audio)
        self.towers.start(self._texts)
        self.optimizer = adamw(self.towers, plan.rate, plan.weight_decay)

    @property
    def tags(self) -> tuple[str, ...]:
        """Tags that are learned."""
        return self._vocabulary.tags

    def places(self, batch: Round) -> tuple[Tensor, Tensor]:
        """Return the learned parts of the places of videos, and their gates."""
        image = batch.classes @ self.towers.learned_names(self._names)
        result: tuple[Tensor, Tensor] = self.towers.learned(
            image, batch.light, batch.audio, batch.text, batch.faces, batch.present
        )
        return result

    def compose(self, composer: Composer, number: int) -> Round:
        """Compose the videos of a round."""
        composer.rng = np.random.default_rng([self.plan.seed, number])
        return self.tensors([composer.sample() for _ in range(self.plan.samples)])

    def tensors(self, samples: Sequence[Sample]) -> Round:
        """Convert composed videos; tags that are not learned are left out."""
        size, audio = self.towers.text, self.towers.audio
        labels = len(self._names)
        fitting = np.zeros((len(samples), len(self._texts)), np.float32)
        for row, sample in zip(fitting, samples, strict=True):
            for tag, weight in sample.tags.items():
                if tag in self._index:
                    row[self._index[tag]] = weight
        return Round(
            classes=_stacked([sample.classes for sample in samples], labels),
            light=_stacked([_light(sample) for sample in samples], LIGHT),
            audio=_stacked([sample.audio for sample in samples], audio),
            text=_stacked([self._title(sample.title) for sample in samples], size),
            faces=_stacked([sample.faces for sample in samples], FACES),
            present=torch.tensor([present(sample) for sample in samples], dtype=torch.float32),
            fitting=torch.from_numpy(fitting),
        )

    def _title(self, title: str) -> Floats | None:
        if title and title not in self._titles:
            self._titles[title] = self._vocabulary.encode([title])[0]
        return self._titles.get(title)

    def round(self, composer: Composer, number: int) -> float:
        """Train on one round of new videos; return the mean loss."""
        torch.manual_seed(self.plan.seed * 1_000_003 + number)
        data = self.compose(composer, number)
        before = self.distances(data) if self.plan.rule == "published" else None
        order = np.random.default_rng([self.plan.seed, number]).permutation(len(data.present))
        losses = []
        self.towers.train()
        for part in np.array_split(order, max(1, len(order) // self.plan.batch)):
            loss = self.loss(data[part], None if before is None else before[part])
            self.optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimizer.step()
            losses.append(loss.item())
        return float(np.mean(losses))

    @torch.no_grad()
    def precision(self, composer: Composer, count: int) -> dict[str, float]:
        """Return how many of the first five tags fit new composed videos, 0 to 1, with and without title."""
        composer.rng = np.random.default_rng([self.plan.seed, 1 << 20])
        data = self.tensors([composer.sample() for _ in range(count)])
        first = self.distances(data).topk(5, largest=False).indices
        fits = (data.fitting.gather(1, first) > 0).float().mean(1)
        titled = data.present[:, MODALITIES.index("text")] > 0
        return {
            "titled": round(fits[titled].mean().item(), 4),
            "untitled": round(fits[~titled].mean().item(), 4),
        }

    @torch.no_grad()
    def distances(self, data: Round) -> Tensor:
        """Return the cosine distances of videos and tags, [samples, tags]."""
        self.towers.eval()
        places, _ = self.places(data)
        return 1 - places @ self.towers.learned_tags(self._texts).T

    def loss(self, batch: Round, before: Tensor | None) -> Tensor:
        """Return the triplet loss max(0, d(a, p) - d(a, n) + margin), over a few positives of each video."""
        margin = self.plan.margin
        places, _ = self.places(batch)
        distances = 1 - places @ self.towers.learned_tags(self._texts).T
        known = distances.detach() if before is None else before
        forbidden = (batch.fitting > 0).float() @ self._alike.float() > 0
        positives = torch.multinomial(batch.fitting + 1e-9, self.plan.positives, replacement=True)
        near = known.gather(1, positives)[..., None]
        allowed = ~forbidden[:, None, :]
        wanted = allowed & self._rule(known[:, None, :], near)
        chances = torch.where(wanted.any(-1, keepdim=True), wanted, allowed).float()
        negatives = torch.multinomial(chances.flatten(0, 1), 1).view(positives.shape)
        return torch.relu(distances.gather(1, positives) - distances.gather(1, negatives) + margin).mean()

    def _rule(self, distances: Tensor, near: Tensor) -> Tensor:
        if self.plan.rule == "semi-hard":
            return (distances > near) & (distances < near + self.plan.margin)
        if self.plan.rule == "published":
            return distances > near + self.plan.margin
        return (distances > near) | True


def train(learner: Learner, composer: Composer, folder: Path) -> Towers:
    """Train, or go on from the checkpoint in `folder`; return the towers."""
    folder.mkdir(parents=True, exist_ok=True)
    plan, done, checkpoint = learner.plan, 0, folder / "checkpoint.pt"
    if checkpoint.exists():
        state: dict[str, Any] = torch.load(checkpoint, weights_only=True)
        done = state["round"]
        learner.towers.load_state_dict(state["towers"])
        learner.optimizer.load_state_dict(state["optimizer"])
    started = time.monotonic()
    for number in range(done + 1, plan.rounds + 1):
        for group in learner.optimizer.param_groups:
            group["lr"] = plan.rate * (0.502 + 0.498 * math.cos(math.pi * number / plan.rounds))
        loss = learner.round(composer, number)
        print(f"round {number}: loss {loss:.4f}, {time.monotonic() - started:.0f} s", flush=True)
        parts: dict[str, Any] = {"towers": learner.towers, "optimizer": learner.optimizer}
        save({"round": number, **{key: part.state_dict() for key, part in parts.items()}}, checkpoint)
    return learner.towers.eval()


def _light(sample: Sample) -> Floats | None:
    return None if sample.classes is None else light_features(sample.light, sample.classes)


def present(sample: Sample) -> list[bool]:
    """Return which of `MODALITIES` a sample has; faces only where one is seen."""
    seen = sample.faces is not None and bool(sample.faces.any())
    return [sample.classes is not None, sample.audio is not None, bool(sample.title), seen]


def _stacked(rows: Sequence[Floats | NDArray[np.float32] | None], size: int) -> Tensor:
    """Stack rows float32[size]; missing ones are zero."""
    zero = np.zeros(size, np.float32)
    return torch.from_numpy(np.stack([zero if row is None else row for row in rows]).astype(np.float32))
