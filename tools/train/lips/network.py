"""The two networks of lips: what their motion says, and whether it fits a sound.

    crops [batch, t, 40, 48] -> each and its change since the one before -> convolutions -> 32 numbers a frame
    -> temporal blocks -> consensus over the frames -> embedding -> do these lips produce speech or song?
    features of lips and of sound -> correlation at lags of -0.5 to 0.5 s -> does the motion fit this sound?

A temporal segment network: the frames share the convolutions, and a consensus judges the burst as a whole, so
that any number of frames will do.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

FEATURES = 32
"""Numbers per frame that describe the lips."""
EMBEDDING = 48
"""Numbers per burst."""
SOUND = 5
"""Numbers per frame of the sound: level in dBFS, four confidences."""
LAGS = 5
"""Frames of 100 ms by which lips and sound may differ."""
HEADS, HEAD = 4, 6
"""Correlations per lag, and features that each is the sum over."""


def _conv(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, 2, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU6())


class Frames(nn.Module):
    """Crops float [batch, t, 40, 48], 0 to 255 -> features [batch, t, 32] of each frame and its change."""

    def __init__(self, channels: tuple[int, ...] = (16, 32, 48, 64)) -> None:
        super().__init__()
        first, second, third, fourth = channels
        self.image = nn.Sequential(
            _conv(2, first), _conv(first, second), _conv(second, third), _conv(third, fourth)
        )
        self.project = nn.Linear(fourth * 3 * 3, FEATURES)

    def forward(self, crops: Tensor) -> Tensor:
        """Normalize the burst by its own mean and contrast, and describe its frames."""
        batch, frames = crops.shape[0], crops.shape[1]
        mean = crops.mean((1, 2, 3), keepdim=True)
        contrast = ((crops - mean) ** 2).mean((1, 2, 3), keepdim=True).sqrt()
        pixels = (crops - mean) / (contrast + 8)
        change = pixels - torch.cat([pixels[:, :1], pixels[:, :-1]], 1)
        pair = torch.stack([pixels, 2 * change], 2).flatten(0, 1)
        pair = pair.contiguous(memory_format=torch.channels_last)  # trains twice as fast
        features = torch.tanh(self.project(self.image(pair).flatten(1)))
        return features.reshape(batch, frames, FEATURES)


class TemporalBlock(nn.Module):
    """Residual depthwise-separable convolution over time, [batch, channels, t] -> the same."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv1d(channels, channels, 5, 1, 2 * dilation, dilation, channels, bias=False),
            nn.BatchNorm1d(channels),
            nn.ReLU(),
            nn.Conv1d(channels, channels, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Add the block's output to its input."""
        return x + self.body(x)  # type: ignore[no-any-return]


class Motion(nn.Module):
    """Crops [batch, t, 40, 48] -> embedding [batch, 48], logit [batch], features [batch, t, 32]."""

    def __init__(self, dropout: float = 0.2) -> None:
        super().__init__()
        self.frames = Frames()
        self.time = nn.Sequential(TemporalBlock(FEATURES, 1), TemporalBlock(FEATURES, 2))
        self.attention = nn.Conv1d(FEATURES, 1, 1)
        self.dropout = nn.Dropout(dropout)
        self.embedding = nn.Linear(3 * FEATURES, EMBEDDING)
        self.logit = nn.Linear(EMBEDDING, 1)
        self.opening = nn.Linear(FEATURES, 2)
        """Learned beside, and not exported: how far the lips are open, and how fast that changes."""

    def forward(self, crops: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Describe the motion of the lips, and judge whether it is that of speech or song."""
        features = self.frames(crops)
        lips = features.transpose(1, 2)
        hidden = self.time(lips)
        weights = torch.softmax(self.attention(hidden), -1)
        centered = lips - lips.mean(-1, keepdim=True)
        spread = ((centered**2).mean(-1) + 1e-4).sqrt()
        consensus = torch.cat([hidden.mean(-1), (hidden * weights).sum(-1), 4 * spread], 1)
        embedding = torch.relu(self.embedding(self.dropout(consensus)))
        return embedding, self.logit(self.dropout(embedding)).squeeze(1), features


class Synchrony(nn.Module):
    """Features of lips [batch, t, 32] and sound [batch, t, 5] -> logit [batch] that they belong together."""

    def __init__(self, dropout: float = 0.2) -> None:
        super().__init__()
        self.lips, self.sound = _described(FEATURES, dropout), _described(SOUND + 2, dropout)
        profile = HEADS * (2 * LAGS + 1) + 2 * HEADS * HEAD
        self.judge = nn.Sequential(nn.Linear(profile, 32), nn.ReLU(), nn.Dropout(dropout), nn.Linear(32, 1))

    def forward(self, features: Tensor, sound: Tensor) -> Tensor:
        """Correlate lips and sound at every lag, and judge the profile."""
        lips, level = self.lips(features.transpose(1, 2)), self.sound(heard(sound))
        here = lips - lips.mean(-1, keepdim=True)
        there = level - level.mean(-1, keepdim=True)
        padded = nn.functional.pad(there, (LAGS, LAGS))
        frames = features.shape[1]
        power = (_headed(here**2) * _headed(there**2) + 1e-4).sqrt()
        lags = [_headed(here * padded[..., lag : lag + frames]) / power for lag in range(2 * LAGS + 1)]
        spread = [((x**2).mean(-1) + 1e-4).sqrt() for x in (here, there)]
        return self.judge(torch.cat([*lags, *spread], 1)).squeeze(1)  # type: ignore[no-any-return]


def heard(sound: Tensor) -> Tensor:
    """Sound [batch, t, 5] -> [batch, 7, t]: level below the loudest, voice, near silence or not."""
    level, confidences = sound[..., :1], sound[..., 1:]
    under = ((level - level.amax(1, keepdim=True)) / 15).clamp(-2, 0) + 1
    near = ((level + 70) / 20).clamp(-1, 0)
    voice = (confidences[..., :1] + confidences[..., 1:2]) * (under + 1) / 2
    return torch.cat([under, voice, near, confidences], -1).transpose(1, 2)


def _described(inputs: int, dropout: float) -> nn.Sequential:
    """Features over time [batch, inputs, t] -> those that are correlated, [batch, heads * head, t]."""
    return nn.Sequential(
        nn.Conv1d(inputs, 24, 3, 1, 1), nn.ReLU(), nn.Dropout(dropout), nn.Conv1d(24, HEADS * HEAD, 3, 1, 1)
    )


def _headed(product: Tensor) -> Tensor:
    """Sums over time and each head's features: [batch, heads * head, t] -> [batch, heads]."""
    return product.sum(-1).reshape(-1, HEADS, HEAD).sum(-1)
