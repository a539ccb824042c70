"""The audio of an arrangement: parts of a track, joined without a click."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from edge.arrays import Floats
from edge.errors import NoAudioError
from edge.media.read.audio import decode
from edge.media.read.near import Near
from edge.media.read.recording import Recording
from edge.media.read.report import DecodeReport
from edge.media.read.resampling import AudioFormat, Blocks
from edge.vocabulary import Span

RATE_HZ = 48_000
"""Sample rate of the result."""

BLOCK = 16_384
"""Samples of a block of the result, at most."""

BEFORE, AFTER = 1440, 480
"""Samples of a crossfade before and after a join, 40 ms in all: where a bar begins, the old one is gone."""

REACH = 960
"""Samples by which a part may be moved so that its waveform goes on from the one before, 20 ms."""

COMPARED = 2880
"""Samples on both sides of a join that are compared."""

LEAST_BETTER = 0.05
"""A part is moved only where the waveforms correlate better by this."""

CLICK = 240
"""Samples in which audio fades that would begin or end at once."""

KEPT_S = 60.0
"""A track up to this long is decoded once, and kept in memory: 23 MB."""


class Bed:
    """Makes the music under a video: stereo blocks float32[2, n] at 48 kHz, each time the same ones."""

    def __init__(
        self, track: Recording, parts: Sequence[Span], samples: int, *, fade_in_s: float, fade_out_s: float
    ) -> None:
        """Prepare to play parts of a track one after the other, `samples` in all, with fades at the ends."""
        self._track, self._samples = track, samples
        ends = np.cumsum([part.seconds for part in parts])
        self._marks = [0, *np.minimum(np.round(ends[:-1] * RATE_HZ), samples).astype(int).tolist(), samples]
        self._starts = [round(part.start * RATE_HZ) for part in parts]
        self._fade_in, self._fade_out = round(fade_in_s * RATE_HZ), round(fade_out_s * RATE_HZ)
        self._whole: Floats | None = None
        self.shifts: list[int] = []
        """Samples by which each part but the first was moved the last time."""

    def __call__(self) -> Iterator[Floats]:
        """Yield the blocks. Raises InputError, NoAudioError."""
        at = 0
        for block in self._joined():
            for piece in np.split(block, range(BLOCK, block.shape[1], BLOCK), axis=1):
                yield piece * self._gains(at, piece.shape[1])
                at += piece.shape[1]

    def _joined(self) -> Iterator[Floats]:
        marks, self.shifts = self._marks, []
        at, source, shift = 0, self._source(0), 0
        for number, start in enumerate(self._starts):
            begin, end = marks[number], marks[number + 1]
            if number:
                before, leaves = source, self._starts[number - 1] + shift + begin - marks[number - 1]
                source = self._source(number)
                shift, alike = _alignment(before, leaves, source, start)
                self.shifts.append(shift)
                low = min(BEFORE, begin - at, start + shift)
                high = min(AFTER, end - begin, max(0, before.end - leaves))
                if low + high >= CLICK:
                    joined = _faded(
                        before.read(leaves - low, low + high),
                        source.read(start + shift - low, low + high),
                        alike,
                    )
                else:  # from the last sample of the track to the first
                    low, high = min(CLICK, begin - at), min(CLICK, end - begin)
                    joined = _apart(before.read(leaves - low, low), source.read(start + shift, high))
                yield from self._until(before, leaves - begin, at, begin - low)
                yield joined
                at = begin + high
            last = number == len(self._starts) - 1
            stop = end if last else max(at, end - BEFORE)
            yield from self._until(source, start + shift - begin, at, stop)
            at = stop

    def _until(self, source: Near, shift: int, at: int, stop: int) -> Iterator[Floats]:
        """Yield samples of the result from `at` to `stop`, which are `shift` samples later in the source."""
        while at < stop:
            count = min(BLOCK, stop - at)
            yield source.read(at + shift, count)
            at += count
            source.forget(at + shift - COMPARED - BEFORE)

    def _source(self, number: int) -> Near:
        """Return the samples of the track from before a part to after it."""
        first = max(0, self._starts[number] - COMPARED - REACH)
        length = self._marks[number + 1] - self._marks[number]
        last = self._starts[number] + length + COMPARED + 2 * REACH
        if self._track.duration_s > KEPT_S or not self._track.duration_s:
            return Near(self._decoded(first, last), first)
        if self._whole is None:
            blocks = list(self._decoded(0, round(2 * KEPT_S * RATE_HZ)))
            self._whole = np.concatenate([np.zeros((2, 0), np.float32), *blocks], axis=1)
        whole, last = self._whole, min(last, self._whole.shape[1])
        return Near((whole[:, at : min(at + BLOCK, last)] for at in range(first, last, BLOCK)), first)

    def _decoded(self, first: int, last: int) -> Iterator[Floats]:
        blocks = Blocks(2, BLOCK, first, last)
        try:
            for piece in decode(self._track, AudioFormat(RATE_HZ, "stereo"), blocks, DecodeReport()):
                yield np.ascontiguousarray(piece.samples.T)
        except NoAudioError:
            if not first:
                raise

    def _gains(self, start: int, count: int) -> Floats:
        """Return the factors of the fades, float32[count]."""
        at, gains = start + np.arange(count), np.ones(count, np.float32)
        if self._fade_in and start < self._fade_in:
            gains *= np.sin(np.pi / 2 * np.clip((at + 1) / self._fade_in, 0, 1)) ** 2
        if self._fade_out and start + count > self._samples - self._fade_out:
            gains *= np.sin(np.pi / 2 * np.clip((self._samples - at) / self._fade_out, 0, 1)) ** 2
        return gains


def _alignment(before: Near, leaves: int, source: Near, start: int) -> tuple[int, float]:
    """Return how many samples later a part begins than planned, and how its waveform correlates with the old.

    leaves: the sample at which the part before is left.
    """
    old = before.read(leaves - COMPARED, 2 * COMPARED).sum(axis=0).astype(np.float64)
    new = source.read(start - COMPARED - REACH, 2 * (COMPARED + REACH)).sum(axis=0).astype(np.float64)
    size = 1 << (len(new) + len(old)).bit_length()
    match = np.fft.irfft(np.fft.rfft(new, size) * np.conj(np.fft.rfft(old, size)), size)[: 2 * REACH + 1]
    power = np.concatenate([[0.0], np.cumsum(new**2)])
    near = power[len(old) : len(old) + 2 * REACH + 1] - power[: 2 * REACH + 1]
    alike = match / np.sqrt((near + 1e-9) * (float((old**2).sum()) + 1e-9))
    shifts = np.arange(-REACH, REACH + 1)
    shifts_allowed = start + shifts >= 0
    alike = np.where(shifts_allowed, alike, -1.0)
    best = int((alike - LEAST_BETTER * np.abs(shifts) / REACH).argmax())
    return int(shifts[best]), float(alike[best])


def _faded(out: Floats, coming: Floats, alike: float) -> Floats:
    """Return a crossfade of even power, float32[2, n], given how the two correlate."""
    count = out.shape[1]
    angle = np.pi / 2 * (np.arange(count) + 0.5) / max(count, 1)
    down, up = np.cos(angle), np.sin(angle)
    power = np.sqrt(1 + 2 * min(1.0, max(0.0, alike)) * down * up)
    return np.asarray(out * (down / power) + coming * (up / power), np.float32)


def _apart(out: Floats, coming: Floats) -> Floats:
    """Return the end of one part and the start of the next, faded, one after the other, float32[2, n]."""
    down, up = (np.sin(np.pi / 2 * (np.arange(n) + 0.5) / max(n, 1)) for n in (out.shape[1], coming.shape[1]))
    return np.concatenate([out * down[::-1], coming * up], axis=1).astype(np.float32)
