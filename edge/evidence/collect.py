"""Push the audio of a recording or microphone, block by block, to a list of collectors in one pass."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from edge.arrays import Floats
from edge.errors import NoAudioError, UsageError
from edge.media import AudioBlock, DecodeReport, decode_audio, open_recording
from edge.media.read.recording import MediaSource
from edge.vocabulary import Progress

BLOCK_S = 1.0
"""Seconds of audio per block."""


class Collector(Protocol):
    """Consumer of audio blocks; after `finish`, its attribute `result` holds the evidence.

    To add one: write a class with these three members and `result`. A collector that depends on another takes
    it as a constructor argument, and must follow it in the list.
    """

    @property
    def rate_hz(self) -> int:
        """Sample rate of the blocks that it accepts."""

    def accept(self, block: AudioBlock) -> None:
        """Process the next block; blocks are contiguous and start at sample 0."""

    def finish(self) -> None:
        """Process the end of the audio and set `result`."""


def collect(
    media: MediaSource, collectors: Sequence[Collector], *, progress: Progress | None = None
) -> DecodeReport:
    """Decode the recording's audio once, push it to all collectors, and finish them in order.

    Memory does not grow with the length, except for the collectors' results. Returns the decoder's report.
    Raises InputError if the file cannot be read, NoAudioError if there is no audio, UsageError if the
    collectors need different sample rates.
    """
    rate_hz, report = common_rate(collectors), DecodeReport()
    recording = open_recording(media)
    blocks = decode_audio(recording, rate_hz=rate_hz, block_s=BLOCK_S, report=report)
    end = 0
    for block in push(blocks, collectors):
        end = block.start_sample + len(block.samples)
        if progress and recording.duration_s > 0:
            progress(min(1.0, end / rate_hz / recording.duration_s))
    if not end:
        raise NoAudioError(recording.path, "holds no audio")
    for collector in collectors:
        collector.finish()
    return report


def push(blocks: Iterable[AudioBlock], collectors: Sequence[Collector]) -> Iterator[AudioBlock]:
    """Push each block to the collectors in order, then yield it."""
    for block in blocks:
        for collector in collectors:
            collector.accept(block)
        yield block


def audio_blocks(samples: Iterable[Floats]) -> Iterator[AudioBlock]:
    """Convert consecutive blocks float32[n] to `AudioBlock`s with their start samples."""
    start = 0
    for block in samples:
        yield AudioBlock(block, start)
        start += len(block)


def common_rate(collectors: Sequence[Collector]) -> int:
    """Return the sample rate in Hz that all collectors need. Raises UsageError if they differ."""
    rates = {collector.rate_hz for collector in collectors}
    if len(rates) != 1:
        listed = ", ".join(f"{rate} Hz" for rate in sorted(rates)) or "none"
        raise UsageError(f"collectors of one pass need one sample rate, got {listed}")
    return rates.pop()
