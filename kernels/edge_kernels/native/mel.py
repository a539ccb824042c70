"""Mel spectra and cepstra; `edge_kernels.h` has the formula.

WIDTH frames go through every step side by side. Samples are laid out for that once, in a tile: row r holds
samples r, r + hop, r + 2 hop ... so that sample n of WIDTH consecutive frames is one load from row n % hop at
column n // hop. A frame overlaps the next ones, so the last columns of a tile are the first of the next.
"""

from __future__ import annotations

from collections import namedtuple

import numpy as np
from numba.extending import intrinsic

from edge_kernels.native import fourier
from edge_kernels.native.entry import INTERFACE, NULL, OK, SIZE, entry, inline, part, record
from edge_kernels.native.lanes import (
    WIDTH,
    after,
    as_ints,
    load,
    missing,
    spread,
    sqrt_one,
    store,
    transpose,
    where,
)
from edge_kernels.native.maths import cos_half_turn, exp_one, log, log_one

f32 = np.float32
HANN, HAMMING, POVEY, HTK, SLANEY, KALDI, PEAK, AREA, MEAN = (
    INTERFACE.constants[name]
    for name in ("HANN", "HAMMING", "POVEY", "HTK", "SLANEY", "KALDI", "PEAK", "AREA", "MEAN")
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
def _options(typing, pointer):
    """The options at `pointer`, which may be a plan: that begins with a copy of them."""

    def emit(context, builder, signature, arguments):
        return builder.bitcast(arguments[0], context.get_value_type(_OPTIONS))

    return _OPTIONS(pointer), emit


@inline
def _layout(o):
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
def _scratch(o, columns):
    points = o.hop * columns
    power = points + o.n_fft // 2 * fourier.POINT
    bands = power + (o.n_fft // 2 + 1) * WIDTH
    return Scratch(0, points, power, bands, bands + (o.n_mels + o.coefficients) * WIDTH)


@part
def _valid(o):
    """Whether the options lie in the ranges that the header states; NaN does not."""
    sizes = (
        32 <= o.n_fft <= 16384
        and o.n_fft & (o.n_fft - 1) == 0
        and 2 <= o.window <= o.n_fft
        and 1 <= o.hop <= 65536
    )
    kinds = 0 <= o.window_kind <= POVEY and 0 <= o.scale_kind <= KALDI and 0 <= o.norm <= MEAN
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
    o = _options(options)
    return np.int64(_layout(o).size) if _valid(o) else np.int64(-SIZE)


@entry
def mel_plan(options, plan):
    """Fill a plan: all tables in float64, then rounded."""
    if missing(options, plan):
        return NULL
    o = _options(options)
    if not _valid(o):
        return SIZE
    words = as_ints(options)
    into = as_ints(plan)
    for i in range(_OPTION_WORDS):
        into[i] = words[i]
    at = _layout(o)
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


@entry
def mel_scratch_size(plan):
    """Floats of scratch."""
    if missing(plan):
        return np.int64(-NULL)
    o = _options(plan)
    return np.int64(_scratch(o, _layout(o).columns).size) if _valid(o) else np.int64(-SIZE)


@entry
def mel(plan, samples, count, out, scratch):
    """Tile by tile: lay out, transform, measure, weigh, take logarithms, project, write frame by frame."""
    if missing(plan, samples, out, scratch):
        return NULL
    o = _options(plan)
    if count < 0 or not _valid(o):
        return SIZE
    at = _layout(o)
    spaces = _scratch(o, at.columns)
    tile, points = after(scratch, spaces.tile), after(scratch, spaces.points)
    power, bands = after(scratch, spaces.power), after(scratch, spaces.bands)
    ints = as_ints(plan)
    overlap = (o.window - 1) // o.hop
    width = o.coefficients if o.coefficients else o.n_mels
    values = after(bands, o.n_mels * WIDTH) if o.coefficients else bands
    frames = (count - o.window) // o.hop + 1 if count >= o.window else 0
    _lay_out(samples, count, 0, overlap, o.hop, tile, 0, at.columns)
    for first in range(0, frames, WIDTH):
        _lay_out(samples, count, first + overlap, WIDTH, o.hop, tile, overlap, at.columns)
        _first_pass(o, at, plan, tile, points)
        fourier.remaining_passes(at.half, points, after(plan, at.twiddles))
        fourier.power(
            at.half, points, after(ints, at.positions), after(plan, at.turns), o.magnitude != 0, power
        )
        _weigh(o, at, plan, power, bands)
        if o.coefficients:
            _project(o, after(plan, at.dct), bands, values)
        _write(values, width, min(WIDTH, frames - first), after(out, first * width))
        _move_on(tile, o.hop, overlap, at.columns)
    return OK


@part
def _lay_out(samples, count, first, columns, hop, tile, column, stride):
    """Columns `column` and on of the tile from hop `first` and on of the samples; zeros past their end."""
    if columns == WIDTH and hop >= WIDTH and (first + WIDTH) * hop <= count:
        row = 0
        while row < hop:
            row = min(row, hop - WIDTH)  # the last square may overlap the one before
            transpose(after(samples, first * hop + row), hop, after(tile, row * stride + column), stride)
            row += WIDTH
        return
    for c in range(columns):
        start = (first + c) * hop
        for row in range(hop):
            index = start + row
            tile[row * stride + column + c] = samples[index] if index < count else f32(0)


@part
def _move_on(tile, hop, overlap, stride):
    """The tile's last `overlap` columns become its first."""
    for row in range(hop):
        for c in range(0, overlap, WIDTH):
            store(tile, row * stride + c, load(tile, row * stride + c + WIDTH))


@part
def _first_pass(o, at, plan, tile, points):
    """Window the frames on the way into the transform's first pass."""
    places, window, twiddles = (
        after(as_ints(plan), at.places),
        after(plan, at.window),
        after(plan, at.twiddles),
    )
    quarter = at.half // 4
    if o.remove_mean != 0 or o.preemphasis != 0:
        mean = spread(f32(0))
        if o.remove_mean:
            for n in range(o.window):
                mean = mean + load(tile, places[n])
            mean = mean * f32((1 - o.preemphasis) / o.window)
        for p in range(quarter):
            a = _emphasised(tile, places, window, 2 * p, o.preemphasis, mean)
            b = _emphasised(tile, places, window, 2 * (p + quarter), o.preemphasis, mean)
            c = _emphasised(tile, places, window, 2 * (p + 2 * quarter), o.preemphasis, mean)
            d = _emphasised(tile, places, window, 2 * (p + 3 * quarter), o.preemphasis, mean)
            fourier.first_pass(p, at.half, a, b, c, d, points, twiddles)
        return
    filled = min(max((o.window + 1) // 2 - 3 * quarter, 0), quarter)  # beyond, the last quarter is zero
    for p in range(filled):
        a, b = _windowed(tile, places, window, 2 * p), _windowed(tile, places, window, 2 * (p + quarter))
        c = _windowed(tile, places, window, 2 * (p + 2 * quarter))
        d = _windowed(tile, places, window, 2 * (p + 3 * quarter))
        fourier.first_pass(p, at.half, a, b, c, d, points, twiddles)
    zero = spread(f32(0))
    for p in range(filled, quarter):
        a, b = _windowed(tile, places, window, 2 * p), _windowed(tile, places, window, 2 * (p + quarter))
        c = _windowed(tile, places, window, 2 * (p + 2 * quarter))
        fourier.first_pass(p, at.half, a, b, c, (zero, zero), points, twiddles)


@inline
def _windowed(tile, places, window, n):
    """Samples n and n + 1 of every frame under the window."""
    return load(tile, places[n]) * window[n], load(tile, places[n + 1]) * window[n + 1]


@inline
def _emphasised(tile, places, window, n, preemphasis, mean):
    """As `_windowed`, after pre-emphasis and less the mean that is left of it."""
    before, here, beyond = load(tile, places[max(n - 1, 0)]), load(tile, places[n]), load(tile, places[n + 1])
    return (here - before * preemphasis - mean) * window[n], (beyond - here * preemphasis - mean) * window[
        n + 1
    ]


@part
def _weigh(o, at, plan, power, bands):
    """The filters, and the logarithm."""
    starts, ends = after(as_ints(plan), at.starts), after(as_ints(plan), at.ends)
    weights = after(plan, at.weights)
    floor, factor = spread(o.floor), f32(1) / o.scale
    for band in range(o.n_mels):
        total = spread(f32(0))
        k = starts[band] * WIDTH
        for i in range(ends[band], ends[band + 1]):
            total = total + load(power, k) * weights[i]
            k += WIDTH
        if o.logarithm:
            total = total + o.offset
            total = (log(where(total < floor, floor, total)) - o.mean) * factor
        store(bands, band * WIDTH, total)


@part
def _project(o, dct, bands, out):
    """Cepstral coefficients of the bands."""
    for j in range(o.coefficients):
        total = spread(f32(0))
        for band in range(o.n_mels):
            total = total + load(bands, band * WIDTH) * dct[j * o.n_mels + band]
        store(out, j * WIDTH, total)


@part
def _write(values, width, frames, out):
    """From lanes to rows: out[frame * width + j]."""
    squares = width - width % WIDTH if frames == WIDTH else 0
    for j in range(0, squares, WIDTH):
        transpose(after(values, j * WIDTH), WIDTH, after(out, j), width)
    for frame in range(frames):
        for j in range(squares, width):
            out[frame * width + j] = values[j * WIDTH + frame]
