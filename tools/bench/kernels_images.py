"""Images by our kernels and by what else resizes and warps them, and greedy suppression of boxes."""

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


def cases(boxes: int) -> list[Case]:
    """Every kernel of images; `boxes` are suppressed."""
    rng = np.random.default_rng(0)
    rgb = np.kron(rng.integers(0, 256, (HEIGHT // 8, WIDTH // 8, 3)), np.ones((8, 8, 1))).astype(np.uint8)
    return [_area(rgb), _warp(rgb), _suppress(boxes, rng)]


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
