"""Image encoders: classifiers, and encoders with a vector for each name; the one that ships."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from edge.errors import ModelError, UsageError
from edge.models.folder import ModelFolder
from edge.models.frontend import ImageInput
from edge.models.manifest import Network, Tensor
from edge.networks.image_encoder import ImageEncoder
from tools.convert.folder import write_folder

COLORS = ("red", "green", "blue")


def mean_color() -> bytes:
    """A network that gives the mean of each channel."""
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 8, 8])
    mean = helper.make_tensor_value_info("mean", TensorProto.FLOAT, [1, 3])
    nodes = [
        helper.make_node("GlobalAveragePool", ["image"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["mean"]),
    ]
    graph = helper.make_graph(nodes, "mean", [image], [mean])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    content: bytes = model.SerializeToString()
    return content


def encoder(path: Path, labels: Sequence[str], parameters: dict[str, Any], **files: bytes) -> ModelFolder:
    """A model folder with the network of `mean_color`; `files` by the names without suffix."""
    network = Network(
        "encoder.onnx",
        inputs=(Tensor("image", "float32", (1, 3, 8, 8)),),
        outputs=(Tensor("mean", "float32", (1, 3)),),
    )
    contents = {"encoder.onnx": mean_color()} | {f"{name}.npy": content for name, content in files.items()}
    return write_folder(
        path, contents, id="colors", version="1", task="image-encoder", networks={"encoder": network},
        labels=tuple(labels), parameters=parameters, licence="none", source="a test",
        front_end=ImageInput(width=8, height=8, fit="crop", scale=(25.5, 25.5, 25.5)),
    )  # fmt: skip


def plain(red: int, green: int, blue: int) -> Any:
    rgb = np.zeros((20, 30, 3), np.uint8)
    rgb[:] = (red, green, blue)
    return rgb


def test_a_classifier_names_what_it_sees(tmp_path: Path) -> None:
    with ImageEncoder(encoder(tmp_path / "model", COLORS, {"size": 3})) as colors:
        chances = colors.classify([plain(255, 0, 0), plain(0, 0, 255), plain(9, 200, 9)])
        assert [colors.labels[index] for index in chances.argmax(axis=1)] == ["red", "blue", "green"]
        assert chances.sum(axis=1) == pytest.approx(np.ones(3), abs=1e-5)
        assert colors.classify([]).shape == (0, 3)
        with pytest.raises(UsageError):
            colors.classify([np.zeros((4, 4), np.uint8)])


def test_names_with_vectors_are_classes_too(tmp_path: Path) -> None:
    file = io.BytesIO()
    np.save(file, np.array([[9, 9, 0], [0, 5, 5]], np.float32))
    parameters = {"size": 3, "vectors": "vectors.npy", "scale": 20.0}
    model = encoder(tmp_path / "model", ("yellow", "cyan"), parameters, vectors=file.getvalue())
    with ImageEncoder(model) as colors:
        yellow, cyan = colors.classify([plain(200, 200, 0), plain(0, 100, 100)])
        assert yellow.argmax() == 0
        assert cyan.argmax() == 1
        cosine = 2 * 0.5 / 2  # of yellow and cyan
        assert yellow[0] / yellow[1] == pytest.approx(np.exp(20 * (1 - cosine)), rel=1e-3)


def test_names_must_be_as_many_as_classes(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="3 classes and 2 labels"):
        ImageEncoder(encoder(tmp_path / "few", COLORS[:2], {"size": 3}))
    file = io.BytesIO()
    np.save(file, np.eye(3, dtype=np.float32))
    parameters = {"size": 3, "vectors": "vectors.npy"}
    with pytest.raises(ModelError, match="3 classes and 2 labels"):
        ImageEncoder(encoder(tmp_path / "vectors", COLORS[:2], parameters, vectors=file.getvalue()))
    with pytest.raises(ModelError, match="other shapes"):
        ImageEncoder(encoder(tmp_path / "size", COLORS, {"size": 4}))


def test_the_one_that_ships_is_a_distribution_over_a_thousand_names() -> None:
    rng = np.random.default_rng(0)
    with ImageEncoder() as images:
        assert len(images.labels) == 1000
        chances = images.classify([rng.integers(0, 256, (90, 120, 3), np.uint8), plain(0, 90, 200)])
        assert chances.sum(axis=1) == pytest.approx(np.ones(2), abs=1e-4)
        assert np.abs(chances[0] - chances[1]).max() > 1e-3
