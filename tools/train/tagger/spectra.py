"""Mel spectrograms in eight bits, and how they are varied.

A value of a spectrogram is log10(1 + `FULL` power), stored in steps of `STEP`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from edge.arrays import Floats

STEP = 1 / 36
"""Difference of two stored values; spectrograms are 0 to 7."""

FULL = 10_000.0
"""Factor of the power of a band."""


def quantized(mel: Floats) -> NDArray[np.uint8]:
    """Return a spectrogram in steps of `STEP`."""
    return np.asarray(np.clip(np.rint(mel / STEP), 0, 255), np.uint8)


def draw(mels: Tensor, frames: int, batch: int, rng: np.random.Generator) -> Tensor:
    """Draw varied excerpts float32[batch, frames, bands]: other speed, pitch, level and color, and mixed."""
    power = _power(mels, frames, batch, rng)
    mixed = torch.tensor(rng.random(batch) < 0.3, device=mels.device)
    other = _power(mels, frames, batch, rng) * _decibels(rng.uniform(-15, 0, batch), mels)
    power = torch.where(mixed[:, None, None], power + other, power)
    bands = np.linspace(-1, 1, mels.shape[2])
    color = rng.uniform(-8, 8, (batch, 1)) * bands + rng.uniform(-4, 4, (batch, 1)) * np.cos(3 * bands)
    power = power * _decibels(color, mels) * _decibels(rng.uniform(-18, 6, batch), mels)
    floor = _decibels(rng.uniform(-75, -45, batch), mels)
    noisy = torch.tensor(rng.random(batch) < 0.3, device=mels.device)[:, None, None]
    return torch.log10(1 + FULL * (power + floor * noisy)).clamp(max=7.5)


def _power(mels: Tensor, frames: int, batch: int, rng: np.random.Generator) -> Tensor:
    """Draw excerpts as powers, played at another speed and pitch."""
    count, length, bands = mels.shape
    chosen = torch.tensor(rng.integers(count, size=batch), device=mels.device)
    speed = torch.tensor(rng.uniform(0.8, 1.25, batch), device=mels.device)
    last = length - 1 - (frames - 1) * speed
    start = torch.tensor(rng.random(batch), device=mels.device) * last
    times = (start[:, None] + torch.arange(frames, device=mels.device) * speed[:, None]).round().long()
    shift = torch.tensor(rng.integers(-5, 6, batch), device=mels.device)
    pitch = torch.arange(bands, device=mels.device)[None] - shift[:, None]
    inside = (pitch >= 0) & (pitch < bands)
    values = mels[chosen[:, None, None], times[:, :, None], pitch.clamp(0, bands - 1)[:, None, :]]
    return (10 ** (values.float() * STEP) - 1) / FULL * inside[:, None, :]


def _decibels(values: Any, mels: Tensor) -> Tensor:
    """Return factors of power, float32[batch, 1, bands or 1]."""
    factors = torch.tensor(10 ** (np.asarray(values) / 10), dtype=torch.float32, device=mels.device)
    return factors.reshape(len(factors), 1, -1)
