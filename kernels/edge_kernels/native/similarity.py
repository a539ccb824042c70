"""How alike texts are by the characters that they hold, without their order."""

from __future__ import annotations

import numpy as np

from edge_kernels.native.entry import DATA, NULL, OK, SIZE, entry, inline, part
from edge_kernels.native.lanes import after, missing, sqrt_one
from edge_kernels.native.text import CODES, consistent

f32, u64 = np.float32, np.uint64


@entry
def text_counts(ids, offsets, texts, alphabet, distinct, counts, size, scratch):
    """Distinct ids in the order in which they occur, by a table of where each was put."""
    if missing(ids, offsets, distinct, counts, size, scratch):
        return NULL
    if texts < 0 or alphabet < 0 or alphabet > CODES:
        return SIZE
    if not consistent(ids, offsets, texts, alphabet):
        return DATA
    for a in range(alphabet):
        scratch[a] = np.int32(-1)
    for t in range(texts):
        first = offsets[t]
        found = np.int32(0)
        for i in range(first, offsets[t + 1]):
            place = scratch[ids[i]]
            if place < 0:
                scratch[ids[i]] = found
                distinct[first + found] = ids[i]
                counts[first + found] = np.int32(1)
                found += np.int32(1)
            else:
                counts[first + place] += np.int32(1)
        for k in range(found):
            scratch[distinct[first + k]] = np.int32(-1)
        size[t] = found
    return OK


@entry
def similarity_window(
    offsets,
    distinct,
    counts,
    size,
    texts,
    alphabet,
    begin,
    end,
    window,
    overlap,
    presence,
    frequency,
    scratch,
):
    """Each text against those after it, by a table of the counts of its characters."""
    if missing(offsets, distinct, counts, size, overlap, presence, frequency, scratch):
        return NULL
    if texts < 0 or alphabet < 0 or alphabet > CODES or not 0 <= begin <= end <= texts or window < 0:
        return SIZE
    if not _counted(offsets, distinct, size, texts, alphabet):
        return DATA
    for i in range(begin, end):
        row = (i - begin) * window
        there = min(window, texts - 1 - i)
        _like(
            offsets, distinct, counts, size, alphabet, i, i + 1, there,
            after(overlap, row), after(presence, row), after(frequency, row), scratch,
        )  # fmt: skip
        for d in range(there, window):
            overlap[row + d] = presence[row + d] = frequency[row + d] = f32(-1)
    return OK


@entry
def similarity_all(
    offsets, distinct, counts, size, texts, alphabet, begin, end, overlap, presence, frequency, scratch
):
    """Each text against all."""
    if missing(offsets, distinct, counts, size, overlap, presence, frequency, scratch):
        return NULL
    if texts < 0 or alphabet < 0 or alphabet > CODES or not 0 <= begin <= end <= texts:
        return SIZE
    if not _counted(offsets, distinct, size, texts, alphabet):
        return DATA
    for i in range(begin, end):
        row = (i - begin) * texts
        _like(
            offsets, distinct, counts, size, alphabet, i, 0, texts,
            after(overlap, row), after(presence, row), after(frequency, row), scratch,
        )  # fmt: skip
    return OK


@part
def _counted(offsets, distinct, size, texts, alphabet):
    """Whether the tables of `text_counts` can be walked safely."""
    good = offsets[0] >= 0
    for t in range(texts):
        good = good and size[t] >= 0 and offsets[t] + size[t] <= offsets[t + 1]
        if good:
            for k in range(offsets[t], offsets[t] + size[t]):
                good &= np.uint32(distinct[k]) < np.uint32(alphabet)
    return good


@part
def _like(offsets, distinct, counts, size, alphabet, i, first, others, overlap, presence, frequency, table):
    """Text i against `others` texts from `first` on."""
    for a in range(alphabet):
        table[a] = np.int32(0)
    squares = np.int64(0)
    for k in range(offsets[i], offsets[i] + size[i]):
        table[distinct[k]] = counts[k]
        squares += np.int64(counts[k]) * counts[k]
    length = offsets[i + 1] - offsets[i]
    for j in range(others):
        t = first + j
        shared, both, product, their_squares = np.int64(0), np.int64(0), np.int64(0), np.int64(0)
        for k in range(offsets[t], offsets[t] + size[t]):
            mine, theirs = np.int64(table[distinct[k]]), np.int64(counts[k])
            shared += min(mine, theirs)
            both += mine > 0
            product += mine * theirs
            their_squares += theirs * theirs
        longer = max(length, offsets[t + 1] - offsets[t])
        overlap[j] = _share(shared, np.float64(longer), longer)
        presence[j] = _share(both, sqrt_one(np.float64(size[i]) * size[t]), longer)
        frequency[j] = _share(product, sqrt_one(np.float64(squares) * their_squares), longer)


@inline
def _share(part_, whole, longer):
    """A ratio of counts; nothing of nothing is everything, nothing of something nothing."""
    if longer == 0:
        return f32(1)
    return f32(part_ / whole) if whole > 0 else f32(0)
