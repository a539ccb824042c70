"""Resize and crop images for networks.

`prepare` makes the input that a manifest's `ImageInput` describes; `AreaSums` is for detectors, which need
many crops of one image in many sizes.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from edge.arrays import Floats
from edge.errors import UsageError
from edge.models.frontend import ImageInput

Rgb = NDArray[np.uint8]
"""An image, uint8[height, width, 3]."""

Ints = NDArray[np.int64]
Bins = tuple[Ints, Ints]
"""First pixels int64[..., n], and pixels after the last int64[..., n], of n ranges of an axis."""


def check_image(rgb: NDArray[Any]) -> Rgb:
    """Return `rgb`. Raises UsageError unless it is uint8[height, width, 3] with at least one pixel."""
    if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3 or not rgb.size:
        raise UsageError(f"an image is uint8[height, width, 3], not {rgb.dtype}{list(rgb.shape)}")
    return rgb


class AreaSums:
    """Summed-area table of an image (Crow 1984): resizing by averaging takes four look-ups per pixel.

    The bins are those of adaptive average pooling (torch's "area" interpolation): output pixel i of n covers
    the pixels from floor(i size / n) to ceil((i + 1) size / n).
    """

    def __init__(self, rgb: Rgb) -> None:
        height, width, _ = check_image(rgb).shape
        self.height, self.width = height, width
        # Sums wrap around 2^32, but differences are right: no area has 2^32 / 255 pixels.
        self._sums = np.zeros((height + 1, width + 1, 3), np.uint32)
        np.cumsum(rgb, axis=1, dtype=np.uint32, out=self._sums[1:, 1:])
        for row in range(2, height + 1):  # faster than numpy's cumsum along this axis
            self._sums[row] += self._sums[row - 1]

    def resized(self, height: int, width: int) -> Floats:
        """Return the whole image resized to float32[height, width, 3], values 0 to 255."""
        (top, bottom), (left, right) = _bins(self.height, height), _bins(self.width, width)
        rows = self._sums[bottom] - self._sums[top]
        sums = rows[:, right] - rows[:, left]
        share = _share((top, bottom))[:, None] * _share((left, right))
        return np.asarray(sums * share[..., None], np.float32)

    def crops(self, boxes: Ints, size: int) -> Floats:
        """Return crops of the image resized to float32[n, size, size, 3], values 0 to 255.

        `boxes` int64[n, 4] are left, top, right, bottom in pixels, the last two exclusive, inside the image
        and not empty.
        """
        left, right = _bins((boxes[:, 2] - boxes[:, 0])[:, None], size, boxes[:, :1])
        top, bottom = _bins((boxes[:, 3] - boxes[:, 1])[:, None], size, boxes[:, 1:2])
        share = _share((top, bottom))[:, :, None] * _share((left, right))[:, None, :]
        sums = self._at(bottom, right) - self._at(top, right) - self._at(bottom, left) + self._at(top, left)
        return np.asarray(sums * share[..., None], np.float32)

    def _at(self, rows: Ints, columns: Ints) -> NDArray[np.uint32]:
        """Return the sums uint32[n, size, size, 3] above and left of each row and column int64[n, size]."""
        return self._sums[rows[:, :, None], columns[:, None, :]]


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


def _bins(size: int | Ints, count: int, start: int | Ints = 0) -> Bins:
    """Return the pixel ranges of `count` output pixels; see `AreaSums`."""
    index = np.arange(count)
    return start + index * size // count, start - (-(index + 1) * size // count)


def _share(bins: Bins) -> Floats:
    """Return 1 / pixels of each range."""
    return np.asarray(1.0 / (bins[1] - bins[0]), np.float32)
