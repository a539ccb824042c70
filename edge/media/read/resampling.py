"""Resample and mix decoded audio, and align it to the recording's timeline, sample by sample."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import cast

import numpy as np
import numpy.typing as npt
from av.audio.frame import AudioFrame
from av.audio.layout import AudioLayout
from av.filter import Graph

from edge.media.read.mono import MonoMix
from edge.media.read.report import DecodeReport
from edge.media.time import pts_seconds

QUEUED = 32768
"""Source samples before results are pulled, if nobody waits: pulling takes time even if nothing is ready."""

Samples = npt.NDArray[np.float32]
"""float32[n] or float32[n, channels], full scale ±1."""


@dataclass(frozen=True, slots=True)
class AudioFormat:
    """Target format of the conversion; samples are float32."""

    rate_hz: int
    """Sample rate."""
    layout: str
    """FFmpeg's name of the channel layout ("mono", "5.1" ...)."""
    step: int = 16384
    """Samples per piece; larger pieces reduce the overhead of Python."""
    queued: int = QUEUED
    """Source samples that are pushed before results are pulled."""

    @property
    def channels(self) -> int:
        """Number of channels of `layout`."""
        return AudioLayout(self.layout).nb_channels


@dataclass(frozen=True, slots=True)
class AudioPiece:
    """A piece of resampled audio."""

    start_sample: int
    """Index of the first sample at the target rate, from the start of the recording."""
    samples: Samples
    """float32[n, channels]."""


class Blocks:
    """Assemble pieces into contiguous blocks of `size` samples over [first, last); gaps become zeros."""

    def __init__(self, channels: int, size: int, first: int, last: int | None) -> None:
        self._shape = (size, channels)
        self._block: Samples = np.zeros(self._shape, np.float32)
        self._filled = 0
        self._last = last
        self.position = first
        """Index of the next sample."""

    @property
    def complete(self) -> bool:
        """Return whether everything up to `last` is complete."""
        return self._last is not None and self.position >= self._last

    def add(self, piece: AudioPiece) -> Iterator[AudioPiece]:
        """Add a piece; yield the blocks it completes. Samples before `position` are dropped."""
        late = piece.start_sample - self.position
        if late > 0:
            yield from self.pad(piece.start_sample)
        samples = piece.samples[max(-late, 0) :]
        if self._last is not None:
            samples = samples[: max(self._last - self.position, 0)]
        taken = 0
        while taken < len(samples):
            count = min(len(samples) - taken, len(self._block) - self._filled)
            self._block[self._filled : self._filled + count] = samples[taken : taken + count]
            taken += count
            yield from self._advance(count)

    def pad(self, until: int) -> Iterator[AudioPiece]:
        """Add silence up to the sample index `until`."""
        until = until if self._last is None else min(until, self._last)
        while self.position < until:
            yield from self._advance(min(until - self.position, len(self._block) - self._filled))

    def finish(self) -> Iterator[AudioPiece]:
        """Yield the rest, a block shorter than the others."""
        if self._filled:
            yield AudioPiece(self.position - self._filled, self._block[: self._filled])
            self._filled = 0

    def _advance(self, count: int) -> Iterator[AudioPiece]:
        self._filled += count
        self.position += count
        if self._filled == len(self._block):
            full, self._block, self._filled = self._block, np.zeros(self._shape, np.float32), 0
            yield AudioPiece(self.position - len(full), full)


class Run:
    """Resampler of consecutive frames of one format, without a gap."""

    def __init__(
        self,
        frame: AudioFrame,
        to: AudioFormat,
        origin: Fraction,
        start_s: float | None,
        report: DecodeReport,
    ) -> None:
        """Begin with `frame`, at `start_s` of the container, or where its timestamp says."""
        self._key = _key(frame)
        self._graph = _resampler(frame, to)
        self._queued, self._to_queue = 0, to.queued
        self._report = report
        start = pts_seconds(frame) if start_s is None else Fraction(start_s)
        self._channels = 2 if _is_pair(frame, to) else to.channels
        self._next = round((start - origin) * to.rate_hz)
        self._start_s = float(start)
        self._seconds_per_tick = float(frame.time_base or 0)
        self._count = 0
        self._finished = False
        self._mono = MonoMix(to.rate_hz, self._next) if _is_pair(frame, to) else None

    @property
    def end_s(self) -> float:
        """Container time at which the next frame is expected."""
        return self._start_s + self._count / self._key[2]

    def accepts(self, frame: AudioFrame) -> bool:
        """Return whether the frame has the format of this run, which is not finished."""
        return self._key == _key(frame) and not self._finished

    def jump_s(self, frame: AudioFrame, shift_s: float) -> float:
        """Return the seconds from the end of this run to the frame, which is moved by `shift_s`."""
        if frame.pts is None:
            return 0.0
        # another format may have another time base; to make one of each frame takes long
        tick_s = self._seconds_per_tick if self.accepts(frame) else float(frame.time_base or 0)
        return frame.pts * tick_s + shift_s - self.end_s

    def push(self, frame: AudioFrame) -> Iterator[AudioPiece]:
        """Add the next frame; yield what is ready."""
        self._count += frame.samples
        self._queued += frame.samples
        self._graph.push(frame)
        if self._queued >= self._to_queue:
            self._queued = 0
            yield from self._pull()

    def finish(self) -> Iterator[AudioPiece]:
        """Yield the rest; once more there is none."""
        if not self._finished:
            self._finished = True
            self._graph.push(None)
            yield from self._pull(last=True)

    def _pull(self, *, last: bool = False) -> Iterator[AudioPiece]:
        """Yield what is ready."""
        while True:
            try:
                frame = cast(AudioFrame, self._graph.pull())
            except (BlockingIOError, EOFError):
                break
            yield from self._pieces(frame.to_ndarray().astype(np.float32, copy=False), last=False)
        if last:
            yield from self._pieces(np.zeros(0, np.float32), last=True)

    def _pieces(self, interleaved: Samples, *, last: bool) -> Iterator[AudioPiece]:
        samples = interleaved.reshape(-1, self._channels)
        if self._mono is not None:
            samples = self._mono.mix(samples, last=last)
            self._report.opposite_s += self._mono.opposite_s
        if len(samples):
            yield AudioPiece(self._next, samples)
            self._next += len(samples)


def _is_pair(frame: AudioFrame, to: AudioFormat) -> bool:
    """Return whether two channels are mixed to one, which `MonoMix` does."""
    return to.layout == "mono" and frame.layout.nb_channels == 2


def _key(frame: AudioFrame) -> tuple[str, str, int]:
    return frame.format.name, frame.layout.name, frame.sample_rate


def _resampler(frame: AudioFrame, to: AudioFormat) -> Graph:
    """Return a filter graph from frames like this one to frames of `to.step` samples.

    PyAV's `AudioResampler` asks for a result after every frame, which takes as long as the resampling.
    """
    graph = Graph()
    nodes = [
        graph.add_abuffer(
            sample_rate=frame.sample_rate,
            format=frame.format.name,
            layout=frame.layout.name,
            time_base=frame.time_base or Fraction(1, frame.sample_rate),
        )
    ]
    count = frame.layout.nb_channels
    layout = "stereo" if _is_pair(frame, to) else to.layout
    if _is_pair(frame, to) and frame.layout.name != "stereo":
        nodes.append(graph.add("pan", "stereo|c0=c0|c1=c1"))
    elif to.layout == "mono" and frame.layout.name.endswith(" channels"):
        # multitrack recorders write "12 channels", which FFmpeg cannot mix down by itself
        mean = "+".join(f"{1 / count}*c{channel}" for channel in range(count))
        nodes.append(graph.add("pan", f"mono|c0={mean}"))
    # mix down by a weighted mean: float output would not be scaled
    nodes.append(graph.add("aresample", f"{to.rate_hz}:rematrix_maxval=1"))
    # interleaved: PyAV cannot reach more than seven planes
    wanted = f"sample_fmts=flt:channel_layouts={layout}:sample_rates={to.rate_hz}"
    nodes.append(graph.add("aformat", wanted))
    nodes.append(graph.add("asetnsamples", f"n={to.step}:p=0"))
    nodes.append(graph.add("abuffersink"))
    graph.link_nodes(*nodes).configure()
    return graph
