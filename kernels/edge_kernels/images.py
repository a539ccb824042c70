"""Crop, resize and warp images; suppress overlapping boxes; find connected regions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edge_kernels.arrays import Floats, Indices, Ints, floats, integers, positive
from edge_kernels.library import call

Rgb = NDArray[np.uint8]
"""An image, uint8[height, width, 3]."""


@dataclass(frozen=True, slots=True, eq=False)
class Regions:
    """The n connected regions of a map, in the order of their first pixels, row by row."""

    boxes: Ints
    """int32[n, 4]: left, top, right, bottom in pixels, the last two exclusive."""
    means: Floats
    """float32[n]: means of their pixels."""


def area_crops(rgb: Rgb, boxes: ArrayLike, height: int, width: int) -> Floats:
    """Resize crops of an image to float32[n, 3, height, width], 0 to 255, by averaging areas.

    `boxes` int64[n, 4] are left, top, right, bottom in pixels, the last two exclusive, inside the image and
    not empty. Raises TypeError unless they are whole numbers, ValueError for another shape or if `rgb` is not
    an image, KernelError for other boxes.

    >>> area_crops(np.full((4, 4, 3), 8, np.uint8), [[0, 0, 4, 2]], 1, 2)[0, 0].tolist()
    [[8.0, 8.0]]
    """
    rgb, corners = _image(rgb), integers(boxes, "boxes", 2).astype(np.int64)
    if corners.shape[1] != 4:
        raise ValueError(f"boxes must have the shape [n, 4], not {list(corners.shape)}")
    size = positive(height, "height", 1), positive(width, "width", 1)
    out = np.empty((len(corners), 3, *size), np.float32)
    scratch = np.empty(3 * rgb.shape[1], np.int32)
    call("area_crops", rgb, *rgb.shape[:2], corners, len(corners), *size, out, scratch)
    return out


def warp(rgb: Rgb, matrices: ArrayLike, height: int, width: int) -> Floats:
    """Sample an image bilinearly at affine grids: float32[n, 3, height, width], 0 to 255.

    `matrices` float32[n, 2, 3] map (x, y, 1) of the result to x, y of the image, in pixels from its corner;
    the first pixel's center is at 0.5. Points outside the image get its nearest pixel. Raises TypeError
    unless they are floating point, ValueError unless they are finite and of that shape, or if `rgb` is not an
    image.
    """
    rgb, grids = _image(rgb), floats(matrices, "matrices", 3)
    if grids.shape[1:] != (2, 3) or not np.isfinite(grids).all():
        raise ValueError(f"matrices must be finite and have the shape [n, 2, 3], not {list(grids.shape)}")
    size = positive(height, "height", 1), positive(width, "width", 1)
    out = np.empty((len(grids), 3, *size), np.float32)
    call("warp", rgb, *rgb.shape[:2], grids, len(grids), *size, out)
    return out


def suppress(boxes: ArrayLike, scores: ArrayLike, limit: float, *, over_smaller: bool = False) -> Indices:
    """Return the indices of boxes that greedy non-maximum suppression keeps, best first: int64[kept].

    `boxes` float32[n, 4] are left, top, right, bottom. A box is dropped if it overlaps a better one that is
    kept by more than `limit` of their union or, with `over_smaller`, of the smaller of both, whose sides are
    then counted in pixels (one more). Of equal scores the first is better. Raises TypeError, ValueError.
    """
    boxes, scores = floats(boxes, "boxes", 2), floats(scores, "scores")
    if boxes.shape != (len(scores), 4):
        raise ValueError(f"boxes must have the shape [{len(scores)}, 4], not {list(boxes.shape)}")
    order = np.argsort(-scores, kind="stable")
    kept = np.empty(len(order), np.int64)
    return order[kept[: call("suppress", boxes[order], len(order), limit, int(over_smaller), kept)]]


def regions(scores: ArrayLike, least: float) -> Regions:
    """Find the connected regions of the pixels of `scores` float32[height, width] that are above `least`.

    Pixels that touch at a side or corner are connected; NaN is above nothing. Raises TypeError unless they
    are floating point, ValueError for another number of axes, KernelError unless there are 1 to 32768 pixels
    in each.

    >>> regions(np.array([[0.9, 0.0, 0.0], [0.0, 0.7, 0.0]], np.float32), 0.5).boxes.tolist()
    [[0, 0, 2, 2]]
    """
    scores = floats(scores, "scores", 2)
    height, width = scores.shape
    most = -(-height // 2) * -(-width // 2)
    boxes, means = np.empty((most, 4), np.int32), np.empty(most, np.float32)
    found = call(
        "regions", scores, height, width, least, boxes, means, np.empty(height * width + most, np.int32)
    )
    return Regions(boxes[:found].copy(), means[:found].copy())


def _image(rgb: NDArray[Any]) -> Rgb:
    if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3 or not rgb.size:
        raise ValueError(f"an image is uint8[height, width, 3], not {rgb.dtype}{list(rgb.shape)}")
    return np.ascontiguousarray(rgb)
