"""Audio that is processed while it arrives: what a microphone, a pipe and a stream have in common."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from threading import Thread
from typing import Final

import numpy as np
from av.audio.frame import AudioFrame

from edge.errors import EdgeError, InputError, UsageError
from edge.media.read.block_queue import BlockQueue
from edge.media.read.opening import DECODE_ERRORS, reason
from edge.media.read.report import DecodeReport
from edge.media.read.resampling import AudioFormat, Run, Samples

RATE_HZ: Final = 16_000
"""Sample rate of the blocks."""
BLOCK_S: Final = 0.1
"""Seconds of a block."""
QUEUED_S: Final = 30.0
"""Seconds of audio that may wait: more than the longest speech takes to recognize on a slow device."""
LEAVE_S: Final = 1.0
"""Seconds to wait at the end for a thread, which may be inside a read."""


class LiveInput:
    """Audio as it arrives: iterate once over its blocks float32[n], mono at 16 kHz, inside a `with` block.

    Blocks wait in a bounded queue. At the source's end, or after `stop`, what waits is still yielded. A
    failure of the source raises InputError, after the blocks before it.
    """

    stalled_s: float | None = None
    """Seconds without audio that count as a failure; None if a pause is normal."""

    def __init__(self, name: str, *, seconds: float | None = None) -> None:
        """Name it for messages; end after `seconds` of audio, if that is given."""
        if seconds is not None and not seconds > 0:
            raise UsageError(f"the length must be above 0 s, got {seconds}")
        self.name = name
        self.rate_hz = RATE_HZ
        self.source_rate_hz = RATE_HZ
        """Sample rate of the source; known in the `with` block."""
        self.channels = 1
        """Channels of the source, 1 or 2; known in the `with` block."""
        self.keep: Callable[[Samples], None] | None = None
        """Called with each block of the source, float32[n, channels], before it is yielded as mono."""
        self.position_s = 0.0
        """Seconds of audio that were yielded so far."""
        self._seconds = seconds
        self._queue = BlockQueue(1, RATE_HZ)

    @property
    def dropped_s(self) -> float:
        """Return the seconds of audio that were lost so far; there the blocks are silent."""
        return self._queue.dropped / self.source_rate_hz

    @property
    def behind_s(self) -> float:
        """Return the seconds of audio that wait to be processed."""
        return self._queue.waiting / self.source_rate_hz

    @property
    def layout(self) -> str:
        """Return FFmpeg's name of the source's channel layout."""
        return "mono" if self.channels == 1 else "stereo"

    @property
    def notes(self) -> tuple[str, ...]:
        """Return the problems found so far, one line each."""
        return ()

    def stop(self) -> None:
        """End the audio now; may be called by any thread and by a signal handler."""
        self._queue.end()

    def __enter__(self) -> LiveInput:
        self._open()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._close()

    def __iter__(self) -> Iterator[Samples]:
        mono = MonoStream(self.source_rate_hz, self.layout)
        longest = round(BLOCK_S * self.source_rate_hz)
        left = None if self._seconds is None else round(self._seconds * self.source_rate_hz)
        taken, since = 0, time.monotonic()
        while left != 0 and (block := self._queue.take(longest)) is not None:
            if not len(block):
                self._check_stalled(time.monotonic() - since)
                continue
            since = time.monotonic()
            if left is not None:
                block = block[:left]
                left -= len(block)
            if self.keep is not None:
                self.keep(block)
            taken += len(block)
            self.position_s = taken / self.source_rate_hz
            yield from mono.accept(block)
        yield from mono.finish()
        if left != 0 and self._queue.error is not None:
            raise self._queue.error

    def _open(self) -> None:
        """Open the source, call `_begin` with its format, and let its audio arrive."""
        raise NotImplementedError

    def _close(self) -> None:
        """Close the source."""

    def _begin(self, rate_hz: int, channels: int) -> None:
        self.source_rate_hz, self.channels = rate_hz, channels
        self._queue = BlockQueue(channels, round(QUEUED_S * rate_hz))

    def _check_stalled(self, seconds: float) -> None:
        if self.stalled_s is not None and seconds > self.stalled_s:
            self._queue.end(InputError(self.name, f"has delivered no audio for {seconds:.0f} s"))


class ThreadedInput(LiveInput):
    """A source that is read in a thread of its own, which waits while the queue is full: nothing is lost."""

    def _blocks(self) -> Iterator[Samples]:
        """Yield blocks float32[n, channels] as they arrive."""
        raise NotImplementedError

    def _start(self) -> None:
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            for block in self._blocks():
                if not self._queue.put(block):
                    return
        except EdgeError as error:
            self._queue.end(error)
        except DECODE_ERRORS as error:
            self._queue.end(InputError(self.name, f"cannot be read any more ({reason(error)})"))
        except KeyboardInterrupt:  # noted by the loops over packets; the main thread acts on it
            pass
        finally:
            self._queue.end()

    def _close(self) -> None:
        self._thread.join(LEAVE_S)


class MonoStream:
    """Resamples blocks of a source to mono at 16 kHz; where two channels are opposite, one is used."""

    def __init__(self, rate_hz: int, layout: str) -> None:
        self._rate_hz, self._layout = rate_hz, layout
        self._count = 0
        self._run: Run | None = None

    def accept(self, block: Samples) -> Iterator[Samples]:
        """Add a block float32[n, channels]; yield what is ready, float32[m]."""
        interleaved = np.ascontiguousarray(block, np.float32).reshape(1, -1)
        frame = AudioFrame.from_ndarray(interleaved, format="flt", layout=self._layout)
        frame.sample_rate, frame.pts = self._rate_hz, self._count
        frame.time_base = Fraction(1, self._rate_hz)
        self._count += len(block)
        if self._run is None:
            to = AudioFormat(
                RATE_HZ, "mono", step=round(BLOCK_S * RATE_HZ), queued=round(BLOCK_S * self._rate_hz)
            )
            self._run = Run(frame, to, Fraction(0), 0.0, DecodeReport())
        for piece in self._run.push(frame):
            yield piece.samples[:, 0]

    def finish(self) -> Iterator[Samples]:
        """Yield the rest."""
        if self._run is not None:
            for piece in self._run.finish():
                yield piece.samples[:, 0]
