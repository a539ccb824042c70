"""The rows of a matrix of int8 that are nearest to a vector: integer dot products and a heap of the best."""

from __future__ import annotations

import numpy as np

from edge_kernels.native.entry import DATA, NULL, SIZE, entry, inline
from edge_kernels.native.lanes import missing
from edge_kernels.native.products import COUNT, pair_products, total, zeros

f32, f64 = np.float32, np.float64
LARGEST = 1 << 16
"""Values of a vector, at most."""


@inline
def _peak(query, size):
    """The largest magnitude; -1 if a value is not finite."""
    peak = f32(0)
    for i in range(size):
        value = abs(query[i])
        if not value <= f32(3.4028235e38):
            return f32(-1)
        peak = max(peak, value)
    return peak


@inline
def _round_query(query, size, peak, limit, codes):
    """Whole numbers of -limit to limit, halves away from zero; float64, as limit / peak may leave float32."""
    factor = f64(limit) / f64(peak) if peak > f32(0) else 0.0
    for i in range(size):
        value = f64(query[i]) * factor
        codes[i] = np.int16(value + 0.5 if value > 0.0 else value - 0.5)


@inline
def _dot(query, codes, at, size):
    """int16 times int8 in int32; two sums at a time, so that one does not wait for the other."""
    first, second = zeros(), zeros()
    whole = size - size % (2 * COUNT)
    for i in range(0, whole, 2 * COUNT):
        first = first + pair_products(query, i, codes, at + i)
        second = second + pair_products(query, i + COUNT, codes, at + i + COUNT)
    rest = np.int32(0)
    for i in range(whole, size):
        rest = np.int32(rest + np.int32(query[i]) * np.int32(codes[at + i]))
    return np.int32(total(first + second) + rest)


@inline
def _worse(best, similarity, i, j):
    """Whether entry i of the heap should leave it before entry j."""
    return similarity[i] < similarity[j] or (similarity[i] == similarity[j] and best[i] > best[j])


@inline
def _swap(best, similarity, i, j):
    best[i], best[j] = best[j], best[i]
    similarity[i], similarity[j] = similarity[j], similarity[i]


@inline
def _rise(best, similarity, at):
    """Move an entry up past those that are better."""
    while at > 0 and _worse(best, similarity, at, (at - 1) // 2):
        _swap(best, similarity, at, (at - 1) // 2)
        at = (at - 1) // 2


@inline
def _sink(best, similarity, count):
    """Move the root down past those that are worse."""
    at = np.int64(0)
    while 2 * at + 1 < count:
        child = 2 * at + 1
        if child + 1 < count and _worse(best, similarity, child + 1, child):
            child += 1
        if not _worse(best, similarity, child, at):
            break
        _swap(best, similarity, at, child)
        at = child


@entry
def nearest(query, size, codes, scales, rows, k, best, similarity, scratch):
    """The worst of the best is the root of a heap in the results, which is sorted in the end."""
    if missing(query, codes, scales, best, similarity, scratch):
        return np.int64(-NULL)
    if not 1 <= size <= LARGEST or rows < 0 or not 0 <= k <= rows:
        return np.int64(-SIZE)
    peak = _peak(query, size)
    if peak < f32(0):
        return np.int64(-DATA)
    limit = min(np.int64(32767), np.int64(2147483647) // (128 * size))
    _round_query(query, size, peak, limit, scratch)
    unit, found = peak / f32(limit), np.int64(0)
    for row in range(rows if k > 0 else 0):
        value = f32(_dot(scratch, codes, row * size, size)) * (scales[row] * unit)
        if found < k and abs(value) >= f32(0):  # not NaN
            best[found], similarity[found] = row, value
            _rise(best, similarity, found)
            found += 1
        elif found == k and value > similarity[0]:
            best[0], similarity[0] = row, value
            _sink(best, similarity, found)
    for left in range(found - 1, 0, -1):
        _swap(best, similarity, 0, left)
        _sink(best, similarity, left)
    return found
