"""From PyTorch to ONNX, and from float to int8."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import nn

from tools.convert import onnx

Floats = NDArray[np.float32]


def export_encoder(encoder: nn.Module, file: Path) -> None:
    """Write mel [batch, frames, n_mels] -> embedding, attention, logits; batch and frames are free."""
    outputs = ["embedding", "attention", "logits"]
    free = {"mel": {0: "batch", 1: "frames"}, **{name: {0: "batch", 1: "time"} for name in outputs}}
    onnx.export(encoder, {"mel": np.zeros((1, 640, 64), np.float32)}, file, outputs=outputs, free=free)


def export_fusion(confidences: nn.Module, features: int, file: Path) -> None:
    """Write features [batch, segments, features] -> confidences; batch and segments are free."""
    free = {name: {0: "batch", 1: "segments"} for name in ("features", "confidences")}
    example = {"features": np.zeros((2, 5, features), np.float32)}
    onnx.export(confidences, example, file, outputs=["confidences"], free=free)


def quantize_encoder(source: Path, file: Path, calibration: Iterable[Floats]) -> None:
    """Static int8 with 7-bit weights, calibrated on mel [1, frames, n_mels]."""
    onnx.quantize_static(source, file, ({"mel": mel} for mel in calibration))


def quantize_fusion(source: Path, file: Path) -> None:
    """Dynamic int8 of the LSTM's weights: static quantization would leave it in float."""
    onnx.quantize_dynamic(source, file)
