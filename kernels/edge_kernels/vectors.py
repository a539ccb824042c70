"""Vectors as rows of int8 codes with a scale each, and the rows that are nearest to a query."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edge_kernels.arrays import Floats, Indices, floats, positive
from edge_kernels.library import call

Codes: TypeAlias = NDArray[np.int8]
"""int8[n, d]."""

LARGEST_SIZE = 1 << 16
"""Values that a vector has at most."""

_BLOCK = 4096
"""Rows that are quantized at a time, which bounds the memory."""


def quantize(vectors: ArrayLike) -> tuple[Codes, Floats]:
    """Quantize rows of float32[n, d] symmetrically: codes int8[n, d], scales float32[n].

    A value is about code * scale, off by half the scale at most (and rounding in float32); the largest
    magnitude of a row has the code 127 or -127. Raises TypeError unless they are floating point, ValueError
    unless they are finite and two-dimensional.

    >>> codes, scales = quantize([[0.5, -1.0], [0.0, 0.0]])
    >>> codes.tolist(), (127 * scales).tolist()
    ([[64, -127], [0, 0]], [1.0, 0.0])
    """
    rows = floats(vectors, "vectors", 2)
    codes, scales = np.empty(rows.shape, np.int8), np.empty(len(rows), np.float32)
    for start in range(0, len(rows), _BLOCK):
        block = rows[start : start + _BLOCK].astype(np.float64)
        peaks = np.abs(block).max(axis=1, initial=0.0)
        if not np.isfinite(peaks).all():
            raise ValueError("vectors must be finite")
        codes[start : start + _BLOCK] = np.rint(block * (127 / np.where(peaks, peaks, 1.0))[:, None])
        scales[start : start + _BLOCK] = peaks / 127
    return codes, scales


def nearest(query: ArrayLike, codes: Codes, scales: ArrayLike, k: int) -> tuple[Indices, Floats]:
    """Return the `k` rows with the largest dot product with `query`: int64[k] and float32[k], best first.

    `codes` int8[n, d] and `scales` float32[n] are what `quantize` returns, `query` is float32[d], d 1 to
    65,536. Of equal rows the first is better; fewer are returned if n is less. The query is rounded to 16
    bits, from d = 513 on to fewer, so that no sum of products overflows 32 bits. No memory grows with n.
    Raises TypeError unless `codes` are int8 and the others floating point, ValueError if shapes differ or `k`
    is negative, KernelError if `query` is not finite.

    >>> nearest([1.0, 0.0], np.array([[0, 127], [127, 0]], np.int8), [0.01, 0.01], 1)[0].tolist()
    [1]
    """
    query, scales = floats(query, "query"), floats(scales, "scales")
    if codes.dtype != np.int8:
        raise TypeError(f"codes must be int8, not {codes.dtype}")
    if codes.shape != (len(scales), len(query)):
        raise ValueError(f"codes must have the shape [{len(scales)}, {len(query)}], not {list(codes.shape)}")
    k = min(positive(k, "k"), len(scales))
    best, similarity = np.empty(k, np.int64), np.empty(k, np.float32)
    scratch, rows = np.empty(len(query), np.int16), np.ascontiguousarray(codes)
    found = call("nearest", query, len(query), rows, scales, len(scales), k, best, similarity, scratch)
    return best[:found], similarity[:found]
