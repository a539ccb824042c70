"""From bursts to the inputs of the networks, as a camera and a detector would have given them.

patches -> grid of jittered landmarks, moved lips -> light, occluders, blur, compression, noise -> crops
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from edge.arrays import Floats
from edge.networks.lip_crops import LipGeometry, lip_matrices
from tools.train.lips.bursts import Burst
from tools.train.lips.corpus import PATCH

GEOMETRY = LipGeometry(
    width=48, height=40, eyes=36.0, eyes_to_mouth=39.6, mouth_y=17.0, smooth=1, smooth_scale=5
)
"""The crops: 84 mm x 70 mm of a face whose eyes are 63 mm apart, from below the nose to the chin."""

BLOCK = 8
"""Pixels of a block of the compression."""


def plain(burst: Burst) -> NDArray[np.uint8]:
    """A burst as it was recorded, uint8[t, height, width]."""
    matrices = lip_matrices(_landmarks(burst), GEOMETRY)
    pixels = sample(_patches(burst)[None], _grid(matrices)[None])[0]
    return np.asarray(pixels.round().clamp(0, 255).numpy(), np.uint8)


def augmented(bursts: Sequence[Burst], rng: np.random.Generator) -> Tensor:
    """Bursts of one length as uint8[batch, t, height, width]."""
    patches = torch.stack([_patches(burst) for burst in bursts])
    grids = torch.stack([_moved(_grid(_jittered(burst, rng)), burst.motion, rng) for burst in bursts])
    pixels = sample(patches, grids)
    pixels = torch.stack([_photographed(x, rng) for x in pixels])
    return pixels.round().clamp(0, 255).to(torch.uint8)


def sample(patches: Tensor, grids: Tensor) -> Tensor:
    """Read patches [batch, t, H, W] at grids [batch, t, h, w, 2], in pixels: float [batch, t, h, w]."""
    size = torch.tensor([PATCH.width, PATCH.height], dtype=torch.float32)
    relative = (grids * 2 / size - 1).flatten(0, 1)
    found = functional.grid_sample(
        patches.flatten(0, 1)[:, None].float(), relative, padding_mode="border", align_corners=False
    )
    return found[:, 0].reshape(*grids.shape[:4])


def sounds_of(bursts: Sequence[Burst], rng: np.random.Generator | None = None) -> Tensor:
    """The sounds float32[batch, t, 5]; with `rng`, of another gain and a less certain segmenter."""
    sounds = torch.from_numpy(np.stack([burst.sound for burst in bursts]).astype(np.float32))
    if rng is None:
        return sounds
    sounds[..., 0] += torch.from_numpy(rng.uniform(-15, 10, (len(bursts), 1)).astype(np.float32))
    sounds[..., 0] += torch.from_numpy(rng.normal(0, 0.7, sounds.shape[:2]).astype(np.float32))
    logits = torch.log(sounds[..., 1:].clamp(1e-5, 1))
    noise = rng.normal(0, 0.5, (len(bursts), 1, 4)) + rng.normal(0, 0.2, logits.shape)
    sounds[..., 1:] = torch.softmax(logits + torch.from_numpy(noise.astype(np.float32)), -1)
    return sounds


def _patches(burst: Burst) -> Tensor:
    """Patches [t, H, W] at the burst's positions."""
    before = np.floor(burst.positions).astype(np.int64)
    share = torch.from_numpy((burst.positions - before).astype(np.float32))[:, None, None]
    first = torch.from_numpy(burst.clip.patches[before]).float()
    if not share.any():
        return first
    after = np.minimum(before + 1, len(burst.clip.patches) - 1)
    return first.lerp(torch.from_numpy(burst.clip.patches[after]).float(), share)


def _landmarks(burst: Burst) -> Floats:
    every = np.arange(len(burst.clip.landmarks))
    columns = burst.clip.landmarks.reshape(len(every), -1).T
    rows = np.stack([np.interp(burst.positions, every, column) for column in columns], 1)
    return rows.reshape(-1, 5, 2).astype(np.float32)


def _jittered(burst: Burst, rng: np.random.Generator) -> Floats:
    """Matrices [t, 2, 3] of landmarks as another detector finds them, on a face held differently."""
    landmarks = _landmarks(burst)
    landmarks += rng.normal(0, 1.2, (1, 5, 2)).astype(np.float32)
    shake = float(rng.choice([0.2, 0.5, 1.0, 1.8], p=[0.3, 0.35, 0.25, 0.1]))
    landmarks += rng.normal(0, shake, landmarks.shape).astype(np.float32)
    middle = landmarks.mean((0, 1))
    angle, size = rng.normal(0, 0.06), np.exp(rng.normal(0, 0.07))
    drift = np.linspace(-1, 1, len(landmarks))[:, None, None] * rng.normal(0, 1.5, 2)
    turn = size * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    moved = (landmarks - middle) @ turn.T + middle + drift * (rng.random() < 0.3) + rng.normal(0, 1.0, 2)
    matrices = lip_matrices(moved.astype(np.float32), GEOMETRY)
    matrices[:, :, 2] += _nodded(len(matrices), rng)
    if rng.random() < 0.5:  # the mirrored face
        matrices[:, :, 2] += matrices[:, :, 0] * GEOMETRY.width
        matrices[:, :, 0] *= -1
    return matrices


def _nodded(frames: int, rng: np.random.Generator) -> Floats:
    """What is left of a head's nods and of all landmarks' common errors after smoothing, float32[t, 2]."""
    way = rng.normal(0, (0.4, 1.0)) * (rng.random() < 0.5)
    swing = np.sin(2 * np.pi * (rng.uniform(0.05, 0.4) * np.arange(frames) + rng.random()))
    shake = rng.normal(0, rng.choice([0.0, 0.4, 0.9]), (frames, 2))
    return np.asarray(rng.uniform(0, 3) * swing[:, None] * way + shake, np.float32)


def _grid(matrices: Floats) -> Tensor:
    """Where the pixels of crops lie in patches: [t, height, width, 2]."""
    rows, columns = np.mgrid[: GEOMETRY.height, : GEOMETRY.width] + 0.5
    places = np.stack([columns, rows, np.ones_like(rows)], -1).astype(np.float32).reshape(-1, 3)
    grid = (places @ matrices.transpose(0, 2, 1)).reshape(-1, *rows.shape, 2)
    return torch.from_numpy(grid)


def _moved(grid: Tensor, motion: str, rng: np.random.Generator) -> Tensor:
    """Make a mouth chew (its lower part moves) or smile (its corners part), or turn the head."""
    if not motion:
        return grid
    time = torch.arange(len(grid)) / 10
    rows = (torch.arange(GEOMETRY.height) + 0.5 - GEOMETRY.mouth_y) / GEOMETRY.height
    if motion == "chew":
        phase = 2 * np.pi * (rng.uniform(0.8, 1.8) * time + rng.random())
        below = torch.sigmoid(rows * rng.uniform(8, 20))[None, :, None]
        up, aside = rng.uniform(0.8, 3.0), rng.uniform(0, 1.5)
        grid = grid.clone()
        grid[..., 1] += (torch.sin(phase) * up)[:, None, None] * below
        grid[..., 0] += (torch.cos(phase) * aside)[:, None, None] * below
        return grid
    start = float(rng.uniform(0, float(time[-1])))
    pace = torch.sigmoid((time - start) * rng.uniform(1, 5))[:, None, None]
    sideways = grid[..., 0] - grid[..., 0].mean((1, 2), keepdim=True)
    grid = grid.clone()
    if motion == "smile":
        near = torch.exp(-((rows * rng.uniform(3, 6)) ** 2))[None, :, None]
        grid[..., 0] -= sideways * near * pace * rng.uniform(-0.2, 0.25)
    else:
        grid[..., 0] += sideways * pace * rng.uniform(0.1, 0.9) + pace * rng.normal(0, 4)
        grid[..., 1] += sideways * pace * rng.normal(0, 0.1) + pace * rng.normal(0, 2)
    return grid


def _photographed(pixels: Tensor, rng: np.random.Generator) -> Tensor:
    """One burst [t, h, w] in another light, through another camera and encoder."""
    if rng.random() < 0.12:
        pixels = _occluded(pixels, rng)
    if rng.random() < 0.3:
        pixels = _blurred(pixels, rng.uniform(0.4, 0.9))
    pixels = _lit(pixels, rng)
    if rng.random() < 0.6:
        pixels = pixels + torch.from_numpy(
            rng.standard_normal(pixels.shape, np.float32) * np.float32(rng.uniform(0.5, 6))
        )
    if rng.random() < 0.5:
        pixels = _compressed(pixels, rng)
    return pixels


def _lit(pixels: Tensor, rng: np.random.Generator) -> Tensor:
    """Gamma, contrast, a slope of the light, slow changes and flicker."""
    frames, height, width = pixels.shape
    pixels = 255 * (pixels.clamp(0, 255) / 255) ** float(np.exp(rng.normal(0, 0.25)))
    gain = np.exp(rng.normal(0, 0.2)) * np.ones(frames)
    if rng.random() < 0.3:
        phase = rng.uniform(0.1, 0.6) * np.arange(frames) + rng.uniform(0, 6)
        gain *= 1 + rng.uniform(0.02, 0.2) * np.sin(phase)
    if rng.random() < 0.2:
        gain *= np.exp(rng.normal(0, rng.uniform(0.01, 0.05), frames))
    slope = torch.linspace(-1, 1, width)[None, None] * float(rng.normal(0, 0.15))
    slope = slope + torch.linspace(-1, 1, height)[None, :, None] * float(rng.normal(0, 0.1))
    factor = torch.from_numpy(gain.astype(np.float32))[:, None, None] * (1 + slope)
    return pixels * factor + float(rng.normal(0, 10))


def _blurred(pixels: Tensor, share: float) -> Tensor:
    """A smaller face: fewer pixels."""
    height, width = pixels.shape[1:]
    small = functional.interpolate(
        pixels[:, None], (int(height * share), int(width * share)), mode="bilinear", antialias=True
    )
    return functional.interpolate(small, (height, width), mode="bilinear")[:, 0]


def _occluded(pixels: Tensor, rng: np.random.Generator) -> Tensor:
    """A hand or a microphone: a textured ellipse that comes from below or from a side, and moves a little."""
    frames, height, width = pixels.shape
    rows, columns = torch.meshgrid(torch.arange(height) + 0.5, torch.arange(width) + 0.5, indexing="ij")
    time = torch.arange(frames) / 10
    phase = 2 * np.pi * (rng.uniform(0.1, 0.8) * time + rng.random())[:, None, None]
    x = rng.uniform(0, width) + rng.uniform(0, 3) * torch.sin(phase)
    y = height * rng.uniform(0.75, 1.15) + rng.uniform(0, 2) * torch.cos(phase)
    inside = ((columns - x) / rng.uniform(4, 14)) ** 2 + ((rows - y) / rng.uniform(5, 14)) ** 2 < 1
    texture = rng.normal(rng.uniform(20, 220), rng.uniform(2, 25), (height // 4, width // 4))
    tone = functional.interpolate(
        torch.from_numpy(texture.astype(np.float32))[None, None], (height, width), mode="bilinear"
    )[0]
    return torch.where(inside, tone, pixels)


def _compressed(pixels: Tensor, rng: np.random.Generator) -> Tensor:
    """Quantize cosine coefficients of 8 x 8 blocks; blocks that hardly change repeat the frame before."""
    step = float(rng.uniform(4, 30))
    frames, height, width = pixels.shape
    blocks = pixels.reshape(frames, height // BLOCK, BLOCK, width // BLOCK, BLOCK).transpose(2, 3)
    table = step * (1 + (torch.arange(BLOCK)[:, None] + torch.arange(BLOCK)) / 4)
    coefficients = COSINES @ (blocks - 128) @ COSINES.T
    blocks = COSINES.T @ (torch.round(coefficients / table) * table) @ COSINES + 128
    if rng.random() < 0.5:
        limit = rng.uniform(0.5, 3.0)
        kept = [blocks[0]]
        for block in blocks[1:]:
            same = (block - kept[-1]).abs().mean((-2, -1), keepdim=True) < limit
            kept.append(torch.where(same, kept[-1], block))
        blocks = torch.stack(kept)
    return blocks.transpose(2, 3).reshape(frames, height, width)


def _cosines() -> Tensor:
    k, n = torch.arange(BLOCK)[:, None], torch.arange(BLOCK)
    matrix: Tensor = torch.cos(torch.pi * (n + 0.5) * k / BLOCK) * (2 / BLOCK) ** 0.5
    matrix[0] /= 2**0.5
    return matrix


COSINES = _cosines()
"""The orthonormal cosine transform [8, 8]."""
