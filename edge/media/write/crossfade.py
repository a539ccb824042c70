"""Render the audio of a plan: ranges joined to the sample, with crossfades."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import groupby, pairwise

import numpy as np
from edge_kernels.audio import crossfade

from edge.errors import NoAudioError
from edge.media.read.audio import PREROLL, decode, decode_from
from edge.media.read.container import open_container
from edge.media.read.recording import Recording
from edge.media.read.report import DecodeReport
from edge.media.read.resampling import AudioFormat, AudioPiece, Blocks, Samples
from edge.media.write.plan import AudioSources, RenderPlan
from edge.media.write.quicken import quickened


def spliced(plan: RenderPlan, sources: AudioSources, to: AudioFormat) -> Iterator[AudioPiece]:
    """Yield the audio of a track as contiguous pieces; sample indices count from the output's start.

    Range k covers samples [marks[k], marks[k + 1]), the rounded exact times, so errors do not accumulate. At
    a join the audio around the end of one range is crossfaded with the audio around the start of the next.
    """
    marks = [round(range_.at * to.rate_hz) for range_ in plan.ranges] + [round(plan.length * to.rate_hz)]
    halves = _halves(marks, round(plan.crossfade_s * to.rate_hz / 2))
    tail = np.zeros((0, to.channels), np.float32)
    for k, tap in enumerate(_taps(plan, sources, to, marks, halves)):
        before, after = halves[k], halves[k + 1]
        is_last = k == len(plan.ranges) - 1
        if before:
            yield AudioPiece(marks[k] - before, crossfade(tail, tap.take(2 * before)))
        position = marks[k] + before
        while position < marks[k + 1] - after:
            wanted = min(marks[k + 1] - after - position, to.step)
            samples = tap.take(wanted, filled=plan.filled or not is_last)
            if len(samples):
                yield AudioPiece(position, samples)
            if len(samples) < wanted:
                return
            position += wanted
        tail = tap.take(2 * after)


def _halves(marks: list[int], half: int) -> list[int]:
    """Return half the crossfade at each mark in samples: none at the ends, no two overlap."""
    lengths = [end - start for start, end in pairwise(marks)]
    inner = [min(half, before // 2, after // 2) for before, after in pairwise(lengths)]
    return [0, *inner, 0]


class _Tap:
    """Reader of audio pieces in requested numbers of samples."""

    def __init__(self, pieces: Iterator[AudioPiece], channels: int) -> None:
        self._pieces = pieces
        self._rest: Samples = np.zeros((0, channels), np.float32)

    def take(self, count: int, *, filled: bool = True) -> Samples:
        """Return the next samples float32[count, channels]; at the end fewer, or silence if `filled`."""
        parts, missing = [self._rest[:count]], count - len(self._rest)
        self._rest = self._rest[count:]
        while missing > 0 and (piece := next(self._pieces, None)) is not None:
            parts.append(piece.samples[:missing])
            self._rest = piece.samples[missing:]
            missing -= len(piece.samples)
        if missing > 0 and filled:
            parts.append(np.zeros((missing, self._rest.shape[1]), np.float32))
        return np.concatenate(parts)


def _taps(
    plan: RenderPlan, sources: AudioSources, to: AudioFormat, marks: list[int], halves: list[int]
) -> Iterator[_Tap]:
    """Yield a reader for each range, extended by half a crossfade at both ends.

    Consecutive ranges of one recording share its open file, which seeks from one to the next.
    """
    jobs = list(enumerate(zip(plan.ranges, sources, strict=True)))
    for path, group in groupby(jobs, key=lambda job: job[1][0].info.path):
        with open_container(path) as container:
            for k, (range_, stream) in group:
                first = round(range_.start * to.rate_hz)
                wanted = halves[k] + marks[k + 1] - marks[k] + halves[k + 1]
                given = wanted
                if range_.speed != 1:
                    given = halves[k] + round(range_.end * to.rate_hz) - first + halves[k + 1]
                last = first - halves[k] + given
                blocks = Blocks(to.channels, to.step, first - halves[k], last)
                if stream is None:
                    pieces: Iterator[AudioPiece] = iter(())
                elif Fraction(first - halves[k], to.rate_hz) > PREROLL:
                    pieces = decode_from(container, range_.info, (stream,), to, blocks, report=DecodeReport())
                else:  # from the beginning: only a newly opened container is positioned there
                    pieces = decode(Recording(range_.info, (stream,)), to, blocks, DecodeReport())
                tap = _Tap(_or_nothing(pieces), to.channels)
                if range_.speed != 1:
                    tap = _Tap(quickened(tap.take, given, wanted, to.rate_hz), to.channels)
                yield tap


def _or_nothing(pieces: Iterator[AudioPiece]) -> Iterator[AudioPiece]:
    try:
        yield from pieces
    except NoAudioError:
        return  # a stream that cannot be decoded must not fail the others
