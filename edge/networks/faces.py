"""Faces in an image, and what every face detector can do; `face_detectors` opens one by its model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from edge_kernels.images import Rgb, area_crops
from numpy.typing import NDArray

from edge.arrays import Floats
from edge.models.folder import ModelFolder

LANDMARKS = ("left eye", "right eye", "nose", "left corner of the mouth", "right corner of the mouth")
"""Names in the order of `Faces.landmarks`; left and right are those of the viewer."""


@dataclass(frozen=True, slots=True, eq=False)
class Faces:
    """The n faces of an image, best first."""

    boxes: Floats
    """float32[n, 4]: left, top, right, bottom in pixels; they may extend beyond the image."""
    scores: Floats
    """float32[n]: 0 to 1."""
    landmarks: Floats
    """float32[n, 5, 2]: x, y in pixels, in the order of `LANDMARKS`."""

    def __len__(self) -> int:
        """Return the number of faces."""
        return len(self.boxes)

    @property
    def sides(self) -> Floats:
        """Return the longer sides of the boxes, float32[n], in pixels."""
        return np.asarray((self.boxes[:, 2:] - self.boxes[:, :2]).max(axis=1, initial=0), np.float32)

    def __getitem__(self, index: slice | NDArray[np.int64] | NDArray[np.bool_]) -> Faces:
        """Return some of the faces."""
        return Faces(self.boxes[index], self.scores[index], self.landmarks[index])


NO_FACES = Faces(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros((0, 5, 2), np.float32))
"""No face at all."""


class FaceDetector(Protocol):
    """Finds faces in an image, and finds them again in the next one."""

    folder: ModelFolder
    """Where its networks were found."""

    def detect(self, rgb: Rgb, min_face: int = 40) -> Faces:
        """Detect faces of at least about `min_face` pixels in `rgb`, uint8[height, width, 3].

        Raises UsageError if `rgb` is not an image or `min_face` is too small for the network.
        """

    def follow(self, rgb: Rgb, faces: Faces) -> Faces:
        """Locate the faces of a frame shortly before in `rgb`, in their order; those lost have the score 0.

        Cheaper than `detect`. Raises UsageError if `rgb` is not an image.
        """

    def close(self) -> None:
        """Release the networks."""


def stacked(found: list[Faces]) -> Faces:
    """Concatenate the faces of several lists."""
    parts = [NO_FACES, *found]
    return Faces(
        np.concatenate([part.boxes for part in parts]),
        np.concatenate([part.scores for part in parts]),
        np.concatenate([part.landmarks for part in parts]),
    )


def lost(faces: Faces) -> Faces:
    """Return the faces where they were, with the score 0."""
    return Faces(faces.boxes, np.zeros_like(faces.scores), faces.landmarks)


def iou(first: Floats, second: Floats) -> Floats:
    """Return the intersection over union of every two boxes: float32[n, m] of float32[n, 4] and [m, 4]."""
    near = np.maximum(first[:, None, :2], second[None, :, :2])
    far = np.minimum(first[:, None, 2:], second[None, :, 2:])
    shared = np.prod(np.maximum(far - near, 0), axis=2)
    areas = [np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) for boxes in (first, second)]
    return np.asarray(shared / np.maximum(areas[0][:, None] + areas[1] - shared, 1e-9), np.float32)


def shrunk(rgb: Rgb, height: int, width: int) -> Floats:
    """Resize a whole image to float32[1, 3, height, width], values 0 to 255, by averaging areas."""
    return area_crops(rgb, [[0, 0, rgb.shape[1], rgb.shape[0]]], height, width)
