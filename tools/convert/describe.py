"""What goes in and out of an ONNX file, in the words of a manifest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edge.errors import UsageError
from edge.models.manifest import Tensor
from tools.convert.passes import load

_TYPES = {
    1: "float32", 2: "uint8", 3: "int8", 5: "int16", 6: "int32", 7: "int64", 9: "bool", 10: "float16",
    11: "float64",
}  # fmt: skip
"""Numbers of element types in onnx.proto3."""


def describe(file: Path) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    """Inputs and outputs of an ONNX file; free axes keep their names.

    Raises InputError if it cannot be read, UsageError if it takes or gives something else than tensors of a
    type that sessions take.
    """
    graph = load(file).graph
    weights = {weight.name for weight in graph.initializer}
    inputs = [node for node in graph.input if node.name not in weights]
    return tuple(map(_tensor, inputs)), tuple(map(_tensor, graph.output))


def _tensor(node: Any) -> Tensor:
    kind = node.type.tensor_type
    if kind.elem_type not in _TYPES:
        raise UsageError(f"{node.name} is no tensor of a type that a session takes")
    axes = [
        axis.dim_value
        if axis.HasField("dim_value") and axis.dim_value > 0
        else axis.dim_param or f"{node.name}_{place}"
        for place, axis in enumerate(kind.shape.dim)
    ]
    return Tensor(node.name, _TYPES[kind.elem_type], tuple(axes))  # type: ignore[arg-type]
