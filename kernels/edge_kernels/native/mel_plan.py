"""The tables of a mel spectrum: window, filters, cosines, and where they lie in a plan."""

from __future__ import annotations

from collections import namedtuple

import numpy as np
from numba.extending import intrinsic

from edge_kernels.native import fourier
from edge_kernels.native.entry import INTERFACE, NULL, OK, SIZE, entry, inline, part, record
from edge_kernels.native.lanes import WIDTH, after, as_ints, missing, sqrt_one
from edge_kernels.native.maths import cos_half_turn, exp_one, log_one

f32 = np.float32
HANN, HAMMING, POVEY, HTK, SLANEY, KALDI, SPHINX, PEAK, AREA, MEAN = (
    INTERFACE.constants[name]
    for name in ("HANN", "HAMMING", "POVEY", "HTK", "SLANEY", "KALDI", "SPHINX", "PEAK", "AREA", "MEAN")
)
_OPTIONS = record("edge_mel_options")
_OPTION_WORDS = len(INTERFACE.structs["edge_mel_options"])

Layout = namedtuple(
    "Layout", "half columns window places twiddles positions turns starts ends dct weights size"
)
"""Where the tables lie in a plan: floats after its beginning, which is a copy of the options.

half: complex points of a frame. columns: of the tile. Then window[n_fft], places[n_fft] in the tile,
twiddles, positions[half], turns[half + 2], starts[n_mels], ends[n_mels + 1] in weights, dct, weights.
"""

Scratch = namedtuple("Scratch", "tile points power bands size")
"""Where the parts of the scratch memory lie."""


@intrinsic
def read_options(typing, pointer):
    """The options at `pointer`, which may be a plan: that begins with a copy of them."""

    def emit(context, builder, signature, arguments):
        return builder.bitcast(arguments[0], context.get_value_type(_OPTIONS))

    return _OPTIONS(pointer), emit


@inline
def layout(o):
    """Where the tables lie in the plan of these options."""
    half = o.n_fft // 2
    overlap = (o.window - 1) // o.hop  # how many columns a frame reaches beyond its own
    columns = WIDTH + (overlap + WIDTH - 1) // WIDTH * WIDTH
    window = _OPTION_WORDS
    places = window + o.n_fft
    twiddles = places + o.n_fft
    positions = twiddles + fourier.twiddle_count(half)
    turns = positions + half
    starts = turns + half + 2
    ends = starts + o.n_mels
    dct = ends + o.n_mels + 1
    weights = dct + o.coefficients * o.n_mels
    size = weights + 2 * (half + 1) + o.n_mels  # a bin lies under at most two triangles
    return Layout(half, columns, window, places, twiddles, positions, turns, starts, ends, dct, weights, size)


@inline
def scratch_layout(o, columns):
    """Where the parts lie in the scratch memory."""
    points = o.hop * columns
    power = points + o.n_fft // 2 * fourier.POINT
    bands = power + (o.n_fft // 2 + 1) * WIDTH
    return Scratch(0, points, power, bands, bands + (o.n_mels + o.coefficients) * WIDTH)


@part
def valid(o):
    """Whether the options lie in the ranges that the header states; NaN does not."""
    sizes = (
        32 <= o.n_fft <= 16384
        and o.n_fft & (o.n_fft - 1) == 0
        and 2 <= o.window <= o.n_fft
        and 1 <= o.hop <= 65536
    )
    kinds = 0 <= o.window_kind <= POVEY and 0 <= o.scale_kind <= SPHINX and 0 <= o.norm <= MEAN
    bands = 1 <= o.n_mels <= 512 and 0 <= o.coefficients <= o.n_mels
    hertz = o.rate_hz > 0 and 0 <= o.low_hz < o.high_hz and o.high_hz <= o.rate_hz / 2
    finite = abs(o.preemphasis) <= 1 and o.scale != 0 and abs(o.mean) < np.inf and abs(o.scale) < np.inf
    logarithm = (
        o.floor >= 0 and o.offset >= 0 and o.lifter >= 0 and (o.logarithm == 0 or o.floor + o.offset > 0)
    )
    return sizes and kinds and bands and hertz and finite and logarithm


@entry
def mel_plan_size(options):
    """Floats of a plan."""
    if missing(options):
        return np.int64(-NULL)
    o = read_options(options)
    return np.int64(layout(o).size) if valid(o) else np.int64(-SIZE)


@entry
def mel_plan(options, plan):
    """Fill a plan: all tables in float64, then rounded."""
    if missing(options, plan):
        return NULL
    o = read_options(options)
    if not valid(o):
        return SIZE
    words = as_ints(options)
    into = as_ints(plan)
    for i in range(_OPTION_WORDS):
        into[i] = words[i]
    at = layout(o)
    _window(o, at, plan)
    fourier.twiddles(at.half, after(plan, at.twiddles))
    for k in range(at.half):
        into[at.positions + k] = fourier.position(k, at.half)
    for k in range(at.half // 2 + 1):
        cosine, sine = fourier.cos_sin_turns(k, o.n_fft)
        plan[at.turns + 2 * k], plan[at.turns + 2 * k + 1] = f32(cosine), f32(sine)
    _filters(o, at, plan)
    _cosines(o, at, plan)
    return OK


@part
def _window(o, at, plan):
    places = as_ints(plan)
    for n in range(o.n_fft):
        value = 0.0
        if n < o.window:
            turn = n / o.window if o.window_kind == HANN else n / (o.window - 1)
            cosine = cos_half_turn(2 * turn if turn <= 0.5 else 2 - 2 * turn)
            if o.window_kind == HAMMING:
                value = 0.54 - 0.46 * cosine
            else:
                value = 0.5 - 0.5 * cosine
            if o.window_kind == POVEY and value > 0:
                value = exp_one(0.85 * log_one(value))
        plan[at.window + n] = f32(value)
        places[at.places + n] = n % o.hop * at.columns + n // o.hop if n < o.window else 0


@part
def _to_mel(hz, kind):
    if kind == SLANEY:
        if hz < 1000:
            return hz * 3 / 200
        return 15 + 27 / log_one(6.4) * log_one(hz / 1000)
    return 1127 * log_one(1 + hz / 700)


@part
def _to_hz(mel, kind):
    if kind == SLANEY:
        if mel < 15:
            return mel * 200 / 3
        return 1000 * exp_one((mel - 15) * log_one(6.4) / 27)
    return 700 * (exp_one(mel / 1127) - 1)


@part
def _filters(o, at, plan):
    """Triangles, as the runs of bins where they are not zero."""
    ints = as_ints(plan)
    low = _to_mel(np.float64(o.low_hz), o.scale_kind)
    step = (_to_mel(np.float64(o.high_hz), o.scale_kind) - low) / (o.n_mels + 1)
    unit = np.float64(o.rate_hz) / o.n_fft
    shrink = 0.5 if o.magnitude else 0.25  # `fourier.power` gives twice the magnitude, four times the power
    end = 0
    ints[at.ends] = 0
    for band in range(o.n_mels):
        left, centre, right = low + band * step, low + (band + 1) * step, low + (band + 2) * step
        left_hz, centre_hz, right_hz = (
            _to_hz(left, o.scale_kind), _to_hz(centre, o.scale_kind), _to_hz(right, o.scale_kind)
        )  # fmt: skip
        if o.scale_kind == SPHINX:
            left_hz = int(left_hz / unit + 0.5) * unit
            centre_hz = int(centre_hz / unit + 0.5) * unit
            right_hz = int(right_hz / unit + 0.5) * unit
        if o.scale_kind != KALDI:
            left, centre, right = left_hz, centre_hz, right_hz
        first, begin, total = max(0, int(left_hz / unit) - 1), end, 0.0
        while first <= at.half and first * unit <= left_hz:
            first += 1
        k = first
        # Kaldi leaves the bin at half the rate out
        while k <= at.half - (o.scale_kind == KALDI) and k * unit < right_hz:
            x = _to_mel(k * unit, KALDI) if o.scale_kind == KALDI else k * unit
            value = min((x - left) / (centre - left), (right - x) / (right - centre))
            if value > 0:
                if end == begin:
                    first = k
                plan[at.weights + end] = f32(value)
                total += value
                end += 1
            k += 1
        if end == begin and o.norm == MEAN:
            first = min(int(centre_hz / unit + 0.5), at.half)
            plan[at.weights + end] = f32(1)
            total = 1.0
            end += 1
        factor = shrink
        if o.norm == AREA:
            factor = shrink * 2 / (right_hz - left_hz)
        elif o.norm == MEAN:
            factor = shrink / total
        for i in range(begin, end):
            plan[at.weights + i] = f32(plan[at.weights + i] * factor)
        ints[at.starts + band] = min(first, at.half)
        ints[at.ends + band + 1] = end


@part
def _cosines(o, at, plan):
    """Orthonormal DCT-II with the lifter in it."""
    for j in range(o.coefficients):
        lift = 1.0
        if o.lifter > 0:
            lift += o.lifter / 2 * _cosine(np.float64(j) / o.lifter + 1.5)  # sin(pi x) = cos(pi (x + 3/2))
        scale = lift * sqrt_one((1 if j == 0 else 2) / o.n_mels)
        for band in range(o.n_mels):
            plan[at.dct + j * o.n_mels + band] = f32(scale * _cosine(j * (band + 0.5) / o.n_mels))


@inline
def _cosine(turns):
    """cos(pi * turns) for turns >= 0."""
    turns -= 2 * np.int64(turns / 2)
    return cos_half_turn(turns if turns <= 1 else 2 - turns)
