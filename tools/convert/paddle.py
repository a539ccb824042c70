"""From ONNX to Paddle-Lite (.nb), in float and int8, and from Paddle back to ONNX.

    .onnx -> from_onnx -> program -> to_nb -> .nb of float, or of int8 weights only
                             |---> quantize -> int8 program -> to_nb -> .nb

A program is a folder with model.pdmodel and model.pdiparams. The work is done in the environments `paddle`
and `paddle-runtime`; all shapes are fixed. What is written appears complete or not at all, and replaces what
was there.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from edge.errors import InputError, UsageError
from edge.files import whole_file, whole_folder
from tools.convert import environments
from tools.convert.environments import Inputs
from tools.convert.passes import plain

Target = Literal["arm", "arm-fp16", "x86"]
"""Processor of a .nb file; on another one it returns garbage in silence."""

Ranges = Literal["abs_max", "avg", "hist", "KL", "mse"]
"""How the range of an activation follows from what calibration showed of it."""

FILES = ("model.pdmodel", "model.pdiparams")


@dataclass(frozen=True)
class Scheme:
    """How post-training quantization goes about it."""

    ranges: Ranges = "abs_max"
    """From the largest value to the one with the least squared error."""
    per_channel: bool = True
    """One scale for each output channel of a weight, else one for the whole."""
    half_range: bool = False
    """Weights by channel from -63 to 63. For x86 they must be: products of 8 bits are added in pairs in 16
    bits there, which overflows. For Arm they need not."""
    types: Collection[str] = ("conv2d", "depthwise_conv2d")
    """Operations that become int8. On x86 Paddle-Lite 2.13 computes the last pixels of an int8 convolution
    wrong, and differently in each process, unless the pixels of its output are a multiple of 8."""


def from_onnx(source: Path, program: Path) -> None:
    """Write an ONNX network of fixed shapes as Paddle program.

    Inputs and outputs keep their order. Raises InputError if `source` cannot be read, UsageError if it
    has free axes, MissingEnvironmentError, ConversionError.
    """
    with tempfile.TemporaryDirectory() as scratch, whole_folder(program.absolute(), force=True) as draft:
        prepared = Path(scratch, "plain.onnx")
        plain(source, prepared)
        job = {"source": str(prepared), "folder": str(draft)}
        environments.run("paddle", "onnx_to_paddle", job)


def quantize(
    source: Path, program: Path, calibration: Iterable[Inputs], scheme: Scheme | None = None
) -> None:
    """Write a float program as int8 program, with ranges from `calibration` on real inputs, of batch 1.

    Raises InputError if there is no `source`, UsageError, MissingEnvironmentError, ConversionError.
    """
    _check(*(source / name for name in FILES))
    chosen = scheme or Scheme()
    if chosen.half_range and not chosen.per_channel:
        raise UsageError("only weights with a scale for each channel can be given half the range")
    options = {
        "algo": chosen.ranges,
        "quantizable_op_type": list(chosen.types),
        "weight_quantize_type": "channel_wise_abs_max" if chosen.per_channel else "abs_max",
        "activation_quantize_type": "moving_average_abs_max",
    }
    with tempfile.TemporaryDirectory() as scratch, whole_folder(program.absolute(), force=True) as draft:
        seen = environments.save_inputs(Path(scratch, "seen.npz"), calibration)
        job = {
            "source": str(source.absolute()),
            "folder": str(draft),
            "calibration": str(seen),
            "options": options,
            "half_range": chosen.half_range,
        }
        environments.run("paddle", "quantize_paddle", job)


def to_nb(program: Path, file: Path, target: Target, *, int8_weights: bool = False) -> None:
    """Write a program, float or int8, as .nb for `target`.

    `int8_weights` stores the weights of a float program in a byte each and computes in float. Raises
    InputError if there is no `program`, MissingEnvironmentError, ConversionError.
    """
    _check(*(program / name for name in FILES))
    with whole_file(file.absolute(), force=True) as draft:
        job = {
            "source": str(program.absolute()),
            "file": str(draft),
            "target": target.partition("-")[0],
            "fp16": target == "arm-fp16",
            "int8_weights": int8_weights,
        }
        environments.run("paddle", "paddle_to_nb", job)


def to_onnx(program: Path, file: Path, *, opset: int = 17) -> None:
    """Write a program as ONNX.

    Raises InputError if there is no `program`, MissingEnvironmentError, ConversionError.
    """
    _check(*(program / name for name in FILES))
    with whole_file(file.absolute(), force=True) as draft:
        job = {"source": str(program.absolute()), "file": str(draft), "opset": opset}
        environments.run("paddle", "paddle_to_onnx", job)


def _check(*files: Path) -> None:
    for file in files:
        if not file.is_file():
            raise InputError(file, "is not there")
