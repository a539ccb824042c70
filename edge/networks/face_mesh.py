"""Detect faces and their mesh of 468 points, by the BlazeFace detector and the face mesh of MediaPipe.

    image -> square of 128 pixels -> boxes and eyes (detector)
          -> square around each face, turned upright -> 468 points and a presence (mesh)

After Bazarevsky et al. 2019, "BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs", and Kartynnik
et al. 2019, "Real-time Facial Surface Geometry from Monocular Video on Mobile GPUs".
"""

from __future__ import annotations

from typing import Annotated

import numpy as np
from edge_kernels.images import Rgb, suppress, warp
from msgspec import Meta, Struct
from numpy.typing import NDArray

from edge.arrays import Floats
from edge.errors import ModelError, UsageError
from edge.models.frontend import ImageInput, Positive
from edge.models.session import Session
from edge.networks.base import Network
from edge.networks.faces import LANDMARKS, Faces, shrunk, stacked
from edge.networks.images import check_image

OVERLAP = 0.3
"""Boxes that overlap by more of their union are one face."""

Points = tuple[int, ...]
Share = Annotated[float, Meta(ge=0, le=1)]


class Parameters(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters in the manifest of a face mesh."""

    anchors: tuple[tuple[Positive, Positive], ...]
    """(stride in pixels, number per cell) of the detector's anchors, in the order of its outputs."""
    min_score: Share
    """Minimum score of the detector."""
    min_presence: Share
    """Minimum presence of a face in the crop of the mesh."""
    margin: Annotated[float, Meta(ge=1)]
    """Side of the crop of the mesh, in sides of the face."""
    mesh_scale: Annotated[float, Meta(gt=0)]
    """Divisor of pixel values 0 to 255 in the crop of the mesh."""
    landmarks: tuple[Points, ...]
    """Points of the mesh whose means are the landmarks."""


class FaceMesh(Network[ImageInput, Parameters]):
    """A face detector with a mesh, see `FaceDetector` in `faces`."""

    task = "face-mesh"
    front_end_type = ImageInput
    parameters_type = Parameters
    roles = ("detector", "mesh")
    default = "face-mesh"

    def detect(self, rgb: Rgb, min_face: int = 40) -> Faces:
        """Detect faces of at least about `min_face` pixels; under a tenth of the longer side few are found.

        `rgb` is uint8[height, width, 3]. Raises UsageError if it is not an image, or `min_face` is under 1.
        """
        if min_face < 1:
            raise UsageError(f"min_face must be at least 1 pixel, got {min_face}")
        rgb = check_image(rgb)
        boxes, eyes = self._propose(rgb)
        large = (boxes[:, 2:] - boxes[:, :2]).max(axis=1, initial=0) >= min_face
        faces = stacked(
            [self._face(rgb, box, pair) for box, pair in zip(boxes[large], eyes[large], strict=True)]
        )
        faces = faces[faces.scores >= self.parameters.min_presence]
        return faces[suppress(faces.boxes, faces.scores, OVERLAP)]

    def follow(self, rgb: Rgb, faces: Faces) -> Faces:
        """Locate the faces of a frame shortly before in `rgb`; see `FaceDetector`."""
        rgb = check_image(rgb)
        found = stacked(
            [self._face(rgb, *pair) for pair in zip(faces.boxes, faces.landmarks[:, :2], strict=True)]
        )
        present = found.scores >= self.parameters.min_presence
        return Faces(found.boxes, found.scores * present, found.landmarks)

    def mesh(self, rgb: Rgb, box: Floats, eyes: Floats) -> tuple[Floats, float]:
        """Return 468 points float32[468, 2] of the face in `box` [4] with `eyes` [2, 2], and a presence."""
        session = self.sessions["mesh"]
        side = _side(session)
        across = eyes[1] - eyes[0]
        turn = np.float32(np.arctan2(across[1], across[0]))
        scale = self.parameters.margin * (box[2:] - box[:2]).max() / side
        grid = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]], np.float32) * scale
        corner = (box[:2] + box[2:]) / 2 - grid @ np.full(2, side / 2, np.float32)
        crop = warp(rgb, np.concatenate([grid, corner[:, None]], axis=1)[None].astype(np.float32), side, side)
        points, presence = session.run(crop.transpose(0, 2, 3, 1) / np.float32(self.parameters.mesh_scale))
        flat = points.reshape(-1, 3)[:, :2] @ grid.T + corner
        return flat.astype(np.float32), float(_sigmoid(presence.ravel()[0]))

    def _face(self, rgb: Rgb, box: Floats, eyes: Floats) -> Faces:
        """Return the one face in `box`, whatever its presence: bounds of the mesh, and landmarks."""
        points, presence = self.mesh(rgb, box, eyes)
        bounds = np.concatenate([points.min(axis=0), points.max(axis=0)])
        landmarks = np.stack([points[list(chosen)].mean(axis=0) for chosen in self.parameters.landmarks])
        return Faces(bounds[None], np.array([presence], np.float32), landmarks[None])

    def _propose(self, rgb: Rgb) -> tuple[Floats, Floats]:
        """Return boxes float32[n, 4] and eyes float32[n, 2, 2] that may be faces, best first."""
        side = _side(self.sessions["detector"])
        height, width, _ = rgb.shape
        scale = side / max(height, width)
        inner_h, inner_w = max(1, round(height * scale)), max(1, round(width * scale))
        top, left = (side - inner_h) // 2, (side - inner_w) // 2
        pixels = np.zeros((1, side, side, 3), np.float32)
        pixels[0, top : top + inner_h, left : left + inner_w] = shrunk(rgb, inner_h, inner_w)[0].transpose(
            1, 2, 0
        )
        mean, divisor = (
            np.array(numbers, np.float32) for numbers in (self.front_end.mean, self.front_end.scale)
        )
        regressed, logits = self.sessions["detector"].run((pixels - mean) / divisor)
        scores = _sigmoid(logits[0, :, 0])
        good = scores >= self.parameters.min_score
        # Each row: center, size and six points; all but the size are relative to the anchor.
        rows = regressed[0, good].reshape(-1, 8, 2)
        anchors = self._anchors(side)[good]
        centers, half = rows[:, 0] + anchors, rows[:, 1] / 2
        boxes = np.concatenate([centers - half, centers + half], axis=1)
        kept = suppress(boxes, scores[good], OVERLAP)
        points = np.concatenate([boxes.reshape(-1, 2, 2), rows[:, 2:4] + anchors[:, None]], axis=1)[kept]
        points = ((points - np.array([left, top])) / np.array([inner_w / width, inner_h / height])).astype(
            np.float32
        )
        return points[:, :2].reshape(-1, 4), points[:, 2:]

    def _anchors(self, side: int) -> Floats:
        """Return the centers float32[n, 2] of the anchors in pixels."""
        parts = []
        for stride, count in self.parameters.anchors:
            ticks = (np.arange(-(-side // stride)) + np.float32(0.5)) * np.float32(stride)
            grid = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
            parts.append(np.repeat(grid, count, axis=0))
        return np.concatenate(parts)

    def _check(self) -> None:
        """Raise ModelError for networks of another shape than anchors and landmarks need."""
        size = self.folder.network("detector").inputs[0].shape
        rows = self.folder.network("detector").outputs[0].shape
        square = all(
            len(shape) == 4 and shape[1] == shape[2] and isinstance(shape[1], int)
            for shape in (size, self.folder.network("mesh").inputs[0].shape)
        )
        if not square or rows[1:] != (len(self._anchors(int(size[1]))), 16):
            raise ModelError(self.folder.path, "does not describe a face-mesh: other inputs or anchors")
        if len(self.parameters.landmarks) != len(LANDMARKS):
            raise ModelError(
                self.folder.path, f"does not describe a face-mesh: not {len(LANDMARKS)} landmarks"
            )


def _side(session: Session) -> int:
    """Return the side of a network's square input, which `_check` has seen."""
    side = session.inputs[0].shape[1]
    assert isinstance(side, int)
    return side


def _sigmoid(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -80, 80))), np.float32)
