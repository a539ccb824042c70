"""Small networks to Paddle-Lite and int8, and from Paddle to ONNX, in the real environments."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from edge.errors import EdgeError, InputError, UsageError
from tests.tools.convert.runner import run
from tools.convert import environments, onnx, paddle
from tools.convert.paddle import Scheme


def _missing() -> str:
    for name in ("paddle", "paddle-runtime"):
        try:
            environments.interpreter(name)
        except EdgeError as missing:
            return str(missing)
    return ""


pytestmark = pytest.mark.skipif(bool(_missing()), reason=_missing())

Floats = NDArray[np.float32]


class Net(nn.Module):
    """All that once went wrong on the way: unsqueeze, ReLU6, negative slices, flatten, two outputs."""

    def __init__(self) -> None:
        super().__init__()
        self.image = nn.Sequential(
            nn.Conv2d(1, 16, 3, 2, 1), nn.ReLU6(), nn.Conv2d(16, 16, (1, 5), 1, (0, 2), 1, 16), nn.ReLU6()
        )
        self.head = nn.Conv2d(16, 6, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        found = self.head(self.image(x.unsqueeze(1)))
        return found[:, :, -2], torch.flatten(found[:, -3:-1], 1)


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(6, 10, bidirectional=True)

    def forward(self, x: Tensor) -> Tensor:
        states: Tensor = self.lstm(x)[0]
        return states.clamp(-0.3, 0.3)


def noise(seed: int, *shape: int) -> Floats:
    return np.random.default_rng(seed).standard_normal(shape or (1, 12, 24)).astype(np.float32)


@pytest.fixture(autouse=True)
def _runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGE_PADDLE_PYTHON", str(environments.interpreter("paddle-runtime")))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """net.onnx and net, the program made of it."""
    place = tmp_path_factory.mktemp("paddle")
    torch.manual_seed(0)
    onnx.export(Net(), {"x": noise(0)}, place / "net.onnx", outputs=["row", "flat"])
    paddle.from_onnx(place / "net.onnx", place / "net")
    return place


def expected(folder: Path, x: Floats) -> list[Floats]:
    session = onnxruntime.InferenceSession(str(folder / "net.onnx"))
    found: list[Floats] = session.run(None, {"x": x})
    return found


def error(file: Path, folder: Path) -> float:
    """Mean error of the outputs against the float network, in standard deviations of the output."""
    sets = [noise(seed) for seed in range(20, 24)]
    truth = [expected(folder, x) for x in sets]
    outputs = run(file, [{"x": x} for x in sets], dict(zip("ab", truth[0], strict=True)))
    found = [np.stack(column) for column in zip(*outputs, strict=True)]
    wanted = [np.stack(column) for column in zip(*truth, strict=True)]
    return max(
        float(np.abs(ours - theirs).mean() / theirs.std()) for ours, theirs in zip(found, wanted, strict=True)
    )


def test_a_float_network_is_exact(folder: Path) -> None:
    paddle.to_nb(folder / "net", folder / "float.nb", "x86")
    assert error(folder / "float.nb", folder) < 1e-5


def test_the_same_program_gives_the_same_bytes(folder: Path) -> None:
    for name in ("one.nb", "two.nb"):
        paddle.to_nb(folder / "net", folder / name, "x86")
    assert (folder / "one.nb").read_bytes() == (folder / "two.nb").read_bytes()


def test_int8_weights_are_smaller_and_close(folder: Path) -> None:
    paddle.to_nb(folder / "net", folder / "weights.nb", "x86", int8_weights=True)
    assert 0 < error(folder / "weights.nb", folder) < 0.03


@pytest.mark.parametrize(
    "scheme", [Scheme(half_range=True), Scheme("hist", half_range=True, types=("conv2d",))]
)
def test_post_training_int8_is_close_with_weights_of_half_range(folder: Path, scheme: Scheme) -> None:
    calibration = [{"x": noise(seed)} for seed in range(8)]
    paddle.quantize(folder / "net", folder / "int8", calibration, scheme)
    paddle.to_nb(folder / "int8", folder / "int8.nb", "x86")
    assert 0 < error(folder / "int8.nb", folder) < 0.08


@pytest.mark.parametrize("target", ["arm", "arm-fp16"])
def test_files_for_other_processors_are_made(folder: Path, target: paddle.Target) -> None:
    paddle.to_nb(folder / "net", folder / f"{target}.nb", target)
    assert (folder / f"{target}.nb").stat().st_size > 2000


def test_an_lstm_stays_one_operation(tmp_path: Path) -> None:
    torch.manual_seed(0)
    x = noise(1, 7, 1, 6)
    module = Recurrent().eval()
    onnx.export(module, {"x": x}, tmp_path / "net.onnx", outputs=["y"])
    paddle.from_onnx(tmp_path / "net.onnx", tmp_path / "net")
    paddle.to_nb(tmp_path / "net", tmp_path / "net.nb", "x86")
    with torch.no_grad():
        wanted = module(torch.from_numpy(x)).numpy()
    ((found,),) = run(tmp_path / "net.nb", [{"x": x}], {"y": wanted})
    np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_a_program_becomes_onnx(folder: Path) -> None:
    paddle.to_onnx(folder / "net", folder / "back.onnx")
    session = onnxruntime.InferenceSession(str(folder / "back.onnx"))
    for ours, theirs in zip(
        session.run(None, {session.get_inputs()[0].name: noise(5)}), expected(folder, noise(5)), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_what_makes_no_sense_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not there"):
        paddle.to_nb(tmp_path, tmp_path / "out.nb", "x86")
    scheme = Scheme(per_channel=False, half_range=True)
    with pytest.raises(UsageError, match="half the range"):
        paddle.quantize(folder / "net", tmp_path / "int8", [{"x": noise(0)}], scheme)
    free = {"x": {1: "height"}}
    onnx.export(Net(), {"x": noise(0)}, tmp_path / "free.onnx", outputs=["row", "flat"], free=free)
    with pytest.raises(UsageError, match="free axes: height"):
        paddle.from_onnx(tmp_path / "free.onnx", tmp_path / "net")
