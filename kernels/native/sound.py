"""Gains, fades and cross-fades."""

from __future__ import annotations

import numpy as np

from kernels.native.entry import NULL, OK, SIZE, entry, inline
from kernels.native.lanes import WIDTH, load, missing, store
from kernels.native.maths import cos_half_turn


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


@inline
def _frame(samples, frame, channels, factor, out):
    """One frame times one factor."""
    for i in range(frame * channels, (frame + 1) * channels):
        out[i] = samples[i] * factor


@entry
def fade(samples, frames, channels, start, slope, out):
    """Raised-cosine fade, its argument computed anew for each frame so that it does not drift."""
    if missing(samples, out):
        return NULL
    if frames < 0 or channels < 1:
        return SIZE
    for frame in range(frames):
        t = min(max(start + slope * frame, 0.0), 1.0)
        _frame(samples, frame, channels, np.float32(0.5 - 0.5 * cos_half_turn(t)), out)
    return OK


@entry
def crossfade(before, after, frames, channels, equal_power, out):
    """Mix the two with gains whose sum, or whose sum of squares, is 1."""
    if missing(before, after, out):
        return NULL
    if frames < 0 or channels < 1:
        return SIZE
    for frame in range(frames):
        t = (frame + 0.5) / frames
        falling, rising = cos_half_turn(t / 2), cos_half_turn((1 - t) / 2)
        if equal_power == 0:
            falling, rising = falling * falling, rising * rising
        a, b = np.float32(falling), np.float32(rising)
        for i in range(frame * channels, (frame + 1) * channels):
            out[i] = before[i] * a + after[i] * b
    return OK
