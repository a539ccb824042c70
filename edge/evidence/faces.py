"""Track faces through the frames of a burst: detected now and then, followed in between.

frames 10 times a second -> `FaceTracker` -> one `TrackedFace` for each face that was found
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from edge_kernels.images import Rgb
from numpy.typing import NDArray

from edge.arrays import Floats
from edge.errors import UsageError
from edge.networks.faces import NO_FACES, FaceDetector, Faces, iou, stacked

SAME_FACE = 0.3
"""A detected box that overlaps a followed one by more of their union is that face."""


@dataclass(frozen=True, slots=True)
class FaceOptions:
    """Settings of face detection and tracking."""

    detect_hz: float = 1.0
    """Full detections per second; between them the known faces are followed."""
    min_face_share: float = 1 / 12
    """Minimum side of a face, as a share of the shorter side of the frame."""
    max_faces: int = 4
    """The largest faces of a frame that are followed."""

    def __post_init__(self) -> None:
        if not (self.detect_hz > 0 and 0 < self.min_face_share <= 1 and self.max_faces >= 1):
            raise UsageError("faces need detect_hz > 0, 0 < min_face_share <= 1 and max_faces >= 1")


@dataclass(frozen=True, slots=True, eq=False)
class TrackedFace:
    """A face in consecutive frames of a burst."""

    times_s: NDArray[np.float64]
    """float64[n]: times of the frames, in seconds of the recording."""
    boxes: Floats
    """float32[n, 4]: left, top, right, bottom, in shares of the frame's width and height."""
    landmarks: Floats
    """float32[n, 5, 2]: in shares of the frame's width and height; order: `edge.networks.faces.LANDMARKS`."""
    scores: Floats
    """float32[n]: 0 to 1."""

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self.times_s)


class FaceTracker:
    """Tracks the faces of one burst of frames, uint8[height, width, 3], in ascending order of time.

    A face that is lost ends its track; if it is found at a later detection, a new track begins.
    """

    def __init__(self, detector: FaceDetector, options: FaceOptions | None = None) -> None:
        self._detector = detector
        self._options = options or FaceOptions()
        self._live: list[_Track] = []
        self._ended: list[_Track] = []
        self._next_s = -math.inf

    def accept(self, time_s: float, rgb: Rgb) -> Faces:
        """Process the next frame; return the faces in it, in pixels."""
        size = np.array([rgb.shape[1], rgb.shape[0]], np.float32)
        self._follow(time_s, rgb, size)
        if time_s >= self._next_s:
            self._next_s = time_s + 1 / self._options.detect_hz - 1e-6
            self._detect(time_s, rgb, size)
        return stacked([track.last for track in self._live])

    def finish(self) -> tuple[TrackedFace, ...]:
        """Return all tracks, the longest first."""
        tracks = sorted(self._ended + self._live, key=lambda track: -len(track.times_s))
        return tuple(track.result() for track in tracks)

    def _follow(self, time_s: float, rgb: Rgb, size: Floats) -> None:
        """Go on with the tracks whose faces are still there, and not on a face of an older track."""
        known, self._live = self._live, []
        found = self._detector.follow(rgb, stacked([track.last for track in known]))
        for index, track in enumerate(known):
            face = found[index : index + 1]
            if face.scores[0] > 0 and not self._is_known(face):
                track.add(time_s, face, size)
                self._live.append(track)
            else:
                self._ended.append(track)

    def _detect(self, time_s: float, rgb: Rgb, size: Floats) -> None:
        """Begin tracks for the largest of the faces that no track follows."""
        found = self._detector.detect(rgb, max(1, round(self._options.min_face_share * float(size.min()))))
        for index in np.argsort(-found.sides, kind="stable"):
            face = found[index : index + 1]
            if len(self._live) < self._options.max_faces and not self._is_known(face):
                self._live.append(_Track())
                self._live[-1].add(time_s, face, size)

    def _is_known(self, face: Faces) -> bool:
        """Return whether a live track is on this face."""
        others = stacked([track.last for track in self._live])
        return bool((iou(face.boxes, others.boxes) > SAME_FACE).any())


class _Track:
    """A face so far: `last` is where it was seen last, in pixels."""

    def __init__(self) -> None:
        self.last = NO_FACES
        self.times_s: list[float] = []
        self._faces: list[Faces] = []

    def add(self, time_s: float, face: Faces, size: Floats) -> None:
        """Add the face in one more frame of `size` (width, height)."""
        self.last = face
        self.times_s.append(time_s)
        boxes = (face.boxes.reshape(-1, 2, 2) / size).reshape(-1, 4)
        self._faces.append(Faces(boxes, face.scores, face.landmarks / size))

    def result(self) -> TrackedFace:
        """Return the finished track."""
        faces = stacked(self._faces)
        return TrackedFace(np.array(self.times_s), faces.boxes, faces.landmarks, faces.scores)
