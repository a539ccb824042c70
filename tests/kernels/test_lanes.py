"""Vectors inside numba functions: every operation against NumPy, one lane at a time."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache
from types import FunctionType
from typing import Any

import numba
import numpy as np
import pytest
from edge_kernels.native import maths
from edge_kernels.native.lanes import (
    WIDTH,
    Words,
    bits,
    from_bits,
    lane,
    load,
    pack,
    popcount,
    ramp,
    spread,
    sqrt,
    sqrt_one,
    store,
    to_floats,
    to_ints,
    transpose,
    where,
)
from numba import types
from numpy.typing import NDArray

Array = NDArray[Any]


@cache
def compiled(function: Callable[..., Any], arguments: int, element: types.Type) -> Any:
    """A C function that loads a vector from each argument and stores what `function` makes of them."""
    inner: Any = numba.njit(function) if isinstance(function, FunctionType) else function
    pointers = [types.CPointer(element)] * (arguments + 1)
    if arguments == 1:

        def body(a, out):  # type: ignore[no-untyped-def]
            store(out, 0, inner(load(a, 0)))
    else:

        def body(a, b, out):  # type: ignore[no-untyped-def, misc]
            store(out, 0, inner(load(a, 0), load(b, 0)))

    made = numba.cfunc(types.void(*pointers))(body)
    call = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * len(pointers))(made.address)
    call.made = made  # type: ignore[attr-defined] # keeps the code alive
    return call


def each(function: Callable[..., Any], *arrays: Array) -> Array:
    """What a function of one or two vectors gives; the arrays hold one vector each."""
    out = np.zeros_like(arrays[0])
    call = compiled(function, len(arrays), numba.from_dtype(out.dtype))
    call(*(a.ctypes.data for a in (*arrays, out)))
    return out


rng = np.random.default_rng(0)
FLOATS = rng.standard_normal(WIDTH).astype(np.float32)
OTHERS = rng.standard_normal(WIDTH).astype(np.float32)
INTS = rng.integers(-(2**31), 2**31, WIDTH).astype(np.int32)
WORDS = rng.integers(0, 2**64, Words.count, dtype=np.uint64)


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda a, b: a + b, FLOATS + OTHERS),
        (lambda a, b: a - b, FLOATS - OTHERS),
        (lambda a, b: a * b, FLOATS * OTHERS),
        (lambda a, b: a * np.float32(3) + b, FLOATS * 3 + OTHERS),
        (lambda a, b: np.float32(1) - a * np.float32(0) + b * np.float32(0), np.ones(WIDTH)),
        (lambda a, b: where(a < b, a, b), np.minimum(FLOATS, OTHERS)),
        (lambda a, b: where(a > b, a, b), np.maximum(FLOATS, OTHERS)),
        (lambda a, b: where(a == b, a, spread(np.float32(7))), np.full(WIDTH, 7)),
        (lambda a, b: from_bits(bits(a)), FLOATS),
        (lambda a, b: to_floats(to_ints(a * np.float32(100))), np.trunc(FLOATS * 100)),
        (lambda a, b: sqrt(a * a), np.abs(FLOATS)),
        (lambda a, b: ramp() + a * np.float32(0), np.arange(WIDTH)),
        (lambda a, b: spread(lane(a, 2)), np.full(WIDTH, FLOATS[2])),
    ],
)
def test_floats(function: Callable[..., Any], expected: Array) -> None:
    np.testing.assert_allclose(each(function, FLOATS, OTHERS), expected, rtol=3e-7, atol=1e-7)


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda a: a + a, INTS + INTS),
        (lambda a: a & np.int32(255), INTS & 255),
        (lambda a: a << np.int32(3), INTS << 3),
        (lambda a: a >> np.int32(3), INTS >> 3),
        (lambda a: where(a < np.int32(0), ~a, a), np.where(INTS < 0, ~INTS, INTS)),
    ],
)
def test_signed_integers(function: Callable[..., Any], expected: Array) -> None:
    np.testing.assert_array_equal(each(function, INTS), expected)


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda a: a >> np.uint64(3), WORDS >> np.uint64(3)),
        (lambda a: (a ^ ~a) | a, np.full(Words.count, 2**64 - 1, np.uint64)),
        (popcount, np.array([int(word).bit_count() for word in WORDS])),
        (lambda a: pack(lane(a, 3), lane(a, 2), lane(a, 1), lane(a, 0)), WORDS[::-1]),
        (lambda a: where(a > np.uint64(2**63), a, a - a), np.where(WORDS > 2**63, WORDS, 0)),
    ],
)
def test_words(function: Callable[..., Any], expected: Array) -> None:
    np.testing.assert_array_equal(each(function, WORDS), expected)


def test_a_block_is_transposed() -> None:
    source, out = rng.random((WIDTH, WIDTH + 3)).astype(np.float32), np.zeros((WIDTH, WIDTH + 5), np.float32)
    pointer = types.CPointer(types.float32)

    def body(a, out):  # type: ignore[no-untyped-def]
        transpose(a, WIDTH + 3, out, WIDTH + 5)

    address = numba.cfunc(types.void(pointer, pointer))(body).address
    ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)(address)(source.ctypes.data, out.ctypes.data)
    np.testing.assert_array_equal(out[:, :WIDTH], source[:, :WIDTH].T)
    assert (out[:, WIDTH:] == 0).all()


def vectors(values: Array) -> list[Array]:
    return list(np.resize(values.astype(np.float32), (-(-len(values) // WIDTH), WIDTH)))


@pytest.mark.parametrize(
    ("ours", "exact", "values"),
    [
        (maths.log, np.log, np.geomspace(1.2e-38, 3.4e38, 640)),
        (maths.log, np.log, np.linspace(0.5, 2, 640)),
        (maths.exp, np.exp, np.linspace(-87, 88.7, 640)),
        (maths.sin_half_turns, lambda t: np.sin(np.pi * t), np.linspace(-0.5, 0.5, 640)),
    ],
)
def test_elementary_functions_are_right_to_the_last_digits(
    ours: Callable[..., Any], exact: Callable[[Array], Array], values: Array
) -> None:
    for vector in vectors(values):
        np.testing.assert_allclose(each(ours, vector), exact(vector.astype(np.float64)), rtol=4e-7, atol=1e-7)


def test_logarithm_and_exponential_keep_what_is_no_number() -> None:
    odd = np.resize(np.array([np.nan, np.inf, 1.0, 1.0], np.float32), WIDTH)
    np.testing.assert_array_equal(each(maths.log, odd)[:4], [np.nan, np.inf, 0, 0])
    odd[2:4] = -np.inf, -200
    np.testing.assert_array_equal(each(maths.exp, odd)[:4], [np.nan, np.inf, 0, 0])


@pytest.mark.parametrize(
    ("ours", "exact", "values"),
    [
        (maths.exp_one, np.exp, np.linspace(-10, 10, 101)),
        (maths.log_one, np.log, np.geomspace(1e-9, 1e9, 101)),
        (maths.cos_half_turn, lambda t: np.cos(np.pi * t), np.linspace(0, 1, 101)),
        (sqrt_one, np.sqrt, np.geomspace(1e-9, 1e9, 101)),
    ],
)
def test_the_functions_for_tables_are_right_in_double_precision(
    ours: Callable[..., Any], exact: Callable[[Array], Array], values: Array
) -> None:
    def body(x):  # type: ignore[no-untyped-def]
        return ours(x)

    call = numba.cfunc(types.float64(types.float64))(body).ctypes
    np.testing.assert_allclose([call(x) for x in values], exact(values), rtol=2e-12, atol=1e-15)
