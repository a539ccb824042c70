"""Tracking: one track for each thing that moves, whatever else happens in the frames."""

from __future__ import annotations

import numpy as np
import pytest
from edge_kernels.images import Rgb
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.errors import UsageError
from edge.evidence.faces import FaceOptions, FaceTracker, TrackedFace
from edge.networks.faces import Faces, lost, stacked

SIDE, WIDTH, HEIGHT = 20, 200, 100
"""Pixels: of the square that stands for a face, and of the frames."""


class SquareDetector:
    """Finds white squares on black, one for each run of white columns."""

    def __init__(self) -> None:
        self.detections = 0

    def detect(self, rgb: Rgb, min_face: int = 40) -> Faces:
        self.detections += 1
        columns = np.flatnonzero((rgb[:, :, 0] > 127).any(axis=0))
        groups = np.split(columns, np.flatnonzero(np.diff(columns) > 1) + 1) if len(columns) else []
        return stacked([_face(rgb, group[0], group[-1] + 1) for group in groups if len(group) >= min_face])

    def follow(self, rgb: Rgb, faces: Faces) -> Faces:
        found, places = self.detect(rgb, 1), []
        self.detections -= 1
        for index in range(len(faces)):
            near = np.abs(found.boxes[:, 0] - faces.boxes[index, 0]) <= 8
            places.append(found[near][:1] if near.any() else lost(faces[index : index + 1]))
        return stacked(places)

    def close(self) -> None:
        """Nothing to release."""


def _face(rgb: Rgb, left: int, right: int) -> Faces:
    rows = np.flatnonzero(rgb[:, left, 0] > 127)
    box = np.array([[left, rows[0], right, rows[-1] + 1]], np.float32)
    return Faces(box, np.ones(1, np.float32), np.repeat(box[:, None, :2], 5, axis=1))


def frame(*lefts: int) -> Rgb:
    """A frame with squares."""
    rgb = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    for left in lefts:
        rgb[40 : 40 + SIDE, left : left + SIDE] = 255
    return rgb


def track(frames: list[Rgb], **options: float) -> tuple[tuple[TrackedFace, ...], SquareDetector]:
    """The tracks of frames 10 times a second."""
    detector = SquareDetector()
    tracker = FaceTracker(detector, FaceOptions(**options))  # type: ignore[arg-type]
    for index, rgb in enumerate(frames):
        tracker.accept(index / 10, rgb)
    return tracker.finish(), detector


@given(st.lists(st.integers(-6, 6), min_size=1, max_size=30), st.integers(0, 60))
@settings(deadline=None)
def test_a_moving_face_is_one_track_in_every_frame(steps: list[int], start: int) -> None:
    lefts = np.clip(start + np.cumsum(steps), 0, WIDTH - SIDE)
    tracks, _ = track([frame(int(left)) for left in lefts])
    (one,) = tracks
    assert len(one) == len(steps)
    np.testing.assert_allclose(one.boxes[:, 0] * WIDTH, lefts, atol=1e-4)
    np.testing.assert_allclose(one.boxes[:, 3] * HEIGHT, 60, atol=1e-4)


def test_several_faces_keep_their_tracks() -> None:
    tracks, _ = track([frame(10 + 2 * i, 150 - 2 * i) for i in range(20)])
    assert [len(one) for one in tracks] == [20, 20]
    ends = sorted(float(one.boxes[-1, 0] * WIDTH) for one in tracks)
    np.testing.assert_allclose(ends, [48, 112], atol=1e-4)


def test_a_face_that_is_lost_and_found_has_two_tracks() -> None:
    frames = [frame(50)] * 8 + [frame()] * 5 + [frame(50)] * 12
    tracks, _ = track(frames)
    found = sorted((one.times_s[0], len(one)) for one in tracks)
    assert found == [(0.0, 8), (2.0, 5)]  # detected once a second


@pytest.mark.parametrize(("detect_hz", "times"), [(1.0, 3), (10.0, 25), (0.1, 1)])
def test_detections_are_as_frequent_as_asked(detect_hz: float, times: int) -> None:
    _, detector = track([frame(50)] * 25, detect_hz=detect_hz)
    assert detector.detections == times


def test_only_so_many_faces_are_followed_and_small_ones_are_not() -> None:
    tracks, _ = track([frame(10, 60, 110, 160)] * 3, max_faces=2)
    assert len(tracks) == 2
    assert track([frame(10)] * 3, min_face_share=0.5)[0] == ()


def test_no_frames_and_no_faces_have_no_tracks() -> None:
    assert track([])[0] == ()
    assert track([frame()] * 12)[0] == ()


@pytest.mark.parametrize(
    "bad", [{"detect_hz": 0}, {"min_face_share": 0}, {"min_face_share": 2}, {"max_faces": 0}]
)
def test_bad_options_are_refused(bad: dict[str, float]) -> None:
    with pytest.raises(UsageError, match="faces need"):
        FaceOptions(**bad)  # type: ignore[arg-type]
