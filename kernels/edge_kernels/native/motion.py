"""Motion between two gray frames: coarse search, fine search, and a step of Lucas and Kanade."""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from edge_kernels.native.entry import NULL, OK, SIZE, entry, inline, part
from edge_kernels.native.lanes import after as beyond
from edge_kernels.native.lanes import missing, sqrt_one

BLOCK = 8
AREA = BLOCK * BLOCK
STEPS = 4
"""Pixels that the fine search may go from the best of its candidates."""
BIAS = 32
"""How much the sum of differences must fall for a vector that is not zero: half a gray level per pixel."""
STILL = 64
"""Sum of differences up to which nothing is searched: a gray level per pixel."""
ZERO = 64
"""How a coarse vector's zero is stored in a byte; the longest search."""
SCALE = 24.0
"""How many times the gradient the sum of two `_slope` is."""
SOFTNESS = SCALE * SCALE * AREA
"""What is added to the sums of the gradients' squares: noise of one gray level per pixel."""


@intrinsic
def _differences(typing, a, at_a, b, at_b, width):
    """Sum of absolute differences of two blocks; each row is a vector of eight 16-bit lanes."""

    def emit(context, builder, signature, arguments):
        a, at_a, b, at_b, width = arguments
        narrow, wide = ir.VectorType(ir.IntType(8), BLOCK), ir.VectorType(ir.IntType(16), BLOCK)
        absolute = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(wide, [wide, ir.IntType(1)]), f"llvm.abs.v{BLOCK}i16"
        )
        whole = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(ir.IntType(16), [wide]), f"llvm.vector.reduce.add.v{BLOCK}i16"
        )

        def row(pointer, at, number):
            index = builder.add(at, builder.mul(width, ir.Constant(ir.IntType(64), number)))
            address = builder.bitcast(builder.gep(pointer, [index]), narrow.as_pointer())
            return builder.zext(builder.load(address, align=1), wide)

        total = ir.Constant(wide, None)
        for number in range(BLOCK):
            difference = builder.sub(row(a, at_a, number), row(b, at_b, number))
            total = builder.add(total, builder.call(absolute, [difference, ir.Constant(ir.IntType(1), 0)]))
        return builder.zext(builder.call(whole, [total]), ir.IntType(32))

    return types.int32(a, types.int64, b, types.int64, types.int64), emit


@inline
def _halved(image, height, width, out):
    """Means of two by two pixels, rounded."""
    for y in range(height // 2):
        for x in range(width // 2):
            i = 2 * y * width + 2 * x
            total = np.int32(image[i]) + image[i + 1] + image[i + width] + image[i + width + 1]
            out[y * (width // 2) + x] = np.uint8((total + 2) >> 2)


@inline
def _cost(before, after, height, width, x, y, dx, dy):
    """What it costs to take the block at x, y from dx, dy before it; too much if that is not in the frame."""
    if x - dx < 0 or y - dy < 0 or x - dx + BLOCK > width or y - dy + BLOCK > height:
        return np.int32(1 << 20)
    cost = _differences(after, y * width + x, before, (y - dy) * width + x - dx, width)
    return cost if dx == 0 and dy == 0 else cost + np.int32(BIAS)


@part
def _searched(before, after, height, width, x, y, reach):
    """The best vector of all up to `reach` pixels, row by row; of equal ones zero, then the first."""
    best, best_x, best_y = _cost(before, after, height, width, x, y, 0, 0), np.int64(0), np.int64(0)
    if best <= STILL:
        return best_x, best_y
    for dy in range(max(-reach, y + BLOCK - height), min(reach, y) + 1):
        for dx in range(max(-reach, x + BLOCK - width), min(reach, x) + 1):
            cost = _cost(before, after, height, width, x, y, dx, dy)
            if cost < best:
                best, best_x, best_y = cost, np.int64(dx), np.int64(dy)
    return best_x, best_y


@part
def _refined(before, after, height, width, x, y, best, dx, dy):
    """Go to the best of the eight neighbors until none is better."""
    for _ in range(STEPS):
        from_x, from_y = dx, dy
        for step in range(9):
            to_x, to_y = from_x + step % 3 - 1, from_y + step // 3 - 1
            cost = _cost(before, after, height, width, x, y, to_x, to_y)
            if cost < best:
                best, dx, dy = cost, to_x, to_y
        if dx == from_x and dy == from_y:
            break
    return dx, dy


@inline
def _held(index, count):
    return min(max(index, 0), count - 1)


@inline
def _difference(line, step, index, count):
    """Twelve times the derivative of fourth order at a pixel of a line, whose ends are repeated."""
    far = np.int64(line[step * _held(index + 2, count)]) - np.int64(line[step * _held(index - 2, count)])
    near = np.int64(line[step * _held(index + 1, count)]) - np.int64(line[step * _held(index - 1, count)])
    return 8 * near - far


@inline
def _slope(image, height, width, x, y):
    """Twelve times the gradient at a pixel, across and down."""
    return _difference(beyond(image, y * width), 1, x, width), _difference(beyond(image, x), width, y, height)


@part
def _measured(before, after, height, width, x, y, dx, dy):
    """Move from whole pixels to the least squares of what is left, and say how much is left.

    Returns the vector; deviation of what is left, and of the block; texture: the square root of the smaller
    eigenvalue of the mean of the gradients' products.
    """
    a1, a2, r1, r2 = np.int64(0), np.int64(0), np.int64(0), np.int64(0)
    gx, gy, xx, xy, yy = np.int64(0), np.int64(0), np.int64(0), np.int64(0), np.int64(0)
    xr, yr = np.int64(0), np.int64(0)
    for j in range(y, y + BLOCK):
        for i in range(x, x + BLOCK):
            value = np.int64(after[j * width + i])
            left = value - np.int64(before[(j - dy) * width + i - dx])
            now_x, now_y = _slope(after, height, width, i, j)
            then_x, then_y = _slope(before, height, width, i - dx, j - dy)
            u, v = now_x + then_x, now_y + then_y
            a1, a2, r1, r2 = a1 + value, a2 + value * value, r1 + left, r2 + left * left
            gx, gy, xx, xy, yy = gx + u, gy + v, xx + u * u, xy + u * v, yy + v * v
            xr, yr = xr + u * left, yr + v * left
    # A change of brightness is no motion: what is common to the block is taken out of all sums.
    r2 -= r1 * r1 / AREA
    xr -= gx * r1 / AREA
    yr -= gy * r1 / AREA
    xx -= gx * gx / AREA
    xy -= gx * gy / AREA
    yy -= gy * gy / AREA
    soft_x, soft_y = xx + SOFTNESS, yy + SOFTNESS
    determinant = soft_x * soft_y - xy * xy
    step_x = min(max(-SCALE * (soft_y * xr - xy * yr) / determinant, -1.0), 1.0)
    step_y = min(max(-SCALE * (soft_x * yr - xy * xr) / determinant, -1.0), 1.0)
    rest = r2 + (step_x * xr + step_y * yr) * (2.0 / SCALE)
    rest += (step_x * step_x * xx + 2.0 * step_x * step_y * xy + step_y * step_y * yy) / (SCALE * SCALE)
    own = a2 - a1 * a1 / AREA
    smaller = (xx + yy - sqrt_one((xx - yy) * (xx - yy) + 4.0 * xy * xy)) / 2.0
    return (
        dx + step_x,
        dy + step_y,
        sqrt_one(max(rest, 0.0) / AREA),
        sqrt_one(max(own, 0.0) / AREA),
        sqrt_one(max(smaller, 0.0) / (SCALE * SCALE * AREA)),
    )


@inline
def _better(before, after, height, width, x, y, best, dx, dy, other_x, other_y):
    """The cheaper of two vectors with its cost; of equal ones the first."""
    cost = _cost(before, after, height, width, x, y, other_x, other_y)
    if cost < best:
        return cost, other_x, other_y
    return best, dx, dy


@part
def _found(before, after, height, width, coarse, coarse_down, coarse_right, vectors, j, i):
    """The whole-pixel vector of block j, i: the best of nine candidates, then the search around it.

    They are zero, the coarse vectors around the block, and the vectors found to its left and above.
    """
    x, y, right = i * BLOCK, j * BLOCK, width // BLOCK
    dx, dy = np.int64(0), np.int64(0)
    best = _cost(before, after, height, width, x, y, dx, dy)
    if best <= STILL:
        return dx, dy
    for k in range(5):
        row = _held(j // 2 + (k == 1) - (k == 2), coarse_down)
        column = _held(i // 2 + (k == 3) - (k == 4), coarse_right)
        at = 2 * (row * coarse_right + column)
        to_x, to_y = 2 * (np.int64(coarse[at]) - ZERO), 2 * (np.int64(coarse[at + 1]) - ZERO)
        best, dx, dy = _better(before, after, height, width, x, y, best, dx, dy, to_x, to_y)
    for k in range(2):
        at = j * right + i - (1 if k == 0 else right)
        if (i > 0) if k == 0 else (j > 0):
            to_x, to_y = np.int64(vectors[2 * at]), np.int64(vectors[2 * at + 1])
            best, dx, dy = _better(before, after, height, width, x, y, best, dx, dy, to_x, to_y)
    return _refined(before, after, height, width, x, y, best, dx, dy)


@entry
def block_motion(before, after, height, width, reach, vectors, residuals, deviations, textures, scratch):
    """Blocks of frames half as large first; their vectors are where the search of the others begins."""
    if missing(before, after, vectors, residuals, deviations, textures, scratch):
        return NULL
    if not (2 * BLOCK <= height <= 1 << 14 and 2 * BLOCK <= width <= 1 << 14 and 1 <= reach <= ZERO):
        return SIZE
    low, across, down, right = height // 2, width // 2, height // BLOCK, width // BLOCK
    then, now = scratch, beyond(scratch, low * across)
    coarse, coarse_down, coarse_right = beyond(scratch, 2 * low * across), low // BLOCK, across // BLOCK
    _halved(before, height, width, then)
    _halved(after, height, width, now)
    for j in range(coarse_down):
        for i in range(coarse_right):
            dx, dy = _searched(then, now, low, across, i * BLOCK, j * BLOCK, (reach + 1) // 2)
            at = 2 * (j * coarse_right + i)
            coarse[at], coarse[at + 1] = np.uint8(dx + ZERO), np.uint8(dy + ZERO)
    for j in range(down):
        for i in range(right):
            at = j * right + i
            dx, dy = _found(before, after, height, width, coarse, coarse_down, coarse_right, vectors, j, i)
            vectors[2 * at], vectors[2 * at + 1] = np.float32(dx), np.float32(dy)
    for j in range(down):
        for i in range(right):
            at = j * right + i
            dx, dy = np.int64(vectors[2 * at]), np.int64(vectors[2 * at + 1])
            across_, down_, rest, own, texture = _measured(
                before, after, height, width, i * BLOCK, j * BLOCK, dx, dy
            )
            vectors[2 * at], vectors[2 * at + 1] = np.float32(across_), np.float32(down_)
            residuals[at], deviations[at], textures[at] = (
                np.float32(rest),
                np.float32(own),
                np.float32(texture),
            )
    return OK
