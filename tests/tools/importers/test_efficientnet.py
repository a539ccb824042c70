"""EfficientNet-lite2 from its package's file to probabilities, checked against the network in torch."""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnx
import pytest

pytest.importorskip("torch")  # the extra `train`

import torch
from edge_kernels.images import Rgb
from onnx import TensorProto, numpy_helper
from torch import Tensor
from torch.nn import functional

from edge.errors import ModelError
from edge.models.packages import packaged_root
from edge.networks.image_encoder import ImageEncoder, softmax
from tests.tools.importers.conftest import Import
from tests.tools.makers import colored, pack_of_colors
from tools.importers import efficientnet
from tools.importers.efficientnet import PACKAGE, WEIGHTS, WEIGHTS_PATH
from tools.importers.sources import open_source

needs_package = pytest.mark.skipif(
    find_spec(PACKAGE.folder) is None or find_spec(efficientnet.NAMES.folder) is None,
    reason=f"needs {PACKAGE.name} and {efficientnet.NAMES.name}",
)

MODEL = "efficientnet-lite2"

SMALLER = (1, 4, 7, 15)
"""Blocks that halve height and width (Tan and Le 2019, scaled in depth)."""

Tensors = Mapping[str, Tensor]


@pytest.fixture(scope="module")
def stored() -> bytes:
    return open_source(PACKAGE, None).read(WEIGHTS_PATH)


@pytest.fixture(scope="module")
def tensors(stored: bytes) -> Tensors:
    loaded: Tensors = torch.load(io.BytesIO(stored), weights_only=True)
    return loaded


def reference(tensors: Tensors, pixels: Tensor) -> Tensor:
    """The logits of float32[1, 3, height, width]."""
    x = unit(tensors, pixels, "_conv_stem", "_bn0", 2)
    for number in range(1 + max(int(name.split(".")[1]) for name in tensors if name.startswith("_blocks"))):
        at, inner = f"_blocks.{number}", x
        if f"{at}._expand_conv.weight" in tensors:
            inner = unit(tensors, inner, f"{at}._expand_conv", f"{at}._bn0")
        inner = unit(tensors, inner, f"{at}._depthwise_conv", f"{at}._bn1", 2 if number in SMALLER else 1)
        inner = unit(tensors, inner, f"{at}._project_conv", f"{at}._bn2", linear=True)
        x = x + inner if x.shape == inner.shape else inner
    x = unit(tensors, x, "_conv_head", "_bn1")
    return functional.linear(x.mean((2, 3)), tensors["_fc.weight"], tensors["_fc.bias"])


def unit(
    tensors: Tensors, x: Tensor, conv: str, norm: str, stride: int = 1, *, linear: bool = False
) -> Tensor:
    """Convolution with the padding of TensorFlow, batch normalisation, ReLU6."""
    weight = tensors[f"{conv}.weight"]
    pads: list[int] = []
    for size, kernel in zip(x.shape[:1:-1], weight.shape[:1:-1], strict=True):
        missing = max(0, (-(-size // stride) - 1) * stride + kernel - size)
        pads += [missing // 2, missing - missing // 2]
    x = functional.conv2d(
        functional.pad(x, pads), weight, stride=stride, groups=x.shape[1] // weight.shape[1]
    )
    mean, variance, scale, shift = (
        tensors[f"{norm}.{part}"] for part in ("running_mean", "running_var", "weight", "bias")
    )
    x = functional.batch_norm(x, mean, variance, scale, shift, eps=1e-3)
    return x if linear else x.clamp(0, 6)


def noisy(seed: int) -> Rgb:
    """A picture with shapes of a few pixels, at the size of the network's input."""
    blocks = np.random.default_rng(seed).integers(0, 256, (26, 26, 3), np.uint8)
    return np.ascontiguousarray(blocks.repeat(10, axis=0).repeat(10, axis=1))


@needs_package
def test_all_weights_are_parts_of_the_packages_file(stored: bytes, tensors: Tensors) -> None:
    content = efficientnet.build(stored, open_source(PACKAGE, None))
    assert len(content) < 200_000
    left = {name for name in tensors if not name.endswith("num_batches_tracked")}
    backward = {4: ((2, 3, 0, 1), (2, 3, 1, 0)), 2: ((1, 0),), 1: ((0,),)}
    for weight in onnx.load_from_string(content).graph.initializer:
        if weight.data_location != TensorProto.EXTERNAL:
            assert numpy_helper.to_array(weight).size == 1  # the ends of ReLU6
            continue
        at = {entry.key: entry.value for entry in weight.external_data}
        assert at["location"] == WEIGHTS
        part = stored[int(at["offset"]) :][: int(at["length"])]
        values = np.frombuffer(part, np.float32).reshape(weight.dims)
        name = weight.name.removesuffix(".stored")
        original = tensors[name].numpy()
        assert any(np.array_equal(values, original.transpose(order)) for order in backward[original.ndim])
        left.remove(name)
    assert not left


@needs_package
def test_float_probabilities_are_those_of_the_network(importing: Import, tensors: Tensors) -> None:
    importing("efficientnet", "--float", "--no-measure")
    encoder = ImageEncoder("efficientnet-float")
    assert len(encoder.labels) == 1000
    assert encoder.labels[1].startswith("goldfish")
    for seed in range(2):
        rgb = noisy(seed)
        pixels = torch.from_numpy((rgb.astype(np.float32) - 127) / 128).permute(2, 0, 1)[None]
        with torch.no_grad():
            logits = reference(tensors, pixels).numpy()
        assert logits.std() > 0.5
        np.testing.assert_allclose(encoder.classify([rgb]), softmax(logits), atol=1e-4)


@needs_package
def test_int8_is_small_and_near(importing: Import, tmp_path: Path) -> None:
    images = [noisy(number) for number in range(6)]
    pack_of_colors(tmp_path / "train", images)
    pack = pack_of_colors(tmp_path / "eval", [colored(number) for number in range(3)])
    (pack / "manifest.csv").write_text("path,class,subclass\n")
    importing("efficientnet", "--data", pack)
    importing("efficientnet", "--float", "--no-measure")
    exact, small = ImageEncoder("efficientnet-float"), ImageEncoder("efficientnet")
    assert small.folder.manifest.files.keys() == {"encoder.onnx", "CARD.md"}
    assert small.folder.file("encoder.onnx").stat().st_size < 8e6
    assert small.folder.manifest.quantization == efficientnet.INT8
    first, second = (np.log(encoder.classify(images[:3])) for encoder in (exact, small))
    for one, other in zip(first, second, strict=True):
        assert np.corrcoef(one, other)[0, 1] > 0.9


def pickled(content: object) -> bytes:
    buffer = io.BytesIO()
    torch.save(content, buffer)
    return buffer.getvalue()


@needs_package
@pytest.mark.parametrize(
    "content",
    [b"", b"short", pickled({"weight": torch.zeros(3)}), pickled([1, 2])],
    ids=["empty", "short", "other weights", "no weights"],
)
def test_other_files_are_refused(importing: Import, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "package" / WEIGHTS_PATH
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    said = importing("efficientnet", tmp_path / "package", "--float", "--no-measure", code=3)
    assert "holds another network than EfficientNet-lite2" in said


@needs_package
@pytest.mark.parametrize("kept", [1000, 5_000_000, -4])
def test_a_truncated_file_is_refused(importing: Import, tmp_path: Path, stored: bytes, kept: int) -> None:
    test_other_files_are_refused(importing, tmp_path, stored[:kept])


@needs_package
def test_a_folder_without_the_file_is_refused(importing: Import, tmp_path: Path) -> None:
    assert f"holds no readable {WEIGHTS_PATH}" in importing("efficientnet", tmp_path, "--float", code=3)


@needs_package
def test_the_packaged_folder_takes_its_weights_from_the_package(store: Path, tensors: Tensors) -> None:
    encoder = ImageEncoder(MODEL)
    assert encoder.folder.path == packaged_root() / MODEL
    encoder.folder.verify()
    rgb = noisy(0)
    pixels = torch.from_numpy((rgb.astype(np.float32) - 127) / 128).permute(2, 0, 1)[None]
    with torch.no_grad():
        expected = reference(tensors, pixels).softmax(1)
    np.testing.assert_allclose(encoder.classify([rgb]), expected, atol=1e-4)


@needs_package
def test_a_changed_byte_of_the_package_is_found_before_it_is_used(
    store: Path, tmp_path: Path, stored: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "site" / PACKAGE.folder
    file = package / WEIGHTS_PATH
    file.parent.mkdir(parents=True)
    (package / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    monkeypatch.delitem(sys.modules, PACKAGE.folder, raising=False)
    file.write_bytes(stored)
    ImageEncoder(MODEL).close()
    changed = bytearray(stored)
    changed[len(changed) // 2] ^= 1
    file.write_bytes(changed)
    with pytest.raises(ModelError, match=rf"{WEIGHTS}: is damaged"):
        ImageEncoder(MODEL)
