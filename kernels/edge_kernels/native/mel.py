"""Mel spectra and cepstra; `edge_kernels.h` has the formula.

WIDTH frames go through every step side by side. Samples are laid out for that once, in a tile: row r holds
samples r, r + hop, r + 2 hop ... so that sample n of WIDTH consecutive frames is one load from row n % hop at
column n // hop. A frame overlaps the next ones, so the last columns of a tile are the first of the next.
"""

from __future__ import annotations

import numpy as np

from edge_kernels.native import fourier
from edge_kernels.native.entry import NULL, OK, SIZE, entry, inline, part
from edge_kernels.native.lanes import (
    WIDTH,
    after,
    as_ints,
    load,
    missing,
    spread,
    store,
    transpose,
    where,
)
from edge_kernels.native.maths import log
from edge_kernels.native.mel_plan import layout, read_options, scratch_layout, valid

f32 = np.float32


@entry
def mel_scratch_size(plan):
    """Floats of scratch."""
    if missing(plan):
        return np.int64(-NULL)
    o = read_options(plan)
    return np.int64(scratch_layout(o, layout(o).columns).size) if valid(o) else np.int64(-SIZE)


@entry
def mel(plan, samples, count, out, scratch):
    """Tile by tile: lay out, transform, measure, weigh, take logarithms, project, write frame by frame."""
    if missing(plan, samples, out, scratch):
        return NULL
    o = read_options(plan)
    if count < 0 or not valid(o):
        return SIZE
    at = layout(o)
    spaces = scratch_layout(o, at.columns)
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
