"""Metric learning: which of many tracks fit which of many videos, batch by batch."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from edge.arrays import Floats
from edge.networks.match_towers import LIGHT, MOTION, VideoFeatures
from tools.train.matching.corpus import Tracks
from tools.train.matching.knowledge import Scene, fits
from tools.train.matching.network import Towers
from tools.train.matching.samples import Studio, track_name
from tools.train.steps import adamw, save

Rule = Literal["softmax", "triplets"]
"""softmax: cross entropy between the softmax of cosines and that of how well tracks fit; triplets: for each
video the track that fits best and the nearest of those that fit worse by `WORSE`, with a margin."""

WORSE = 0.3
"""How much worse a negative of a triplet fits."""

NAMED_FIT = 0.4
"""How much better a track fits a scene that it is called after."""


@dataclass(frozen=True)
class Plan:
    """How to train."""

    steps: int = 1600
    batch: int = 160
    rate: float = 1e-3
    weight_decay: float = 0.05
    spread: float = 0.1
    """Difference of fit by which a track is e times as likely."""
    margin: float = 0.2
    noise: float = 0.15
    """Deviation of noise on sound features, in deviations of each."""
    blur: float = 0.7
    """Length of noise on text vectors, whose length is 1: words of like meaning shall have near places."""
    videos: int = 6000
    """Videos that are composed."""
    rule: Rule = "softmax"
    seed: int = 0
    print_every: int = 300


def train(tracks: Tracks, scenes: Sequence[Scene], studio: Studio, plan: Plan, folder: Path) -> Towers:
    """Train, or go on from the checkpoint in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(plan.seed)
    sound = torch.from_numpy(tracks.sound)
    mean, scale = sound.mean(0), sound.std(0).clamp(min=1e-2)
    towers = Towers(studio.names.shape[1], mean, scale)
    optimizer = adamw(towers, plan.rate, plan.weight_decay)
    done, checkpoint = 0, folder / "checkpoint.pt"
    if checkpoint.exists():
        state: dict[str, Any] = torch.load(checkpoint, weights_only=True)
        done = state["step"]
        towers.load_state_dict(state["towers"])
        optimizer.load_state_dict(state["optimizer"])
    lesson = _Lesson(tracks, scenes, studio, plan)
    started, losses = time.monotonic(), []
    for step in range(done + 1, plan.steps + 1):
        for group in optimizer.param_groups:
            group["lr"] = plan.rate * (0.51 + 0.49 * math.cos(math.pi * step / plan.steps))
        torch.manual_seed(plan.seed * 1_000_003 + step)
        batch = lesson.batch(np.random.default_rng([plan.seed, step]))
        noisy = sound[batch.rows] + plan.noise * scale * torch.randn(plan.batch, sound.shape[1])
        image, light, motion, words, present = batch.videos
        given = _blurred(image, plan.blur), light, motion, _blurred(words, plan.blur), present
        videos, music = towers.train().video(*given), towers.track(noisy, *batch.names)
        value = _loss(videos @ music.T, batch.fit, towers.sharpness, plan)
        optimizer.zero_grad()
        value.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses.append(value.item())
        if step % plan.print_every == 0 or step == plan.steps:
            print(f"step {step}: loss {np.mean(losses):.3f}, {time.monotonic() - started:.0f} s", flush=True)
            losses.clear()
            kept = {"step": step, "towers": towers.state_dict(), "optimizer": optimizer.state_dict()}
            save(kept, checkpoint)
    return towers.eval()


@dataclass(frozen=True)
class _Batch:
    """Videos and tracks, as many of each."""

    videos: tuple[Tensor, ...]
    rows: NDArray[np.intp]
    """Tracks."""
    names: tuple[Tensor, Tensor]
    """What they are called."""
    fit: Tensor
    """float32[videos, tracks]."""


class _Lesson:
    """Draws batches from videos that are composed before."""

    def __init__(self, tracks: Tracks, scenes: Sequence[Scene], studio: Studio, plan: Plan) -> None:
        rng = np.random.default_rng(plan.seed)
        self._tracks, self._scenes, self._studio, self._plan = tracks, scenes, studio, plan
        self._numbers = rng.integers(len(scenes), size=plan.videos)
        made = [studio.video(scenes[number], int(number), rng) for number in self._numbers]
        self._videos = video_tensors(made, studio)
        self._fits = fits([one.character for one in scenes], tracks.characters)
        self._shares = _shares(tracks)

    def batch(self, rng: np.random.Generator) -> _Batch:
        """Draw a batch."""
        count, tracks = self._plan.batch, self._tracks
        videos = rng.integers(len(self._numbers), size=count)
        scenes, rows = self._numbers[videos], rng.choice(len(tracks.sound), count, p=self._shares)
        fit = self._fits[np.ix_(scenes, rows)]
        after = scenes[np.argmax(fit + 0.2 * rng.random(fit.shape), axis=0)]
        names = []
        for column, (row, scene) in enumerate(zip(rows, after, strict=True)):
            name = track_name(tracks.characters[row], self._scenes[scene], rng)
            names.append(name)
            if name and name[0] in self._scenes[scene].keywords:
                fit[scenes == scene, column] += NAMED_FIT
        given = tuple(part[videos] for part in self._videos)
        return _Batch(given, rows, word_tensors(names, self._studio), torch.from_numpy(fit))


def _blurred(vectors: Tensor, length: float) -> Tensor:
    """Add noise to vectors, in parts of their length."""
    noise = torch.randn_like(vectors) / vectors.shape[1] ** 0.5
    blurred: Tensor = vectors + length * vectors.norm(dim=1, keepdim=True) * noise
    return blurred


def video_tensors(videos: Sequence[VideoFeatures], studio: Studio) -> tuple[Tensor, ...]:
    """Return what the video tower is given."""
    size = studio.names.shape[1]
    return (
        _stacked([one.image for one in videos], size),
        _stacked([one.light for one in videos], LIGHT),
        _stacked([one.motion for one in videos], MOTION),
        _stacked([one.words for one in videos], size),
        torch.from_numpy(np.stack([one.present for one in videos])),
    )


def word_tensors(names: Sequence[Sequence[str]], studio: Studio) -> tuple[Tensor, Tensor]:
    """Return vectors of what tracks are called, and whether they are."""
    vectors = [studio.words.mean(name) if name else None for name in names]
    known = torch.tensor([[float(vector is not None)] for vector in vectors])
    return _stacked(vectors, studio.names.shape[1]), known


def _loss(cosines: Tensor, fit: Tensor, sharpness: Tensor, plan: Plan) -> Tensor:
    if plan.rule == "triplets":
        best, at = fit.max(1)
        near = cosines.gather(1, at[:, None])
        far = cosines.masked_fill(fit > best[:, None] - WORSE, -1).max(1, keepdim=True).values
        return functional.relu(plan.margin + far - near).mean()
    logits = torch.exp(sharpness).clamp(max=50) * cosines
    wanted = fit / plan.spread
    return 0.5 * (
        functional.cross_entropy(logits, wanted.softmax(1))
        + functional.cross_entropy(logits.T, wanted.T.softmax(1))
    )


def _shares(tracks: Tracks) -> Floats:
    """Return how often each piece is drawn: recordings alike, and characters a little evened."""
    counts = {name: tracks.names.count(name) for name in set(tracks.names)}
    weights = np.array([1 / counts[name] for name in tracks.names])
    alike = {one: tracks.characters.count(one) for one in set(tracks.characters)}
    weights /= np.sqrt([alike[one] for one in tracks.characters])
    return np.asarray(weights / weights.sum())


def _stacked(rows: Sequence[Floats | None], size: int) -> Tensor:
    return torch.from_numpy(np.stack([np.zeros(size, np.float32) if row is None else row for row in rows]))
