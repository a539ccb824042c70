"""A decoder's steps: products of a float vector with uint8 weights, and attention."""

from __future__ import annotations

import numpy as np

from edge_kernels.native.entry import NULL, OK, SIZE, entry, inline, part
from edge_kernels.native.lanes import (
    WIDTH,
    after,
    bytes_as_ints,
    load,
    missing,
    spread,
    sqrt_one,
    store,
    to_floats,
)
from edge_kernels.native.maths import exp
from edge_kernels.native.products import total

f32, f64 = np.float32, np.float64
LARGEST = 1 << 24
"""Values of a vector, rows of weights and steps, at most."""
LOWEST = f32(-3.4e38)
EPSILON = f32(1e-5)
PADDING = 16
"""Floats after a row that is computed in whole lanes."""


@inline
def _fits(count):
    return 1 <= count <= LARGEST


@inline
def _sum(x, size):
    """The sum of a vector."""
    whole = size - size % WIDTH
    sums, rest = spread(f32(0)), f32(0)
    for k in range(0, whole, WIDTH):
        sums = sums + load(x, k)
    for k in range(whole, size):
        rest += x[k]
    return total(sums) + rest


@part
def _product(x, size, codes, width, scale, zero, out):
    """A vector times a matrix. Four rows of codes at a time are added to the sums, which are `out` itself."""
    fours, whole = size - size % 4, width - width % WIDTH
    for n in range(width):
        out[n] = f32(0)
    for k in range(0, fours, 4):
        one, two, three, four = x[k], x[k + 1], x[k + 2], x[k + 3]
        a = k * width
        b, c, d = a + width, a + 2 * width, a + 3 * width
        for n in range(0, whole, WIDTH):
            near = to_floats(bytes_as_ints(codes, a + n)) * one
            near = near + to_floats(bytes_as_ints(codes, b + n)) * two
            far = to_floats(bytes_as_ints(codes, c + n)) * three
            far = far + to_floats(bytes_as_ints(codes, d + n)) * four
            store(out, n, load(out, n) + (near + far))
        for n in range(whole, width):
            near = f32(codes[a + n]) * one + f32(codes[b + n]) * two
            out[n] += near + (f32(codes[c + n]) * three + f32(codes[d + n]) * four)
    for k in range(fours, size):
        for n in range(width):
            out[n] += f32(codes[k * width + n]) * x[k]
    offset = _sum(x, size) * f32(zero)
    for n in range(0, whole, WIDTH):
        store(out, n, (load(out, n) - offset) * scale)
    for n in range(whole, width):
        out[n] = (out[n] - offset) * scale


@entry
def project(x, rows, size, codes, width, scale, zero, out):
    """Row by row: the codes stay in the cache."""
    if missing(x, codes, out):
        return NULL
    if rows < 0 or rows > LARGEST or not _fits(size) or not _fits(width):
        return SIZE
    for row in range(rows):
        _product(after(x, row * size), size, codes, width, scale, zero, after(out, row * width))
    return OK


@entry
def scores(x, size, codes, rows, scale, zero, out):
    """Dot products of rows; two sums at a time, so that one does not wait for the other."""
    if missing(x, codes, out):
        return NULL
    if rows < 0 or rows > LARGEST or not _fits(size):
        return SIZE
    offset = _sum(x, size) * f32(zero)
    whole = size - size % (2 * WIDTH)
    for row in range(rows):
        first = row * size
        one, other = spread(f32(0)), spread(f32(0))
        for k in range(0, whole, 2 * WIDTH):
            one = one + to_floats(bytes_as_ints(codes, first + k)) * load(x, k)
            other = other + to_floats(bytes_as_ints(codes, first + k + WIDTH)) * load(x, k + WIDTH)
        rest = f32(0)
        for k in range(whole, size):
            rest += f32(codes[first + k]) * x[k]
        out[row] = (total(one + other) + rest - offset) * scale
    return OK


@inline
def _dot(x, first, y, second, size):
    whole = size - size % WIDTH
    sums, rest = spread(f32(0)), f32(0)
    for k in range(0, whole, WIDTH):
        sums = sums + load(x, first + k) * load(y, second + k)
    for k in range(whole, size):
        rest += x[first + k] * y[second + k]
    return total(sums) + rest


@inline
def _softmax(weights, steps):
    """Exponentials of the differences to the largest, over their sum; `weights` has room to whole lanes."""
    highest = weights[0]
    for t in range(steps):
        highest = max(highest, weights[t])
    padded = (steps + WIDTH - 1) // WIDTH * WIDTH
    for t in range(steps, padded):
        weights[t] = LOWEST
    sums = spread(f32(0))
    for t in range(0, padded, WIDTH):
        value = exp(load(weights, t) - highest)
        store(weights, t, value)
        sums = sums + value
    share = f32(1) / total(sums)
    for t in range(0, padded, WIDTH):
        store(weights, t, load(weights, t) * share)


@part
def _attend(queries, heads, size, keys, values, steps, out, scratch):
    """Softmax over the steps of the dot products weighs the values; head by head."""
    width, whole = heads * size, size - size % WIDTH
    scale = f32(1) / f32(sqrt_one(f64(size)))
    for head in range(heads):
        first = head * size
        for t in range(steps):
            scratch[t] = _dot(queries, first, keys, t * width + first, size) * scale
        _softmax(scratch, steps)
        for k in range(size):
            out[first + k] = f32(0)
        for t in range(steps):
            share, at = scratch[t], t * width + first
            for k in range(0, whole, WIDTH):
                store(out, first + k, load(out, first + k) + load(values, at + k) * share)
            for k in range(whole, size):
                out[first + k] += values[at + k] * share


@inline
def _normalized(x, width, gains, out):
    """Mean 0 and variance 1, times the gains."""
    mean = _sum(x, width) / f32(width)
    squares = f32(0)
    for k in range(width):
        squares += (x[k] - mean) * (x[k] - mean)
    factor = f32(1) / f32(sqrt_one(f64(squares / f32(width) + EPSILON)))
    for k in range(width):
        out[k] = (x[k] - mean) * factor * gains[k]


@inline
def _turned(x, heads, size, turns, rotated):
    """Turn pairs of the first `rotated` values of each head by the angles of the step (cosine and sine)."""
    for head in range(heads):
        for k in range(0, rotated, 2):
            at = head * size + k
            a, b, cosine, sine = x[at], x[at + 1], turns[k], turns[k + 1]
            x[at], x[at + 1] = a * cosine - b * sine, b * cosine + a * sine


@inline
def _gated(x, inner):
    """The first half times the second, which is a gate: y / (1 + exp(-y)). `x` has room to whole lanes."""
    for n in range(0, inner, WIDTH):
        gate = load(x, inner + n)
        store(x, n, load(x, n) * gate / (exp(gate * f32(-1)) + f32(1)))


@inline
def _added(x, y, count):
    for k in range(count):
        x[k] += y[k]


@entry
def decoder_step(
    x, layers, heads, size, inner, codes, scales, zeros, floats, turns, rotated, step, room, keys, values,
    rows, cross_keys, cross_values, scratch,
):  # fmt: skip
    """Self attention, cross attention and the gated layer, each added to the vector; then the last norm."""
    if missing(x, codes, scales, zeros, floats, turns, keys, values, cross_keys, cross_values, scratch):
        return NULL
    if not (_fits(layers) and _fits(heads) and _fits(size) and _fits(inner) and _fits(rows) and _fits(room)):
        return SIZE
    if not 0 <= step < room or not 0 <= rotated <= size or rotated % 2 != 0:
        return SIZE
    width = heads * size
    square, plain = width * width, 3 * width
    layer_codes, layer_floats = 6 * square + 3 * inner * width, plain + 2 * inner + width
    normal, query, mixed = scratch, after(scratch, width), after(scratch, 2 * width)
    wide = after(scratch, plain)
    weights = after(wide, 2 * inner + PADDING)
    for layer in range(layers):
        code, at = after(codes, layer * layer_codes), layer * 8
        norms = after(floats, layer * layer_floats)
        own_keys, own_values = after(keys, layer * room * width), after(values, layer * room * width)
        key, value = after(own_keys, step * width), after(own_values, step * width)
        _normalized(x, width, norms, normal)
        _product(normal, width, code, width, scales[at], zeros[at], query)
        _product(normal, width, after(code, square), width, scales[at + 1], zeros[at + 1], key)
        _product(normal, width, after(code, 2 * square), width, scales[at + 2], zeros[at + 2], value)
        _turned(query, heads, size, turns, rotated)
        _turned(key, heads, size, turns, rotated)
        _attend(query, heads, size, own_keys, own_values, step + 1, mixed, weights)
        _product(mixed, width, after(code, 3 * square), width, scales[at + 3], zeros[at + 3], normal)
        _added(x, normal, width)

        _normalized(x, width, after(norms, width), normal)
        _product(normal, width, after(code, 4 * square), width, scales[at + 4], zeros[at + 4], query)
        part_keys, part_values = (
            after(cross_keys, layer * rows * width),
            after(cross_values, layer * rows * width),
        )
        _attend(query, heads, size, part_keys, part_values, rows, mixed, weights)
        _product(mixed, width, after(code, 5 * square), width, scales[at + 5], zeros[at + 5], normal)
        _added(x, normal, width)

        _normalized(x, width, after(norms, 2 * width), normal)
        _product(normal, width, after(code, 6 * square), 2 * inner, scales[at + 6], zeros[at + 6], wide)
        _added(wide, after(norms, plain), 2 * inner)
        _gated(wide, inner)
        last = after(code, 6 * square + 2 * inner * width)
        _product(wide, inner, last, width, scales[at + 7], zeros[at + 7], normal)
        _added(x, normal, width)
        _added(x, after(norms, plain + 2 * inner), width)
    _normalized(x, width, after(floats, layers * layer_floats), normal)
    for k in range(width):
        x[k] = normal[k]
    return OK
