"""The face detector that ships: real faces, no faces, any image."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from edge_kernels.images import Rgb

from edge.errors import ModelError, UsageError
from edge.media import frames_at
from edge.models.folder import open_folder
from edge.models.store import builtin_root, find
from edge.networks.face_detectors import DETECTORS, open_face_detector
from edge.networks.face_map import FaceMap
from edge.networks.faces import LANDMARKS, Faces, iou
from tools.convert.folder import rewrite
from tools.evaluate.clips import read_clips


@pytest.fixture(scope="session")
def detector() -> FaceMap:
    return FaceMap()


@pytest.fixture(scope="session")
def shown(eval_pack: Path) -> list[tuple[Rgb, Rgb]]:
    """Two frames 0.2 s apart of some people."""
    clips = [clip for clip in read_clips(eval_pack) if clip.label_at(0.1) == "talking"][::4]
    return [tuple(frame.rgb for frame in frames_at(clip.path, [0.1, 0.3])) for clip in clips]  # type: ignore[misc]


def test_faces_are_found_and_followed(detector: FaceMap, shown: list[tuple[Rgb, Rgb]]) -> None:
    for first, later in shown:
        faces = detector.detect(first, 24)
        assert len(faces) >= 1
        left, right, nose, *mouth = faces.landmarks[0]
        assert left[0] < right[0]
        assert mouth[0][0] < mouth[1][0]
        assert nose[1] < max(mouth[0][1], mouth[1][1])
        again = detector.follow(later, faces)
        assert len(again) == len(faces)
        assert again.scores[0] > 0
        assert np.abs(again.landmarks[0] - faces.landmarks[0]).max() < np.linalg.norm(right - left)


def test_a_face_is_the_same_at_other_sizes_and_in_a_larger_frame(
    detector: FaceMap, shown: list[tuple[Rgb, Rgb]]
) -> None:
    rgb = shown[0][0]
    side = float(detector.detect(rgb, 24).sides[0])
    large = np.repeat(np.repeat(rgb, 4, axis=0), 4, axis=1)
    (face,) = detector.detect(large, 96).boxes[:1]
    np.testing.assert_allclose(face / 4, detector.detect(rgb, 24).boxes[0], atol=0.2 * side)
    canvas = np.full((rgb.shape[0] * 2, rgb.shape[1] * 3, 3), 120, np.uint8)
    canvas[100 : 100 + rgb.shape[0], 200 : 200 + rgb.shape[1]] = rgb
    moved = detector.detect(canvas, 24)
    expected = detector.detect(rgb, 24).boxes[:1] + np.array([200, 100, 200, 100], np.float32)
    assert iou(expected, moved.boxes).max() > 0.6


def test_what_is_gone_is_lost(detector: FaceMap, shown: list[tuple[Rgb, Rgb]]) -> None:
    faces = detector.detect(shown[0][0], 24)
    blank = np.full_like(shown[0][0], 90)
    assert not detector.follow(blank, faces).scores.any()
    assert not detector.follow(
        shown[0][0], Faces(faces.boxes + 9000, faces.scores, faces.landmarks)
    ).scores.any()


@pytest.mark.parametrize("shape", [(1, 1), (3, 700), (64, 64), (4320, 7680)])
@pytest.mark.parametrize("kind", ["black", "white", "ramp"])
def test_images_without_a_face_have_none(detector: FaceMap, shape: tuple[int, int], kind: str) -> None:
    rgb = np.zeros((*shape, 3), np.uint8)
    rgb += {"black": np.uint8(0), "white": np.uint8(255)}.get(kind, np.uint8(0))
    if kind == "ramp":
        rgb[:] = np.linspace(0, 255, shape[1])[:, None]
    faces = detector.detect(rgb, max(1, min(shape) // 12))
    assert faces.landmarks.shape == (0, len(LANDMARKS), 2)
    assert len(detector.follow(rgb, faces)) == 0


def test_odd_views_of_an_array_give_the_same(detector: FaceMap, shown: list[tuple[Rgb, Rgb]]) -> None:
    rgb = shown[0][0]
    expected, found = detector.detect(rgb, 24), detector.detect(np.asfortranarray(rgb), 24)
    np.testing.assert_array_equal(found.boxes, expected.boxes)
    assert len(detector.detect(rgb[::-1][::-1], 24)) == len(expected)


def test_bad_requests_are_refused(detector: FaceMap) -> None:
    with pytest.raises(UsageError, match="at least 1 pixel"):
        detector.detect(np.zeros((50, 50, 3), np.uint8), 0)
    for bad in (
        np.zeros((50, 50), np.uint8),
        np.zeros((50, 50, 3), np.float32),
        np.zeros((0, 5, 3), np.uint8),
    ):
        with pytest.raises(UsageError, match="an image is uint8"):
            detector.detect(bad)  # type: ignore[arg-type]


def test_the_class_is_chosen_by_the_task(tmp_path: Path) -> None:
    assert isinstance(open_face_detector(), FaceMap)
    assert set(DETECTORS) == {"face-map", "face-mesh", "face-cascade"}
    with pytest.raises(ModelError, match="expected a face detector, found a segmenter model"):
        open_face_detector(builtin_root() / "segmenter")
    good = find("faces")
    wrong: list[dict[str, float]] = [{"stride": 5}, {"min_score": 2.0}]
    for number, parameters in enumerate(wrong):
        bad = rewrite(good, path=tmp_path / str(number), parameters=good.manifest.parameters | parameters)
        with pytest.raises(ModelError, match="does not describe a face-map"):
            FaceMap(open_folder(bad.path))
