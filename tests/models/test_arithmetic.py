"""Int8 networks are right with every processor's arithmetic, that of x86 without VNNI above all."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx import numpy_helper

from edge.models import arithmetic
from edge.models.folder import open_folder
from edge.models.session import Session
from edge.models.store import builtin_root
from edge.networks.segmenter import Segmenter
from tests.models import makers, saturating
from tools.convert.onnx import Bits, quantize_static
from tools.sound.compose import compose
from tools.sound.signals import at_dbfs
from tools.sound.synth import render
from tools.train.segmenter import FLOAT

Floats = NDArray[np.float32]

SHIPPED = [
    folder / network.file
    for folder in sorted(Path(builtin_root()).iterdir())
    for network in open_folder(folder).manifest.networks.values()
    if network.quantization != "none"
]
"""The networks that are said to be quantized."""
RIGHT = 0.05
"""Most that a confidence of an int8 network may be off."""


@dataclass(frozen=True)
class Encoder:
    """The segmenter's encoder in float, and what it makes of some music."""

    file: Path
    mel: Floats
    confidences: Floats

    def off(self, outputs: list[Floats]) -> float:
        """Largest error of a confidence."""
        return float(np.abs(softmax(outputs[2]) - self.confidences).max())

    def quantized(self, file: Path, bits: Bits) -> Path:
        quantize_static(self.file, file, [{"mel": self.mel}], bits=bits)
        return file


def softmax(logits: Floats) -> Floats:
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return np.asarray(powers / powers.sum(-1, keepdims=True), np.float32)


def plainly(file: Path, mel: Floats) -> list[Floats]:
    """What onnxruntime makes of it by itself."""
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    outputs: list[Floats] = session.run(None, {"mel": mel})
    return outputs


@pytest.fixture(scope="module")
def encoder(segmenter: Segmenter) -> Encoder:
    rng = np.random.default_rng(5)
    music = at_dbfs(render(compose(rng, 3.0).notes, rng, seconds=3.0), -20)
    stream = segmenter.front_end.stream()
    stream.accept(music[:48_000])
    mel = stream.get()[None, :232]
    file = FLOAT / "encoder.onnx"
    return Encoder(file, mel, softmax(plainly(file, mel)[2]))


@pytest.fixture(scope="module")
def eight_bits(encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return encoder.quantized(tmp_path_factory.mktemp("int8") / "net.onnx", 8)


def test_the_shipped_encoder_is_right_without_vnni(encoder: Encoder) -> None:
    shipped = onnx.load(builtin_root() / "segmenter" / "encoder.onnx")
    assert encoder.off(saturating.run(shipped, {"mel": encoder.mel})) < RIGHT


def test_weights_of_seven_bits_are_right_without_vnni_and_of_eight_are_not(
    encoder: Encoder, eight_bits: Path, tmp_path: Path
) -> None:
    seven = onnx.load(encoder.quantized(tmp_path / "net.onnx", 7))
    assert encoder.off(saturating.run(seven, {"mel": encoder.mel})) < RIGHT
    assert encoder.off(saturating.run(onnx.load(eight_bits), {"mel": encoder.mel})) > 2 * RIGHT


@pytest.mark.skipif(not arithmetic.saturates(), reason="sums of U8 x S8 are exact on this processor")
def test_a_processor_without_vnni_does_what_the_copy_in_numpy_does(
    encoder: Encoder, eight_bits: Path
) -> None:
    copy = saturating.run(onnx.load(eight_bits), {"mel": encoder.mel})
    assert encoder.off(plainly(eight_bits, encoder.mel)) == pytest.approx(encoder.off(copy), abs=0.01)
    np.testing.assert_allclose(softmax(plainly(eight_bits, encoder.mel)[2]), softmax(copy[2]), atol=RIGHT)


def test_a_session_is_right_with_weights_of_eight_bits(
    encoder: Encoder, eight_bits: Path, tmp_path: Path
) -> None:
    shipped = Segmenter().folder.network("encoder")
    folder = makers.folder(
        tmp_path / "model", eight_bits.read_bytes(), inputs=shipped.inputs, outputs=shipped.outputs
    )
    with Session(folder, "net") as session:
        assert encoder.off(session.run(encoder.mel)) < RIGHT


def test_int8_weights_of_float_products_may_have_no_zero_points(tmp_path: Path) -> None:
    scales = np.linspace(0.5, 1, 3, dtype=np.float32)
    whole = np.random.default_rng(0).integers(-127, 128, (4, 3)).astype(np.int8)
    graph = onnx.helper.make_graph(
        [
            onnx.helper.make_node("DequantizeLinear", ["q", "s"], ["w"], axis=1),
            onnx.helper.make_node("MatMul", ["x", "w"], ["y"]),
        ],
        "weights",
        [onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, ["batch", 4])],
        [onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, ["batch", 3])],
        [numpy_helper.from_array(whole, "q"), numpy_helper.from_array(scales, "s")],
    )
    x = np.random.default_rng(1).standard_normal((5, 4)).astype(np.float32)
    with Session(makers.folder(tmp_path / "model", makers.saved(graph)), "net") as session:
        np.testing.assert_allclose(session.run(x)[0], x @ (whole * scales), atol=1)  # of up to 350


ACTIVATIONS = {"QuantizeLinear", "DynamicQuantizeLinear", "MatMulInteger", "DynamicQuantizeLSTM"}
"""Operators of networks whose activations are integers; in the others int8 weights are read as floats."""


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: f"{file.parent.name}-{file.name}")
def test_no_pair_of_shipped_weights_can_overflow(file: Path) -> None:
    graph = onnx.load(file).graph
    weights = [
        numpy_helper.to_array(item).astype(np.int64)
        for item in graph.initializer
        if item.data_type == onnx.TensorProto.INT8 and len(item.dims) > 1
    ]
    assert weights
    if any(node.op_type in ACTIVATIONS for node in graph.node):
        assert max(2 * 255 * np.abs(array).max() for array in weights) < 1 << 15
    else:
        assert_read_as_floats(file, graph)


def assert_read_as_floats(file: Path, graph: onnx.GraphProto) -> None:
    """A session gives what the graph gives without any optimization: its weights as floats."""
    rng, plain = np.random.default_rng(0), onnxruntime.SessionOptions()
    plain.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    feeds: dict[str, np.ndarray[Any, Any]] = {}
    for given in graph.input:
        kind, shape = given.type.tensor_type.elem_type, given.type.tensor_type.shape.dim
        size = [axis.dim_value or 5 for axis in shape]
        is_float = kind == onnx.TensorProto.FLOAT
        feeds[given.name] = (
            rng.standard_normal(size).astype(np.float32) if is_float else np.ones(size, np.int64)
        )
    exact = onnxruntime.InferenceSession(file, plain, providers=["CPUExecutionProvider"]).run(None, feeds)
    found = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"]).run(None, feeds)
    for one, other in zip(found, exact, strict=True):
        assert np.abs(one - other).max() < 0.02 * np.abs(other).max()


def test_unknown_options_of_a_session_are_let_pass() -> None:
    options = onnxruntime.SessionOptions()  # what a runtime older than an option does with it
    options.add_session_config_entry("session.no_such_option", "1")
    onnxruntime.InferenceSession(makers.linear(), options, providers=["CPUExecutionProvider"])


def test_the_arithmetic_is_described_in_one_line() -> None:
    assert arithmetic.describe().startswith(f"{arithmetic.instructions()}: U8 x S8 sums ")
    if "without VNNI" in arithmetic.instructions():
        assert arithmetic.saturates()
