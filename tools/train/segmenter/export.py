"""From PyTorch to ONNX, and from float to int8."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_dynamic,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process
from torch import Tensor, nn

OPSET = 17
"""The newest that PyTorch's tracing exporter writes without a detour."""

Floats = NDArray[np.float32]


def export_encoder(encoder: nn.Module, file: Path) -> None:
    """Write mel [batch, frames, n_mels] -> embedding, attention, logits; batch and frames are free."""
    outputs = ["embedding", "attention", "logits"]
    axes = {"mel": {0: "batch", 1: "frames"}, **{name: {0: "batch", 1: "time"} for name in outputs}}
    _export(encoder, torch.zeros(1, 640, 64), file, axes)


def export_fusion(confidences: nn.Module, features: int, file: Path) -> None:
    """Write features [batch, segments, features] -> confidences; batch and segments are free."""
    axes = {name: {0: "batch", 1: "segments"} for name in ("features", "confidences")}
    _export(confidences, torch.zeros(2, 5, features), file, axes)


def _export(module: nn.Module, example: Tensor, file: Path, axes: dict[str, dict[int, str]]) -> None:
    """Trace `module`; `axes` names its input, then its outputs, with their free axes."""
    names = list(axes)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracing exporter is deprecated, and the one that quantizes well
        torch.onnx.export(
            module.eval(),
            (example,),
            str(file),
            input_names=names[:1],
            output_names=names[1:],
            dynamic_axes=axes,
            opset_version=OPSET,
            dynamo=False,
        )


class _Batches(CalibrationDataReader):  # type: ignore[misc]
    def __init__(self, batches: Iterable[Floats]) -> None:
        self._batches = iter(batches)

    def get_next(self) -> dict[str, Floats] | None:
        """The next calibration input, None at the end."""
        batch = next(self._batches, None)
        return None if batch is None else {"mel": batch}


def quantize_encoder(source: Path, file: Path, calibration: Iterable[Floats]) -> None:
    """Static int8: activations U8, weights S8 per channel (signed activations take a slow path)."""
    prepared = file.with_suffix(".prepared.onnx")
    quant_pre_process(str(source), str(prepared))
    quantize_static(
        str(prepared),
        str(file),
        _Batches(calibration),
        quant_format=QuantFormat.QDQ,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        per_channel=True,
        calibrate_method=CalibrationMethod.MinMax,
    )
    prepared.unlink()


def quantize_fusion(source: Path, file: Path) -> None:
    """Dynamic int8 of the LSTM's weights: static quantization would leave it in float."""
    quantize_dynamic(str(source), str(file), weight_type=QuantType.QInt8, per_channel=False)
