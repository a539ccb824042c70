"""Motion of blocks between two gray frames."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_kernels.arrays import Floats
from edge_kernels.library import call

Gray = NDArray[np.uint8]
"""A gray frame, uint8[height, width]."""

BLOCK = 8
"""Pixels of the side of a block."""

SMALLEST = 16
"""Pixels of the side of the smallest frame."""


@dataclass(frozen=True, slots=True, eq=False)
class BlockMotion:
    """How the blocks of a frame moved since the frame before; b = height // 8, c = width // 8."""

    vectors: Floats
    """float32[b, c, 2]: pixels to the right and down."""
    residuals: Floats
    """float32[b, c]: standard deviation in gray levels of what the vectors leave unexplained in a block."""
    deviations: Floats
    """float32[b, c]: standard deviation in gray levels of a block itself."""
    textures: Floats
    """float32[b, c]: texture in gray levels per pixel, in the direction that has least; small: a guess."""


def block_motion(before: Gray, after: Gray, reach: int = 14) -> BlockMotion:
    """Match each block of 8 × 8 pixels of `after` with `before`, up to `reach` pixels away, 1 to 64.

    Both are uint8[height, width] of the same shape, sides at least 16. A change of brightness of a block is
    no motion and no residual. Raises ValueError for other arrays, KernelError for another `reach`.

    >>> frame = np.random.default_rng(0).integers(0, 256, (32, 32), np.uint8)
    >>> block_motion(frame, np.roll(frame, 2, axis=1)).vectors[1, 1].tolist()
    [2.0, 0.0]
    """
    before, after = _gray(before), _gray(after)
    if before.shape != after.shape:
        raise ValueError(f"frames must have one shape, not {list(before.shape)} and {list(after.shape)}")
    height, width = after.shape
    blocks = height // BLOCK, width // BLOCK
    vectors = np.empty((*blocks, 2), np.float32)
    residuals, deviations, textures = (np.empty(blocks, np.float32) for _ in range(3))
    scratch = np.empty(height * width, np.uint8)
    call(
        "block_motion", before, after, height, width, reach, vectors, residuals, deviations, textures, scratch
    )
    return BlockMotion(vectors, residuals, deviations, textures)


def _gray(frame: NDArray[Any]) -> Gray:
    if frame.dtype != np.uint8 or frame.ndim != 2 or min(frame.shape) < SMALLEST:
        raise ValueError(f"a gray frame is uint8[>= 16, >= 16], not {frame.dtype}{list(frame.shape)}")
    return np.ascontiguousarray(frame)
