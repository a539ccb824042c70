"""Resize images to the input that a manifest's `ImageInput` describes."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from edge_kernels.images import Rgb
from numpy.typing import NDArray

from edge.arrays import Floats
from edge.errors import UsageError
from edge.models.frontend import ImageInput

Ints = NDArray[np.int64]


def check_image(rgb: NDArray[Any]) -> Rgb:
    """Return `rgb`. Raises UsageError unless it is uint8[height, width, 3] with at least one pixel."""
    if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3 or not rgb.size:
        raise UsageError(f"an image is uint8[height, width, 3], not {rgb.dtype}{list(rgb.shape)}")
    return rgb


def prepare(
    rgb: Rgb, front_end: ImageInput, dtype: Literal["float32", "uint8", "int8"] = "float32"
) -> NDArray[Any]:
    """Return the network input for one image: [1, 3, height, width], or [1, height, width, 3] for NHWC.

    Integers are rounded and clipped. Raises UsageError if `rgb` is not an image.
    """
    pixels = _fitted(check_image(rgb), front_end)
    if front_end.order == "bgr":
        pixels = pixels[..., ::-1]
    values = (pixels - np.array(front_end.mean, np.float32)) / np.array(front_end.scale, np.float32)
    if front_end.layout == "nchw":
        values = values.transpose(2, 0, 1)
    if dtype != "float32":
        limits = np.iinfo(dtype)
        values = np.clip(np.rint(values), limits.min, limits.max)
    return np.ascontiguousarray(values[None], dtype)


def resize(rgb: Rgb, height: int, width: int, box: tuple[float, float, float, float] | None = None) -> Floats:
    """Resize an image, or the part `box` of it, to float32[height, width, 3], values 0 to 255.

    Triangle filter, widened when the image shrinks, like Pillow's BILINEAR. `box` is left, top, right, bottom
    in pixels, not necessarily integers.
    """
    left, top, right, bottom = box or (0.0, 0.0, float(rgb.shape[1]), float(rgb.shape[0]))
    first, weights = _taps(rgb.shape[0], top, bottom, height)
    rows = np.zeros((height, rgb.shape[1], 3), np.float32)
    for tap, weight in enumerate(weights.T):
        rows += rgb[np.minimum(first + tap, rgb.shape[0] - 1)] * weight[:, None, None]
    first, weights = _taps(rgb.shape[1], left, right, width)
    pixels = np.zeros((height, width, 3), np.float32)
    for tap, weight in enumerate(weights.T):
        pixels += rows[:, np.minimum(first + tap, rgb.shape[1] - 1)] * weight[:, None]
    return pixels


def _fitted(rgb: Rgb, front_end: ImageInput) -> Floats:
    """Fit the image to the size of the front end, float32[height, width, 3]."""
    image_h, image_w = rgb.shape[:2]
    height, width = front_end.height or image_h, front_end.width or image_w
    if front_end.fit == "stretch":
        return resize(rgb, height, width)
    if front_end.fit == "crop":
        share = min(image_h / height, image_w / width) * front_end.part
        half_w, half_h = width * share / 2, height * share / 2
        x, y = image_w / 2, image_h / 2
        return resize(rgb, height, width, (x - half_w, y - half_h, x + half_w, y + half_h))
    share = min(height / image_h, width / image_w)
    inner_h, inner_w = max(1, round(image_h * share)), max(1, round(image_w * share))
    bars = front_end.mean if front_end.order == "rgb" else front_end.mean[::-1]
    pixels = np.full((height, width, 3), bars, np.float32)
    top, left = (height - inner_h) // 2, (width - inner_w) // 2
    pixels[top : top + inner_h, left : left + inner_w] = resize(rgb, inner_h, inner_w)
    return pixels


def _taps(size: int, start: float, stop: float, count: int) -> tuple[Ints, Floats]:
    """Return the first input pixel int64[count] of each output pixel, and weights float32[count, taps]."""
    step = (stop - start) / count
    reach = max(1.0, step)
    centers = start + (np.arange(count) + 0.5) * step
    first = np.maximum(0, np.floor(centers - reach + 0.5)).astype(np.int64)
    pixels = first[:, None] + np.arange(int(np.ceil(reach)) * 2 + 1)
    weights = np.maximum(0.0, 1.0 - np.abs(pixels + 0.5 - centers[:, None]) / reach)
    weights[pixels >= size] = 0
    return first, np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float32)
