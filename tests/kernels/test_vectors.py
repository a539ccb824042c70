"""Quantized rows and the nearest of them against their twins."""

from __future__ import annotations

import numpy as np
import pytest
from edge_kernels.library import KernelError
from edge_kernels.vectors import LARGEST_SIZE, nearest, quantize
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as stn
from numpy.typing import NDArray

from tests.kernels import twins

Floats = NDArray[np.float32]
SHAPES = st.tuples(st.integers(0, 60), st.integers(1, 50))
NUMBERS = st.floats(-(2.0**100), 2.0**100, width=32)


def rows(count: int, size: int, seed: int) -> Floats:
    return np.random.default_rng(seed).standard_normal((count, size)).astype(np.float32)


@settings(deadline=None)
@given(stn.arrays(np.float32, SHAPES, elements=NUMBERS))
def test_a_quantized_value_is_off_by_half_a_step_at_most(vectors: Floats) -> None:
    codes, scales = quantize(vectors)
    assert codes.dtype == np.int8
    assert scales.dtype == np.float32
    assert np.abs(codes.astype(int)).max(initial=0) <= 127
    exact = vectors.astype(np.float64)
    expected, steps = twins.quantize(exact)
    assert np.abs(codes - expected).max(initial=0) <= 1  # a half may fall to either side
    np.testing.assert_allclose(scales, steps, rtol=1e-6, atol=1e-45)
    assert (np.abs(codes * steps[:, None] - exact) <= 0.5001 * steps[:, None] + 1e-45).all()


def test_many_rows_are_quantized_as_each_alone() -> None:
    vectors = rows(9000, 3, 1)
    codes, scales = quantize(vectors)
    for index in (0, 4095, 4096, 8192, 8999):
        alone = quantize(vectors[index : index + 1])
        assert (alone[0][0].tolist(), alone[1][0]) == (codes[index].tolist(), scales[index])


@settings(deadline=None)
@given(
    st.integers(0, 90),
    st.integers(1, 70),
    st.integers(0, 100),
    st.sampled_from([0, 2, 127]),
    st.integers(0, 9),
)
def test_the_nearest_are_those_of_all_rows_sorted(
    count: int, size: int, k: int, most: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    codes = rng.integers(-most, most + 1, (count, size)).astype(np.int8)  # small codes: many are equal
    scales = np.full(count, 0.25, np.float32) if most == 2 else rng.random(count, np.float32)
    query = rng.integers(-2, 3, size).astype(np.float32) if most == 2 else rows(1, size, seed)[0]
    best, similarity = nearest(query, codes, scales, k)
    expected = twins.nearest(query, codes, scales, k)
    assert (best.tolist(), similarity.tolist()) == expected
    assert len(best) == min(k, count)


@pytest.mark.parametrize("size", [1, 384, 512, 513, 4096, LARGEST_SIZE])
def test_no_sum_overflows_and_the_query_costs_little_precision(size: int) -> None:
    codes = np.stack([np.full(size, value, np.int8) for value in (127, -128, 0)])
    best, similarity = nearest(np.ones(size, np.float32), codes, np.ones(3, np.float32), 3)
    assert best.tolist() == [0, 2, 1]
    np.testing.assert_allclose(similarity, [127 * size, 0, -128 * size], rtol=1e-6)
    vectors = rows(20, size, 3) / np.sqrt(size)
    codes, scales = quantize(vectors)
    best, similarity = nearest(vectors[7], codes, scales, 20)
    exact = twins.similarities(vectors[7], codes, scales)
    np.testing.assert_allclose(similarity, exact[best], atol=2e-3 if size > 4096 else 1e-4)


def test_a_vector_is_nearest_to_itself_in_float_too() -> None:
    vectors = rows(500, 384, 4)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    codes, scales = quantize(vectors)
    for index in range(0, 500, 50):
        best, similarity = nearest(vectors[index], codes, scales, 5)
        assert best[0] == index
        np.testing.assert_allclose(similarity, vectors[best] @ vectors[index], atol=2e-3)


def test_ends_of_the_range() -> None:
    codes, scales = quantize(rows(4, 8, 5))
    assert nearest(np.zeros(8, np.float32), codes, scales, 3)[0].tolist() == [0, 1, 2]
    assert nearest(np.full(8, 1e-45, np.float32), codes, scales, 9)[0].shape == (4,)
    assert np.isfinite(nearest(np.full(8, 3e38, np.float32), codes, scales * 1e-6, 9)[1]).all()
    scales[1] = np.nan
    assert 1 not in nearest(np.ones(8, np.float32), codes, scales, 4)[0]
    best, similarity = nearest(np.ones(8, np.float32), np.zeros((0, 8), np.int8), np.zeros(0, np.float32), 3)
    assert best.shape == similarity.shape == (0,)


def test_rows_that_are_not_contiguous_are_read_right() -> None:
    codes, scales = quantize(rows(30, 40, 6))
    query = rows(1, 20, 7)[0]
    expected = nearest(query, codes[::3, ::2].copy(), scales[::3].copy(), 4)
    np.testing.assert_array_equal(nearest(query, codes[::3, ::2], scales[::3], 4), expected)


def test_bad_arguments_are_refused() -> None:
    codes, scales = quantize(rows(3, 4, 8))
    query = np.ones(4, np.float32)
    with pytest.raises(TypeError, match="codes must be int8, not int16"):
        nearest(query, codes.astype(np.int16), scales, 1)
    with pytest.raises(ValueError, match=r"codes must have the shape \[3, 5\], not \[3, 4\]"):
        nearest(np.ones(5, np.float32), codes, scales, 1)
    with pytest.raises(ValueError, match=r"codes must have the shape \[2, 4\]"):
        nearest(query, codes, scales[:2], 1)
    with pytest.raises(ValueError, match="k must be at least 0"):
        nearest(query, codes, scales, -1)
    with pytest.raises(TypeError, match="query must be floating point"):
        nearest([1, 2, 3, 4], codes, scales, 1)
    for odd in (np.nan, np.inf):
        with pytest.raises(KernelError, match="contradict"):
            nearest(query * np.float32(odd), codes, scales, 1)
    with pytest.raises(KernelError, match="outside its range"):
        nearest(np.zeros(65537, np.float32), np.zeros((1, 65537), np.int8), np.ones(1, np.float32), 1)
    with pytest.raises(ValueError, match="finite"):
        quantize(np.full((1, 2), np.inf, np.float32))
    with pytest.raises(ValueError, match="2 dimensions"):
        quantize(query)
