"""Images by our kernels and by what else resizes and warps them, suppression of boxes, regions of a map."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

import numpy as np
from edge_kernels import images
from numpy.typing import NDArray

from tools.bench.rows import Case, Peer

Array = NDArray[Any]

HEIGHT, WIDTH = 360, 640
LEVEL = (108, 192)
"""A level of a face detector's pyramid."""
CROP = 64
MATRIX = np.array([[2.1, 0.4, 190.0], [-0.4, 2.1, 90.0]], np.float32)
"""A turned square of 137 pixels."""
LINES = (416, 736)
"""The map of a text detector."""


def cases(boxes: int) -> list[Case]:
    """Every kernel of images; `boxes` are suppressed."""
    rng = np.random.default_rng(0)
    rgb = np.kron(rng.integers(0, 256, (HEIGHT // 8, WIDTH // 8, 3)), np.ones((8, 8, 1))).astype(np.uint8)
    return [_area(rgb), _warp(rgb), _suppress(boxes, rng), _regions(rng)]


def _area(rgb: Array) -> Case:
    height, width = LEVEL
    box = np.array([[0, 0, WIDTH, HEIGHT]])
    truth = cache(partial(_averages, rgb))

    def by_torch() -> Any:
        import torch  # noqa: PLC0415 - a peer

        def job() -> Array:
            planes = torch.from_numpy(rgb).permute(2, 0, 1)[None].float()
            return np.asarray(torch.nn.functional.adaptive_avg_pool2d(planes, LEVEL)[0])

        return job

    def by_pillow() -> Any:
        from PIL import Image  # noqa: PLC0415 - a peer

        image = Image.fromarray(rgb)
        return lambda: np.asarray(image.resize((width, height), Image.Resampling.BOX))

    return Case(
        f"area averages, {WIDTH} x {HEIGHT} to {width} x {height}",
        lambda: lambda: images.area_crops(rgb, box, height, width)[0],
        (
            Peer("torch", by_torch),
            Peer("Pillow", by_pillow, lambda result: result.transpose(2, 0, 1), "uint8, other areas"),
        ),
        lambda result: float(np.abs(result - truth()).max()),
        "largest difference from float64, of 255",
    )


def _averages(rgb: Array) -> Array:
    def bins(size: int, count: int) -> list[slice]:
        return [slice(i * size // count, -(-(i + 1) * size // count)) for i in range(count)]

    rows, columns = bins(HEIGHT, LEVEL[0]), bins(WIDTH, LEVEL[1])
    return np.array([[rgb[r, c].mean(axis=(0, 1)) for c in columns] for r in rows]).transpose(2, 0, 1)


def _warp(rgb: Array) -> Case:
    rows, columns = np.mgrid[:CROP, :CROP] + 0.5
    grid = np.einsum("ij,jhw->hwi", MATRIX.astype(float), np.stack([columns, rows, np.ones((CROP, CROP))]))

    def by_torch() -> Any:
        import torch  # noqa: PLC0415 - a peer

        points = torch.from_numpy(grid / [WIDTH, HEIGHT] * 2 - 1)[None].float()

        def job() -> Array:
            planes = torch.from_numpy(rgb).permute(2, 0, 1)[None].float()
            sampled = torch.nn.functional.grid_sample(
                planes, points, padding_mode="border", align_corners=False
            )
            return np.asarray(sampled[0])

        return job

    def by_pillow() -> Any:
        from PIL import Image  # noqa: PLC0415 - a peer

        image, numbers = Image.fromarray(rgb), tuple(MATRIX.ravel().tolist())
        kind, bilinear = Image.Transform.AFFINE, Image.Resampling.BILINEAR
        return lambda: np.asarray(image.transform((CROP, CROP), kind, numbers, bilinear))

    def exact() -> Array:
        x, y = grid[..., 0] - 0.5, grid[..., 1] - 0.5
        left, top = x.astype(int), y.astype(int)
        u, v = (x - left)[..., None], (y - top)[..., None]
        upper = rgb[top, left] * (1 - u) + rgb[top, left + 1] * u
        lower = rgb[top + 1, left] * (1 - u) + rgb[top + 1, left + 1] * u
        return np.asarray((upper * (1 - v) + lower * v).transpose(2, 0, 1))

    truth = cache(exact)
    return Case(
        f"affine crop of {CROP} x {CROP}",
        lambda: lambda: images.warp(rgb, MATRIX[None], CROP, CROP)[0],
        (
            Peer("torch", by_torch),
            Peer("Pillow", by_pillow, lambda result: result.transpose(2, 0, 1), "uint8"),
        ),
        lambda result: float(np.abs(result - truth()).max()),
        "largest difference from float64, of 255",
    )


def _suppress(count: int, rng: np.random.Generator) -> Case:
    near = rng.uniform(0, 300, (count, 2))
    boxes = np.concatenate([near, near + rng.uniform(10, 80, (count, 2))], axis=1).astype(np.float32)
    scores = rng.random(count).astype(np.float32)
    truth = cache(lambda: by_numpy(boxes.astype(np.float64), scores, 0.5))
    return Case(
        f"suppression of {count} boxes",
        lambda: partial(images.suppress, boxes, scores, 0.5),
        (Peer("NumPy", lambda: partial(by_numpy, boxes, scores, 0.5)),),
        lambda result: float(not np.array_equal(result, truth())),
        "1 if others are kept than in float64",
    )


def by_numpy(boxes: Array, scores: Array, limit: float) -> Array:
    """Greedy suppression, the rest at once for every box that is kept."""
    areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    order, kept = np.argsort(-scores, kind="stable"), list[int]()
    while len(order):
        first, rest = order[0], order[1:]
        kept.append(int(first))
        near = np.maximum(boxes[first, :2], boxes[rest, :2])
        far = np.minimum(boxes[first, 2:], boxes[rest, 2:])
        shared = np.prod(np.maximum(far - near, 0), axis=1)
        order = rest[shared / (areas[first] + areas[rest] - shared) <= limit]
    return np.array(kept)


def _regions(rng: np.random.Generator) -> Case:
    height, width = LINES
    scores = 0.2 * rng.random(LINES, np.float32)
    for top, left in zip(rng.integers(0, height - 20, 60), rng.integers(0, width - 150, 60), strict=True):
        scores[top : top + 12, left : left + 120] += np.float32(0.6)

    def by_scipy() -> Any:
        from scipy import ndimage  # noqa: PLC0415 - a peer

        def job() -> Array:
            labels, count = ndimage.label(scores > 0.3, np.ones((3, 3)))
            ndimage.mean(scores, labels, np.arange(1, count + 1))
            found = ndimage.find_objects(labels)
            return np.array([[x.start, y.start, x.stop, y.stop] for y, x in found])

        return job

    truth = cache(lambda: spread(scores > 0.3))
    return Case(
        f"connected regions of {width} x {height}",
        lambda: lambda: images.regions(scores, 0.3).boxes,
        (Peer("SciPy", by_scipy),),
        lambda result: float(not np.array_equal(result, truth())),
        "1 if others are found than by spreading",
    )


def spread(inside: Array) -> Array:
    """Boxes of connected regions: the least index in each spreads until nothing changes."""
    labels = np.where(inside, np.arange(inside.size).reshape(inside.shape), inside.size)
    while True:
        around = np.pad(labels, 1, constant_values=inside.size)
        rows = np.minimum(np.minimum(around[:-2], around[1:-1]), around[2:])
        least = np.minimum(np.minimum(rows[:, :-2], rows[:, 1:-1]), rows[:, 2:])
        least = np.where(inside, least, inside.size)
        if np.array_equal(least, labels):
            break
        labels = least
    firsts = np.unique(labels[inside])
    places = [np.nonzero(labels == first) for first in firsts]
    return np.array([[x.min(), y.min(), x.max() + 1, y.max() + 1] for y, x in places])
