"""The face detector's networks, of separable convolutions.

proposal: image -> down to a stride of 32, and back up to 8 -> a face for each cell
refinement: crop around a face -> its score, box and landmarks
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

STRIDE = 8
"""Pixels per cell of the output."""

UNIT = 16.0
"""Side in pixels of a face whose logarithmic size is 0."""

CHANNELS = 16
"""Outputs of a cell: see `Proposal`."""


CROP, REACH = 64, 1.6
"""Pixels of the crop of the refinement, and its side in sides of the face."""


class Proposal(nn.Module):
    """RGB float32[batch, 3, height, width], values -1 to 1 -> float32[batch, 16, height / 8, width / 8].

    Of each cell: logit of a face; natural logarithm of its side in units of 16 pixels; left, top, right and
    bottom of its box, then x and y of its five landmarks, all from the center of the cell, in sides.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = _convolution(3, 16, 3, stride=2)
        self.quarter = nn.Sequential(Separable(16, 32, stride=2), Separable(32, 32))
        self.eighth = nn.Sequential(Separable(32, 72, stride=2), *(Separable(72, 72) for _ in range(2)))
        self.sixteenth = nn.Sequential(Separable(72, 112, stride=2), *(Separable(112, 112) for _ in range(3)))
        self.coarse = nn.Sequential(Separable(112, 144, stride=2), *(Separable(144, 144) for _ in range(3)))
        self.up16 = _convolution(144, 112, 1)
        self.mix16 = Separable(112, 112)
        self.up8 = _convolution(112, 72, 1)
        self.mix8 = nn.Sequential(Separable(72, 72), Separable(72, 72))
        self.score = nn.Conv2d(72, 1, 1)
        self.shape = nn.Conv2d(72, CHANNELS - 1, 1)
        nn.init.constant_(self.score.bias, -4.0)  # type: ignore[arg-type] # faces are rare

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Return the logits [batch, 1, rows, columns] and the shapes [batch, 15, rows, columns]."""
        eighth = self.eighth(self.quarter(self.stem(pixels)))
        sixteenth = self.sixteenth(eighth)
        deep = self.up16(self.coarse(sixteenth))
        sixteenth = self.mix16(sixteenth + functional.interpolate(deep, scale_factor=2.0))
        mixed = self.mix8(eighth + functional.interpolate(self.up8(sixteenth), scale_factor=2.0))
        return self.score(mixed), self.shape(mixed)


class Refinement(nn.Module):
    """Crops float32[batch, 3, 64, 64], values -1 to 1 -> logits [batch] of a face, shapes [batch, 14].

    Shapes are left, top, right and bottom of the box, then x and y of the five landmarks, from the center of
    the crop in sides of the crop.
    """

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            _convolution(3, 16, 3, stride=2),
            Separable(16, 32, stride=2),
            Separable(32, 32),
            Separable(32, 64, stride=2),
            Separable(64, 64),
            Separable(64, 64),
            Separable(64, 128, stride=2),
            Separable(128, 128),
        )
        self.whole = nn.Conv2d(128, 128, CROP // 16, groups=128, bias=False)
        self.norm = nn.BatchNorm2d(128)
        self.mixed = nn.Conv2d(128, 128, 1)
        self.score = nn.Conv2d(128, 1, 1)
        self.shape = nn.Conv2d(128, CHANNELS - 2, 1)

    def forward(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        """Return the logits and the shapes."""
        whole = functional.relu(self.norm(self.whole(self.features(crops))))
        mixed = functional.relu(self.mixed(whole))
        return self.score(mixed).flatten(), self.shape(mixed).flatten(1)


class Separable(nn.Module):
    """A depthwise 3 x 3 convolution, then a pointwise one; with a residual where the shape stays."""

    def __init__(self, before: int, after: int, stride: int = 1) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(before, before, 3, stride, 1, groups=before, bias=False)
        self.norm = nn.BatchNorm2d(before)
        self.pointwise = nn.Conv2d(before, after, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(after)
        self.residual = before == after and stride == 1

    def forward(self, x: Tensor) -> Tensor:
        """Return [batch, after, height / stride, width / stride]."""
        y: Tensor = self.norm2(self.pointwise(functional.relu(self.norm(self.depthwise(x)))))
        return functional.relu(y + x if self.residual else y)


def _convolution(before: int, after: int, size: int, stride: int = 1) -> nn.Sequential:
    convolution = nn.Conv2d(before, after, size, stride, size // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(after), nn.ReLU())
