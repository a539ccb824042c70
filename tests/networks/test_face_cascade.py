"""The cascade: sizes, rims, refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge.errors import ModelError, UsageError
from edge.models.folder import open_folder
from edge.models.store import builtin_root
from edge.networks.face_cascade import FaceCascade
from edge.networks.faces import LANDMARKS, Faces
from tests.tools.importers.makers import facenet
from tools.convert.folder import rewrite
from tools.importers import mtcnn
from tools.importers.install import Target
from tools.importers.sources import open_source


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A detector with random weights."""
    path = tmp_path_factory.mktemp("faces")
    source = open_source(mtcnn.PACKAGE, facenet(path))
    return mtcnn.run(source, Target(path, "mtcnn"), quantized=True, data=None).path


@pytest.fixture(scope="session")
def detector(folder: Path) -> FaceCascade:
    return FaceCascade(folder)


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(64, 64), (90, 40), (33, 200), (240, 320)])
def test_faces_have_the_shapes_that_are_promised(detector: FaceCascade, shape: tuple[int, int]) -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    faces = detector.detect(rgb, min_face=20)
    assert faces.boxes.shape == (len(faces), 4)
    assert faces.scores.shape == (len(faces),)
    assert faces.landmarks.shape == (len(faces), len(LANDMARKS), 2)
    assert {array.dtype for array in (faces.boxes, faces.scores, faces.landmarks)} == {np.dtype(np.float32)}
    assert ((faces.scores > 0.7) & (faces.scores <= 1)).all()


@pytest.mark.parametrize("shape", [(1, 1), (12, 500), (39, 39)])
def test_a_picture_smaller_than_a_face_shows_none(detector: FaceCascade, shape: tuple[int, int]) -> None:
    faces = detector.detect(np.full((*shape, 3), 90, np.uint8))
    assert len(faces) == 0
    assert faces.landmarks.shape == (0, 5, 2)


def test_the_same_picture_gives_the_same_faces(detector: FaceCascade) -> None:
    rgb = np.random.default_rng(1).integers(0, 256, (120, 160, 3), np.uint8)
    first, again = detector.detect(rgb), detector.detect(np.asfortranarray(rgb))
    np.testing.assert_array_equal(first.boxes, again.boxes)


def test_following_keeps_the_order_and_marks_what_is_lost(detector: FaceCascade) -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (240, 320, 3), np.uint8)
    faces = detector.detect(rgb, min_face=20)
    again = detector.follow(rgb, faces)
    assert len(again) == len(faces) > 0
    lost = again.scores == 0
    np.testing.assert_array_equal(again.boxes[lost], faces.boxes[lost])
    outside = Faces(faces.boxes + 5000, faces.scores, faces.landmarks)
    assert not detector.follow(rgb, outside).scores.any()


def test_bad_requests_are_refused(detector: FaceCascade) -> None:
    with pytest.raises(UsageError, match="at least 12 pixels"):
        detector.detect(np.zeros((50, 50, 3), np.uint8), min_face=5)
    with pytest.raises(UsageError, match="an image is uint8"):
        detector.detect(np.zeros((50, 50), np.uint8))


def test_other_models_are_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="expected a face-cascade model, found segmenter"):
        FaceCascade(builtin_root() / "segmenter")
    copy = tmp_path / "copy"
    copy.mkdir()
    for file in folder.iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    good = open_folder(copy)
    rewrite(good, parameters=good.manifest.parameters | {"factor": 1.5})
    with pytest.raises(ModelError, match="does not describe a face-cascade"):
        FaceCascade(copy)
    without = {role: good.manifest.networks[role] for role in ("proposal", "refinement")}
    rewrite(good, networks=without)
    with pytest.raises(ModelError, match="has no network 'output'"):
        FaceCascade(copy)
