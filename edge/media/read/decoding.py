"""Decode packets to frames; damaged packets are counted and skipped, seeks land before their target."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from fractions import Fraction
from itertools import chain
from typing import TypeAlias, TypeVar

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.frame import Frame
from av.packet import Packet
from av.stream import Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from edge import interrupts
from edge.media.read.avi import in_order, times_are_guessed
from edge.media.read.chain import chain_of
from edge.media.read.container import DECODE_ERRORS
from edge.media.read.limits import limits
from edge.media.read.report import DecodeReport
from edge.media.time import pts_seconds

MAX_BAD_PACKETS_IN_A_ROW = 1000
"""Decoding stops after this many damaged packets: about 20 s of AAC or 40 s of video."""

SEEK_MARGINS_S = (0, 1, 3, 10, 30)
"""Margins to retry with when a seek lands after its target. MPEG-TS has no index and lands seconds late."""

INTERLEAVED_S = 1
"""Seconds of a container that may lie between packets of two streams that are presented together."""

TOO_LONG = "no recording may be longer"
"""Why decoding stopped at the limit."""

AnyFrame = TypeVar("AnyFrame", bound=Frame)

Numbered: TypeAlias = tuple[int, AnyFrame]
"""The index of a frame's stream, and the frame."""


def packets(
    container: InputContainer, streams: Sequence[Stream], report: DecodeReport
) -> Iterator[Packet[Stream]]:
    """Demux the streams from the current position; an unreadable rest counts as the end.

    Of a file whose clock restarts the times go on (`chain`).
    """
    chain = chain_of(container)
    source = container.demux(*streams) if chain is None else chain.demux(streams)
    while True:
        interrupts.check()
        try:
            packet = next(source, None)
        except DECODE_ERRORS:
            report.gave_up = "the rest of the file is unreadable"
            return
        if packet is None:
            return
        yield packet


def audio_frames(
    container: InputContainer, streams: Sequence[AudioStream], report: DecodeReport
) -> Iterator[Numbered[AudioFrame]]:
    """Decode the streams in one pass, from the current position to their end."""
    return _frames(container, streams, AudioFrame, report)


def video_frames(
    container: InputContainer, stream: VideoStream, report: DecodeReport
) -> Iterator[VideoFrame]:
    """Decode the stream from the current position to its end; frames without a timestamp are dropped."""
    return _timed(container, stream, report)


def audio_frames_from(
    container: InputContainer, streams: Sequence[AudioStream], at: Fraction, report: DecodeReport
) -> Iterator[Numbered[AudioFrame]]:
    """Decode like `audio_frames`, from a frame of the first stream at or before `at` (container seconds)."""
    if len(streams) > 1:
        at -= INTERLEAVED_S
    return _from(container, streams[0], at, lambda: audio_frames(container, streams, report))


def video_frames_from(
    container: InputContainer, stream: VideoStream, at: Fraction, report: DecodeReport
) -> Iterator[VideoFrame]:
    """Decode like `video_frames`, from a frame at or before `at` (container seconds) if there is one."""
    numbered = _from(
        container, stream, at, lambda: ((stream.index, one) for one in _timed(container, stream, report))
    )
    return (frame for _, frame in numbered)


def _timed(container: InputContainer, stream: VideoStream, report: DecodeReport) -> Iterator[VideoFrame]:
    """Decode a video stream, and correct the times of its frames where FFmpeg guesses them."""
    numbered = _frames(container, [stream], VideoFrame, report)
    frames: Iterator[VideoFrame] = (frame for _, frame in numbered)
    if times_are_guessed(container, stream):
        frames = in_order(frames, container, stream)
    return _within_length((frame for frame in frames if frame.pts is not None), report)


def _within_length(frames: Iterator[VideoFrame], report: DecodeReport) -> Iterator[VideoFrame]:
    """Yield frames up to the length that a recording may have."""
    first: Fraction | None = None
    for frame in frames:
        at = pts_seconds(frame)
        first = at if first is None else first
        if at - first > limits().duration_s:
            report.gave_up = TOO_LONG
            return
        yield frame


def _frames(
    container: InputContainer, streams: Sequence[Stream], kind: type[AnyFrame], report: DecodeReport
) -> Iterator[Numbered[AnyFrame]]:
    bad_in_a_row = idle = 0
    for packet in packets(container, streams, report):
        try:
            frames = packet.decode()
        except av.EOFError:
            continue  # of this stream only
        except DECODE_ERRORS:
            report.bad_packets += 1
            bad_in_a_row += 1
            if bad_in_a_row == MAX_BAD_PACKETS_IN_A_ROW:
                report.gave_up = f"{bad_in_a_row} damaged packets in a row"
                return
            continue
        bad_in_a_row, idle = 0, 0 if frames else idle + 1
        if idle > limits().idle_packets:
            report.gave_up = f"{idle} packets in a row hold nothing"
            return
        for frame in frames:
            if isinstance(frame, kind):
                yield packet.stream_index, frame


def _from(
    container: InputContainer,
    stream: Stream,
    at: Fraction,
    decode: Callable[[], Iterator[Numbered[AnyFrame]]],
) -> Iterator[Numbered[AnyFrame]]:
    """Decode from a place where the first frame of `stream` is at or before `at` (container seconds)."""
    for margin_s in SEEK_MARGINS_S:
        if seek(container, stream, at - margin_s):
            frames, held = decode(), []
            for index, frame in frames:
                held.append((index, frame))
                if index == stream.index and frame.pts is not None:
                    if pts_seconds(frame) <= at:
                        return chain(held, frames)
                    break
    seek(container, stream, Fraction(stream.start_time or 0) * (stream.time_base or 1) - SEEK_MARGINS_S[-1])
    return decode()


def seek(container: InputContainer, stream: Stream, at: Fraction) -> bool:
    """Seek to a keyframe near `at` (container seconds), mostly before it; return False if it fails."""
    if (chain := chain_of(container)) is not None:
        container, stream, at = chain.part_at(stream, at)
    wanted = int(at / (stream.time_base or Fraction(1, av.time_base)))
    # MPEG-TS needs a target before its start to seek back to it; AVI rejects such a target.
    for ticks in (wanted, max(wanted, stream.start_time or 0)):
        with suppress(*DECODE_ERRORS):
            container.seek(ticks, stream=stream)
            return True
    return False
