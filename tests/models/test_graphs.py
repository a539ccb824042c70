"""What graphs may ask for is checked from their bytes, before a runtime sees them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from edge.errors import ModelError
from edge.models.folder import ModelFolder, open_folder
from edge.models.limits import Limits
from edge.models.manifest import Tensor
from edge.models.session import Session
from tests.models.makers import WEIGHTS, floats, folder, linear, saved

X = np.ones((2, 4), np.float32)


def opened(made: ModelFolder) -> None:
    Session(made, "net")


def test_an_operator_of_an_unknown_domain_is_named(tmp_path: Path) -> None:
    node = helper.make_node("Steal", ["x"], ["z"], domain="com.stranger")
    with pytest.raises(ModelError, match=r"Steal of the unknown domain 'com\.stranger'"):
        opened(folder(tmp_path / "m", linear([node])))


def test_code_for_a_device_is_refused(tmp_path: Path) -> None:
    node = helper.make_node("EPContext", ["x"], ["z"], domain="com.microsoft", ep_cache_context="/etc/passwd")
    with pytest.raises(ModelError, match="EPContext"):
        opened(folder(tmp_path / "m", linear([node])))


def test_graphs_within_graphs_are_looked_at(tmp_path: Path) -> None:
    inner = helper.make_graph(
        [helper.make_node("Steal", [], ["z"], domain="com.stranger")],
        "inner",
        [],
        [helper.make_tensor_value_info("z", TensorProto.FLOAT, [1])],
    )
    condition = helper.make_node("Constant", [], ["c"], value=numpy_helper.from_array(np.array(True)))
    node = helper.make_node("If", ["c"], ["z"], then_branch=inner, else_branch=inner)
    with pytest.raises(ModelError, match="Steal"):
        opened(folder(tmp_path / "m", linear([condition, node])))


def test_functions_of_the_file_are_looked_at_and_may_be_used(tmp_path: Path) -> None:
    def function(operator: str, domain: str) -> onnx.FunctionProto:
        node = helper.make_node(operator, ["a"], ["b"], domain=domain)
        opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.stranger", 1)]
        return helper.make_function("own", "Twice", ["a"], ["b"], [node], opsets)

    call = helper.make_node("Twice", ["x"], ["z"], domain="own")
    opened(folder(tmp_path / "m", linear([call], functions=[function("Relu", "")])))
    with pytest.raises(ModelError, match="Steal"):
        opened(folder(tmp_path / "m", linear([call], functions=[function("Steal", "com.stranger")])))


def external(location: str) -> bytes:
    """The linear network with its weights in another file."""
    model = onnx.load_from_string(linear())
    weight = model.graph.initializer[0]
    weight.ClearField("raw_data")
    weight.data_location = TensorProto.EXTERNAL
    entry = weight.external_data.add()
    entry.key, entry.value = "location", location
    return bytes(model.SerializeToString())


@pytest.mark.parametrize("location", ["/etc/passwd", "../weights.bin", "weights.bin", "a/../../b", ""])
def test_weights_outside_the_folder_are_refused(tmp_path: Path, location: str) -> None:
    (tmp_path / "weights.bin").write_bytes(WEIGHTS.tobytes())
    with pytest.raises(ModelError, match="which its folder's manifest does not name"):
        opened(folder(tmp_path / "m", external(location)))


def test_weights_in_a_file_of_the_folder_are_checked_and_used(tmp_path: Path) -> None:
    made = folder(tmp_path / "m", external("weights.bin"), more={"weights.bin": WEIGHTS.tobytes()})
    (outputs,) = Session(made, "net").run(X)
    np.testing.assert_allclose(outputs, X @ WEIGHTS, rtol=1e-6)
    (made.path / "weights.bin").write_bytes(bytes(WEIGHTS.nbytes))
    with pytest.raises(ModelError, match=r"weights\.bin.*damaged"):
        opened(made)


@pytest.mark.parametrize(
    ("limits", "complaint"),
    [
        (Limits(nodes=3), "more than 3 nodes"),
        (Limits(tensor_bytes=40), "weight of 12 elements"),
        (Limits(graph_inputs=0), "1 inputs or outputs; the limit is 0"),
    ],
)
def test_limits_are_named(tmp_path: Path, limits: Limits, complaint: str) -> None:
    nodes = [helper.make_node("Relu", ["x"], [f"z{i}"]) for i in range(5)]
    made = folder(tmp_path / "m", linear(nodes))
    with pytest.raises(ModelError, match=complaint):
        opened(open_folder(made.path, limits))


def test_declared_tensors_over_the_limit_are_refused(tmp_path: Path) -> None:
    made = folder(tmp_path / "m", linear(), inputs=[floats("x", 2**20, 4)])
    with pytest.raises(ModelError, match="declares x with"):
        opened(open_folder(made.path, Limits(tensor_bytes=2**20)))


@pytest.mark.parametrize(
    ("inputs", "outputs", "complaint"),
    [
        ([floats("z", "n", 4)], [floats("y", "n", 3)], "no input z, only x"),
        ([floats("x", "n", 5)], [floats("y", "n", 3)], r"input x float32\['batch', 4\], its manifest says"),
        ([floats("x", "n", 4, 1)], [floats("y", "n", 3)], "input x"),
        ([floats("x", "n", "m")], [floats("y", "n", 3)], "input x"),
        ([floats("x", "n", 4)], [floats("z", "n", 3)], "no output z, only y"),
        ([], [floats("y", "n", 3)], "needs an input that its manifest does not name: x"),
    ],
)
def test_a_manifest_that_does_not_fit_its_graph_is_refused(
    tmp_path: Path, inputs: Sequence[Tensor], outputs: Sequence[Tensor], complaint: str
) -> None:
    with pytest.raises(ModelError, match=complaint):
        opened(folder(tmp_path / "m", linear(), inputs=inputs, outputs=outputs))


@pytest.mark.parametrize("suffix", ["onnx", "ort", "tflite", "nb"])
@pytest.mark.parametrize(
    "content", [b"", b"\0" * 100, b"\xff" * 100, b"ORTM" * 30, b"\x14\0\0\0TFL3" + b"\xff" * 64]
)
def test_rubbish_is_refused_by_name(tmp_path: Path, suffix: str, content: bytes) -> None:
    with pytest.raises(ModelError, match=rf"net\.{suffix}"):
        opened(folder(tmp_path / "m", content, file=f"net.{suffix}"))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_changed_graph_with_right_hashes_never_crashes(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    content = bytearray(linear([helper.make_node("Relu", ["x"], ["z"])]))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    made = folder(tmp_path_factory.mktemp("m") / "m", bytes(content))
    with suppress(ModelError):
        Session(made, "net").run(X)


def test_a_suffix_without_a_runtime_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"net\.bin: is not for a known runtime; known suffixes are \.onnx"):
        opened(folder(tmp_path / "m", b"?", file="net.bin"))


@pytest.fixture(scope="module")
def ort(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The linear network, with an If in it, in onnxruntime's own format."""
    path = tmp_path_factory.mktemp("ort")
    inner = helper.make_graph(
        [helper.make_node("Relu", ["x"], ["r"])],
        "inner",
        [],
        [helper.make_tensor_value_info("r", TensorProto.FLOAT, ["batch", 4])],
    )
    graph = helper.make_graph(
        [
            helper.make_node("If", ["c"], ["z"], then_branch=inner, else_branch=inner),
            helper.make_node("MatMul", ["z", "w"], ["y"]),
        ],
        "linear",
        [
            helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 4]),
            helper.make_tensor_value_info("c", TensorProto.BOOL, []),
        ],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 3])],
        [numpy_helper.from_array(WEIGHTS, "w")],
    )
    (path / "net.onnx").write_bytes(saved(graph))
    tool = [sys.executable, "-m", "onnxruntime.tools.convert_onnx_models_to_ort", str(path)]
    subprocess.run(tool, check=True, capture_output=True)
    return next(path.glob("*.ort")).read_bytes()


@pytest.mark.slow
def test_an_ort_file_runs_and_is_looked_at(tmp_path: Path, ort: bytes) -> None:
    inputs = [floats("x", "batch", 4), Tensor("c", "bool", ())]
    made = folder(tmp_path / "m", ort, file="net.ort", inputs=inputs)
    (outputs,) = Session(made, "net").run(X, np.array(True))
    np.testing.assert_allclose(outputs, X @ WEIGHTS, rtol=1e-6)
    assert ort.count(b"Relu") >= 1
    hostile = ort.replace(b"\x04\0\0\0Relu", b"\x04\0\0\0Evil").replace(
        b"\x06\0\0\0MatMul", b"\x06\0\0\0Stolen"
    )
    with pytest.raises(ModelError, match=r"net\.ort"):
        opened(folder(tmp_path / "m", hostile, file="net.ort", inputs=inputs))


@pytest.mark.parametrize("place", range(0, 400, 23))
def test_a_changed_ort_file_never_crashes_the_reader(tmp_path: Path, ort: bytes, place: int) -> None:
    content = bytearray(ort)
    content[place] ^= 0xFF
    from edge.models.backends import NetworkFile  # noqa: PLC0415
    from edge.models.inspection.flatbuffer import inspect_ort  # noqa: PLC0415

    made = folder(tmp_path / "m", bytes(content), file="net.ort")
    with suppress(ModelError):
        inspect_ort(NetworkFile(made, made.network("net")))
