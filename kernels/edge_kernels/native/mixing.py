"""Filters in series, loudness, true peaks, the gains of a limiter."""

from __future__ import annotations

import numpy as np

from edge_kernels.native.entry import NULL, OK, SIZE, entry, inline
from edge_kernels.native.lanes import WIDTH, load, missing, spread, store, where

f32 = np.float32
MOST_LANES = 16


@inline
def _section(x, coefficients, c, state, s):
    """One sample through one biquad, in the transposed second form."""
    y = coefficients[c] * x + state[s]
    state[s] = coefficients[c + 1] * x - coefficients[c + 3] * y + state[s + 1]
    state[s + 1] = coefficients[c + 2] * x - coefficients[c + 4] * y
    return y


@inline
def _settle(state, first, count):
    """What is too small to matter becomes 0, before it is too small to be computed fast."""
    for i in range(first, first + count):
        if state[i] * state[i] < 1e-60:
            state[i] = 0


@entry
def biquads(samples, channels, frames, coefficients, sections, out, state):
    """Channel after channel, sample after sample, section after section."""
    if missing(samples, coefficients, out, state):
        return NULL
    if channels < 1 or frames < 0 or sections < 1:
        return SIZE
    for channel in range(channels):
        for i in range(channel * frames, (channel + 1) * frames):
            y = np.float64(samples[i])
            for section in range(sections):
                y = _section(y, coefficients, 5 * section, state, 2 * (channel * sections + section))
            out[i] = f32(y)
    _settle(state, 0, 2 * channels * sections)
    return OK


@entry
def mean_squares(samples, channels, frames, coefficients, sections, step, out, state):
    """state: frames of the step that is not complete, then for each channel its sum, then the filters'."""
    if missing(samples, coefficients, out, state):
        return np.int64(-NULL)
    if channels < 1 or frames < 0 or sections < 1 or step < 1:
        return np.int64(-SIZE)
    filters = 1 + channels
    begun, steps = np.int64(state[0]), np.int64(0)
    for channel in range(channels):
        total, within = state[1 + channel], begun
        steps = np.int64(0)
        for i in range(channel * frames, (channel + 1) * frames):
            y = np.float64(samples[i])
            for section in range(sections):
                s = filters + 2 * (channel * sections + section)
                y = _section(y, coefficients, 5 * section, state, s)
            total += y * y
            within += 1
            if within == step:
                out[steps * channels + channel] = total / step
                total, within, steps = 0.0, np.int64(0), steps + 1
        state[1 + channel] = total
    state[0] = np.float64((begun + frames) % step)
    _settle(state, filters, 2 * channels * sections)
    return steps


@inline
def _magnitude(lanes):
    return where(lanes > f32(0), lanes, f32(0) - lanes)


@inline
def _larger(a, b):
    return where(a > b, a, b)


@inline
def _peaks_from(samples, channels, row, i, filter, taps, out):
    """WIDTH true peaks from i on."""
    peak = spread(f32(0))
    for channel in range(channels):
        first = channel * row + i
        peak = _larger(_magnitude(load(samples, first + taps // 2 - 1)), peak)
        for phase in range(3):
            total = spread(f32(0))
            for k in range(taps):
                total = total + load(samples, first + k) * filter[phase * taps + k]
            peak = _larger(_magnitude(total), peak)
    store(out, i, peak)


@entry
def true_peaks(samples, channels, frames, filter, taps, out):
    """WIDTH frames at a time; the last ones overlap those before."""
    if missing(samples, filter, out):
        return NULL
    if channels < 1 or frames < MOST_LANES or taps < 2 or taps % 2 != 0:
        return SIZE
    row = frames + taps - 1
    for i in range(0, frames - frames % WIDTH, WIDTH):
        _peaks_from(samples, channels, row, i, filter, taps, out)
    if frames % WIDTH != 0:
        _peaks_from(samples, channels, row, frames - WIDTH, filter, taps, out)
    return OK


@entry
def limiter_gains(peaks, frames, ceiling, release, window, gains, state):
    """Maxima and means over the last `window` from blocks of that length: a suffix and a prefix of the next.

    state: place in the block, maximum and sum of it so far, h; then values and suffix maxima, values and
    suffix sums of h. Nothing is added up for longer than a block, so nothing drifts.
    """
    if missing(peaks, gains, state):
        return NULL
    if frames < 0 or window < 2 or window > 1 << 20 or not (ceiling > 0 and release >= 0 and release <= 1):
        return SIZE
    at, highest, total, held = np.int64(state[0]), state[1], state[2], state[3]
    cuts, cut_ends, holds, hold_ends = np.int64(4), 4 + window, 4 + 2 * window, 4 + 3 * window
    for i in range(frames):
        cut = f32(0)
        if peaks[i] > ceiling:
            cut = f32(1) - ceiling / peaks[i]
        state[cuts + at] = cut
        highest = max(highest, cut)
        before, rest = f32(0), f32(0)
        if at + 1 < window:
            before, rest = state[cut_ends + at + 1], state[hold_ends + at + 1]
        held = max(before, highest, held * release)
        if held < f32(1e-9):
            held = f32(0)
        state[holds + at] = held
        total += held
        gains[i] = f32(1) - (rest + total) / f32(window)
        at += 1
        if at == window:
            most, sum_ = f32(0), f32(0)
            for k in range(window - 1, -1, -1):
                most = max(most, state[cuts + k])
                sum_ += state[holds + k]
                state[cut_ends + k], state[hold_ends + k] = most, sum_
            at, highest, total = np.int64(0), f32(0), f32(0)
    state[0], state[1], state[2], state[3] = f32(at), highest, total, held
    return OK
