"""Crop the lips of one face from consecutive frames, so that only the lips move.

    five landmarks of every frame -> scale, angle and center, smoothed over the frames -> grey crops

Only the landmarks decide, so that crops are alike whichever detector found the face.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

import numpy as np
from edge_kernels.images import Rgb, warp
from msgspec import Meta, Struct
from numpy.typing import NDArray

from edge.arrays import Floats
from edge.errors import UsageError
from edge.networks.images import check_image

Crops = NDArray[np.uint8]
"""Grey crops uint8[frames, height, width]."""

LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""Weights of red, green and blue in grey, after ITU-R BT.601."""

MAX_SAMPLES = 8
"""Samples along each side of a pixel of a crop; faces wider than about half a 4K frame alias."""

Size = Annotated[int, Meta(ge=8, le=512)]
Pixels = Annotated[float, Meta(gt=0)]


class LipGeometry(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a face lies in a crop."""

    width: Size
    """Pixels of a crop."""
    height: Size
    """Pixels of a crop."""
    eyes: Pixels
    """Distance of the eyes in pixels of the crop, for a face seen from the front."""
    eyes_to_mouth: Pixels
    """Distance of the middle of the eyes from the middle of the mouth, for a face seen from the front."""
    mouth_y: float
    """Row of the middle of the mouth, whose column is the middle."""
    smooth: Annotated[int, Meta(ge=0)]
    """Frames to each side of a frame whose landmarks count for its center and angle."""
    smooth_scale: Annotated[int, Meta(ge=0)]
    """The same for the scale, which the opening of the mouth must not change."""


def lip_crops(frames: Iterable[Rgb], landmarks: Floats, geometry: LipGeometry) -> Crops:
    """Return the lips of a face as uint8[n, height, width]; n is at least 1.

    `frames` are n images uint8[height, width, 3], which may be decoded one at a time; `landmarks`
    float32[n, 5, 2] are x, y in pixels of its eyes, nose and corners of the mouth, the viewer's left before
    right. Parts outside of an image repeat its rim. Raises UsageError if the landmarks do
    not fit the frames, are not finite, or coincide.
    """
    matrices = lip_matrices(landmarks, geometry)
    crops = np.empty((len(matrices), geometry.height, geometry.width), np.uint8)
    count = 0
    for rgb in frames:
        if count == len(matrices):
            raise UsageError(f"there are landmarks for {len(matrices)} frames and more frames")
        crops[count] = crop(check_image(rgb), matrices[count], geometry)
        count += 1
    if count < len(matrices):
        raise UsageError(f"there are landmarks for {len(matrices)} frames, but {count} frames")
    return crops


def lip_matrices(landmarks: Floats, geometry: LipGeometry) -> Floats:
    """Return the matrices float32[n, 2, 3] from pixels of the crops to pixels of the frames; see `warp`."""
    points = _checked(landmarks)
    eyes, mouth = points[:, :2].mean(axis=1), points[:, 3:].mean(axis=1)
    across = points[:, 1] - points[:, 0]
    sizes = np.maximum(
        np.linalg.norm(across, axis=1) / geometry.eyes,
        np.linalg.norm(mouth - eyes, axis=1) / geometry.eyes_to_mouth,
    )  # a turned head shortens one of them
    if not (sizes > 0).all():
        raise UsageError("the eyes and the mouth of a face are at the same place")
    size = np.exp(smoothed(np.log(sizes)[:, None], geometry.smooth_scale))
    across = smoothed((across + points[:, 4] - points[:, 3]) / sizes[:, None], geometry.smooth)
    x, y = (across / np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-6) * size).T
    linear = np.stack([np.stack([x, -y], 1), np.stack([y, x], 1)], 1)
    middle = np.array([geometry.width / 2, geometry.mouth_y])
    offset = smoothed(mouth, geometry.smooth) - linear @ middle
    return np.concatenate([linear, offset[:, :, None]], axis=2).astype(np.float32)


def smoothed(values: NDArray[np.float64], reach: int) -> NDArray[np.float64]:
    """Average rows [n, columns] with triangular weights over `reach` rows to each side; fewer at the ends."""
    distance = np.abs(np.arange(len(values))[:, None] - np.arange(len(values)))
    weights = np.maximum(0, reach + 1 - distance).astype(np.float64)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True) @ values)


def crop(rgb: Rgb, matrix: Floats, geometry: LipGeometry) -> Crops:
    """Sample one crop uint8[height, width]; a pixel is the mean of as many samples as it covers pixels."""
    step = float(np.hypot(*matrix[:, 0]))
    samples = int(np.clip(np.ceil(step), 1, MAX_SAMPLES))
    finer = matrix.copy()
    finer[:, :2] /= samples
    height, width = geometry.height, geometry.width
    colors = warp(rgb, finer[None], height * samples, width * samples)[0]
    grey = np.tensordot(LUMA, colors, 1).reshape(height, samples, width, samples).mean(axis=(1, 3))
    return np.asarray(np.clip(np.rint(grey), 0, 255), np.uint8)


def _checked(landmarks: NDArray[Any]) -> NDArray[np.float64]:
    points = np.asarray(landmarks, np.float64)
    if points.ndim != 3 or points.shape[1:] != (5, 2) or not len(points):
        raise UsageError(f"landmarks have the shape [frames, 5, 2], not {list(points.shape)}")
    if not np.isfinite(points).all():
        raise UsageError("landmarks must be finite")
    return points
