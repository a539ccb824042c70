"""Float16 networks made float32: onnxruntime's quantizer leaves float16 weights as they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np


def widened(model: Any) -> None:
    """Make all of an ONNX model float32 that is float16, but for what goes in and out, in place."""
    from onnx import TensorProto, helper  # noqa: PLC0415 - not part of the runtime

    for graph in _graphs(model.graph):
        del graph.value_info[:]  # their types no longer hold
        for item in graph.initializer:
            _widen(item)
        for node in graph.node:
            for attribute in node.attribute:
                if node.op_type == "Cast" and attribute.name == "to" and attribute.i == TensorProto.FLOAT16:
                    attribute.i = TensorProto.FLOAT
                for tensor in (attribute.t, *attribute.tensors):
                    _widen(tensor)
    for inner in list(_graphs(model.graph))[1:]:
        for item in (*inner.input, *inner.output):
            if _is_half(item):
                item.type.tensor_type.elem_type = TensorProto.FLOAT
    top = model.graph
    given = [item.name for item in top.input if _is_half(item)]
    made = [item.name for item in top.output if _is_half(item)]
    _rename(top, {name: f"{name}_float32" for name in (*given, *made)})
    before = [helper.make_node("Cast", [name], [f"{name}_float32"], to=TensorProto.FLOAT) for name in given]
    after = [helper.make_node("Cast", [f"{name}_float32"], [name], to=TensorProto.FLOAT16) for name in made]
    nodes = [*before, *top.node, *after]
    del top.node[:]
    top.node.extend(nodes)


def _graphs(graph: Any) -> Iterator[Any]:
    """A graph and all graphs within it."""
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                if inner.node:
                    yield from _graphs(inner)


def _rename(graph: Any, names: dict[str, str]) -> None:
    """Give values other names wherever nodes take or make them."""
    for inner in _graphs(graph):
        for node in inner.node:
            for side in (node.input, node.output):
                for place, name in enumerate(side):
                    side[place] = names.get(name, name)


def _is_half(item: Any) -> bool:
    from onnx import TensorProto  # noqa: PLC0415 - not part of the runtime

    return bool(item.type.tensor_type.elem_type == TensorProto.FLOAT16)


def _widen(tensor: Any) -> None:
    """Make a float16 tensor float32; others stay."""
    from onnx import TensorProto, numpy_helper  # noqa: PLC0415 - not part of the runtime

    if tensor.data_type == TensorProto.FLOAT16:
        values = numpy_helper.to_array(tensor).astype(np.float32)
        tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
