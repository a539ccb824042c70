"""Gains, fades and cross-fades."""

from __future__ import annotations

import numpy as np

from edge_kernels.native.entry import NULL, OK, SIZE, entry
from edge_kernels.native.lanes import WIDTH, lane, load, missing, ramp, spread, store, where
from edge_kernels.native.maths import sin_half_turns

f32 = np.float32


@entry
def gain(samples, count, gain, out):
    """WIDTH samples at a time, then what is left over."""
    if missing(samples, out):
        return NULL
    if count < 0:
        return SIZE
    whole = count - count % WIDTH
    for i in range(0, whole, WIDTH):
        store(out, i, load(samples, i) * gain)
    for i in range(whole, count):
        out[i] = samples[i] * gain
    return OK


@entry
def fade(samples, frames, channels, begin, length, falling, out):
    """(1 - cos(pi t)) / 2 = sin(pi t / 2)^2; frames are counted, so nothing drifts and the ends are exact."""
    if missing(samples, out):
        return NULL
    if frames < 0 or channels < 1 or length < 1:
        return SIZE
    for first in range(0, frames, WIDTH):
        at = begin + first
        steps = f32(length - at) - ramp() if falling else ramp() + f32(at)
        steps = where(steps > f32(0), steps, spread(f32(0)))
        sine = sin_half_turns(steps * f32(0.5 / length))
        gains = where(steps < f32(length), sine * sine, spread(f32(1)))
        count = min(WIDTH, frames - first)
        if channels == 1 and count == WIDTH:
            store(out, first, load(samples, first) * gains)
            continue
        for k in range(count):
            for i in range((first + k) * channels, (first + k + 1) * channels):
                out[i] = samples[i] * lane(gains, k)
    return OK


@entry
def crossfade(before, after, frames, channels, equal_power, out):
    """cos(pi t / 2) = sin(pi (1 - t) / 2), so both gains are sines of 0 to pi / 2."""
    if missing(before, after, out):
        return NULL
    if frames < 0 or channels < 1:
        return SIZE
    for first in range(0, frames, WIDTH):
        t = (ramp() + f32(first + 0.5)) * f32(1.0 / frames)
        falling, rising = sin_half_turns((f32(1) - t) * f32(0.5)), sin_half_turns(t * f32(0.5))
        if equal_power == 0:
            falling, rising = falling * falling, rising * rising
        count = min(WIDTH, frames - first)
        if channels == 1 and count == WIDTH:
            store(out, first, load(before, first) * falling + load(after, first) * rising)
            continue
        for k in range(count):
            for i in range((first + k) * channels, (first + k + 1) * channels):
                out[i] = before[i] * lane(falling, k) + after[i] * lane(rising, k)
    return OK
