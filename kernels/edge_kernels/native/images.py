"""Images: averages of areas, points between pixels, which of many boxes to keep, and regions of a map."""

from __future__ import annotations

import numpy as np

from edge_kernels.native.entry import DATA, NULL, OK, SIZE, entry, inline
from edge_kernels.native.lanes import WIDTH, bytes_as_ints, load, missing, store

f32 = np.float32
CHANNELS = 3


@inline
def _first(index, size, count):
    """The first pixel of `size` that pixel `index` of `count` covers."""
    return index * size // count


@inline
def _stop(index, size, count):
    """The pixel after the last that pixel `index` of `count` covers."""
    return ((index + 1) * size + count - 1) // count


@entry
def area_crops(rgb, height, width, boxes, count, out_height, out_width, out, scratch):
    """Each output row adds up its input rows, then the columns of each of its pixels."""
    if missing(rgb, boxes, out, scratch):
        return NULL
    if not (1 <= height <= 1 << 16 and 1 <= width <= 1 << 16) or count < 0:
        return SIZE
    if out_height < 1 or out_width < 1:
        return SIZE
    for b in range(count):
        left, top, right, bottom = boxes[4 * b], boxes[4 * b + 1], boxes[4 * b + 2], boxes[4 * b + 3]
        if not (0 <= left < right <= width and 0 <= top < bottom <= height):
            return DATA
    plane = out_height * out_width
    for b in range(count):
        left, top, right, bottom = boxes[4 * b], boxes[4 * b + 1], boxes[4 * b + 2], boxes[4 * b + 3]
        across, down = right - left, bottom - top
        values = across * CHANNELS
        whole = values - values % WIDTH
        for y in range(out_height):
            first, stop = top + _first(y, down, out_height), top + _stop(y, down, out_height)
            for r in range(first, stop):
                row = (r * width + left) * CHANNELS
                for i in range(0, whole, WIDTH):
                    added = bytes_as_ints(rgb, row + i)
                    store(scratch, i, added if r == first else load(scratch, i) + added)
                for i in range(whole, values):
                    one = np.int32(rgb[row + i])
                    scratch[i] = one if r == first else scratch[i] + one
            for x in range(out_width):
                begin, end = _first(x, across, out_width), _stop(x, across, out_width)
                share = f32(1) / f32((stop - first) * (end - begin))
                for c in range(CHANNELS):
                    total = np.int64(0)
                    for i in range(begin, end):
                        total += scratch[CHANNELS * i + c]
                    out[(b * CHANNELS + c) * plane + y * out_width + x] = f32(total) * share
    return OK


@inline
def _between(value, most):
    """`value` held to 0 to `most`; NaN is 0, so that no pixel outside the image is ever read."""
    if not value > f32(0):
        return f32(0)
    return value if value < f32(most) else f32(most)


@entry
def warp(rgb, height, width, matrices, count, out_height, out_width, out):
    """The four pixels around each point, weighted; what lies outside is the nearest pixel inside."""
    if missing(rgb, matrices, out):
        return NULL
    if height < 1 or width < 1 or count < 0 or out_height < 1 or out_width < 1:
        return SIZE
    plane = out_height * out_width
    for m in range(count):
        a, b, c = matrices[6 * m], matrices[6 * m + 1], matrices[6 * m + 2]
        d, e, f = matrices[6 * m + 3], matrices[6 * m + 4], matrices[6 * m + 5]
        for y in range(out_height):
            for x in range(out_width):
                u, v = f32(x) + f32(0.5), f32(y) + f32(0.5)
                at_x = _between(a * u + b * v + c - f32(0.5), width - 1)
                at_y = _between(d * u + e * v + f - f32(0.5), height - 1)
                left, top = np.int64(at_x), np.int64(at_y)
                right, bottom = min(left + 1, width - 1), min(top + 1, height - 1)
                share_x, share_y = at_x - f32(left), at_y - f32(top)
                for k in range(CHANNELS):
                    upper = f32(rgb[(top * width + left) * CHANNELS + k]) * (f32(1) - share_x)
                    upper += f32(rgb[(top * width + right) * CHANNELS + k]) * share_x
                    lower = f32(rgb[(bottom * width + left) * CHANNELS + k]) * (f32(1) - share_x)
                    lower += f32(rgb[(bottom * width + right) * CHANNELS + k]) * share_x
                    at = (m * CHANNELS + k) * plane + y * out_width + x
                    out[at] = upper * (f32(1) - share_y) + lower * share_y
    return OK


@inline
def _area(boxes, i, extra):
    return (boxes[4 * i + 2] - boxes[4 * i] + extra) * (boxes[4 * i + 3] - boxes[4 * i + 1] + extra)


@entry
def suppress(boxes, count, limit, smaller, kept):
    """One by one: a box is kept unless one that was kept before overlaps it too much."""
    if missing(boxes, kept):
        return np.int64(-NULL)
    if count < 0:
        return np.int64(-SIZE)
    extra, found = f32(1 if smaller else 0), np.int64(0)
    for i in range(count):
        area, clear = _area(boxes, i, extra), True
        for k in range(found):
            j = kept[k]
            width = min(boxes[4 * i + 2], boxes[4 * j + 2]) - max(boxes[4 * i], boxes[4 * j]) + extra
            height = min(boxes[4 * i + 3], boxes[4 * j + 3]) - max(boxes[4 * i + 1], boxes[4 * j + 1]) + extra
            shared = max(width, f32(0)) * max(height, f32(0))
            other = _area(boxes, j, extra)
            whole = min(area, other) if smaller else other + area - shared
            if shared / max(whole, f32(1e-9)) > limit:
                clear = False
                break
        if clear:
            kept[found] = i
            found += 1
    return found


@inline
def _root(parents, i):
    """The first pixel of the tree that holds pixel `i`; the path to it is halved."""
    while parents[i] != i:
        parents[i] = parents[parents[i]]
        i = parents[i]
    return i


@inline
def _join(parents, i, j):
    """Make one tree of those of `i` and `j`, its root the earlier one."""
    a, b = _root(parents, i), _root(parents, j)
    parents[max(a, b)] = min(a, b)


@inline
def _link(map, height, width, least, parents):
    """A tree of the pixels of each region: `parents` are earlier pixels of it; -1 outside regions."""
    for y in range(height):
        for x in range(width):
            i = y * width + x
            if not map[i] > least:
                parents[i] = -1
                continue
            parents[i] = i
            if x > 0 and parents[i - 1] >= 0:
                _join(parents, i, i - 1)
            if y > 0:
                for k in range(max(x - 1, 0), min(x + 2, width)):
                    if parents[i - width - x + k] >= 0:
                        _join(parents, i, i - width - x + k)


@entry
def regions(map, height, width, least, boxes, means, scratch):
    """Trees of pixels first; then numbers, -2 for the first region: a parent has its own before its child."""
    if missing(map, boxes, means, scratch):
        return np.int64(-NULL)
    if not (1 <= height <= 1 << 15 and 1 <= width <= 1 << 15):
        return np.int64(-SIZE)
    _link(map, height, width, least, scratch)
    found, sizes = np.int64(0), height * width
    for y in range(height):
        for x in range(width):
            i = y * width + x
            parent = scratch[i]
            if parent == -1:
                continue
            if parent == i:
                scratch[i] = -2 - found
                boxes[4 * found], boxes[4 * found + 1] = x, y
                boxes[4 * found + 2], boxes[4 * found + 3] = x, y
                means[found] = f32(0)
                scratch[sizes + found] = 0
                found += 1
            else:
                scratch[i] = scratch[parent]
            r = -2 - np.int64(scratch[i])
            boxes[4 * r] = min(boxes[4 * r], np.int32(x))
            boxes[4 * r + 2] = max(boxes[4 * r + 2], np.int32(x + 1))
            boxes[4 * r + 3] = max(boxes[4 * r + 3], np.int32(y + 1))
            means[r] += map[i]
            scratch[sizes + r] += 1
    for r in range(found):
        means[r] /= f32(scratch[sizes + r])
    return found
