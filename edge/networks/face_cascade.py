"""Detect faces in an image: boxes, scores and five landmarks, by a cascade of three small networks (MTCNN).

    image -> pyramid -> proposals (P-net, every 2 pixels of every level)
            -> crops of 24 pixels -> refined boxes (R-net)
            -> crops of 48 pixels -> boxes and landmarks (O-net)

After Zhang et al. 2016, "Joint face detection and alignment using multitask cascaded convolutional networks";
all constants and rounding are those of facenet-pytorch, so that its weights give the same results.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import numpy as np
from edge_kernels.images import Rgb, area_crops, suppress
from msgspec import Meta, Struct

from edge.arrays import Floats
from edge.errors import ModelError, UsageError
from edge.models.session import Array, Session
from edge.networks.base import Network
from edge.networks.faces import Faces, lost, shrunk, stacked
from edge.networks.images import check_image

BATCH = 128
"""Crops per run of a network: limits memory for images with many candidates."""

Share = Annotated[float, Meta(ge=0, le=1)]
"""A number from 0 to 1."""


class Parameters(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters in the manifest of a cascade."""

    cell: Annotated[int, Meta(ge=4)]
    """Width of a proposal in pixels of its pyramid level."""
    stride: Annotated[int, Meta(ge=1)]
    """Distance between proposals in pixels of their pyramid level."""
    factor: Annotated[float, Meta(gt=0, lt=1)]
    """Size of a pyramid level relative to the one before."""
    proposal_score: Share
    """Minimum score after the first network."""
    refined_score: Share
    """Minimum score after the second network."""
    face_score: Share
    """Minimum score after the third network."""


class FaceCascade(Network[None, Parameters]):
    """A face detector of three networks, see `FaceDetector` in `faces`."""

    task = "face-cascade"
    front_end_type = type(None)
    parameters_type = Parameters
    roles = ("proposal", "refinement", "output")
    default = "mtcnn"

    def detect(self, rgb: Rgb, min_face: int = 40) -> Faces:
        """Detect faces of at least about `min_face` pixels in `rgb`, uint8[height, width, 3].

        Halving `min_face` takes four times as long. Raises UsageError if `rgb` is not an image or `min_face`
        is smaller than the input of the first network.
        """
        if min_face < self.parameters.cell:
            raise UsageError(f"min_face must be at least {self.parameters.cell} pixels, got {min_face}")
        rgb = np.ascontiguousarray(check_image(rgb))
        return self._finish(rgb, self._refine(rgb, self._propose(rgb, min_face)))

    def follow(self, rgb: Rgb, faces: Faces) -> Faces:
        """Locate the faces of a frame shortly before in `rgb`, by the third network; see `FaceDetector`."""
        rgb, found = np.ascontiguousarray(check_image(rgb)), []
        for index, square in enumerate(_square(faces.boxes)):
            near = self._finish(rgb, square[None])
            found.append(near[:1] if len(near) else lost(faces[index : index + 1]))
        return stacked(found)

    def _propose(self, rgb: Rgb, min_face: int) -> Floats:
        """Return squares float32[n, 4] that may hold a face."""
        levels = [self._level(rgb, scale) for scale in self._scales(rgb, min_face)]
        if not levels:
            return np.zeros((0, 4), np.float32)
        boxes, scores, offsets = (np.concatenate(parts) for parts in zip(*levels, strict=True))
        kept = suppress(boxes, scores, 0.7)
        boxes, offsets = boxes[kept], offsets[kept]
        return _square(boxes + offsets * np.tile(boxes[:, 2:] - boxes[:, :2], 2))

    def _scales(self, rgb: Rgb, min_face: int) -> Iterator[float]:
        """Yield the scales of the pyramid levels, until a face would fill the image."""
        cell = self.parameters.cell
        scale = cell / min_face
        side = min(rgb.shape[:2]) * scale
        while side >= cell:
            yield scale
            scale *= self.parameters.factor
            side *= self.parameters.factor

    def _level(self, rgb: Rgb, scale: float) -> tuple[Floats, Floats, Floats]:
        """Return boxes float32[n, 4], scores [n] and corrections [n, 4] of one pyramid level."""
        parameters = self.parameters
        height, width, _ = rgb.shape
        level = shrunk(rgb, int(height * scale + 1), int(width * scale + 1))
        scores, offsets = self.sessions["proposal"].run(level)
        cells = np.argwhere(scores[0] >= parameters.proposal_score)
        rows, columns = cells[:, 0], cells[:, 1]
        corner = np.float32(parameters.stride) * cells[:, ::-1].astype(np.float32) + 1
        near, far = (np.floor(point / np.float32(scale)) for point in (corner, corner + parameters.cell - 1))
        boxes, best = np.concatenate([near, far], axis=1), scores[0, rows, columns]
        kept = suppress(boxes, best, 0.5)
        return boxes[kept], best[kept], offsets[0][:, rows, columns].T[kept]

    def _refine(self, rgb: Rgb, boxes: Floats) -> Floats:
        """Return the squares float32[n, 4] that the second network accepts, corrected."""
        boxes, (scores, offsets) = _judge(self.sessions["refinement"], rgb, boxes)
        good = scores > self.parameters.refined_score
        boxes, scores, offsets = boxes[good], scores[good], offsets[good]
        kept = suppress(boxes, scores, 0.7)
        return _square(_corrected(boxes[kept], offsets[kept]))

    def _finish(self, rgb: Rgb, boxes: Floats) -> Faces:
        """Return the faces among the squares float32[n, 4]."""
        boxes, (scores, offsets, points) = _judge(self.sessions["output"], rgb, boxes)
        good = scores > self.parameters.face_score
        boxes, scores, offsets, points = boxes[good], scores[good], offsets[good], points[good]
        sides = boxes[:, 2:] - boxes[:, :2] + 1
        landmarks = points.reshape(-1, 2, 5).transpose(0, 2, 1) * sides[:, None] + boxes[:, None, :2] - 1
        boxes = _corrected(boxes, offsets)
        kept = suppress(boxes, scores, 0.7, over_smaller=True)
        return Faces(boxes[kept], scores[kept], landmarks[kept])

    def _check(self) -> None:
        """Raise ModelError for networks whose inputs are not square or whose outputs have free axes."""
        for role in ("refinement", "output"):
            network = self.folder.network(role)
            shape = network.inputs[0].shape
            if len(shape) != 4 or not isinstance(shape[3], int) or shape[2] != shape[3]:
                raise ModelError(
                    self.folder.path, f"does not describe a face-cascade: the input of {role} is not square"
                )
            if any(isinstance(axis, str) for tensor in network.outputs for axis in tensor.shape[1:]):
                raise ModelError(
                    self.folder.path, f"does not describe a face-cascade: outputs of {role} have free axes"
                )


def _judge(session: Session, rgb: Rgb, boxes: Floats) -> tuple[Floats, list[Floats]]:
    """Return the boxes [n, 4] that intersect the image, and the network's outputs for them."""
    size = session.inputs[0].shape[-1]
    assert isinstance(size, int)  # guaranteed by `_check`
    whole = np.trunc(boxes).astype(np.int64)
    inside = np.concatenate(
        [np.maximum(whole[:, :2], 1) - 1, np.minimum(whole[:, 2:], rgb.shape[1::-1])], axis=1
    )
    visible = (inside[:, 2:] > inside[:, :2]).all(axis=1)
    inside = inside[visible]
    sizes = [[axis for axis in tensor.shape[1:] if isinstance(axis, int)] for tensor in session.outputs]
    runs: list[list[Array]] = [[np.zeros((0, *size), np.float32) for size in sizes]]
    for start in range(0, len(inside), BATCH):
        runs.append(session.run(area_crops(rgb, inside[start : start + BATCH], size, size)))
    return boxes[visible], [np.concatenate(parts) for parts in zip(*runs, strict=True)]


def _corrected(boxes: Floats, offsets: Floats) -> Floats:
    """Shift boxes [n, 4] by offsets [n, 4], which are relative to widths and heights."""
    return boxes + offsets * np.tile(boxes[:, 2:] - boxes[:, :2] + 1, 2)


def _square(boxes: Floats) -> Floats:
    """Return squares [n, 4] with the centers of the boxes, as wide as their longer sides."""
    sides = boxes[:, 2:] - boxes[:, :2]
    longest = sides.max(axis=1, keepdims=True)
    near = boxes[:, :2] + sides * np.float32(0.5) - longest * np.float32(0.5)
    return np.concatenate([near, near + longest], axis=1)
