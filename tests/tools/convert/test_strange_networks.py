"""Networks that came out wrong once: NaN, weights in a second file, float16, and arrays that are none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from tests.models.makers import linear, saved
from tools.convert.__main__ import main
from tools.convert.passes import int8_weights

Command = Any
"""Runs `python -m tools.convert` on a source and arrays; gives its exit code, document and errors."""


@pytest.fixture
def convert(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    def run(source: str, arrays: Path, *more: str) -> tuple[int, dict[str, Any], str]:
        asked = [source, "--inputs", arrays, "--id", "net", "-o", tmp_path / "out", "--json", *more]
        monkeypatch.setattr("sys.argv", ["convert", *map(str, asked)])
        code = main()
        said = capsys.readouterr()
        return code, json.loads(said.out or "{}"), said.err

    return run


def arrays(path: Path, columns: int, dtype: str = "f4") -> Path:
    values = np.random.default_rng(0).standard_normal((40, columns)).astype(dtype)
    np.savez(path / "in.npz", x=values)
    return path / "in.npz"


def weights(rows: int, columns: int, dtype: str = "f4") -> NDArray[Any]:
    values = np.random.default_rng(rows).standard_normal((rows, columns)) / np.sqrt(rows)
    return np.asarray(values, dtype)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_do_not_ship(convert: Command, tmp_path: Path, bad: float) -> None:
    broken = weights(64, 32)
    broken[3, 4] = bad
    (tmp_path / "net.onnx").write_bytes(linear(weights=broken))
    code, document, said = convert(str(tmp_path / "net.onnx"), arrays(tmp_path, 64))
    assert (code, document) == (1, {})
    assert said == f"tools.convert: {tmp_path}/net.onnx has NaN or infinity in its weights: w\n"
    assert not (tmp_path / "out").exists()


def test_outputs_that_are_no_numbers_do_not_ship(convert: Command, tmp_path: Path) -> None:
    graph = helper.make_graph(
        [helper.make_node("Log", ["x"], ["y"])],
        "log",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 8])],
    )
    (tmp_path / "net.onnx").write_bytes(saved(graph))
    code, _, said = convert(str(tmp_path / "net.onnx"), arrays(tmp_path, 8))
    assert code == 1
    assert said == f"tools.convert: {tmp_path}/net.onnx gives NaN or infinity for these inputs\n"


def external(path: Path) -> Path:
    """A network whose weights lie in a second file, as PyTorch's newer exporter writes it."""
    model = onnx.load_from_string(linear(weights=weights(64, 32)))
    onnx.save(model, path / "ext.onnx", save_as_external_data=True, location="ext.data", size_threshold=16)
    return path / "ext.onnx"


def test_weights_in_a_second_file_come_along(convert: Command, tmp_path: Path) -> None:
    code, document, said = convert(str(external(tmp_path)), arrays(tmp_path, 64), "--slowdown", "100")
    assert (code, document["refused"], said) == (0, {}, "")
    assert [Path(folder).name for folder in document["folders"]] == ["net-onnx", "net-onnx-int8"]


def test_a_second_file_that_is_gone_is_told_by_the_name_of_the_first(
    convert: Command, tmp_path: Path
) -> None:
    source = external(tmp_path)
    (tmp_path / "ext.data").unlink()
    code, _, said = convert(str(source), arrays(tmp_path, 64))
    assert code == 3
    assert said.startswith(f"tools.convert: {source}: ")
    assert said.count("\n") == 1


def half(path: Path) -> Path:
    values = [
        helper.make_tensor_value_info(n, TensorProto.FLOAT16, ["n", k]) for n, k in (("x", 512), ("y", 4))
    ]
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["a"]),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("MatMul", ["b", "v"], ["y"]),
    ]
    kept = [
        numpy_helper.from_array(weights(*size, "f2"), name)
        for size, name in (((512, 256), "w"), ((256, 4), "v"))
    ]
    file = path / "half.onnx"
    file.write_bytes(saved(helper.make_graph(nodes, "half", values[:1], values[1:], kept)))
    return file


def test_float16_becomes_int8_and_goes_on_taking_float16(convert: Command, tmp_path: Path) -> None:
    source = half(tmp_path)
    kinds = ("--to", "onnx", "onnx-int8", "--slowdown", "100")
    code, document, said = convert(str(source), arrays(tmp_path, 512, "f2"), *kinds)
    assert (code, document["refused"], said) == (0, {}, "")
    file = tmp_path / "out" / "net-onnx-int8" / "onnx-int8.onnx"
    assert int8_weights(onnx.load(file)) == 2
    assert file.stat().st_size < 0.6 * source.stat().st_size
    manifest = json.loads((file.parent / "manifest.json").read_bytes())
    assert [end["dtype"] for end in manifest["networks"]["network"]["inputs"]] == ["float16"]
    assert "S8 weights of 7 bits" in (file.parent / "CARD.md").read_text()


def test_what_is_not_smaller_in_int8_does_not_ship_as_int8(convert: Command, tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(linear())
    code, document, _ = convert(str(tmp_path / "net.onnx"), arrays(tmp_path, 4))
    assert code == 0
    assert [Path(folder).name for folder in document["folders"]] == ["net-onnx"]
    assert "bytes in int8, and the network as it is has" in document["refused"]["onnx-int8"][0]
    assert (
        "none of its weights"
        in convert(str(tmp_path / "net.onnx"), arrays(tmp_path, 4), "--keep", "MatMul", "--force")[1][
            "refused"
        ]["onnx-int8"][0]
    )


def test_eight_bits_are_tried_where_seven_are_too_few(convert: Command, tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(linear(weights=weights(64, 32)))
    asked = ("--to", "onnx", "onnx-int8", "--slowdown", "100", "--agreement", "0", "--error")
    found = convert(str(tmp_path / "net.onnx"), arrays(tmp_path, 64), *asked, "1")[1]
    error = {row["kind"]: row["mean_error"] for row in found["results"]}
    assert error.keys() == {"onnx", "onnx-int8"}
    between = str(0.95 * error["onnx-int8"])
    code, document, _ = convert(str(tmp_path / "net.onnx"), arrays(tmp_path, 64), *asked, between, "--force")
    assert code == 0
    assert [Path(folder).name for folder in document["folders"]] == ["net-onnx", "net-onnx-int8-8bit"]
    assert document["refused"].keys() == {"onnx-int8"}


@pytest.mark.parametrize("kind", ["zip", "cut", "pickle", "text", "names", "shape", "dtype", "words"])
def test_arrays_that_are_none_are_one_line_with_the_code_of_unreadable_inputs(
    convert: Command, tmp_path: Path, kind: str
) -> None:
    (tmp_path / "net.onnx").write_bytes(linear())
    file = tmp_path / "in.npz"
    good = np.zeros((8, 4), np.float32)
    np.savez(file, x=good)
    if kind in ("zip", "cut", "text"):
        whole = file.read_bytes()
        file.write_bytes({"zip": b"PK\x03\x04junk", "cut": whole[: len(whole) // 2], "text": b"no"}[kind])
    else:
        strange: dict[str, Any] = {
            "pickle": {"x": np.array([{}, 1], object)},
            "names": {"other": good},
            "shape": {"x": np.zeros((8, 5), np.float32)},
            "dtype": {"x": good.astype(np.float64)},
            "words": {"x": np.array(["a", "b"])},
        }[kind]
        np.savez(file, **strange)
    code, _, said = convert(str(tmp_path / "net.onnx"), file)
    assert code == 3
    assert said.startswith(f"tools.convert: {file}: ")
    assert said.count("\n") == 1


def test_arrays_that_a_module_does_not_take_are_one_line(convert: Command, tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text("import torch\n\ndef network():\n    return torch.nn.Linear(8, 2)\n")
    code, _, said = convert(f"{tmp_path}/net.py:network", arrays(tmp_path, 5))
    assert code == 3
    assert said.startswith(
        f"tools.convert: {tmp_path}/in.npz: {tmp_path}/net.py:network fails on these inputs: "
    )
    assert said.count("\n") == 1


def test_casts_to_float16_become_casts_to_float32(tmp_path: Path) -> None:
    from tools.convert.onnx import export, widen  # noqa: PLC0415

    class Half(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return (x.float() * 3).half() + torch.tensor(0.5, dtype=torch.float16)

    x = np.arange(4, dtype=np.float16)[None]
    export(Half(), {"x": x}, tmp_path / "half.onnx", outputs=["y"])
    widen(tmp_path / "half.onnx", tmp_path / "wide.onnx")
    onnx.checker.check_model(str(tmp_path / "wide.onnx"), full_check=True)
    import onnxruntime  # noqa: PLC0415

    (got,) = onnxruntime.InferenceSession(str(tmp_path / "wide.onnx")).run(None, {"x": x})
    assert got.dtype == np.float16
    np.testing.assert_array_equal(got, x * 3 + np.float16(0.5))
