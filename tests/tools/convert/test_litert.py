"""Small networks to LiteRT and int8, in the real environments."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from edge.errors import EdgeError, InputError, UsageError
from tests.tools.convert.runner import run
from tools.convert import environments, litert, onnx
from tools.convert.environments import ConversionError

SOURCE = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, width):
        super().__init__()
        torch.manual_seed(0)
        self.image = nn.Sequential(nn.Conv2d(1, width, 3, 2, 1), nn.ReLU6(), nn.Conv2d(width, 4, 1))

    def forward(self, image, gain):
        found = self.image(image)
        return found * gain, found.mean((2, 3))


def network(width=8):
    return Net(width).eval()
"""


def _needs(name: str) -> pytest.MarkDecorator:
    try:
        environments.interpreter(name)
    except EdgeError as missing:
        return pytest.mark.skipif(True, reason=str(missing))
    return pytest.mark.skipif(False, reason="")


needs_litert, needs_onnx2tf = _needs("litert"), _needs("onnx2tf")


def inputs(seed: int) -> dict[str, NDArray[np.float32]]:
    rng = np.random.default_rng(seed)
    image = rng.standard_normal((1, 1, 16, 24)).astype(np.float32)
    return {"image": image, "gain": np.array([1.5], np.float32)}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("source") / "net.py"
    file.write_text(SOURCE, encoding="utf-8")
    return file


def network(source: Path, width: int) -> torch.nn.Module:
    names: dict[str, Any] = {}
    exec(source.read_text(encoding="utf-8"), names)
    module: torch.nn.Module = names["network"](width)
    return module


def expected(
    source: Path, given: dict[str, NDArray[np.float32]], width: int
) -> dict[str, NDArray[np.float32]]:
    with torch.no_grad():
        found = network(source, width)(*map(torch.from_numpy, given.values()))
    return {name: part.numpy() for name, part in zip(("map", "mean"), found, strict=True)}


@pytest.fixture(scope="module")
def converted(source: Path) -> Path:
    file = source.with_name("float.tflite")
    module, settings = network(source, 16), {"width": 16}
    litert.from_torch(
        f"{source}:network", module, inputs(0), file, outputs=["map", "mean"], settings=settings
    )
    return file


@needs_litert
def test_a_module_keeps_its_values_and_names(source: Path, converted: Path) -> None:
    for seed in (1, 2):
        theirs = expected(source, inputs(seed), 16)
        (ours,) = run(converted, [inputs(seed)], theirs)
        for one, other in zip(ours, theirs.values(), strict=True):
            np.testing.assert_allclose(one, other, atol=1e-5)


@needs_litert
def test_it_has_the_weights_of_the_module_and_not_new_ones(tmp_path: Path) -> None:
    file = tmp_path / "random.py"
    file.write_text("import torch\n\ndef network():\n    return torch.nn.Linear(3, 2)\n")
    module, x = torch.nn.Linear(3, 2), np.ones((1, 3), np.float32)
    litert.from_torch(f"{file}:network", module, {"x": x}, tmp_path / "net.tflite", outputs=["y"])
    with torch.no_grad():
        wanted = module(torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(
        run(tmp_path / "net.tflite", [{"x": x}], {"y": wanted})[0][0], wanted, atol=1e-6
    )


@needs_litert
@pytest.mark.parametrize("kind", ["static", "dynamic"])
def test_int8_is_close_and_takes_and_gives_float(
    source: Path, converted: Path, tmp_path: Path, kind: litert.Kind
) -> None:
    file = tmp_path / "int8.tflite"
    litert.quantize(converted, file, kind, [inputs(seed) for seed in range(8)] if kind == "static" else [])
    theirs = expected(source, inputs(50), 16)
    ours = run(file, [inputs(50)], theirs)[0][0]
    assert ours.dtype == np.float32
    assert 0 < np.abs(ours - theirs["map"]).mean() < 0.05 * theirs["map"].std()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["int8.tflite"]


@needs_litert
@pytest.mark.parametrize("kind", ["static", "dynamic"])
def test_the_largest_sums_of_int8_are_not_cut_off(tmp_path: Path, kind: litert.Kind) -> None:
    """All weights and activations as large as they get: 16 bits do not hold two products of U8 and S8."""
    file = tmp_path / "net.py"
    file.write_text("import torch\n\ndef network():\n    return torch.nn.Linear(64, 8, bias=False)\n")
    module = torch.nn.Linear(64, 8, bias=False)
    torch.nn.init.ones_(module.weight)
    sets = [{"x": np.full((1, 64), value, np.float32)} for value in (0, 0.5, 1)]
    litert.from_torch(f"{file}:network", module, sets[0], tmp_path / "net.tflite", outputs=["y"])
    litert.quantize(tmp_path / "net.tflite", tmp_path / "int8.tflite", kind, sets if kind == "static" else [])
    for given in sets[1:]:
        (outputs,) = run(tmp_path / "int8.tflite", [given], {"y": np.zeros((1, 8), np.float32)})
        np.testing.assert_allclose(outputs[0], np.full((1, 8), 64 * given["x"][0, 0]), atol=0.5)


@needs_litert
def test_what_goes_wrong_inside_is_one_line(source: Path, tmp_path: Path) -> None:
    module = network(source, 8)
    with pytest.raises(ConversionError, match="no attribute 'nothing'") as failure:
        litert.from_torch(f"{source}:nothing", module, inputs(0), tmp_path / "out.tflite", outputs=["y"])
    assert "\n" not in str(failure.value)
    assert failure.value.log is not None
    failure.value.log.unlink()
    assert list(tmp_path.iterdir()) == []


def test_calibration_is_for_static_int8_alone(source: Path, tmp_path: Path) -> None:
    for kind, sets in (("static", []), ("dynamic", [inputs(0)])):
        with pytest.raises(UsageError, match="calibration"):
            litert.quantize(source, tmp_path / "out.tflite", kind, sets)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="is not there"):
        litert.quantize(tmp_path / "none.tflite", tmp_path / "out.tflite", "dynamic")


@needs_litert
@needs_onnx2tf
def test_onnx_comes_by_tensorflow_with_its_names_and_layouts(source: Path, tmp_path: Path) -> None:
    onnx.export(network(source, 8), inputs(0), tmp_path / "net.onnx", outputs=["map", "mean"])
    litert.from_onnx(tmp_path / "net.onnx", tmp_path / "net.tflite")
    theirs = expected(source, inputs(4), 8)
    (ours,) = run(tmp_path / "net.tflite", [inputs(4)], theirs)
    for one, other in zip(ours, theirs.values(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)
