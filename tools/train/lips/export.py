"""From PyTorch to ONNX, and from float to int8."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tools.convert import onnx
from tools.train.lips.calibration import Line
from tools.train.lips.network import FEATURES, SOUND
from tools.train.lips.render import GEOMETRY
from tools.train.lips.training import Networks

FLOAT_TYPES = ("Add", "Concat", "Div", "Mul", "ReduceMean", "Softmax", "Sqrt", "Sub", "Tanh")
"""Operations that stay float: they take no time, and the spread of features needs all digits."""


class _Motion(nn.Module):
    """Crops uint8 [batch, t, height, width] -> embedding, probability, features."""

    def __init__(self, networks: Networks, line: Line) -> None:
        super().__init__()
        self.motion, self.line = networks.motion, line

    def forward(self, crops: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Convert pixels to floating point, and the logit to a probability."""
        embedding, logit, features = self.motion(crops.float())
        return embedding, torch.sigmoid(self.line.scale * logit + self.line.offset), features


class _Synchrony(nn.Module):
    """Features and sound -> probability."""

    def __init__(self, networks: Networks, line: Line) -> None:
        super().__init__()
        self.synchrony, self.line = networks.synchrony, line

    def forward(self, features: Tensor, sound: Tensor) -> Tensor:
        """Convert the logit to a probability."""
        return torch.sigmoid(self.line.scale * self.synchrony(features, sound) + self.line.offset)


def export_motion(networks: Networks, line: Line, file: Path) -> None:
    """Write crops -> embedding, producing, features; batch and frames are free."""
    time = {0: "batch", 1: "frames"}
    free = {"crops": time, "embedding": {0: "batch"}, "producing": {0: "batch"}, "features": time}
    crops = np.random.default_rng(0).integers(0, 255, (2, 12, GEOMETRY.height, GEOMETRY.width), np.uint8)
    outputs = ["embedding", "producing", "features"]
    onnx.export(_Motion(networks, line), {"crops": crops}, file, outputs=outputs, free=free)


def export_synchrony(networks: Networks, line: Line, file: Path) -> None:
    """Write features and sound -> synchrony; batch and frames are free."""
    time = {0: "batch", 1: "frames"}
    example = {
        "features": np.zeros((2, 12, FEATURES), np.float32), "sound": np.zeros((2, 12, SOUND), np.float32)
    }  # fmt: skip
    free = {"features": time, "sound": time, "synchrony": {0: "batch"}}
    onnx.export(_Synchrony(networks, line), example, file, outputs=["synchrony"], free=free)


def quantize_motion(source: Path, file: Path, calibration: Iterable[NDArray[np.uint8]]) -> None:
    """Static int8 with 7-bit weights, calibrated on crops uint8[batch, t, height, width]."""
    onnx.quantize_static(source, file, ({"crops": crops} for crops in calibration), keep=FLOAT_TYPES)
