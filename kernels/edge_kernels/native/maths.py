"""Elementary functions from additions and multiplications: the library links to no libm.

Over lanes in float32 for the inner loops (`log`, `exp`), one at a time in float64 for tables.
"""

from __future__ import annotations

import numpy as np

from edge_kernels.native.entry import inline, part
from edge_kernels.native.lanes import bits, from_bits, spread, to_floats, to_ints, where

f32 = np.float32
LN2 = f32(np.log(2.0))
_SQRT_HALF = np.int32(np.float32(np.sqrt(0.5)).view(np.int32))
_LOG = tuple(
    f32(c)
    for c in (
        7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1,
        -1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
    )
)  # fmt: skip
"""Cephes logf: (ln(1 + m) - m + m^2/2) / m^3 for m in [sqrt(1/2) - 1, sqrt(2) - 1], highest power first."""
_L0, _L1, _L2, _L3, _L4, _L5, _L6, _L7, _L8 = _LOG
_EXP = tuple(
    f32(c) for c in (1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 0.5)
)
"""Cephes expf: (exp(r) - 1 - r) / r^2 for r in [-ln 2 / 2, ln 2 / 2], highest power first."""
_E0, _E1, _E2, _E3, _E4, _E5 = _EXP
_LN2_HIGH, _LN2_LOW = f32(0.693359375), f32(-2.12194440e-4)
_INFINITY = f32(np.inf)


@inline
def log(x):
    """Natural logarithm of float lanes, to 2 units in the last place for normal x > 0.

    Infinity and NaN stay as they are; for x <= 0 the result is finite and meaningless.
    x = 2^e (1 + m) with 1 + m in [sqrt(1/2), sqrt(2)): ln x = e ln 2 + ln(1 + m).
    """
    shifted = bits(x) - _SQRT_HALF
    exponent = shifted >> np.int32(23)
    m = from_bits(shifted - (exponent << np.int32(23)) + _SQRT_HALF) - f32(1.0)
    p = m * _L0 + _L1
    p = p * m + _L2
    p = p * m + _L3
    p = p * m + _L4
    p = p * m + _L5
    p = p * m + _L6
    p = p * m + _L7
    p = p * m + _L8
    square = m * m
    result = to_floats(exponent) * LN2 + (m + (p * m * square - square * f32(0.5)))
    return where(x < _INFINITY, result, x)


@inline
def exp(x):
    """Exponential of float lanes, to 2 units in the last place; 0 below -87.3, infinity above 88.7.

    x = k ln 2 + r with |r| <= ln 2 / 2: exp x = 2^k exp r. NaN stays NaN.
    """
    limited = where(x > f32(89.0), spread(f32(89.0)), where(x > f32(-88.0), x, spread(f32(-88.0))))
    rounder = f32(12582912.0)  # 1.5 * 2^23: adding and subtracting it rounds to an integer
    k = (limited * (f32(1.0) / LN2) + rounder) - rounder
    r = limited - k * _LN2_HIGH - k * _LN2_LOW
    p = r * _E0 + _E1
    p = p * r + _E2
    p = p * r + _E3
    p = p * r + _E4
    p = p * r + _E5
    small = p * r * r + r + f32(1.0)
    half = to_ints(k) >> np.int32(1)
    rest = to_ints(k) - half
    scale = from_bits((half + np.int32(127)) << np.int32(23))  # 2^k in two factors: 2^128 would overflow
    result = small * scale * from_bits((rest + np.int32(127)) << np.int32(23))
    result = where(x < f32(-87.3), spread(f32(0.0)), result)
    return where(x == x, result, x)  # noqa: PLR0124 - only NaN differs from itself


@inline
def sin_half_turns(t):
    """sin(pi t) of float lanes, -1/2 <= t <= 1/2, to 2e-7: the Taylor series."""
    s = t * t * f32(-np.pi * np.pi)
    p = s * f32(1 / 110) + f32(1)
    p = p * s * f32(1 / 72) + f32(1)
    p = p * s * f32(1 / 42) + f32(1)
    p = p * s * f32(1 / 20) + f32(1)
    p = p * s * f32(1 / 6) + f32(1)
    return t * p * f32(np.pi)


@part
def exp_one(x):
    """Exp of one float64, to 1e-12 of it, for tables: the Taylor series of x / 1024, squared ten times."""
    r = x / 1024
    result = 1 + r * (1 + r / 2 * (1 + r / 3 * (1 + r / 4 * (1 + r / 5 * (1 + r / 6)))))
    for _ in range(10):
        result *= result
    return result


@part
def log_one(x):
    """Natural logarithm of one float64 > 0, to 1e-12, for tables: Halley's iteration on `exp_one`."""
    scale = 0.0
    while x > 1.5:
        x /= 2
        scale += 0.6931471805599453
    while x < 0.75:
        x *= 2
        scale -= 0.6931471805599453
    y = x - 1
    for _ in range(4):
        power = exp_one(y)
        y += 2 * (x - power) / (x + power)
    return scale + y


@part
def cos_half_turn(t):
    """cos(pi t) of one float64, 0 <= t <= 1, to 1e-15, by Taylor series within pi / 4."""
    if t > 0.5:
        return -cos_half_turn_first(1 - t)
    return cos_half_turn_first(t)


@inline
def cos_half_turn_first(t):
    """cos(pi t), 0 <= t <= 1/2."""
    if t <= 0.25:
        s = -((np.pi * t) ** 2)
        return 1 + s / 2 * (
            1 + s / 12 * (1 + s / 30 * (1 + s / 56 * (1 + s / 90 * (1 + s / 132 * (1 + s / 182)))))
        )
    angle = np.pi * (0.5 - t)
    s = -(angle**2)
    return angle * (1 + s / 6 * (1 + s / 20 * (1 + s / 42 * (1 + s / 72 * (1 + s / 110 * (1 + s / 156))))))
