"""A static int8 network with the arithmetic of x86 without VNNI, in NumPy, on any processor.

There onnxruntime multiplies U8 activations by S8 weights with `vpmaddubsw`: products of neighbors along the
depth of the sum are added in pairs, and each pair is cut off at 16 bits. The depth runs over the taps of the
kernel, and for each over the channels.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from onnx import helper
from onnx.reference import ReferenceEvaluator
from onnx.reference.op_run import OpRun

ROWS = 256
"""Of outputs at a time: the products of all at once would take gigabytes."""


class PairwiseConv(OpRun):  # type: ignore[misc] # onnx has no types for it
    """Conv of U8 activations and S8 weights, their scales and zero points and a float bias; float32 out."""

    op_domain = "pairwise"

    def _run(self, x: Any, x_scale: Any, x_zero: Any, w: Any, w_scale: Any, bias: Any, **given: Any) -> Any:
        axes, pads = x.ndim - 2, given["pads"]
        strides, dilations = given["strides"], given["dilations"]
        sides = [(0, 0), (0, 0), *zip(pads[:axes], pads[axes:], strict=True)]
        spread = [1 + (size - 1) * by for size, by in zip(w.shape[2:], dilations, strict=True)]
        padded: Any = np.pad(x, sides, constant_values=x_zero)
        windows = sliding_window_view(padded, spread, tuple(range(2, x.ndim)))
        taps, places = (tuple(slice(None, None, by) for by in steps) for steps in (dilations, strides))
        windows = windows[(slice(None), slice(None), *places, *taps)]
        parts = []
        for group in range(given["group"]):
            channels = slice(group * w.shape[1], (group + 1) * w.shape[1])
            made = slice(group * len(w) // given["group"], (group + 1) * len(w) // given["group"])
            rows = np.moveaxis(windows[:, channels], 1, -1)
            kernels = np.moveaxis(w[made], 1, -1).reshape(made.stop - made.start, -1).astype(np.int32)
            sums = pairwise(
                rows.reshape(-1, kernels.shape[1]).astype(np.int32), kernels, cut=given["group"] == 1
            )
            sums = sums - int(x_zero) * kernels.sum(1)
            parts.append(np.moveaxis(sums.reshape(*rows.shape[: axes + 1], -1), -1, 1))
        shape = (1, -1, *[1] * axes)
        exact = np.concatenate(parts, axis=1) * (x_scale * w_scale).reshape(shape) + bias.reshape(shape)
        return (exact.astype(np.float32),)


class QuantizeLinear(OpRun):  # type: ignore[misc] # as above
    """To U8; the reference has none for this version of the operators."""

    def _run(self, x: Any, scale: Any, zero: Any, **_: Any) -> Any:
        return (np.clip(np.rint(x / scale) + zero, 0, 255).astype(np.uint8),)


class DequantizeLinear(OpRun):  # type: ignore[misc] # as above
    """To float32; as above."""

    def _run(self, x: Any, scale: Any, zero: Any, **given: Any) -> Any:
        shape = [-1 if axis == given["axis"] else 1 for axis in range(x.ndim)] if np.ndim(scale) else []
        return ((x.astype(np.float32) - zero.reshape(shape)) * scale.reshape(shape),)


def pairwise(rows: NDArray[Any], kernels: NDArray[Any], *, cut: bool) -> NDArray[np.int64]:
    """Product of rows [n, depth] @ kernels [m, depth].T, pairs cut off at 16 bits, if at all."""
    if not cut:
        return np.asarray(rows.astype(np.int64) @ kernels.T)
    if rows.shape[1] % 2:
        rows, kernels = (np.pad(array, [(0, 0), (0, 1)]) for array in (rows, kernels))
    sums = []
    for first in range(0, len(rows), ROWS):
        some = rows[first : first + ROWS, None]
        pairs = some[..., ::2] * kernels[:, ::2] + some[..., 1::2] * kernels[:, 1::2]
        sums.append(np.clip(pairs, -(1 << 15), (1 << 15) - 1).sum(-1, dtype=np.int64))
    return np.concatenate(sums)


def run(model: onnx.ModelProto, feeds: dict[str, NDArray[Any]]) -> list[NDArray[Any]]:
    """The outputs of a QDQ network whose convolutions are computed so."""
    given = {node.output[0]: node for node in model.graph.node if node.op_type == "DequantizeLinear"}
    nodes = [_paired(node, given) if node.op_type == "Conv" else node for node in model.graph.node]
    changed = onnx.ModelProto()
    changed.CopyFrom(model)
    del changed.graph.node[:]
    changed.graph.node.extend(nodes)
    changed.opset_import.append(helper.make_opsetid("pairwise", 1))
    outputs: list[NDArray[Any]] = ReferenceEvaluator(changed, new_ops=OPERATORS).run(None, feeds)
    return outputs


def _paired(node: onnx.NodeProto, given: Mapping[str, onnx.NodeProto]) -> onnx.NodeProto:
    """A convolution that takes what its float inputs were made from."""
    x, w = (given[name].input for name in node.input[:2])
    pair = helper.make_node("PairwiseConv", [*x, *w[:2], node.input[2]], node.output, domain="pairwise")
    pair.attribute.extend(node.attribute)
    return pair


OPERATORS = [PairwiseConv, QuantizeLinear, DequantizeLinear]
