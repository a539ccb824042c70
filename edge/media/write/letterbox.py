"""Fit video frames of any size, shape and rotation to the output, with black bars."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import cast

import numpy as np
import numpy.typing as npt
from av.video.frame import PictureType, VideoFrame

BLACK = 16
"""Luma of black in limited range; in full range an invisibly dark gray."""

Plane = npt.NDArray[np.uint8 | np.uint16]


@dataclass(frozen=True, slots=True)
class Shape:
    """Shape of a coded frame."""

    width: int
    """Pixels."""
    height: int
    """Pixels."""
    pixel_aspect: Fraction
    """Width over height of a pixel."""
    rotation: int
    """Counter-clockwise rotation that makes the frame upright, in degrees."""


def shape_of(frame: VideoFrame, pixel_aspect: Fraction | None) -> Shape:
    """Return the shape of a decoded frame; `pixel_aspect` is that of its stream (None: square)."""
    return Shape(frame.width, frame.height, pixel_aspect or Fraction(1), round(frame.rotation / 90) % 4 * 90)


@dataclass(frozen=True, slots=True)
class Canvas:
    """Output frame into which decoded frames are scaled."""

    shape: Shape
    """Shape of the output."""
    natural: Shape
    """Shape of input frames that fill the output."""
    format: str = "yuv420p"
    """Pixel format: yuv420p or yuv420p10le."""

    def fitted(self, frame: VideoFrame, pixel_aspect: Fraction | None) -> VideoFrame:
        """Return the frame scaled to the output's size and format; bars are black."""
        shape = shape_of(frame, pixel_aspect)
        if shape == self.natural:
            fitted = frame.reformat(self.shape.width, self.shape.height, self.format)
        else:
            fitted = self._padded(frame, shape)
        fitted.pict_type = PictureType.NONE  # let the encoder choose keyframes, not the source
        return fitted

    def _padded(self, frame: VideoFrame, shape: Shape) -> VideoFrame:
        turns = (shape.rotation - self.shape.rotation) // 90 % 4
        width, height = self._size_of(shape, turns)
        size = (height, width) if turns % 2 else (width, height)
        planes = _planes(frame.reformat(*size, self.format), *size)
        canvas = _blank(self.shape.width, self.shape.height, planes[0].dtype)
        left, top = (self.shape.width - width) // 4 * 2, (self.shape.height - height) // 4 * 2
        for plane, ground, scale in zip(planes, canvas, (1, 2, 2), strict=True):
            part = np.rot90(plane, turns)
            y, x = top // scale, left // scale
            ground[y : y + part.shape[0], x : x + part.shape[1]] = part
        whole = np.concatenate([plane.reshape(-1) for plane in canvas]).reshape(-1, self.shape.width)
        padded = VideoFrame.from_ndarray(whole, format=self.format)
        padded.colorspace, padded.color_range = frame.colorspace, frame.color_range
        return padded

    def _size_of(self, shape: Shape, turns: int) -> tuple[int, int]:
        """Return the largest even width and height, in output pixels, at which the rotated frame fits."""
        wide, high = shape.width * shape.pixel_aspect, Fraction(shape.height)
        if turns % 2:
            wide, high = high, wide
        wide /= self.shape.pixel_aspect
        factor = min(self.shape.width / wide, self.shape.height / high)
        return _even(wide * factor, self.shape.width), _even(high * factor, self.shape.height)


def _even(length: Fraction, most: int) -> int:
    return min(max(round(length / 2) * 2, 2), most)


def _planes(frame: VideoFrame, width: int, height: int) -> tuple[Plane, Plane, Plane]:
    flat = cast(Plane, frame.to_ndarray()).reshape(-1)
    luma, chroma = width * height, width * height // 4
    return (
        flat[:luma].reshape(height, width),
        flat[luma : luma + chroma].reshape(height // 2, width // 2),
        flat[luma + chroma :].reshape(height // 2, width // 2),
    )


def _blank(width: int, height: int, kind: np.dtype[np.uint8 | np.uint16]) -> tuple[Plane, Plane, Plane]:
    halved, scale = (height // 2, width // 2), 1 if kind.itemsize == 1 else 4
    return (
        np.full((height, width), BLACK * scale, kind),
        np.full(halved, 128 * scale, kind),
        np.full(halved, 128 * scale, kind),
    )
