"""int8 weights for layers that compute in float: a quarter of the size, and next to no error.

What static or dynamic int8 loses, it loses in the activations. Here only weights become int8, with one scale
for each output. onnxruntime turns matrix products with them into its own blocked int8 (activations with a
scale for every few numbers), which is as fast as dynamic int8 and far nearer to float; all others it
multiplies out once, when it loads the file: after it has fused layers, which made networks of convolutions a
third slower than in float. `folded` weights are multiplied out before, and nothing is slower.
"""

from __future__ import annotations

from typing import Any

import numpy as np

OUTPUTS = {"Conv": 0, "Gemm": 0, "MatMul": -1}
"""Kind of node -> axis of its weights that counts outputs; of Gemm, when its weights are transposed."""

LEAST = 4096
"""Weights of a layer below which float costs nothing worth having; the last layers are among these."""


def int8_weights(content: bytes, *, folded: bool = False) -> bytes:
    """An ONNX file with the constant weights of its convolutions and matrix products as int8.

    Weights of less than `LEAST` numbers, and those that more than one node reads, stay float. `folded` ones
    are cast and multiplied by their scales, which also operators from before 2020 can (opset 12).
    """
    import onnx  # noqa: PLC0415 - not part of the runtime

    model = onnx.load_from_string(content)
    for node in [node for node in model.graph.node if node.op_type in OUTPUTS]:
        _quantize(model.graph, node, folded=folded)
    onnx.checker.check_model(model)
    result: bytes = model.SerializeToString()
    return result


def _quantize(graph: Any, node: Any, *, folded: bool) -> None:
    """Put int8 weights and what makes them float in the place of the float weights of one node."""
    from onnx import TensorProto, helper, numpy_helper  # noqa: PLC0415

    name = node.input[1]
    old = next((weights for weights in graph.initializer if weights.name == name), None)
    readers = sum(name in other.input for other in graph.node)
    if old is None or readers > 1 or np.prod(old.dims) < LEAST:
        return
    weights = numpy_helper.to_array(old)
    axis = OUTPUTS[node.op_type] % weights.ndim
    if node.op_type == "Gemm" and not any(item.name == "transB" and item.i for item in node.attribute):
        axis = 1
    others = tuple(other for other in range(weights.ndim) if other != axis)
    scales = np.maximum(np.abs(weights).max(axis=others, keepdims=True), np.float32(1e-12)) / np.float32(127)
    graph.initializer.remove(old)
    kept = scales if folded else scales.ravel()
    for suffix, values in (("int8", np.rint(weights / scales).astype(np.int8)), ("scale", kept)):
        graph.initializer.append(numpy_helper.from_array(values, f"{name}_{suffix}"))
    given = [f"{name}_int8", f"{name}_scale"]
    if folded:
        cast = helper.make_node("Cast", given[:1], [f"{name}_cast"], to=TensorProto.FLOAT)
        made = [cast, helper.make_node("Mul", [f"{name}_cast", given[1]], [name], name=f"{name}_float")]
    else:
        made = [helper.make_node("DequantizeLinear", given, [name], name=f"{name}_float", axis=axis)]
    for one in reversed(made):
        graph.node.insert(0, one)
