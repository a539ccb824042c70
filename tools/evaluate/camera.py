"""Images that a moving camera sees, for films whose motion is known."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from edge_kernels.images import Rgb, warp
from numpy.typing import NDArray

FPS = 25
"""Frames per second."""

WIDTH, HEIGHT = 320, 180
"""Pixels of a film."""

Shot = list[Rgb]
"""Frames uint8[HEIGHT, WIDTH, 3]."""


def mosaic(rng: np.random.Generator, images: Sequence[Rgb]) -> Rgb:
    """Return a film's frame of a few images, enlarged."""
    rows, columns = int(rng.integers(1, 4)), int(rng.integers(1, 5))
    canvas = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    ys, xs = (np.linspace(0, size, n + 1).astype(int) for size, n in ((HEIGHT, rows), (WIDTH, columns)))
    for top, bottom in pairwise(ys):
        for left, right in pairwise(xs):
            image = images[int(rng.integers(len(images)))]
            scale = np.diag([image.shape[1] / (right - left), image.shape[0] / (bottom - top)])
            matrix = np.concatenate([scale, np.zeros((2, 1))], axis=1).astype(np.float32)
            part = warp(image, matrix[None], bottom - top, right - left)[0]
            canvas[top:bottom, left:right] = np.rint(part.transpose(1, 2, 0))
    return canvas


Path2 = NDArray[np.float64]
"""float64[n, 3]: x and y in pixels and the zoom of a camera for each frame."""


def camera(rng: np.random.Generator, count: int) -> Path2:
    """Return the path of a camera that pans, zooms or shakes."""
    t = np.arange(count) / FPS
    path = np.stack([np.zeros(count), np.zeros(count), np.ones(count)], axis=1)
    kind = rng.integers(3)
    if kind == 0:
        speed, angle = rng.uniform(10, 0.6 * WIDTH), rng.uniform(0, 2 * np.pi)
        path[:, 0], path[:, 1] = speed * np.cos(angle) * t, 0.5 * speed * np.sin(angle) * t
    elif kind == 1:
        path[:, 2] = np.exp(rng.uniform(-0.25, 0.25) * t)
    else:
        steps = rng.normal(0, rng.uniform(1, 4), (count, 2))
        for k in range(1, count):
            path[k, :2] = 0.8 * path[k - 1, :2] + steps[k]
    return path


def moved(shot: Shot, path: Path2) -> Shot:
    """Return a shot as a camera sees it; beyond an edge it is mirrored."""
    return [_view(image, *place) for image, place in zip(shot, path, strict=True)]


def _view(image: Rgb, x: float, y: float, zoom: float) -> Rgb:
    """Return an image moved to the left and up by x and y, enlarged about its middle."""
    wide = np.concatenate([image, image[:, ::-1]], axis=1)
    whole = np.concatenate([wide, wide[::-1]], axis=0)
    whole = np.roll(whole, (-int(np.floor(y)), -int(np.floor(x))), axis=(0, 1))[: HEIGHT + 1, : WIDTH + 1]
    matrix = np.array([[1 / zoom, 0, WIDTH / 2 * (1 - 1 / zoom) + x % 1],
                       [0, 1 / zoom, HEIGHT / 2 * (1 - 1 / zoom) + y % 1]], np.float32)  # fmt: skip
    seen = warp(np.ascontiguousarray(whole), matrix[None], HEIGHT, WIDTH)[0]
    return np.ascontiguousarray(np.rint(seen.transpose(1, 2, 0)).astype(np.uint8))
