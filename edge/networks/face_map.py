"""Detect faces in an image by two small networks, which ship.

    image -> shrunk so that the smallest face asked for is as small as the network can see
          -> for every cell of 8 pixels: score of a face, its size and box -> best cells (proposal)
          -> crops around them, of 64 pixels -> score, box and five landmarks (refinement)

The proposal is after Zhou et al. 2019, "Objects as Points". Trained by `python -m tools.train faces`.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np
from edge_kernels.images import Rgb, area_crops, suppress
from msgspec import Meta, Struct
from numpy.typing import NDArray

from edge.arrays import Floats
from edge.errors import ModelError, UsageError
from edge.models.frontend import ImageInput, Positive
from edge.networks.base import Network
from edge.networks.faces import LANDMARKS, NO_FACES, Faces, shrunk
from edge.networks.images import check_image

OVERLAP = 0.4
"""Boxes that overlap by more of their union are one face."""

Score = Annotated[float, Meta(gt=0, lt=1)]


class Parameters(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters in the manifest of a face detector."""

    stride: Positive
    """Pixels per cell of the proposal's outputs."""
    multiple: Positive
    """Inputs of the proposal are padded to multiples of this many pixels."""
    unit: Annotated[float, Meta(gt=0)]
    """Side in pixels of a face whose logarithmic size is 0."""
    smallest: Annotated[float, Meta(gt=0)]
    """Side in pixels of the smallest face that the proposal finds reliably."""
    longest: Positive
    """Largest longer side of an input of the proposal in pixels."""
    reach: Annotated[float, Meta(ge=1)]
    """Side of the crop of the refinement in sides of the face."""
    min_proposal: Score
    """Minimum score of a cell."""
    min_score: Score
    """Minimum score of a face: the geometric mean of both networks' probabilities."""
    min_followed: Score
    """Minimum probability of the refinement for a face that was there shortly before."""


class FaceMap(Network[ImageInput, Parameters]):
    """A face detector of two networks, see `FaceDetector` in `faces`."""

    task = "face-map"
    front_end_type = ImageInput
    parameters_type = Parameters
    roles = ("proposal", "refinement")
    default = "faces"

    def detect(self, rgb: Rgb, min_face: int = 40) -> Faces:
        """Detect faces of at least about `min_face` pixels in `rgb`, uint8[height, width, 3].

        Halving `min_face` takes four times as long, up to a limit. Raises UsageError if `rgb` is not an
        image or `min_face` is under 1.
        """
        if min_face < 1:
            raise UsageError(f"min_face must be at least 1 pixel, got {min_face}")
        rgb = check_image(rgb)
        boxes, proposed = self.propose(rgb, min_face)
        large = (boxes[:, 2:] - boxes[:, :2]).max(axis=1, initial=0) >= 0.8 * min_face
        faces = self._refine(rgb, boxes[large])
        scores = np.sqrt(faces.scores * proposed[large])
        faces = Faces(faces.boxes, scores, faces.landmarks)[scores >= self.parameters.min_score]
        return faces[suppress(faces.boxes, faces.scores, OVERLAP)]

    def follow(self, rgb: Rgb, faces: Faces) -> Faces:
        """Locate the faces of a frame shortly before in `rgb`; see `FaceDetector`."""
        found = self._refine(check_image(rgb), faces.boxes)
        kept = found.scores >= self.parameters.min_followed
        return Faces(found.boxes, found.scores * kept, found.landmarks)

    def propose(self, rgb: Rgb, min_face: int) -> tuple[Floats, Floats]:
        """Return boxes float32[n, 4] that may be faces, and their scores, of uint8[height, width, 3]."""
        parameters = self.parameters
        height, width, _ = rgb.shape
        scale = min(parameters.smallest / min_face, parameters.longest / max(height, width))
        inner_h, inner_w = (max(1, round(side * scale)) for side in (height, width))
        padded_h, padded_w = (
            -(-side // parameters.multiple) * parameters.multiple for side in (inner_h, inner_w)
        )
        pixels = np.zeros((1, 3, padded_h, padded_w), np.float32)
        pixels[..., :inner_h, :inner_w] = self._normalized(shrunk(rgb, inner_h, inner_w))
        logits, shapes = self.sessions["proposal"].run(pixels)
        scores = _sigmoid(logits[0, 0])
        cells = np.argwhere(scores >= parameters.min_proposal)
        rows, columns = cells[:, 0], cells[:, 1]
        values = shapes[0][:, rows, columns].T
        sides = np.float32(parameters.unit) * np.exp(np.clip(values[:, 0], -4, 6))
        centers = (cells[:, ::-1] + np.float32(0.5)) * np.float32(parameters.stride)
        boxes = values[:, 1:5].reshape(-1, 2, 2) * sides[:, None, None] + centers[:, None]
        boxes *= np.array([width / inner_w, height / inner_h])
        flat = boxes.reshape(-1, 4).astype(np.float32)
        kept = suppress(flat, scores[rows, columns], OVERLAP)
        return flat[kept], scores[rows, columns][kept]

    def _refine(self, rgb: Rgb, boxes: Floats) -> Faces:
        """Return the faces near the boxes [n, 4], in their order; the score is 0 outside of the image."""
        if not len(boxes):
            return NO_FACES
        centers = (boxes[:, :2] + boxes[:, 2:]) / 2
        sides = np.maximum((boxes[:, 2:] - boxes[:, :2]).max(axis=1) * np.float32(self.parameters.reach), 1)
        size = self.sessions["refinement"].inputs[0].shape[2]
        assert isinstance(size, int)  # guaranteed by `_check`
        crops = np.stack([square_crop(rgb, *square, size) for square in zip(centers, sides, strict=True)])
        logits, shapes = self.sessions["refinement"].run(self._normalized(crops))
        points = shapes.reshape(-1, 2 + len(LANDMARKS), 2) * sides[:, None, None] + centers[:, None]
        inside = ((centers > 0) & (centers < rgb.shape[1::-1])).all(axis=1)
        return Faces(points[:, :2].reshape(-1, 4), _sigmoid(logits) * inside, points[:, 2:])

    def _normalized(self, pixels: Floats) -> Floats:
        """Return pixels float32[n, 3, height, width], 0 to 255, as the networks take them."""
        mean, scale = (
            np.array(numbers, np.float32) for numbers in (self.front_end.mean, self.front_end.scale)
        )
        return np.asarray((pixels - mean[:, None, None]) / scale[:, None, None], np.float32)

    def _check(self) -> None:
        """Raise ModelError for networks with other inputs or outputs."""
        proposal, refinement = (self.folder.network(role) for role in self.roles)
        channels = [tensor.shape[1:2] for tensor in proposal.outputs]
        size, *shape = refinement.inputs[0].shape[2:], *(tensor.shape[1:] for tensor in refinement.outputs)
        fits = channels[:1] == [(1,)] and shape == [(), (4 + 2 * len(LANDMARKS),)]
        square = len(size) == 2 and size[0] == size[1] and isinstance(size[0], int)
        if not (fits and square) or self.parameters.multiple % self.parameters.stride:
            raise ModelError(self.folder.path, "does not describe a face-map: other outputs, or strides")


def square_crop(rgb: Rgb, center: Floats, side: float, size: int) -> Floats:
    """Return a square of the image as float32[3, size, size], 0 to 255; outside it repeats its rim."""
    low, high = np.rint(center - side / 2).astype(np.int64), np.rint(center + side / 2).astype(np.int64)
    high = np.maximum(high, low + 1)
    limits = np.array(rgb.shape[1::-1])
    left, top = inner = np.clip(low, 0, limits - 1)
    right, bottom = outer = np.clip(high, inner + 1, limits)
    scale = size / (high - low)
    before = np.clip(np.rint((inner - low) * scale), 0, size - 1).astype(int)
    after = np.clip(np.rint((high - outer) * scale), 0, size - 1 - before).astype(int)
    width, height = size - before - after
    crop = area_crops(rgb, [[left, top, right, bottom]], int(height), int(width))[0]
    return np.pad(crop, ((0, 0), (before[1], after[1]), (before[0], after[0])), mode="edge")


def _sigmoid(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -60, 60))), np.float32)
