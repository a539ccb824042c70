"""PyTorch to ONNX and on to int8, on small networks; and the segmenter with its shapes fixed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx as format_
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from edge.errors import InputError, UsageError
from tools.convert import onnx, passes
from tools.convert.environments import ConversionError
from tools.train.segmenter import FLOAT, fixed

Floats = NDArray[np.float32]
FREE = {"x": {0: "batch", 2: "time"}, "y": {0: "batch"}}


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(8, 16, batch_first=True)
        self.head = nn.Linear(16, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.lstm(x)[0])  # type: ignore[no-any-return]


def convolutions() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv1d(8, 32, 5, padding=2), nn.ReLU6(), nn.Conv1d(32, 32, 3), nn.ReLU(), nn.Conv1d(32, 3, 1)
    ).eval()


def noise(*shape: int, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def run(file: Path, x: Floats) -> Floats:
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    result: Floats = session.run(None, {session.get_inputs()[0].name: x})[0]
    return result


def kinds(file: Path) -> list[str]:
    return [node.op_type for node in format_.load(file).graph.node]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("onnx") / "net.onnx"
    onnx.export(convolutions(), {"x": noise(1, 8, 40)}, file, outputs=["y"], free=FREE)
    return file


def test_an_export_takes_any_size_along_its_free_axes(exported: Path) -> None:
    x = noise(2, 8, 77)
    with torch.no_grad():
        np.testing.assert_allclose(run(exported, x), convolutions()(torch.from_numpy(x)), atol=1e-5)


def test_fixed_shapes_hold_throughout(exported: Path, tmp_path: Path) -> None:
    onnx.fix_shapes(exported, tmp_path / "fixed.onnx", {"batch": 1, "time": 40})
    model = passes.load_fixed(tmp_path / "fixed.onnx")
    assert [axis.dim_value for axis in model.graph.output[0].type.tensor_type.shape.dim] == [1, 3, 38]
    np.testing.assert_array_equal(
        run(tmp_path / "fixed.onnx", noise(1, 8, 40)), run(exported, noise(1, 8, 40))
    )
    with pytest.raises(UsageError, match="no free axis width; it has batch, time"):
        onnx.fix_shapes(exported, tmp_path / "other.onnx", {"width": 3})


def test_static_int8_is_small_and_close(exported: Path, tmp_path: Path) -> None:
    file = tmp_path / "int8.onnx"
    onnx.quantize_static(exported, file, ({"x": noise(1, 8, 40, seed=seed)} for seed in range(8)))
    assert "QuantizeLinear" in kinds(file)
    x = noise(1, 8, 60, seed=99)
    np.testing.assert_allclose(run(file, x), run(exported, x), atol=0.05)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["int8.onnx"]


def test_what_is_to_be_kept_stays_float(exported: Path, tmp_path: Path) -> None:
    file = tmp_path / "kept.onnx"
    sets = [{"x": noise(1, 8, 40)}]
    onnx.quantize_static(exported, file, sets, keep=["Conv", "Relu", "Clip"])
    assert run(file, sets[0]["x"]) == pytest.approx(run(exported, sets[0]["x"]), abs=1e-5)
    with pytest.raises(UsageError, match="called Convolution"):
        onnx.quantize_static(exported, file, sets, keep=["Convolution"])


def test_dynamic_int8_is_for_the_layers_of_a_type(tmp_path: Path) -> None:
    torch.manual_seed(0)
    source, file, lstm_only = (tmp_path / f"{name}.onnx" for name in ("float", "int8", "lstm"))
    onnx.export(Recurrent(), {"x": noise(1, 9, 8)}, source, outputs=["y"])
    onnx.quantize_dynamic(source, file)
    onnx.quantize_dynamic(source, lstm_only, types=["LSTM"])
    assert {"DynamicQuantizeLSTM", "MatMulInteger"} <= set(kinds(file))
    assert "MatMul" in kinds(lstm_only)
    x = noise(1, 9, 8, seed=3)
    for int8 in (file, lstm_only):
        np.testing.assert_allclose(run(int8, x), run(source, x), atol=0.03)


@pytest.mark.parametrize("platform", ["arm", "amd64"])
def test_onnxruntimes_own_format_gives_the_same(
    exported: Path, tmp_path: Path, platform: onnx.Platform
) -> None:
    onnx.to_ort(exported, tmp_path / "net.ort", platform=platform)
    assert (tmp_path / "net.ort").read_bytes()[4:8] == b"ORTM"
    np.testing.assert_allclose(
        run(tmp_path / "net.ort", noise(1, 8, 50)), run(exported, noise(1, 8, 50)), atol=1e-5
    )


@pytest.mark.parametrize(
    "convert",
    [
        lambda source, file: onnx.quantize_static(source, file, []),
        onnx.quantize_dynamic,
        lambda source, file: onnx.to_ort(source, file, platform="arm"),
        lambda source, file: onnx.fix_shapes(source, file, {}),
    ],
)
def test_what_is_no_network_is_one_line(convert: Callable[[Path, Path], None], tmp_path: Path) -> None:
    (tmp_path / "text.onnx").write_text("not a network")
    for name, line in (("text", "is no ONNX file"), ("none", "cannot be read")):
        with pytest.raises(InputError, match=line) as failure:
            convert(tmp_path / f"{name}.onnx", tmp_path / "out.onnx")
        assert "\n" not in str(failure.value)
    assert not (tmp_path / "out.onnx").exists()


def test_calibration_without_inputs_is_one_line(exported: Path, tmp_path: Path) -> None:
    with pytest.raises(ConversionError, match="cannot be quantized"):
        onnx.quantize_static(exported, tmp_path / "out.onnx", [])


class Awkward(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.flatten(x.unsqueeze(1)[:, :, -3:-1, -2], 1).squeeze(0)


def test_plain_graphs_count_from_the_start_and_only_reshape(tmp_path: Path) -> None:
    x = noise(1, 6, 5)
    onnx.export(Awkward(), {"x": x}, tmp_path / "net.onnx", outputs=["y"])
    passes.plain(tmp_path / "net.onnx", tmp_path / "plain.onnx")
    assert set(kinds(tmp_path / "plain.onnx")) == {"Gather", "Reshape", "Slice"}
    np.testing.assert_array_equal(run(tmp_path / "plain.onnx", x), x[0, -3:-1, -2])
    graph = format_.load(tmp_path / "plain.onnx").graph
    used = {name for node in graph.node for name in node.input}
    numbers = [format_.numpy_helper.to_array(item) for item in graph.initializer if item.name in used]
    assert min(int(item.min()) for item in numbers) >= 0


def test_plain_graphs_have_fixed_shapes(exported: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="free axes: batch, time"):
        passes.plain(exported, tmp_path / "plain.onnx")


def test_the_fixed_encoder_gives_what_the_free_one_gives() -> None:
    mel = noise(1, fixed.FRAMES, 64)
    session = onnxruntime.InferenceSession(str(FLOAT / "encoder.onnx"))
    with torch.no_grad():
        found = fixed.encoder()(torch.from_numpy(mel))
    for ours, theirs in zip(found, session.run(None, {"mel": mel}), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-4)


def test_a_whole_network_made_plain_gives_the_same(tmp_path: Path) -> None:
    mel = noise(1, fixed.FRAMES, 64)
    onnx.export(
        fixed.encoder(), {"mel": mel}, tmp_path / "net.onnx", outputs=["embedding", "attention", "logits"]
    )
    passes.plain(tmp_path / "net.onnx", tmp_path / "plain.onnx")
    assert not {"Constant", "Unsqueeze"} & set(kinds(tmp_path / "plain.onnx"))
    np.testing.assert_allclose(run(tmp_path / "plain.onnx", mel), run(tmp_path / "net.onnx", mel), atol=1e-5)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["net.onnx", "plain.onnx"]


@pytest.mark.parametrize("unrolled", [True, False])
def test_padding_does_not_reach_the_rows_of_the_fixed_fusion(unrolled: bool) -> None:
    rng = np.random.default_rng(1)
    session = onnxruntime.InferenceSession(str(FLOAT / "fusion.onnx"))
    segments = 24
    network = fixed.fusion(segments=segments, unrolled=unrolled)
    for count in range(1, segments + 1):
        features = np.zeros((1, segments, 260), np.float32)
        features[0, :count, :256] = 3 * rng.random((count, 256))
        features[0, :count, 256:] = np.log(rng.dirichlet(np.full(4, 0.3), count) + 1e-4)
        with torch.no_grad():
            ours = network(torch.from_numpy(features))[:, :count]
        np.testing.assert_allclose(ours, session.run(None, {"features": features[:, :count]})[0], atol=1e-4)
