"""Read the weights of an `.ort` file without a runtime: for networks that run in kernels of our own."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.models.inspection.flatbuffer import MAX_DEPTH, ORT_GRAPH, ORT_MODEL, ORT_NODES, Table, inner_graphs

INITIALIZERS = 0
NODE_NAME, NODE_INPUTS = 0, 8
TENSOR_NAME, TENSOR_SHAPE, TENSOR_TYPE, TENSOR_DATA = 0, 2, 3, 4

TYPES = {1: np.float32, 2: np.uint8, 3: np.int8, 6: np.int32, 7: np.int64}
"""Element types by their number in ONNX."""

Array = NDArray[Any]


class OrtWeights:
    """Constant tensors of an `.ort` file, by the nodes that use them, also in subgraphs.

    Raises ValueError if the content is not such a file.
    """

    def __init__(self, content: bytes) -> None:
        self._tensors: dict[str, Table] = {}
        self._inputs: dict[str, tuple[str, ...]] = {}
        try:
            model = Table.root(content, b"ORTM").table(ORT_MODEL)
            if not (graph := model and model.table(ORT_GRAPH)):
                raise ValueError("it holds no graph")
            for part in _graphs(graph, 0):
                for tensor in part.tables(INITIALIZERS):
                    self._tensors.setdefault(tensor.text(TENSOR_NAME), tensor)
                for node in part.tables(ORT_NODES):
                    self._inputs.setdefault(node.text(NODE_NAME), tuple(node.texts(NODE_INPUTS)))
        except struct.error as error:
            raise ValueError(f"it is damaged: {error}") from error

    def tensor(self, name: str) -> Array:
        """Return a copy of a tensor. Raises ValueError if there is none, or none of a known type."""
        if (found := self._tensors.get(name)) is None:
            raise ValueError(f"it has no tensor {name}")
        try:
            kind = TYPES.get(found.number(TENSOR_TYPE, "<i"))
            data, shape = found.octets(TENSOR_DATA), found.long_numbers(TENSOR_SHAPE)
        except struct.error as error:
            raise ValueError(f"{name} is damaged: {error}") from error
        if kind is None:
            raise ValueError(f"{name} has an unknown type")
        return np.frombuffer(data, kind).reshape(shape).copy()

    def used_by(self, node: str) -> list[Array]:
        """Return the constant inputs of a node in their order. Raises ValueError if there is no such node."""
        if node not in self._inputs:
            raise ValueError(f"it has no node {node}")
        return [self.tensor(name) for name in self._inputs[node] if name in self._tensors]


def _graphs(graph: Table, depth: int) -> Iterator[Table]:
    """Yield a graph and those inside its nodes."""
    if depth > MAX_DEPTH:
        raise ValueError(f"graphs are nested more than {MAX_DEPTH} deep")
    yield graph
    for node in graph.tables(ORT_NODES):
        for inner in inner_graphs(node):
            yield from _graphs(inner, depth + 1)
