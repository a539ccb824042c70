"""The tagger: inverted bottlenecks (MobileNetV2, Sandler et al. 2018) over a mel spectrogram."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tools.train.images.network import Bottleneck

STAGES = ((16, 1, 1, 1), (24, 2, 2, 4), (40, 2, 2, 4), (80, 3, 2, 4), (112, 2, 1, 4))
"""Channels, blocks, stride of the first, expansion."""

STEM, HEAD = 24, 320
"""Channels of the first and the last convolution."""


class TaggerNetwork(nn.Module):
    """Log-mel frames float32[batch, frames, bands] to probabilities of tags and a vector, [batch, n] each."""

    def __init__(self, tags: int, size: int) -> None:
        super().__init__()
        layers: list[nn.Module] = [_convolution(1, STEM, 3, stride=2)]
        inputs = STEM
        for channels, blocks, first_stride, expansion in STAGES:
            for block in range(blocks):
                layers.append(Bottleneck(inputs, channels, first_stride if block == 0 else 1, expansion))
                inputs = channels
        self.layers = nn.Sequential(*layers, _convolution(inputs, HEAD, 1))
        self.vector = nn.Linear(2 * HEAD, size)
        self.tags = nn.Linear(size, tags)

    def forward(self, mel: Tensor) -> tuple[Tensor, Tensor]:
        """See the class."""
        made = self.layers(mel[:, None] / 2 - 1)
        vector = self.vector(torch.cat([made.mean((2, 3)), made.amax((2, 3))], 1))
        return torch.sigmoid(self.tags(vector)), vector


def _convolution(inputs: int, outputs: int, size: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False), nn.BatchNorm2d(outputs), nn.ReLU6()
    )
