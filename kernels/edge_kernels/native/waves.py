"""Parts of sounds, one float64 at a time: sines, tangents, noise, envelopes, a filter."""

from __future__ import annotations

import numpy as np
from numba.extending import intrinsic

from edge_kernels.native.entry import inline
from edge_kernels.native.lanes import sqrt_one
from edge_kernels.native.maths import exp_one

TURN = 2 * np.pi


@intrinsic
def struct_at(typing, pointer):
    """The struct of the header at `pointer`, whose fields are then read by name."""

    def emit(context, builder, signature, arguments):
        return builder.bitcast(arguments[0], context.get_value_type(pointer.dtype))

    return pointer.dtype(pointer), emit


@inline
def sine(t):
    """sin(2 pi t), |t| < 1000, to 6e-8: the Taylor series within a quarter turn."""
    t = t - np.int32(t + 1024.5) + 1024.0
    if t > 0.25:
        t = 0.5 - t
    elif t < -0.25:
        t = -0.5 - t
    x = TURN * t
    s = x * x
    p = 1 - s / 72 * (1 - s / 110)
    return x * (1 - s / 6 * (1 - s / 20 * (1 - s / 42 * p)))


@inline
def tangent(t):
    """tan(pi t), 0 <= t < 1/2."""
    return sine(t / 2) / sine(t / 2 + 0.25)


@inline
def random(state):
    """The next state of the generator; `state / 2^31 - 1` is the number."""
    return (state * 1664525 + 1013904223) & 0xFFFFFFFF


@inline
def number(state):
    """The random number of a state, -1 to 1."""
    return state / 2147483648.0 - 1


@inline
def decay(seconds, rate_hz):
    """By what exp(-t / seconds) falls in one sample."""
    return exp_one(-1 / max(seconds * rate_hz, 1.0))


@inline
def risen(t, length):
    """3 s^2 - 2 s^3."""
    if t >= length:
        return 1.0
    s = t / length
    return s * s * (3 - 2 * s)


@inline
def fallen(t, length):
    """(1 - s)^3, 1 before 0."""
    if t <= 0:
        return 1.0
    s = max(0.0, 1 - t / length)
    return s * s * s


@inline
def filtered(x, low, band, g, k):
    """A step of the state-variable filter (Zavalishin): band, low, and the two states of the next step."""
    a = 1 / (1 + g * (g + k))
    v3 = x - low
    v1 = a * band + g * a * v3
    v2 = low + g * v1
    return v1, v2, 2 * v2 - low, 2 * v1 - band


@inline
def panned(gain, pan):
    """Gains of left and right."""
    pan = min(1.0, max(-1.0, np.float64(pan)))
    return gain * sqrt_one(1.0 - pan), gain * sqrt_one(1.0 + pan)


@inline
def pitch_fits(rate_hz, pitch_hz):
    """Whether a note can have this pitch."""
    return rate_hz >= 1000 and rate_hz <= 1e6 and pitch_hz >= 10 and pitch_hz <= rate_hz / 8
