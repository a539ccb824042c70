"""Classifiers and image encoders: shapes, names and front ends that fit each other."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from edge.models.frontend import ImageInput, Samples
from edge.models.session import Session
from edge.models.store import find
from edge.networks.images import prepare
from tests.tools.importers.conftest import Import
from tests.tools.importers.makers import network, tflite

NAMES = ("dog", "cat", "fire engine")


@pytest.fixture
def names(tmp_path: Path) -> Path:
    (tmp_path / "names.txt").write_text("\n".join(NAMES) + "\n\n")
    return tmp_path / "names.txt"


@pytest.fixture
def images(tmp_path: Path) -> Path:
    path = tmp_path / "Some Net.onnx"
    path.write_bytes(network({"x": ["batch", 3, 32, 48]}, ["batch", 3]))
    return path


def test_a_classifier_of_pictures_runs_on_what_its_manifest_says(
    importing: Import, images: Path, names: Path
) -> None:
    importing("classifier", images, names, "--part", 0.875, "--licence", "MIT")
    made = find("some-net")
    front_end = made.manifest.front_end
    assert front_end == ImageInput(
        width=48, height=32, fit="crop", part=0.875,
        mean=(123.675, 116.28, 103.53), scale=(58.395, 57.12, 57.375),
    )  # fmt: skip
    assert made.manifest.labels == NAMES
    assert made.manifest.licence == "MIT"
    assert isinstance(front_end, ImageInput)
    with Session(made, "classifier") as session:
        (scores,) = session.run(prepare(np.zeros((90, 70, 3), np.uint8), front_end))
    assert scores.shape == (1, 3)


def test_layout_and_size_come_from_the_network_or_from_options(
    importing: Import, tmp_path: Path, names: Path
) -> None:
    free = tmp_path / "free.onnx"
    free.write_bytes(network({"x": ["batch", "h", "w", 3]}, ["batch", 3]))
    assert "--size" in importing("classifier", free, names, code=2)
    importing("classifier", free, names, "--size", 64, "--order", "bgr", "--mean", 1, 2, 3, "--fit", "pad")
    front_end = find("free").manifest.front_end
    assert isinstance(front_end, ImageInput)
    assert (front_end.layout, front_end.order, front_end.width, front_end.fit) == ("nhwc", "bgr", 64, "pad")
    assert front_end.mean == (1, 2, 3)


def test_sound_and_rows_of_numbers_are_classified_too(importing: Import, tmp_path: Path, names: Path) -> None:
    rows = tmp_path / "rows.onnx"
    rows.write_bytes(network({"x": ["batch", 10]}, ["batch", 3]))
    importing("classifier", rows, names)
    assert find("rows").manifest.front_end is None
    importing("classifier", rows, names, "--samples", 16000, "--id", "sound")
    assert find("sound").manifest.front_end == Samples(rate_hz=16000)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (["a", "b", "c"], ("a", "b", "c")),
        ({"0": "a", "2": "c", "1": "b"}, ("a", "b", "c")),
        ({"c": 2, "a": 0, "b": 1}, ("a", "b", "c")),
    ],
)
def test_names_may_be_json(
    importing: Import, images: Path, tmp_path: Path, document: object, expected: tuple[str, ...]
) -> None:
    (tmp_path / "names.json").write_text(json.dumps(document))
    importing("classifier", images, tmp_path / "names.json")
    assert find("some-net").manifest.labels == expected


@pytest.mark.parametrize("content", ["", "{", "3", '{"a": 1}', "[1, 2, 3]", "[]"])
def test_other_lists_of_names_are_refused(
    importing: Import, images: Path, tmp_path: Path, content: str
) -> None:
    (tmp_path / "names.json").write_text(content)
    assert "holds no list of names" in importing("classifier", images, tmp_path / "names.json", code=3)


def test_networks_that_do_not_fit_their_names_are_refused(
    importing: Import, tmp_path: Path, names: Path
) -> None:
    cases = {
        "has 4 classes, and there are 3 labels": network({"x": ["n", 3, 8, 8]}, ["n", 4]),
        "no image of three colours": network({"x": ["n", 1, 8, 8]}, ["n", 3]),
        "neither one image nor one row": network({"x": ["n", 3, 8, 8], "y": ["n"]}, ["n", 3]),
        "no number for each class": network({"x": ["n", 3, 8, 8]}, ["n", 2, 3]),
        "cannot be loaded": b"no network",
    }
    for message, content in cases.items():
        (tmp_path / "bad.onnx").write_bytes(content)
        assert message in importing("classifier", tmp_path / "bad.onnx", names, code=3)
    (tmp_path / "bad.pt").write_bytes(b"")
    assert "is not one of" in importing("classifier", tmp_path / "bad.pt", names, code=3)


def test_an_image_encoder_brings_the_vectors_of_its_names(
    importing: Import, tmp_path: Path, names: Path
) -> None:
    encoder, vectors = tmp_path / "encoder.onnx", tmp_path / "vectors.npy"
    encoder.write_bytes(network({"x": [1, 3, 32, 32]}, [1, 8]))
    assert "pass their --vectors" in importing("images", encoder, names, code=3)
    np.save(vectors, np.ones((3, 7), np.float32))
    assert "holds [3, 7], not [3, 8]" in importing("images", encoder, names, "--vectors", vectors, code=3)
    vectors.write_bytes(b"numbers")
    assert "is no .npy file" in importing("images", encoder, names, "--vectors", vectors, code=3)
    np.save(vectors, np.arange(24, dtype=np.float64).reshape(3, 8))
    importing("images", encoder, names, "--vectors", vectors, "--normalize", "signed")
    made = find("encoder")
    (kept,) = [np.load(made.path / "vectors.npy")]
    assert kept.dtype == np.float32
    np.testing.assert_array_equal(kept, np.arange(24).reshape(3, 8))
    assert made.manifest.parameters == {"size": 8, "vectors": "vectors.npy"}
    assert made.manifest.labels == NAMES
    assert made.manifest.front_end == ImageInput(
        width=32, height=32, fit="crop", mean=(127.5, 127.5, 127.5), scale=(127.5, 127.5, 127.5)
    )


def test_an_encoder_without_vectors_names_its_own_outputs(
    importing: Import, images: Path, names: Path
) -> None:
    importing("images", images, names)
    assert find("some-net").manifest.task == "image-encoder"
    assert find("some-net").manifest.parameters == {"size": 3}


def test_an_encoder_may_be_a_litert_file(importing: Import, tmp_path: Path, names: Path) -> None:
    pytest.importorskip("ai_edge_litert")
    encoder = tmp_path / "colours.tflite"
    encoder.write_bytes(tflite(24, 40))
    importing("images", encoder, names, "--normalize", "unit", "--fit", "stretch")
    made = find("colours")
    front_end = made.manifest.front_end
    assert front_end == ImageInput(width=40, height=24, layout="nhwc", scale=(255.0, 255.0, 255.0))
    red = np.zeros((10, 10, 3), np.uint8)
    red[..., 0] = 255
    with Session(made, "encoder") as session:
        (vector,) = session.run(prepare(red, front_end))
    np.testing.assert_allclose(vector, [[1, 0, 0]], atol=1e-6)
    encoder.write_bytes(encoder.read_bytes()[:200])
    assert "cannot be loaded" in importing("images", encoder, names, "--force", code=3)
