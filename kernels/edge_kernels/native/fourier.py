"""The Fourier transform of WIDTH real frames side by side.

A frame of n_fft samples is packed into n = n_fft / 2 complex points, even samples as real and odd ones as
imaginary parts; point i of all frames lies together: WIDTH real parts, then WIDTH imaginary parts. Passes of
radix 4 with decimation in frequency run in place; the first pass takes the points from its caller, who may
compute them on the fly, then each quarter is finished while it lies in the cache. The last pass transforms 4
or 8 points. The result is in the order that `position` tells.

Source: Cooley and Tukey 1965; the split of a packed real transform as in Numerical Recipes 12.3.
"""

from __future__ import annotations

import numpy as np

from edge_kernels.native.entry import inline, part
from edge_kernels.native.lanes import WIDTH, load, sqrt, store
from edge_kernels.native.maths import cos_half_turn

f32 = np.float32
POINT = 2 * WIDTH
"""Floats of one complex point."""
_SQRT_HALF = f32(np.sqrt(0.5))


@inline
def leaf_size(n):
    """Points of the last pass: 4, or 8 where n is not a power of 4."""
    while n > 8:
        n //= 4
    return n


@inline
def twiddle_count(n):
    """Floats of the table that `twiddles` fills."""
    leaf, count = leaf_size(n), 0
    while n > leaf:
        count += n // 4 * 6
        n //= 4
    return count


@part
def cos_sin_turns(k, n):
    """Cosine and sine of -2 pi k / n, float64, for 0 <= k < n."""
    turns = 2 * k / n  # half turns
    cosine = cos_half_turn(turns) if turns <= 1 else cos_half_turn(2 - turns)
    quarter = turns + 0.5 if turns <= 1.5 else turns - 1.5  # cos(x + pi / 2) = -sin x
    sine = cos_half_turn(quarter) if quarter <= 1 else cos_half_turn(2 - quarter)
    return cosine, sine


@part
def twiddles(n, table):
    """Pass after pass and point after point w, w^2 and w^3, w = exp(-2 pi i p / span), as cosine and sine."""
    leaf, at, span = leaf_size(n), 0, n
    while span > leaf:
        for p in range(span // 4):
            for power in range(1, 4):
                cosine, sine = cos_sin_turns(power * p, span)
                table[at], table[at + 1] = f32(cosine), f32(sine)
                at += 2
        span //= 4


@part
def position(k, n):
    """Where the transform of n points leaves its k-th value."""
    leaf, at = leaf_size(n), 0
    while n > leaf:
        n //= 4
        at += k % 4 * n
        k //= 4
    return at + k


@inline
def first_pass(p, n, a, b, c, d, points, table):
    """Butterfly `p` of the first pass from its points, each (real, imaginary) lanes."""
    quarter = n // 4
    _radix4(a, b, c, d, points, p, quarter, table, 6 * p)


@part
def remaining_passes(n, points, table):
    """All passes after the first, quarter by quarter."""
    leaf, quarter = leaf_size(n), n // 4
    for start in range(0, n, quarter):
        span, at = quarter, quarter * 6
        while span > leaf:
            for block in range(start, start + quarter, span):
                _pass(block, span, points, table, at)
            at += span // 4 * 6
            span //= 4
        if leaf == 4:
            for block in range(start, start + quarter, 4):
                _leaf4(points, block)
        else:
            for block in range(start, start + quarter, 8):
                _leaf8(points, block)


@part
def power(n, points, positions, turns, magnitude, out):
    """Four times the power (twice the magnitude) of bins 0 to n of the real frames, WIDTH floats a bin.

    X[k] = E[k] + exp(-pi i k / n) O[k], with the transforms of the even and odd samples
    E[k] = (Z[k] + conj Z[n - k]) / 2 and O[k] = (Z[k] - conj Z[n - k]) / 2i.
    """
    re, im = _point(points, 0)
    low, high = (re + im) * f32(2), (re - im) * f32(2)
    store(out, 0, _measure(low, low * f32(0), magnitude))
    store(out, n * WIDTH, _measure(high, high * f32(0), magnitude))
    for k in range(1, n // 2 + 1):
        ar, ai = _point(points, positions[k])
        br, bi = _point(points, positions[n - k])
        even_r, even_i, odd_r, odd_i = ar + br, ai - bi, ai + bi, br - ar
        cosine, sine = turns[2 * k], turns[2 * k + 1]
        turned_r, turned_i = odd_r * cosine - odd_i * sine, odd_r * sine + odd_i * cosine
        store(out, k * WIDTH, _measure(even_r + turned_r, even_i + turned_i, magnitude))
        store(out, (n - k) * WIDTH, _measure(even_r - turned_r, even_i - turned_i, magnitude))


@inline
def _measure(re, im, magnitude):
    square = re * re + im * im
    return sqrt(square) if magnitude else square


@inline
def _point(points, index):
    return load(points, index * POINT), load(points, index * POINT + WIDTH)


@inline
def _put(points, index, re, im):
    store(points, index * POINT, re)
    store(points, index * POINT + WIDTH, im)


@inline
def _put_turned(points, index, re, im, table, at):
    cosine, sine = table[at], table[at + 1]
    _put(points, index, re * cosine - im * sine, re * sine + im * cosine)


@inline
def _four(a, b, c, d):
    """The transform of four points, unscaled: X[k] = sum of x[j] (-i)^(j k)."""
    sum_r, sum_i, rest_r, rest_i = a[0] + c[0], a[1] + c[1], a[0] - c[0], a[1] - c[1]
    odd_r, odd_i, turn_r, turn_i = b[0] + d[0], b[1] + d[1], b[0] - d[0], b[1] - d[1]
    return (
        (sum_r + odd_r, sum_i + odd_i),
        (rest_r + turn_i, rest_i - turn_r),
        (sum_r - odd_r, sum_i - odd_i),
        (rest_r - turn_i, rest_i + turn_r),
    )


@inline
def _radix4(a, b, c, d, points, at, quarter, table, twiddle):
    x0, x1, x2, x3 = _four(a, b, c, d)
    _put(points, at, x0[0], x0[1])
    _put_turned(points, at + quarter, x1[0], x1[1], table, twiddle)
    _put_turned(points, at + 2 * quarter, x2[0], x2[1], table, twiddle + 2)
    _put_turned(points, at + 3 * quarter, x3[0], x3[1], table, twiddle + 4)


@inline
def _pass(start, span, points, table, twiddle):
    quarter = span // 4
    for p in range(quarter):
        at = start + p
        a, b = _point(points, at), _point(points, at + quarter)
        c, d = _point(points, at + 2 * quarter), _point(points, at + 3 * quarter)
        _radix4(a, b, c, d, points, at, quarter, table, twiddle + 6 * p)


@inline
def _leaf4(points, at):
    a, b, c, d = _point(points, at), _point(points, at + 1), _point(points, at + 2), _point(points, at + 3)
    x0, x1, x2, x3 = _four(a, b, c, d)
    _put(points, at, x0[0], x0[1])
    _put(points, at + 1, x1[0], x1[1])
    _put(points, at + 2, x2[0], x2[1])
    _put(points, at + 3, x3[0], x3[1])


@inline
def _sum_difference(points, at):
    """x[k] + x[k + 4] and x[k] - x[k + 4]."""
    a, b = _point(points, at), _point(points, at + 4)
    return (a[0] + b[0], a[1] + b[1]), (a[0] - b[0], a[1] - b[1])


@inline
def _leaf8(points, at):
    """Eight points: even values from the sums, odd ones from the differences turned by eighths."""
    s0, d0 = _sum_difference(points, at)
    s1, d1 = _sum_difference(points, at + 1)
    s2, d2 = _sum_difference(points, at + 2)
    s3, d3 = _sum_difference(points, at + 3)
    x0, x2, x4, x6 = _four(s0, s1, s2, s3)
    t1 = (d1[0] + d1[1]) * _SQRT_HALF, (d1[1] - d1[0]) * _SQRT_HALF
    t2 = d2[1], d2[0] * f32(-1)
    t3 = (d3[1] - d3[0]) * _SQRT_HALF, (d3[0] + d3[1]) * f32(-_SQRT_HALF)
    x1, x3, x5, x7 = _four(d0, t1, t2, t3)
    _put(points, at, x0[0], x0[1])
    _put(points, at + 1, x1[0], x1[1])
    _put(points, at + 2, x2[0], x2[1])
    _put(points, at + 3, x3[0], x3[1])
    _put(points, at + 4, x4[0], x4[1])
    _put(points, at + 5, x5[0], x5[1])
    _put(points, at + 6, x6[0], x6[1])
    _put(points, at + 7, x7[0], x7[1])
