"""What the two networks of the face detector learn: drawn images, targets and losses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from tools.train.faces.compose import SIZES, Composed, Composer
from tools.train.faces.network import CHANNELS, CROP, REACH, STRIDE, UNIT, Proposal, Refinement

Floats = NDArray[np.float32]

SPREAD, CENTER = 0.12, 0.2
"""Of a face in sides: standard deviation of its score, and reach of the cells that learn its shape."""

SHAPE_WEIGHT, REFINED_WEIGHT = 2.0, 60.0
"""Of the shapes against the scores in the losses."""

BETA = 0.02
"""Errors in sides below which they count by their squares."""


@dataclass(frozen=True)
class Lesson:
    """How one network is trained."""

    network: Callable[[], nn.Module]
    batch: int
    """Images per batch."""
    draw: Callable[[Composer, int], list[Floats]]
    """A batch of that many images: pixels -1 to 1, and what `loss` wants."""
    loss: Callable[[tuple[Tensor, Tensor], Sequence[Tensor]], Tensor]
    """From the outputs of the network and the rest of a batch."""


def draw_proposals(composer: Composer, batch: int) -> list[Floats]:
    """Draw whole images of one size, with the targets of their cells."""
    height, width = SIZES[int(composer.rng.integers(len(SIZES)))]
    images = [composer.image(height, width) for _ in range(batch)]
    return [normalized(images), *(np.stack(parts) for parts in zip(*map(targets, images), strict=True))]


def draw_refinements(composer: Composer, batch: int) -> list[Floats]:
    """Draw crops, whether there is a face [batch], and its shape [batch, 14]."""
    images = [composer.crop(CROP, REACH) for _ in range(batch)]
    shapes = np.zeros((batch, CHANNELS - 2), np.float32)
    for row, image in zip(shapes, images, strict=True):
        if len(image.faces):
            points = np.concatenate([image.faces.boxes[0].reshape(2, 2), image.faces.landmarks[0]])
            row[:] = (points / CROP - 0.5).ravel()
    return [normalized(images), np.array([len(image.faces) for image in images], np.float32), shapes]


def normalized(images: Sequence[Composed]) -> Floats:
    """Return float32[batch, 3, height, width], values -1 to 1."""
    return np.stack([image.pixels for image in images]) / np.float32(127.5) - 1


def targets(image: Composed) -> tuple[Floats, Floats, Floats, Floats]:
    """Return score [1, rows, columns], its weight, shapes [15, rows, columns], and the weight of those.

    The last is 1 / n at the n cells of a face.
    """
    rows, columns = (side // STRIDE for side in image.pixels.shape[1:])
    y, x = (np.mgrid[:rows, :columns] + 0.5) * STRIDE
    score, weight = np.zeros((1, rows, columns), np.float32), np.ones((1, rows, columns), np.float32)
    shapes, learn = (
        np.zeros((CHANNELS - 1, rows, columns), np.float32),
        np.zeros((1, rows, columns), np.float32),
    )
    for left, top, right, bottom in image.unclear:
        weight[0, (x > left) & (x < right) & (y > top) & (y < bottom)] = 0
    order = np.argsort(
        [-(box[2] - box[0]) for box in image.faces.boxes]
    )  # small ones win where faces overlap
    for box, landmarks in ((image.faces.boxes[i], image.faces.landmarks[i]) for i in order):
        side = float((box[2:] - box[:2]).max())
        center = (box[:2] + box[2:]) / 2
        gap = np.hypot(x - center[0], y - center[1])
        peak = np.exp(-((gap - gap.min()) ** 2) / 2 / max(STRIDE / 2, SPREAD * side) ** 2)
        score[0] = np.maximum(score[0], peak)
        cells = gap <= max(gap.min(), CENTER * side)
        points = np.concatenate([box.reshape(2, 2), landmarks])[:, :, None, None]
        relative = (points - np.stack([x, y])) / side
        shapes[:, cells] = np.concatenate(
            [np.full((1, rows, columns), np.log(side / UNIT)), relative.reshape(14, rows, columns)]
        )[:, cells]
        learn[0, cells] = 1 / cells.sum()
        weight[0, cells] = 1
    return score, weight, shapes, learn


def proposal_loss(outputs: tuple[Tensor, Tensor], wanted: Sequence[Tensor]) -> Tensor:
    """Focal loss of the scores (as CenterNet's), and absolute errors of the shapes; both per face.

    `outputs` are those of the network, `wanted` what `targets` returns, in batches.
    """
    logits, shapes = outputs
    score, weight, wanted_shapes, learn = wanted
    p = torch.sigmoid(logits).clamp(1e-5, 1 - 1e-5)
    peak = score > 0.99
    hit = -torch.log(p) * (1 - p) ** 2 * peak
    miss = -torch.log(1 - p) * p**2 * (1 - score) ** 4 * ~peak
    count = peak.sum().clamp(min=1)
    errors = functional.smooth_l1_loss(shapes, wanted_shapes, reduction="none", beta=BETA)
    return ((hit + miss) * weight).sum() / count + SHAPE_WEIGHT * (errors * learn).sum() / count


def refinement_loss(outputs: tuple[Tensor, Tensor], wanted: Sequence[Tensor]) -> Tensor:
    """Cross-entropy of the scores, and absolute errors of the shapes of faces."""
    logits, shapes = outputs
    has_face, wanted_shapes = wanted
    scores = functional.binary_cross_entropy_with_logits(logits, has_face * 0.98 + 0.01)
    errors = functional.smooth_l1_loss(shapes, wanted_shapes, reduction="none", beta=BETA).mean(1)
    return scores + REFINED_WEIGHT * (errors * has_face).sum() / has_face.sum().clamp(min=1)


LESSONS = {
    "proposal": Lesson(Proposal, 24, draw_proposals, proposal_loss),
    "refinement": Lesson(Refinement, 64, draw_refinements, refinement_loss),
}
"""By the roles of the networks in the manifest."""
