"""Decode a recording's audio as stereo at another speed, in tune.

WSOLA, after Verhelst and Roelands 1993: windows of the audio are added where they belong, each moved a little
so that its waveform goes on from the one before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from edge.arrays import Floats
from edge.errors import UsageError
from edge.media.read.audio import decode
from edge.media.read.near import Near
from edge.media.read.recording import Recording
from edge.media.read.report import DecodeReport
from edge.media.read.resampling import AudioFormat, Blocks

HOP = 1024
"""Samples between windows of the result, which are twice as long: 21 ms at 48 kHz."""

REACH = 512
"""Samples by which a window may be moved."""

COARSE = 4
"""Every how many samples waveforms are compared."""

BLOCK = 16384
"""Samples that are decoded at a time."""


def stretched_audio(
    recording: Recording, times_s: Sequence[float], moved_s: Sequence[float], rate_hz: int = 48_000
) -> Iterator[Floats]:
    """Yield stereo blocks float32[2, n] in which what is at `times_s` is at `moved_s`, to 11 ms.

    Both ascend from 0, and speeds are even between. The result has round(moved_s[-1] * rate_hz) samples:
    audio that is missing is zeros. Raises UsageError, InputError, NoAudioError.
    """
    times, moved = np.asarray(times_s, np.float64), np.asarray(moved_s, np.float64)
    ascend = len(times) == len(moved) >= 2 and not times[0] and not moved[0]
    if not ascend or (np.diff(times) <= 0).any() or (np.diff(moved) <= 0).any():
        raise UsageError("times to move must ascend from 0, and be as many as those they are moved to")
    given = _decoded(recording, rate_hz, round(times[-1] * rate_hz))
    count = round(moved[-1] * rate_hz)
    if np.abs(times - moved).max() * rate_hz < 1:
        return _exactly(given, count)
    starts = np.arange(0, count + HOP, HOP)
    origins = np.interp(starts / rate_hz, moved, times) * rate_hz
    return _exactly(_stretched(given, np.round(origins).astype(np.int64)), count)


def _decoded(recording: Recording, rate_hz: int, count: int) -> Iterator[Floats]:
    blocks = Blocks(2, BLOCK, 0, count)
    for piece in decode(recording, AudioFormat(rate_hz, "stereo"), blocks, DecodeReport()):
        yield np.ascontiguousarray(piece.samples.T)


def _stretched(blocks: Iterable[Floats], origins: NDArray[np.int64]) -> Iterator[Floats]:
    """Yield `HOP` samples for each window; origins: samples at which windows begin, before they are moved."""
    window = np.hanning(2 * HOP + 1)[:-1].astype(np.float32)
    source = Near(blocks)
    tail = source.read(0, HOP) * (1 - window[:HOP])
    expected = 0
    for origin in origins:
        at = _aligned(source, int(origin), expected)
        piece = source.read(at, 2 * HOP) * window
        yield tail + piece[:, :HOP]
        tail, expected = piece[:, HOP:], at + HOP
        source.forget(min(at, expected) - 2 * REACH)


def _aligned(source: Near, origin: int, expected: int) -> int:
    """Return the place near `origin` whose waveform is most like that from `expected` on."""
    if abs(origin - expected) <= COARSE:
        return expected  # the speed is 1: nothing is moved
    wanted = source.read(expected, HOP).sum(axis=0)[::COARSE]
    near = source.read(origin - REACH, HOP + 2 * REACH).sum(axis=0)[::COARSE]
    match = np.correlate(near, wanted)
    power = np.convolve(near**2, np.ones(len(wanted)), "valid")
    return origin - REACH + COARSE * int((match / np.sqrt(power + 1e-9)).argmax())


def _exactly(blocks: Iterable[Floats], count: int) -> Iterator[Floats]:
    """Yield blocks of `count` samples in all, the last one cut or followed by zeros."""
    left = count
    for block in blocks:
        if left <= 0:
            return
        yield block[:, :left]
        left -= block.shape[1]
    if left > 0:
        yield np.zeros((2, left), np.float32)
