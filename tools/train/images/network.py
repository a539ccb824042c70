"""The image encoder: inverted bottlenecks (MobileNetV2, Sandler et al. 2018) for images of 64 pixels."""

from __future__ import annotations

from torch import Tensor, nn

STAGES = ((24, 1, 1, 1), (32, 2, 2, 4), (56, 3, 2, 5), (104, 4, 2, 5), (128, 3, 1, 5), (192, 3, 1, 5))
"""Channels, blocks, stride of the first, expansion."""

STEM, HEAD = 24, 960
"""Channels of the first and the last convolution."""


class ImageNetwork(nn.Module):
    """RGB float32[batch, 3, 64, 64], values -1 to 1 -> logits float32[batch, classes]."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        layers: list[nn.Module] = [_convolution(3, STEM, 3, stride=2)]
        inputs = STEM
        for channels, blocks, first_stride, expansion in STAGES:
            for block in range(blocks):
                layers.append(Bottleneck(inputs, channels, first_stride if block == 0 else 1, expansion))
                inputs = channels
        self.layers = nn.Sequential(*layers, _convolution(inputs, HEAD, 1))
        self.classes = nn.Sequential(nn.Dropout(0.1), nn.Linear(HEAD, classes))

    def forward(self, pixels: Tensor) -> Tensor:
        """Return the logits."""
        logits: Tensor = self.classes(self.layers(pixels).mean((2, 3)))
        return logits


class Bottleneck(nn.Module):
    """Expand, filter each channel, project; added to the input where the shapes agree."""

    def __init__(self, inputs: int, outputs: int, stride: int, expansion: int) -> None:
        super().__init__()
        inner = inputs * expansion
        expand = [_convolution(inputs, inner, 1)] if expansion > 1 else []
        project = nn.Sequential(nn.Conv2d(inner, outputs, 1, bias=False), nn.BatchNorm2d(outputs))
        self.path = nn.Sequential(*expand, _convolution(inner, inner, 3, stride, inner), project)
        self.adds = stride == 1 and inputs == outputs

    def forward(self, values: Tensor) -> Tensor:
        """Return the block's output."""
        path: Tensor = self.path(values)
        return values + path if self.adds else path


def _convolution(inputs: int, outputs: int, size: int, stride: int = 1, groups: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, size, stride, size // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU6(),
    )
