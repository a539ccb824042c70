"""Channel and SpecAugment on batches of mel power: what microphones, codecs and rooms do to a recording."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from tools.sound.mel import hz_to_mel, mel_to_hz
from tools.train.segmenter.corpus import FRONT_END

COMPRESSED = 0.35
"""Share of the clips that are compressed."""


def channel(power: Tensor, rng: np.random.Generator) -> Tensor:
    """Random equaliser, tilt, compressor, band limits, level and noise for power [batch, frames, n_mels]."""
    batch, _, n_mels = power.shape
    knots = torch.randn(batch, 1, 6) * 3.5
    knots[torch.rand(batch) < 0.35] = 0
    tilt = torch.linspace(-1, 1, n_mels) * torch.randn(batch, 1, 1) * 4
    curve_db = functional.interpolate(knots, size=n_mels, mode="linear", align_corners=True) + tilt
    power = _compress(power * 10 ** (curve_db / 10))
    for row in range(batch):
        draw = rng.random()
        if draw < 0.2:
            power[row, :, _band(rng.uniform(2800, 7400)) :] *= 10.0 ** rng.uniform(-6, -2)
        elif draw < 0.27:
            power[row, :, : _band(rng.uniform(80, 350))] *= 1e-3
    level = 10 ** (torch.rand(batch, 1, 1) * 4.0 - 2.2) * 30
    power = power * torch.clamp(level / (power.amax((1, 2), keepdim=True) + 1e-5), max=1e4)
    noisy = (torch.rand(batch, 1, 1) < 0.25) * 10 ** (torch.rand(batch, 1, 1) * 4 - 6)
    return power + noisy * (0.5 - 0.5 * torch.log(torch.rand_like(power) + 1e-6))


def _compress(power: Tensor) -> Tensor:
    """Lift what is quiet, as a limiter or a phone's gain control does, in a third of the clips.

    The level follows the mean of 0.14 s; what is over the threshold, its loudest less 0 to 25 dB, rises by
    1 dB for 2 to 20 dB.
    """
    batch, _, _ = power.shape
    level_db = 10 * torch.log10(functional.avg_pool1d(power.mean(2)[:, None], 11, 1, 5)[:, 0] + 1e-9)
    threshold_db = level_db.amax(1, keepdim=True) - torch.rand(batch, 1) * 25
    slope = (1 - 1 / (2 + 18 * torch.rand(batch, 1))) * (torch.rand(batch, 1) < COMPRESSED)
    gain_db = -(level_db - threshold_db).clamp(min=0) * slope
    return power * 10 ** (gain_db[:, :, None] / 10)


def _band(hz: float) -> int:
    edges = mel_to_hz(
        np.linspace(hz_to_mel(FRONT_END.low_hz), hz_to_mel(FRONT_END.high_hz), FRONT_END.n_mels)
    )
    return int(np.searchsorted(edges, hz))


def normalize(power: Tensor) -> Tensor:
    """What `LogMel.normalize` does, on a tensor."""
    return (torch.log(power + FRONT_END.floor) - FRONT_END.mean) / FRONT_END.scale


def spec_augment(mel: Tensor, rng: np.random.Generator) -> Tensor:
    """Blank random bands and short stretches of time of the network's input with its mean."""
    _, frames, n_mels = mel.shape
    for row in mel:
        mean = row.mean()
        for _ in range(2):
            if rng.random() < 0.5:
                width = int(rng.integers(1, 9))
                first = int(rng.integers(0, n_mels - width))
                row[:, first : first + width] = mean
            if rng.random() < 0.4:
                width = int(rng.integers(1, 24))
                first = int(rng.integers(0, frames - width))
                row[first : first + width] = mean
    return mel
