"""A feedback delay network: pre-delay, diffusion, eight delays that feed each other."""

from __future__ import annotations

import numpy as np

from edge_kernels.native.entry import NULL, OK, SIZE, entry, inline
from edge_kernels.native.lanes import missing, sqrt_one
from edge_kernels.native.maths import exp_one
from edge_kernels.native.waves import TURN, sine, struct_at

f32 = np.float32
LINES = 8
PASSES = 4
DELAYS_MS = (31.3, 36.7, 41.9, 47.3, 53.1, 59.3, 66.1, 73.7)
PASSES_MS = (4.77, 3.59, 12.73, 9.31)
OFFSET = 1.07
"""Of the right channel's all-passes over the left's."""
DIFFUSION = 0.62
DAMPED, PLACES, PASS_PLACES, KEPT, MIXED = (3 + LINES * number for number in range(5))
"""Where these begin in the state; before them the low cuts of both channels and the phase of modulation."""
HEAD = 3 + 5 * LINES
SMALL = 1e-15


@inline
def _valid(o):
    fits = o.rate_hz >= 1000 and o.rate_hz <= 384000 and o.decay_s > 0 and o.damping_hz > 0
    fits = fits and o.low_cut_hz >= 0 and o.predelay_s >= 0 and o.predelay_s <= 0.5
    return fits and o.size >= 0.25 and o.size <= 2 and o.modulation >= 0 and o.modulation <= 8


@inline
def _line(o, number):
    """Samples of a line's delay."""
    return np.int64(DELAYS_MS[number] * 0.001 * o.size * o.rate_hz) | 1


@inline
def _pass(o, number):
    """Samples of an all-pass; four of the left, four of the right."""
    away = OFFSET if number >= PASSES else 1.0
    return np.int64(PASSES_MS[number % PASSES] * 0.001 * away * o.rate_hz) | 1


@inline
def _predelay(o):
    return np.int64(o.predelay_s * o.rate_hz) + 1


@inline
def _swing(o):
    """Samples by which a delay varies, at most."""
    return o.modulation * o.rate_hz / 48000


@inline
def _room(o, number):
    """Floats of a line."""
    return _line(o, number) + np.int64(_swing(o)) + 4


@entry
def reverb_size(options):
    """The head, pre-delays, all-passes and lines."""
    if missing(options):
        return np.int64(-NULL)
    o = struct_at(options)
    if not _valid(o):
        return np.int64(-SIZE)
    size = HEAD + 1 + 2 * _predelay(o)
    for number in range(LINES):
        size += _pass(o, number) + _room(o, number)
    return size


@inline
def _settled(value):
    """0 for what is too small to be audible, before it is too small to be computed fast."""
    return value if value * value > SMALL * SMALL else 0.0


@inline
def _mix(state):
    """Hadamard's matrix as three rounds of sums and differences, without its factor."""
    for half in (1, 2, 4):
        for number in range(LINES):
            if number & half == 0:
                a, b = state[MIXED + number], state[MIXED + number + half]
                state[MIXED + number], state[MIXED + number + half] = a + b, a - b


@inline
def _turned(state, first, place, length, value):
    """Put a value into a ring, and get what was there."""
    at = first + np.int64(state[place])
    was = np.float64(state[at])
    state[at] = f32(value)
    state[place] = f32(0) if at + 1 == first + length else f32(at + 1 - first)
    return was


@inline
def _diffused(state, first, place, length, value):
    """One sample through a Schroeder all-pass."""
    at = first + np.int64(state[place])
    was = np.float64(state[at])
    into = value + DIFFUSION * was
    state[at] = f32(_settled(into))
    state[place] = f32(0) if at + 1 == first + length else f32(at + 1 - first)
    return was - DIFFUSION * into


@inline
def _delayed(state, first, at, room, delay):
    """What was put in `delay` samples ago; between two samples a straight line."""
    place = at - delay
    if place < 0:
        place += room
    low = np.int64(place)
    share = place - low
    high = low + 1 if low + 1 < room else 0
    a, b = np.float64(state[first + low]), np.float64(state[first + high])
    return a + share * (b - a)


@inline
def _delayed_input(samples, i, frames, state, cut, late):
    """A frame without its lows, after the pre-delay."""
    left, right = np.float64(samples[i]), np.float64(samples[frames + i])
    state[0] = f32(_settled(state[0] + cut * (left - state[0])))
    state[1] = f32(_settled(state[1] + cut * (right - state[1])))
    left, right = left - state[0], right - state[1]
    was = np.int64(state[HEAD])
    left = _turned(state, HEAD + 1, HEAD, late, left)
    state[HEAD] = f32(was)
    right = _turned(state, HEAD + 1 + late, HEAD, late, right)
    return left, right


@entry
def reverb(options, samples, frames, out, state):
    """One frame at a time through everything; the places in all rings are kept in the state."""
    if missing(options, samples, out, state):
        return NULL
    o = struct_at(options)
    if frames < 0 or not _valid(o):
        return SIZE
    rate = np.float64(o.rate_hz)
    damp = 1 - exp_one(-TURN * min(0.45, o.damping_hz / rate))
    cut = 1 - exp_one(-TURN * min(0.45, o.low_cut_hz / rate))
    swing, turn = _swing(o), 0.53 / rate
    norm = 1 / sqrt_one(np.float64(LINES))
    passes = HEAD + 1 + 2 * _predelay(o)
    lines = passes
    for number in range(LINES):
        lines += _pass(o, number)
        state[KEPT + number] = f32(exp_one(-6.907755278982137 * _line(o, number) / (o.decay_s * rate)))
    for i in range(frames):
        left, right = _delayed_input(samples, i, frames, state, cut, _predelay(o))
        first = passes
        for number in range(2 * PASSES):
            length, place = _pass(o, number), PASS_PLACES + number
            if number < PASSES:
                left = _diffused(state, first, place, length, left)
            else:
                right = _diffused(state, first, place, length, right)
            first += length
        phase = state[2]
        state[2] = f32(phase + turn) if phase + turn < 1 else f32(phase + turn - 1)
        first, wet_left, wet_right = lines, 0.0, 0.0
        for number in range(LINES):
            room, at = _room(o, number), np.int64(state[PLACES + number])
            delay = np.float64(_line(o, number))
            if number % 2 == 1 and swing > 0:
                delay += swing * (0.5 + 0.5 * sine(phase + 0.125 * number))
            value = _delayed(state, first, at, room, delay)
            damped = np.float64(state[DAMPED + number])
            damped = _settled(damped + damp * (value * state[KEPT + number] - damped))
            state[DAMPED + number] = state[MIXED + number] = f32(damped)
            sign = 1.0 if number & 2 == 0 else -1.0
            if number % 2 == 0:
                wet_left += sign * value
            else:
                wet_right += sign * value
            first += room
        _mix(state)
        first = lines
        for number in range(LINES):
            fed = np.float64(state[MIXED + number])
            at, room = np.int64(state[PLACES + number]), _room(o, number)
            state[first + at] = f32(norm * fed + (left if number % 2 == 0 else right))
            state[PLACES + number] = f32(0) if at + 1 == room else f32(at + 1)
            first += room
        out[i] = f32(0.5 * wet_left)
        out[frames + i] = f32(0.5 * wet_right)
    return OK
