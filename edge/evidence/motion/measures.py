"""What a frame is compared with the one before it: motion, and signs of a transition."""

from __future__ import annotations

from collections import deque

import numpy as np
from edge_kernels.motion import BlockMotion, Gray, block_motion
from numpy.typing import NDArray

from edge.arrays import Floats
from edge.evidence.options import MotionOptions
from edge.networks.pooling import GrowingArray

TEXTURE = 1.0
"""Texture in gray levels per pixel from which the motion of a block can be seen."""

NOISE = 3.0
"""Deviation in gray levels that noise and compression give a block of one color."""

MATCHED = 0.5
"""A vector is believed if it leaves at most this part of a block's deviation."""

MOST = 0.9
"""Quantile of the motion apart from the camera's that is the saliency."""

CELLS = 576
"""About how many cells a thumbnail has: 32 by 18."""

LEADS = (1, 3)
"""Frames before a change that may be there again: what passes close to the camera covers the first slowly."""

MAX_FLASH_FRAMES = 16
"""Frames of a flash at most, whatever the frame rate."""

COLUMNS = ("speed", "saliency", "brightness", "unlike", "contrast", "flash")
"""What is known of each frame, from its time on."""


class MotionMeter:
    """Compares each frame with the one before; keeps the last few frames, and 32 bytes of each."""

    def __init__(self, options: MotionOptions) -> None:
        self._options = options
        self._times = GrowingArray((), np.float64)
        self._rows = GrowingArray((len(COLUMNS),), np.float32)
        self._recent: deque[tuple[float, Gray, float]] = deque(maxlen=MAX_FLASH_FRAMES + 2)
        self._reduce: _Reduce | None = None

    @property
    def times_s(self) -> NDArray[np.float64]:
        """Return the times float64[n] of all frames so far."""
        return self._times.array

    def column(self, name: str) -> Floats:
        """Return one of `COLUMNS` as float32[n], for all frames so far."""
        return np.ascontiguousarray(self._rows.array[:, COLUMNS.index(name)])

    def accept(self, time_s: float, gray: Gray) -> Floats:
        """Measure a frame; return its thumbnail, float32[cells], 0 to 1."""
        if self._reduce is None:
            self._reduce = _Reduce(gray.shape)
        thumbnail = self._reduce(gray)
        before_s, before, detail = self._recent[-1] if self._recent else (time_s - 1, gray, 0.0)
        moved = block_motion(before, gray)
        speed, saliency = motion(moved, gray.shape[0] * (time_s - before_s))
        unlike = difference(moved, detail) if self._recent else 0.0
        row = [speed, saliency, thumbnail.mean(), unlike, thumbnail.std(), 0.0]
        self._times.append(np.array([time_s]))
        self._rows.append(np.array([row], np.float32))
        self._recent.append((time_s, gray, float(moved.deviations.mean())))
        self._forget_flash()
        return thumbnail

    def _forget_flash(self) -> None:
        """Mark the changes since a frame which the newest frame matches again."""
        frames = list(self._recent)
        unlike = self._rows.array[-len(frames) :, COLUMNS.index("unlike")]
        flash = self._rows.array[-len(frames) :, COLUMNS.index("flash")]
        for index in range(1, len(frames) - 1):
            recent = frames[-1][0] - frames[index][0] <= self._options.flash_s + 1e-6
            if not recent or flash[index] or unlike[index] < self._options.cut:
                continue
            if any(self._again(frames[max(0, index - lead)]) for lead in LEADS):
                flash[index:] = 1
                return

    def _again(self, frame: tuple[float, Gray, float]) -> bool:
        """Return whether the newest frame matches another one; those of one color match all."""
        _, before, detail = frame
        if detail < 2 * NOISE:
            return False
        return difference(block_motion(before, self._recent[-1][1]), detail) < self._options.cut


class _Reduce:
    """Means of the cells of frames of one shape."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        side = max(1.0, (shape[0] * shape[1] / CELLS) ** 0.5)
        self._down, self._across = (_means(size, max(1, round(size / side))) for size in shape)

    def __call__(self, gray: Gray) -> Floats:
        cells = self._down @ gray.astype(np.float32) @ self._across.T
        return np.asarray(cells.ravel() / np.float32(255))


def _means(size: int, cells: int) -> Floats:
    """Return the matrix float32[cells, size] that takes the means of consecutive parts."""
    at = np.arange(size) * cells // size
    member = (at == np.arange(cells)[:, None]).astype(np.float32)
    return np.asarray(member / member.sum(axis=1, keepdims=True))


def motion(moved: BlockMotion, heights: float) -> tuple[float, float]:
    """Return speed and saliency; `heights` is the pixels of a frame's height times the seconds in between.

    Blocks count whose texture says where they went and that are found again. Speed is the mean length of
    their vectors; saliency is the quantile `MOST` of the distance from their median, the camera's motion.
    """
    found = moved.residuals <= np.maximum(NOISE, MATCHED * moved.deviations)
    vectors = moved.vectors[found & (moved.textures >= TEXTURE)]
    if not len(vectors):
        return 0.0, 0.0
    apart = np.hypot(*(vectors - np.median(vectors, axis=0)).T)
    return float(np.hypot(*vectors.T).mean()) / heights, float(np.quantile(apart, MOST)) / heights


def difference(moved: BlockMotion, detail: float) -> float:
    """Return the part of a frame, 0 to 1, that motion from the other frame does not explain.

    It is the mean over blocks of the variance that is left by that of the block, at most 1: what an encoder
    weighs when it decides between predicting a block and coding it anew. If more has vanished of the `detail`
    of the other frame, the mean deviation of its blocks, it is that part: any frame explains a black one.
    """
    left, own = moved.residuals**2, moved.deviations**2
    vanished = (detail - float(moved.deviations.mean())) / (detail + NOISE)
    return max(vanished, float(np.minimum(left / (own + NOISE**2), 1).mean()))
