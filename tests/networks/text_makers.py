"""A reader of an alphabet of three: stripes of red, green and blue on black are the letters r, g and b."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from msgspec import to_builtins
from msgspec.structs import replace
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from edge.models.folder import ModelFolder
from edge.models.frontend import ImageInput
from edge.models.manifest import Network, Tensor
from edge.networks.text_reader import Parameters
from tools.convert.folder import write_folder

Rgb = NDArray[np.uint8]

LETTERS = "rgb"
FRONT_END = ImageInput(order="bgr", mean=(127.5,) * 3, scale=(127.5,) * 3)
PARAMETERS = Parameters(
    characters="characters.txt", longest_side=512, min_text=0.3, min_score=0.5, growth=0.4, margin=0.5,
    max_width=800, min_confidence=0.5,
)  # fmt: skip
STRIPE, TALL = 12, 16
"""Pixels of a letter."""


def detector(opset: int = 17) -> bytes:
    """The probability of text per pixel: high where any channel is bright."""
    weights = {
        "weights": np.full((1, 3, 1, 1), 10, np.float32),
        "bias": np.array([20], np.float32),
    }
    nodes = [
        helper.make_node("Conv", ["x", "weights", "bias"], ["logits"]),
        helper.make_node("Sigmoid", ["logits"], ["text"]),
    ]
    return _saved(nodes, weights, [1, 3, "h", "w"], [1, 1, "h", "w"], opset)


def recognizer(opset: int = 17, *, outputs: int = 5) -> bytes:
    """Probabilities of blank, r, g, b and space for every eight columns of blue, green and red."""
    letters = 5 * (3 * np.eye(3, dtype=np.float32)[::-1] - 1)
    weights = {
        "weights": np.concatenate([np.zeros((3, 1)), letters, np.zeros((3, outputs - 4))], axis=1),
        "bias": np.array([6, 0, 0, 0, *[-99] * (outputs - 4)]),
    }
    nodes = [
        helper.make_node("AveragePool", ["x"], ["pooled"], kernel_shape=[48, 8], strides=[48, 8]),
        helper.make_node("Transpose", ["pooled"], ["columns"], perm=[0, 3, 1, 2]),
        helper.make_node("Flatten", ["columns"], ["rows"], axis=2),
        helper.make_node("MatMul", ["rows", "weights"], ["scores"]),
        helper.make_node("Add", ["scores", "bias"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["chances"], axis=1),
        helper.make_node("Unsqueeze", ["chances"], ["text"], axes=[0])
        if opset < 13
        else helper.make_node("Unsqueeze", ["chances", "first"], ["text"]),
    ]
    tensors = {name: values.astype(np.float32) for name, values in weights.items()}
    if opset >= 13:
        tensors["first"] = np.array([0], np.int64)
    return _saved(nodes, tensors, [1, 3, 48, "w"], [1, "t", outputs], opset)


def noted(content: bytes, **notes: str) -> bytes:
    """An ONNX file with notes."""
    model = onnx.load_from_string(content)
    for name, value in notes.items():
        model.metadata_props.add(key=name, value=value)
    return bytes(model.SerializeToString())


def reader_folder(
    path: Path, *, characters: bytes = b"r\ng\nb\n \n", outputs: int = 5, **changed: Any
) -> ModelFolder:
    """A model folder with both networks."""
    ends: dict[str, tuple[tuple[int | str, ...], ...]] = {
        "detector": ((1, 3, "h", "w"), (1, 1, "h", "w")),
        "recognizer": ((1, 3, 48, "w"), (1, "t", outputs)),
    }
    networks = {
        role: Network(
            f"{role}.onnx",
            inputs=(Tensor("x", "float32", given),),
            outputs=(Tensor("text", "float32", result),),
        )
        for role, (given, result) in ends.items()
    }
    files = {
        "detector.onnx": detector(),
        "recognizer.onnx": recognizer(outputs=outputs),
        "characters.txt": characters,
    }
    return write_folder(
        path, files, id="stripes", version="1", task="text-reader", networks=networks, front_end=FRONT_END,
        parameters=to_builtins(replace(PARAMETERS, **changed)), licence="none", source="a test",
    )  # fmt: skip


def paint(rgb: Rgb, text: str, x: int, y: int) -> tuple[int, int, int, int]:
    """Draw a word of stripes; returns its box."""
    for number, letter in enumerate(text):
        left = x + number * STRIPE
        rgb[y : y + TALL, left : left + STRIPE, LETTERS.index(letter)] = 255
    return x, y, x + len(text) * STRIPE, y + TALL


def _saved(
    nodes: Sequence[onnx.NodeProto],
    weights: dict[str, NDArray[Any]],
    given: Sequence[int | str],
    result: Sequence[int | str],
    opset: int,
) -> bytes:
    graph = helper.make_graph(
        nodes,
        "stripes",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, given)],
        [helper.make_tensor_value_info("text", TensorProto.FLOAT, result)],
        [numpy_helper.from_array(values, name) for name, values in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())
