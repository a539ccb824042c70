"""The network of musicnn (Pons and Serra 2019) in PyTorch."""

from __future__ import annotations

import torch
from torch import Tensor, nn

EPSILON = 1e-3
"""Of the batch normalization."""

TAGS = 50


class Musicnn(nn.Module):
    """Log-mel frames [n, frames, 96] to probabilities of tags [n, 50] and the layer before them [n, 200]."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(1, EPSILON)
        self.timbral = nn.ModuleList(_Block(1, 204, (7, width), (3, 0)) for width in (38, 67))
        # TensorFlow pads filters of even length with one more zero at the end.
        self.temporal = nn.ModuleList(
            _Block(1, 51, (length, 1), (0, 0), (length // 2 - 1, length // 2)) for length in (128, 64, 32)
        )
        self.middle = nn.ModuleList(_Block(1, 64, (7, width), (3, 0)) for width in (561, 64, 64))
        self.pooled = nn.BatchNorm1d(1506, EPSILON)
        self.dense, self.dense_norm = nn.Linear(1506, 200), nn.BatchNorm1d(200, EPSILON)
        self.tags = nn.Linear(200, TAGS)

    def forward(self, mel: Tensor) -> tuple[Tensor, Tensor]:
        """See the class."""
        x = self.norm(mel[:, None])
        front = torch.cat([block(x).amax(3) for block in (*self.timbral, *self.temporal)], 1)
        values, all_values = front, [front]
        for number, block in enumerate(self.middle):
            made = block(values.transpose(1, 2)[:, None])[..., 0]
            values = made + values if number else made
            all_values.append(values)
        joined = torch.cat(all_values, 1)
        pooled = self.pooled(torch.stack([joined.amax(2), joined.mean(2)], 2).flatten(1))
        vector = self.dense_norm(torch.relu(self.dense(pooled)))
        return torch.sigmoid(self.tags(vector)), vector


class _Block(nn.Module):
    """A convolution, ReLU, and batch normalization."""

    def __init__(
        self,
        given: int,
        made: int,
        kernel: tuple[int, int],
        padding: tuple[int, int],
        uneven: tuple[int, int] = (0, 0),
    ) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(given, made, kernel, padding=padding), nn.BatchNorm2d(made, EPSILON)
        self.uneven = uneven

    def forward(self, x: Tensor) -> Tensor:
        """Return [n, made, frames, width]."""
        if any(self.uneven):
            x = nn.functional.pad(x, (0, 0, *self.uneven))
        made: Tensor = self.norm(torch.relu(self.conv(x)))
        return made
