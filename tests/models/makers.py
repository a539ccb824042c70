"""Small networks and model folders, made as the tests need them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from edge.models.folder import ModelFolder
from edge.models.manifest import Network, Tensor
from tools.convert.folder import write_folder

WEIGHTS: NDArray[np.float32] = np.linspace(0, 1.1, 12, dtype=np.float32).reshape(4, 3)


def floats(name: str, *shape: int | str) -> Tensor:
    return Tensor(name, "float32", shape)


def linear(
    nodes: Sequence[onnx.NodeProto] = (),
    *,
    functions: Sequence[onnx.FunctionProto] = (),
    weights: NDArray[np.float32] = WEIGHTS,
) -> bytes:
    """A network x [batch, 4] -> y = x @ `weights` [batch, 3], after whatever other nodes."""
    rows, columns = weights.shape
    graph = helper.make_graph(
        [*nodes, helper.make_node("MatMul", ["x", "w"], ["y"])],
        "linear",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", rows])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", columns])],
        [numpy_helper.from_array(weights, "w")],
    )
    return saved(graph, functions)


def saved(graph: onnx.GraphProto, functions: Sequence[onnx.FunctionProto] = ()) -> bytes:
    """The bytes of a model, whatever domains its nodes are of."""
    domains = {node.domain for node in graph.node} | {function.domain for function in functions} | {""}
    opsets = [helper.make_opsetid(domain, 17 if domain == "" else 1) for domain in sorted(domains)]
    model = helper.make_model(graph, opset_imports=opsets, functions=list(functions), ir_version=9)
    return bytes(model.SerializeToString())


def folder(
    path: Path,
    content: bytes,
    *,
    file: str = "net.onnx",
    inputs: Sequence[Tensor] = (floats("x", "batch", 4),),
    outputs: Sequence[Tensor] = (floats("y", "batch", 3),),
    more: dict[str, bytes] | None = None,
    network: dict[str, Any] | None = None,
    **fields: Any,
) -> ModelFolder:
    """A model folder with one network in the role `net`."""
    described = Network(file, tuple(inputs), tuple(outputs), **(network or {}))
    known: dict[str, Any] = {
        "id": "tiny",
        "version": "1",
        "task": "test",
        "licence": "Apache-2.0",
        "source": "made by a test",
    }
    files = {file: content, "CARD.md": b"# Tiny\n", **(more or {})}
    return write_folder(path, files, force=True, networks={"net": described}, **known | fields)
