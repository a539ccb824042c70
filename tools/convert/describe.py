"""What goes in and out of a network file, in the words of a manifest, as its runtime sees it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msgspec.structs import replace

from edge.errors import InputError, ModelError
from edge.models.backends import litert, onnx
from edge.models.manifest import Tensor
from tools.convert.environments import one_line

Ends = tuple[tuple[Tensor, ...], tuple[Tensor, ...]]
"""Inputs and outputs."""

LONGEST_NAME = 64
"""Of an axis, in a manifest."""


def describe(content: bytes, suffix: str, origin: Path) -> Ends:
    """Inputs and outputs of an .onnx, .ort or .tflite file; free axes keep their names.

    Raises InputError naming `origin` if no runtime reads it, ModelError if LiteRT is not installed.
    """
    describers = {".onnx": _onnx, ".ort": _onnx, ".tflite": _tflite}
    if suffix not in describers:
        raise InputError(origin, f"is not one of {', '.join(describers)}")
    try:
        return describers[suffix](content)
    except ImportError as error:
        raise ModelError(origin, "needs LiteRT to be read; pip install 'edgereel[litert]'") from error
    except Exception as error:  # runtimes raise anything
        raise InputError(origin, f"cannot be loaded: {one_line(error)}") from error


def open_onnx(content: bytes) -> Any:
    """An onnxruntime session that leaves the graph as it is."""
    import onnxruntime  # noqa: PLC0415 - takes a second

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def _onnx(content: bytes) -> Ends:
    session = open_onnx(content)
    sides = (session.get_inputs(), session.get_outputs())
    for node in (*sides[0], *sides[1]):
        if node.type not in onnx.TYPES:
            raise ValueError(f"{node.name} holds {node.type}, which no manifest can describe")
    inputs, outputs = (tuple(_named(onnx.described(node)) for node in side) for side in sides)
    return inputs, outputs


def _tflite(content: bytes) -> Ends:
    make, _ = litert.interpreter()
    interpreter = make(model_content=content)
    interpreter.allocate_tensors()
    inputs, outputs = (
        tuple(_named(litert.described(*item)) for item in side.items())
        for side in litert.details(interpreter)
    )
    return inputs, outputs


def _named(tensor: Tensor) -> Tensor:
    """`tensor` with a name for every free axis."""
    axes = [
        f"{tensor.name}_{place}"[-LONGEST_NAME:]
        if isinstance(axis, str) and (axis == "?" or len(axis) > LONGEST_NAME)
        else axis
        for place, axis in enumerate(tensor.shape)
    ]
    return replace(tensor, shape=tuple(axes))
