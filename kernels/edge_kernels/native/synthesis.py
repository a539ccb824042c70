"""Notes of oscillators, and drums."""

from __future__ import annotations

import numpy as np

from edge_kernels.native.entry import INTERFACE, NULL, OK, SIZE, entry, inline, part
from edge_kernels.native.lanes import missing, sqrt_one
from edge_kernels.native.maths import exp_one
from edge_kernels.native.waves import (
    TURN,
    decay,
    fallen,
    filtered,
    number,
    panned,
    pitch_fits,
    random,
    risen,
    sine,
    struct_at,
    tangent,
)

f32 = np.float32
TRIANGLE, SAW, SQUARE, TAPS, PHASES = (
    INTERFACE.constants[name] for name in ("TRIANGLE", "SAW", "SQUARE", "STEP_TAPS", "STEP_PHASES")
)
CONTROL = 16
"""Frames between changes of pitch, index and cutoff."""
RING = 64
"""Frames of a ring that saws and squares are added to, ahead of time: a power of two, more than TAPS."""
BLOCK, FILTERS, SOUNDS, FIELDS = 2 * RING, 2 * RING + 2 * CONTROL, 2 * RING + 2 * CONTROL + 4, 5
"""In the scratch: two rings, a block of each channel, states of two filters, five numbers an oscillator."""
ENVELOPE = SOUNDS + 3 * FIELDS
"""And then the envelope of the block."""
SILENT = 1e-5
"""Level at which a decay to nothing has ended."""
LN2 = np.log(2.0)
MIDDLE = np.sqrt(2 / 3)
"""Gain of the middle one of three oscillators."""


@part
def _edge(ring, at, steps, height_left, height_right, late):
    """Add what a step, `late` samples ago, lacks to be band-limited, to the left and the right ring."""
    place = late * PHASES
    row = min(np.int64(place), PHASES - 1)
    share = place - row
    for j in range(TAPS):
        a, b = steps[row * TAPS + j], steps[(row + 1) * TAPS + j]
        lacks, k = a + share * (b - a), (at + j) & (RING - 1)
        ring[k] += height_left * lacks
        ring[RING + k] += height_right * lacks


@inline
def _oscillate(ring, at, left, right, steps, wave, phase, step):
    """Add a frame of a saw or square, and its edges; `phase` is after the step."""
    if wave == SAW:
        value = 2 * phase - 1
    else:
        value = 1.0 if phase < 0.5 else -1.0
    middle = (at + TAPS // 2) & (RING - 1)
    ring[middle] += left * value
    ring[RING + middle] += right * value
    if phase < step:
        height = -2.0 if wave == SAW else 2.0
        _edge(ring, at, steps, left * height, right * height, phase / step)
    elif wave == SQUARE and phase >= 0.5 and phase < 0.5 + step:
        _edge(ring, at, steps, left * -2.0, right * -2.0, (phase - 0.5) / step)


@inline
def _smooth_wave(wave, phase):
    s = sine(phase)
    if wave != TRIANGLE:
        return s
    square = s * s
    third, fifth = s * (3 - 4 * square), s * (5 - square * (20 - 16 * square))
    return s - third / 9 + fifth / 25


@inline
def _spread_of(number, count):
    """Where oscillator `number` of `count` is, -1 to 1."""
    return 0.0 if count == 1 else 2.0 * number / (count - 1) - 1


@inline
def _prepare(o, scratch):
    """For each oscillator: phase, phase of its modulator, detuning, gains of left and right."""
    state = np.int64(o.seed) & 0xFFFFFFFF
    for i in range(SOUNDS):
        scratch[i] = 0
    for place in range(3):
        state = random(state)
        side = _spread_of(place, o.oscillators) if place < o.oscillators else 0.0
        norm, first = 1 / sqrt_one(np.float64(min(2, o.oscillators))), SOUNDS + place * FIELDS
        if o.oscillators == 3:  # equal ones would cancel out more often
            norm = MIDDLE if place == 1 else MIDDLE / 2
        scratch[first] = scratch[first + 1] = state / 4294967296.0
        scratch[first + 2] = 1 + side * o.detune_cents * (LN2 / 1200)
        scratch[first + 3] = norm * sqrt_one(max(0.0, 1.0 - o.width * side))
        scratch[first + 4] = norm * sqrt_one(max(0.0, 1.0 + o.width * side))
    return state


@inline
def _smooth_block(scratch, first, wave, pitch, ratio, index, count):
    """Add `count` frames of a sine or triangle to the blocks of both channels."""
    phase, modulator, left, right = scratch[first], scratch[first + 1], scratch[first + 3], scratch[first + 4]
    step = pitch * scratch[first + 2]
    if index > 0:
        turn = step * ratio
        for i in range(count):
            bend = index * sine(modulator + (i + 1) * turn)
            value = _smooth_wave(wave, phase + (i + 1) * step + bend)
            scratch[BLOCK + i] += left * value
            scratch[BLOCK + CONTROL + i] += right * value
        modulator += count * turn
        scratch[first + 1] = modulator - np.int64(modulator)
    else:
        for i in range(count):
            value = _smooth_wave(wave, phase + (i + 1) * step)
            scratch[BLOCK + i] += left * value
            scratch[BLOCK + CONTROL + i] += right * value
    phase += count * step
    scratch[first] = phase - np.int64(phase)


@inline
def _edged_block(scratch, first, t, steps, wave, pitch, count):
    """Add `count` frames of a saw or square to the rings."""
    phase, left, right = scratch[first], scratch[first + 3], scratch[first + 4]
    step = pitch * scratch[first + 2]
    for i in range(count):
        phase += step
        if phase >= 1:
            phase -= 1
        _oscillate(scratch, t + i, left, right, steps, wave, phase, step)
    scratch[first] = phase


@inline
def _filter_block(scratch, first, state, g, k, count):
    """Low-pass a block."""
    low, band = scratch[state], scratch[state + 1]
    for i in range(first, first + count):
        _, scratch[i], low, band = filtered(scratch[i], low, band, g, k)
    scratch[state], scratch[state + 1] = low, band


@inline
def _make_noise(scratch, state, noise, falling, count):
    """Add white noise to a block of both channels."""
    for i in range(count):
        state = random(state)
        scratch[BLOCK + i] += noise * number(state)
        scratch[BLOCK + CONTROL + i] += noise * number(state)
        noise *= falling
    return state, noise


@inline
def _play_block(scratch, right_block, out, first, frames, count, left_gain, right_gain):
    """Add a block under its envelope to what is played."""
    for i in range(max(0, -first), count):
        out[first + i] += f32(scratch[BLOCK + i] * scratch[ENVELOPE + i] * left_gain)
        out[frames + first + i] += f32(scratch[right_block + i] * scratch[ENVELOPE + i] * right_gain)


@inline
def _fits(o):
    """Whether a voice has possible options."""
    fits = pitch_fits(o.rate_hz, o.pitch_hz) and o.oscillators >= 1 and o.oscillators <= 3
    fits = fits and o.wave >= 0 and o.wave <= SQUARE and o.release_s >= 0 and o.width >= 0 and o.width <= 1
    return fits and o.fm_ratio >= 0 and o.fm_ratio <= 64 and o.detune_cents >= 0 and o.detune_cents <= 1200


@entry
def voice(options, steps, start, hold, frames, out, scratch):
    """Blocks of `CONTROL` frames: oscillators, noise, filters, envelope."""
    if missing(options, steps, out, scratch):
        return NULL
    o = struct_at(options)
    if frames < 0 or hold < 0 or not _fits(o):
        return SIZE
    rate, wave, count, sustain = np.float64(o.rate_hz), o.wave, o.oscillators, np.float64(o.sustain)
    state = _prepare(o, scratch)
    attack = max(1.0, o.attack_s * rate)
    release = max(np.int64(1), np.int64(o.release_s * rate))
    falling, level = decay(o.decay_s, rate), 1.0
    noise_falling, noise = decay(o.noise_decay_s, rate), np.float64(o.noise)
    vibrato, delay = 0.0, max(1.0, o.vibrato_delay_s * rate)
    mono, filters = count == 1 or o.width == 0, o.cutoff_hz > 0
    left_gain, right_gain = panned(o.gain, o.pan)
    g, index, k = 1.0, 0.0, 1 / min(20.0, max(0.5, np.float64(o.resonance)))
    total = min(hold + release, frames - start)
    for t in range(0, total, CONTROL):
        depth = risen(max(0.0, t - delay), delay) * o.vibrato_cents * (LN2 / 1200)
        pitch = o.pitch_hz / rate * (1 + depth * sine(vibrato))
        vibrato += o.vibrato_hz * CONTROL / rate
        vibrato -= np.int64(vibrato)
        if o.fm_index > 0:
            stays = o.fm_sustain + (1 - o.fm_sustain) * exp_one(-t / max(1.0, o.fm_decay_s * rate))
            index = o.fm_index * stays / TURN
        if filters:
            opened = risen(np.float64(t), attack) * exp_one(-t / max(1.0, o.cutoff_decay_s * rate))
            g = tangent(min(0.45, o.cutoff_hz * exp_one(LN2 * o.cutoff_octaves * opened) / rate))
        here = min(CONTROL, total - t)
        for i in range(2 * CONTROL):
            scratch[BLOCK + i] = 0
        for place in range(count):
            first = SOUNDS + place * FIELDS
            if wave >= SAW:
                _edged_block(scratch, first, t, steps, wave, pitch, here)
            else:
                _smooth_block(scratch, first, wave, pitch, o.fm_ratio, index, here)
        if wave >= SAW:
            for i in range(here):
                at = (t + i) & (RING - 1)
                scratch[BLOCK + i], scratch[BLOCK + CONTROL + i] = scratch[at], scratch[RING + at]
                scratch[at] = scratch[RING + at] = 0
        if noise > 1e-6:
            state, noise = _make_noise(scratch, state, noise, noise_falling, here)
        right_block = BLOCK if mono else BLOCK + CONTROL
        if filters:
            _filter_block(scratch, BLOCK, FILTERS, g, k, here)
            if not mono:
                _filter_block(scratch, BLOCK + CONTROL, FILTERS + 2, g, k, here)
        for i in range(here):
            if t + i > attack:
                level *= falling
            envelope = (sustain + (1 - sustain) * level) * risen(np.float64(t + i), attack)
            scratch[ENVELOPE + i] = envelope * fallen(np.float64(t + i - hold), release)
        _play_block(scratch, right_block, out, start + t, frames, here, left_gain, right_gain)
        if sustain == 0 and level < SILENT:
            break
    return OK


@entry
def drum(options, start, frames, out):
    """A sine whose pitch falls, and bursts of filtered noise."""
    if missing(options, out):
        return NULL
    o = struct_at(options)
    if frames < 0 or not (o.rate_hz >= 1000 and o.rate_hz <= 1e6 and o.length_s > 0 and o.length_s <= 60):
        return SIZE
    if o.bursts < 1 or o.bursts > 8 or not o.noise_q >= 0.5 or not o.burst_s >= 0:
        return SIZE
    rate = np.float64(o.rate_hz)
    length = np.int64(o.length_s * rate)
    attack, burst = max(1.0, o.attack_s * rate), max(np.int64(1), np.int64(o.burst_s * rate))
    left_gain, right_gain = panned(o.gain, o.pan)
    sweep, sweep_falls = 1.0, decay(o.sweep_s, rate)
    tone, tone_falls = np.float64(o.tone), decay(o.tone_decay_s, rate)
    short, long = decay(o.burst_s / 3, rate), decay(o.noise_decay_s, rate)
    noise, phase, low, band = np.float64(o.noise), 0.0, 0.0, 0.0
    g, k = tangent(min(0.45, max(0.0, o.noise_hz / rate))), 1 / min(20.0, np.float64(o.noise_q))
    state = np.int64(o.seed) & 0xFFFFFFFF
    for t in range(min(length, frames - start)):
        state = random(state)
        white = number(state)
        v1, v2, low, band = filtered(white, low, band, g, k)
        through = k * v1 + o.noise_high * (white - 2 * k * v1 - v2)
        if t % burst == 0 and t // burst < o.bursts:
            noise = np.float64(o.noise)
        value = tone * sine(phase) + noise * through
        phase += (o.tone_end_hz + (o.tone_hz - o.tone_end_hz) * sweep) / rate
        phase -= np.int64(phase)
        sweep *= sweep_falls
        tone *= tone_falls
        noise *= short if t // burst < o.bursts - 1 else long
        value *= risen(np.float64(t), attack) * fallen(t - 0.75 * length, 0.25 * length)
        if start + t >= 0:
            out[start + t] += f32(value * left_gain)
            out[frames + start + t] += f32(value * right_gain)
    return OK
