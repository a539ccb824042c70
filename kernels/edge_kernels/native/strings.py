"""Plucked strings: a period that goes round, and loses a little each time."""

from __future__ import annotations

import numpy as np

from edge_kernels.native.entry import NULL, OK, SIZE, entry, part
from edge_kernels.native.lanes import missing, sqrt_one
from edge_kernels.native.maths import exp_one
from edge_kernels.native.waves import TURN, fallen, number, panned, pitch_fits, random, risen, sine, struct_at

f32 = np.float32


@part
def _excite(o, period, string):
    """A period of an impulse and noise, combed, low-passed, of root mean square 1/4; circular: no DC."""
    state = np.int64(o.seed) & 0xFFFFFFFF
    lag = min(period - 1, max(1, np.int64(o.position * period + 0.5)))
    impulse = (1 - o.noise) * sqrt_one(np.float64(period))
    for i in range(period):
        state = random(state)
        string[i] = f32(o.noise * number(state) * 1.7320508)
    string[0] += f32(impulse)
    head = f32(0)
    # The comb subtracts what lies `lag` further on; each circle of it is walked once, its first kept aside.
    done, begin = np.int64(0), np.int64(0)
    while done < period:
        i, head = begin, string[begin]
        while True:
            following = (i + lag) % period
            done += 1
            if following == begin:
                string[i] -= head
                break
            string[i] -= string[following]
            i = following
        begin += 1
    keep = exp_one(-TURN * o.brightness_hz / o.rate_hz)
    round_ = exp_one(-TURN * o.brightness_hz / o.rate_hz * period)
    total = 0.0
    for _ in range(2):
        value = 0.0
        for i in range(period):
            value = (1 - keep) * string[i] + keep * value
        value /= 1 - round_  # as if it had gone round for ever
        for i in range(period):
            value = (1 - keep) * string[i] + keep * value
            string[i] = f32(value)
    for i in range(period):
        total += np.float64(string[i]) * string[i]
    scale = 0.25 / sqrt_one(max(1e-20, total / period))
    for i in range(period):
        string[i] = f32(scale * string[i])


@entry
def pluck(options, start, hold, frames, out, scratch):
    """The string is a ring of N + 1 samples; the one before the first is kept aside."""
    if missing(options, out, scratch):
        return NULL
    o = struct_at(options)
    if frames < 0 or hold < 0 or not pitch_fits(o.rate_hz, o.pitch_hz):
        return SIZE
    if not (o.damping >= 0 and o.damping <= 1 and o.decay_s > 0 and o.brightness_hz > 0 and o.release_s >= 0):
        return SIZE
    if not (o.position >= 0 and o.position <= 0.5 and o.noise >= 0 and o.noise <= 1):
        return SIZE
    rate = np.float64(o.rate_hz)
    whole = rate / o.pitch_hz
    period = np.int64(whole - 0.3)
    turn = o.pitch_hz / rate
    part_ = whole - period
    # The all-pass delays the fundamental, not merely low frequencies, by the part of a sample that is left.
    tune = sine((1 - part_) * turn / 2) / sine((1 + part_) * turn / 2)
    kept = exp_one(-6.907755278982137 / (o.decay_s * o.pitch_hz))
    middle, side = kept * (1 - o.damping / 2), kept * o.damping / 4
    _excite(o, period, scratch)
    attack, release = max(1.0, o.attack_s * rate), max(np.int64(1), np.int64(o.release_s * rate))
    left_gain, right_gain = panned(o.gain, o.pan)
    total = min(hold + release, frames - start)
    oldest, into, came, at = np.float64(scratch[period - 1]), 0.0, 0.0, np.int64(0)
    for t in range(total):
        here = np.float64(scratch[at])
        following = at + 1 if at + 1 < period else 0
        mixed = middle * here + side * (oldest + scratch[following])
        oldest = here
        came = tune * (mixed - came) + into
        into = mixed
        if came * came < 1e-24:
            came = 0.0
        scratch[at] = f32(came)
        at = following
        value = here * risen(np.float64(t), attack) * fallen(np.float64(t - hold), release)
        if start + t >= 0:
            out[start + t] += f32(value * left_gain)
            out[frames + start + t] += f32(value * right_gain)
    return OK
