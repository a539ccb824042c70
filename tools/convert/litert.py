"""From PyTorch or ONNX to LiteRT (.tflite), and from float to int8.

    module -> from_torch -> float .tflite -> quantize -> int8 .tflite
    .onnx  -> from_onnx ---^

The work is done in the environments `litert` and `onnx2tf`; all shapes are fixed. Files appear complete or
not at all, and replace what was there.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from edge.errors import InputError, UsageError
from edge.files import whole_file
from tools.convert import environments
from tools.convert.environments import Inputs
from tools.convert.passes import load_fixed

if TYPE_CHECKING:
    from torch import nn

Kind = Literal["static", "dynamic"]
"""Static int8 computes in integers with ranges seen in calibration, dynamic int8 keeps activations float."""


def from_torch(
    spec: str,
    module: nn.Module,
    example: Inputs,
    file: Path,
    *,
    outputs: Sequence[str],
    settings: Mapping[str, Any] | None = None,
) -> None:
    """Write `module`, which the function `spec` returned, as float .tflite, traced on `example`.

    `spec` is `path/to/file.py:function` (from the root of the checkout) or `package.module:function`; the
    function takes `settings` as keywords. It is called again in the environment `litert`, where there are
    PyTorch, NumPy and onnx, and what it returns is given the weights of `module`. The file's signature has
    the inputs' names and `outputs`. Raises MissingEnvironmentError, ConversionError.
    """
    with tempfile.TemporaryDirectory() as scratch, whole_file(file.absolute(), force=True) as draft:
        job = {
            "spec": spec,
            "settings": dict(settings or {}),
            "weights": str(_saved(module, Path(scratch, "weights.pt"))),
            "root": str(environments.ROOT),
            "example": str(environments.save_inputs(Path(scratch, "example.npz"), [example])),
            "outputs": list(outputs),
            "file": str(draft),
        }
        environments.run("litert", "torch_to_tflite", job)


def _saved(module: nn.Module, file: Path) -> Path:
    import torch  # noqa: PLC0415 - takes seconds

    torch.save(module.state_dict(), file)
    return file


def from_onnx(source: Path, file: Path) -> None:
    """Write an ONNX network of fixed shapes as float .tflite, by way of TensorFlow.

    Inputs and outputs keep their names and layouts. Raises InputError if `source` cannot be read, UsageError
    if it has free axes, MissingEnvironmentError, ConversionError.
    """
    load_fixed(source)
    with whole_file(file.absolute(), force=True) as draft:
        environments.run("onnx2tf", "onnx_to_tflite", {"source": str(source.absolute()), "file": str(draft)})


def quantize(
    source: Path,
    file: Path,
    kind: Kind,
    calibration: Iterable[Inputs] = (),
    *,
    keep: Collection[str] = (),
) -> None:
    """Write a float .tflite with int8 weights; inputs and outputs stay float.

    Convolutions want `static`, which needs real inputs for `calibration`; recurrent layers want `dynamic`.
    Operations of the types in `keep` ("SOFTMAX", in LiteRT's names) stay float.
    Raises InputError if there is no `source`, UsageError, MissingEnvironmentError, ConversionError.
    """
    _check(source)
    sets = list(calibration)
    if (kind == "static") != bool(sets):
        raise UsageError("static int8 needs inputs for calibration, dynamic int8 takes none")
    with tempfile.TemporaryDirectory() as scratch, whole_file(file.absolute(), force=True) as draft:
        seen = str(environments.save_inputs(Path(scratch, "seen.npz"), sets)) if sets else None
        job: dict[str, Any] = {
            "source": str(source.absolute()),
            "file": str(draft),
            "kind": kind,
            "calibration": seen,
        }
        job["keep"] = list(keep)
        environments.run("litert", "quantize_tflite", job)


def _check(file: Path) -> None:
    if not file.is_file():
        raise InputError(file, "is not there")
