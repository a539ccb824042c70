"""Crops, warps, suppression and regions against their twins."""

from __future__ import annotations

import numpy as np
import pytest
from edge_kernels import images
from edge_kernels.library import KernelError
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.kernels import twins

Rgb = NDArray[np.uint8]
SIZES = st.integers(1, 70)


def picture(height: int, width: int, seed: int = 0) -> Rgb:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


@settings(deadline=None)
@given(SIZES, SIZES, st.integers(1, 40), st.integers(1, 40))
def test_a_whole_image_is_averaged(height: int, width: int, out_height: int, out_width: int) -> None:
    rgb = picture(height, width)
    (crop,) = images.area_crops(rgb, [[0, 0, width, height]], out_height, out_width)
    np.testing.assert_allclose(crop, twins.area_crop(rgb, out_height, out_width), rtol=1e-6)


@settings(deadline=None)
@given(st.lists(st.tuples(*[st.integers(0, 39)] * 4), max_size=6))
def test_crops_are_those_of_the_parts(corners: list[tuple[int, int, int, int]]) -> None:
    rgb = picture(40, 40)
    boxes = [(min(a, c), min(b, d), max(a, c) + 1, max(b, d) + 1) for a, b, c, d in corners]
    crops = images.area_crops(rgb, np.array(boxes, np.int64).reshape(-1, 4), 6, 5)
    assert crops.shape == (len(boxes), 3, 6, 5)
    for crop, (left, top, right, bottom) in zip(crops, boxes, strict=True):
        np.testing.assert_allclose(crop, twins.area_crop(rgb[top:bottom, left:right], 6, 5), rtol=1e-6)


def test_a_large_white_image_stays_white() -> None:
    rgb = np.full((4200, 4200, 3), 255, np.uint8)  # sums of 4.5e9, more than 2^32
    assert (images.area_crops(rgb, [[0, 0, 4200, 4200]], 1, 1) == 255).all()


@settings(deadline=None)
@given(SIZES, SIZES, st.lists(st.floats(-60, 60, width=32), min_size=6, max_size=6))
def test_warps(height: int, width: int, numbers: list[float]) -> None:
    matrix = np.array(numbers, np.float32).reshape(2, 3) / np.array([20, 20, 1], np.float32)
    rgb = picture(height, width)
    (warped,) = images.warp(rgb, matrix[None], 9, 11)
    np.testing.assert_allclose(warped, twins.warp(rgb, matrix.astype(float), 9, 11), atol=0.05)


def test_the_identity_warps_nothing() -> None:
    rgb = picture(20, 30)
    (warped,) = images.warp(rgb, np.eye(2, 3, dtype=np.float32)[None], 20, 30)
    np.testing.assert_array_equal(warped, rgb.transpose(2, 0, 1))


@pytest.mark.parametrize("large", [1e9, 3e38])
def test_points_far_outside_are_still_pixels_of_the_image(large: float) -> None:
    rgb = np.full((5, 7, 3), 40, np.uint8)
    matrix = np.array([[large, -large, 0], [-large, large, 0]], np.float32)  # the sums overflow and are NaN
    assert (images.warp(rgb, matrix[None], 6, 6) == 40).all()


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 200), st.booleans(), st.integers(0, 5), st.floats(0.05, 0.95))
def test_suppression_is_greedy(count: int, over_smaller: bool, seed: int, limit: float) -> None:
    rng = np.random.default_rng(seed)
    near = rng.uniform(0, 150, (count, 2))
    boxes = np.concatenate([near, near + rng.uniform(5, 60, (count, 2))], axis=1).astype(np.float32)
    scores = rng.uniform(0, 1, count).astype(np.float32)
    kept = images.suppress(boxes, scores, limit, over_smaller=over_smaller)
    assert kept.tolist() == twins.suppress(boxes, scores, limit, over_smaller=over_smaller)


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 24), st.integers(1, 24), st.integers(0, 9), st.floats(0.1, 0.95))
def test_regions_are_what_spreads_from_their_first_pixels(
    height: int, width: int, seed: int, least: float
) -> None:
    scores = np.random.default_rng(seed).random((height, width), np.float32)
    boxes, means = twins.regions(scores, np.float32(least).item())
    found = images.regions(scores, least)
    assert found.boxes.tolist() == boxes
    np.testing.assert_allclose(found.means, means, rtol=1e-5)


def test_every_second_pixel_is_a_region_and_a_spiral_one() -> None:
    assert len(images.regions(np.pad(np.ones((1, 1)), ((0, 6), (0, 6))), 0.5).boxes) == 1
    grid = np.zeros((7, 9), np.float32)
    grid[::2, ::2] = 1
    assert len(images.regions(grid, 0.5).boxes) == 4 * 5
    spiral = np.array([list(row) for row in ("#####", "....#", "###.#", "#...#", "#####")]) == "#"
    assert images.regions(spiral.astype(np.float32), 0.5).boxes.tolist() == [[0, 0, 5, 5]]
    assert not len(images.regions(np.full((3, 3), np.nan, np.float32), 0.5).boxes)


def test_bad_arguments_are_refused() -> None:
    rgb = picture(10, 10)
    with pytest.raises(KernelError, match="contradict"):
        images.area_crops(rgb, [[0, 0, 11, 10]], 2, 2)
    with pytest.raises(KernelError, match="contradict"):
        images.area_crops(rgb, [[3, 3, 3, 5]], 2, 2)
    with pytest.raises(ValueError, match="an image is uint8"):
        images.area_crops(rgb[..., 0], [[0, 0, 5, 5]], 2, 2)
    with pytest.raises(TypeError, match="whole numbers"):
        images.area_crops(rgb, [[0, 0, 5, 5.5]], 2, 2)
    with pytest.raises(ValueError, match=r"shape \[n, 4\]"):
        images.area_crops(rgb, [[0, 0, 5]], 2, 2)
    with pytest.raises(ValueError, match="finite"):
        images.warp(rgb, np.full((1, 2, 3), np.nan, np.float32), 2, 2)
    with pytest.raises(ValueError, match=r"boxes must have the shape \[2, 4\]"):
        images.suppress(np.zeros((1, 4), np.float32), np.zeros(2, np.float32), 0.5)
    with pytest.raises(KernelError, match="outside its range"):
        images.regions(np.zeros((0, 5), np.float32), 0.5)
