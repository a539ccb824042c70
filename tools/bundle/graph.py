"""Read a quantized segmenter from ONNX: convolutions of its encoder, matrices of its fusion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from edge.errors import ModelError

Array = NDArray[Any]


@dataclass(frozen=True)
class Quantized:
    """A tensor of bytes: value = (byte - zero) * scale."""

    scale: float
    zero: int


@dataclass(frozen=True)
class Convolution:
    """A quantized convolution: weights int8[out, in / group, ...], a bias int32[out], scales float32[out]."""

    weights: Array
    bias: Array
    scales: Array
    input: Quantized
    output: Quantized
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    pads: tuple[int, ...]
    group: int
    source: str
    """Name of the quantized tensor that goes in."""
    target: str
    """Name of the float tensor that comes out, before it is quantized."""


class Graph:
    """A QDQ graph of ONNX. Raises ModelError where it is not what is asked for."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._graph = onnx.load(path).graph
        self.constants: dict[str, Array] = {
            tensor.name: numpy_helper.to_array(tensor) for tensor in self._graph.initializer
        }
        self._makers = {name: node for node in self._graph.node for name in node.output}

    def fail(self, what: str) -> ModelError:
        """Return the error that the graph is not of the kind expected."""
        return ModelError(self.path, f"is not a segmenter that the core can compute: {what}")

    def nodes(self, kind: str) -> list[onnx.NodeProto]:
        """Return the nodes of a kind of operator, in order."""
        return [node for node in self._graph.node if node.op_type == kind]

    def maker(self, name: str, kind: str) -> onnx.NodeProto:
        """Return the node that makes a tensor, which must be of a kind."""
        node = self._makers.get(name)
        if node is None or node.op_type != kind:
            raise self.fail(f"{name} is not made by {kind}")
        return node

    def constant(self, name: str) -> Array:
        """Return a constant."""
        if name not in self.constants:
            raise self.fail(f"{name} is not constant")
        return self.constants[name]

    def quantized(self, name: str) -> Quantized:
        """Return the quantization of a float tensor that is quantized next, or has just been."""
        for node in self.nodes("QuantizeLinear"):
            if node.input[0] == name:
                scale, zero = (self.constant(part) for part in node.input[1:3])
                return Quantized(float(scale), int(zero))
        raise self.fail(f"{name} is not quantized")

    @cached_property
    def convolutions(self) -> list[Convolution]:
        """The convolutions, in order."""
        return [self._convolution(node) for node in self.nodes("Conv")]

    def _convolution(self, node: onnx.NodeProto) -> Convolution:
        source, weights, bias = (self.maker(name, "DequantizeLinear") for name in node.input)
        options = {one.name: onnx.helper.get_attribute_value(one) for one in node.attribute}
        values = self.constant(weights.input[0])
        if np.any(self.constant(weights.input[2])):
            raise self.fail(f"weights of {node.output[0]} have zero points")
        axes = values.ndim - 2
        return Convolution(
            weights=values,
            bias=self.constant(bias.input[0]),
            scales=np.broadcast_to(self.constant(weights.input[1]), len(values)).astype(np.float32),
            input=Quantized(*(self.constant(part).item() for part in source.input[1:3])),
            output=self.quantized(node.output[0]),
            strides=tuple(options.get("strides", [1] * axes)),
            dilations=tuple(options.get("dilations", [1] * axes)),
            pads=tuple(options.get("pads", [0] * 2 * axes)),
            group=options.get("group", 1),
            source=source.input[0],
            target=node.output[0],
        )


@dataclass(frozen=True)
class Matrix:
    """Weights int8[in, out] with a scale for each output, and a bias float32[out]."""

    weights: Array
    scales: Array
    bias: Array


def matrix(graph: Graph, multiplication: onnx.NodeProto, bias: Array) -> Matrix:
    """Return the matrix of a MatMulInteger whose result is scaled by `scale of the input * scales`."""
    weights = graph.constant(multiplication.input[1])
    if np.any(graph.constant(multiplication.input[3])):
        raise graph.fail("a matrix with zero points")
    name = multiplication.input[1].removesuffix("_quantized") + "_scale"
    return Matrix(weights, graph.constant(name), bias)


def only(graph: Graph, nodes: Sequence[onnx.NodeProto], what: str) -> onnx.NodeProto:
    """Return the one node of a list."""
    if len(nodes) != 1:
        raise graph.fail(f"{len(nodes)} {what}")
    return nodes[0]
