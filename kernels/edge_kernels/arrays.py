"""Check and convert the arguments of kernels to contiguous, aligned arrays of the right type."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]
Indices = NDArray[np.int64]


def floats(values: ArrayLike, name: str, ndim: int = 1) -> Floats:
    """Convert `values` to float32; copies only if necessary (strided, misaligned or float64 arrays).

    Raises TypeError unless it is floating point, ValueError for another number of dimensions; both messages
    contain `name`.
    """
    array = np.asarray(values)
    if array.size and not np.issubdtype(array.dtype, np.floating):
        raise TypeError(f"{name} must be floating point, not {array.dtype}")
    return _shaped(np.require(array, np.float32, ("C", "A")), name, ndim)


def integers(values: ArrayLike, name: str, ndim: int = 1) -> Ints:
    """Convert `values` to int32; copies only if necessary.

    Raises TypeError unless they are integers, ValueError for another number of dimensions or if they do not
    fit in 32 bits.
    """
    array = np.asarray(values)
    if array.size and not np.issubdtype(array.dtype, np.integer):
        raise TypeError(f"{name} must be whole numbers, not {array.dtype}")
    if array.size and array.dtype != np.int32 and not -(2**31) <= array.min() <= array.max() < 2**31:
        raise ValueError(f"{name} must fit in 32 bits")
    return _shaped(np.require(array, np.int32, ("C", "A")), name, ndim)


def positive(value: int, name: str, least: int = 0) -> int:
    """Return `value`. Raises ValueError if it is less than `least`."""
    if value < least:
        raise ValueError(f"{name} must be at least {least}, not {value}")
    return value


def _shaped(array: NDArray[Any], name: str, ndim: int) -> NDArray[Any]:
    if array.ndim != ndim:
        raise ValueError(f"{name} must have {ndim} dimension{'s' * (ndim > 1)}, not {array.ndim}")
    return array
