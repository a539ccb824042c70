"""Packets to frames: damaged packets are counted and skipped, seeks land before their target."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from fractions import Fraction
from itertools import chain
from typing import TypeVar

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
from edge.media.read.container import DAMAGE
from edge.media.read.report import Health

MAX_BAD_PACKETS_IN_A_ROW = 1000
"""Past this the rest of the file is taken to be noise: about 20 s of AAC, 40 s of picture."""

SEEK_MARGINS_S = (0, 1, 3, 10, 30)
"""How far to step back, in turn, when a seek lands after its target. MPEG-TS has no index: seconds late."""

AnyFrame = TypeVar("AnyFrame", bound=Frame)


def packets(container: InputContainer, streams: Sequence[Stream], health: Health) -> Iterator[Packet[Stream]]:
    """Demux the streams from where the container stands; an unreadable rest is taken for the end."""
    source = container.demux(*streams)
    while True:
        interrupts.check()
        try:
            packet = next(source, None)
        except DAMAGE:
            health.gave_up = "the rest of the file is unreadable"
            return
        if packet is None:
            return
        yield packet


def sound_frames(container: InputContainer, stream: AudioStream, health: Health) -> Iterator[AudioFrame]:
    """Decode the stream from where the container stands to its end."""
    return _frames(container, stream, AudioFrame, health)


def pictures(container: InputContainer, stream: VideoStream, health: Health) -> Iterator[VideoFrame]:
    """Decode the stream from where the container stands to its end; frames without a time are dropped."""
    frames = _frames(container, stream, VideoFrame, health)
    return (frame for frame in frames if frame.pts is not None)


def sound_frames_from(
    container: InputContainer, stream: AudioStream, at: Fraction, health: Health
) -> Iterator[AudioFrame]:
    """As `sound_frames`, starting at a frame at or before `at` (container time, seconds)."""
    return _from(container, stream, AudioFrame, at, health)


def pictures_from(
    container: InputContainer, stream: VideoStream, at: Fraction, health: Health
) -> Iterator[VideoFrame]:
    """As `pictures`, starting at a frame at or before `at` (container time, seconds), if there is one."""
    frames = _from(container, stream, VideoFrame, at, health)
    return (frame for frame in frames if frame.pts is not None)


def _frames(
    container: InputContainer, stream: Stream, kind: type[AnyFrame], health: Health
) -> Iterator[AnyFrame]:
    bad_in_a_row = 0
    for packet in packets(container, [stream], health):
        try:
            frames = packet.decode()
        except av.EOFError:
            return
        except DAMAGE:
            health.bad_packets += 1
            bad_in_a_row += 1
            if bad_in_a_row == MAX_BAD_PACKETS_IN_A_ROW:
                health.gave_up = f"{bad_in_a_row} damaged packets in a row"
                return
            continue
        bad_in_a_row = 0
        for frame in frames:
            if isinstance(frame, kind):
                yield frame


def _from(
    container: InputContainer, stream: Stream, kind: type[AnyFrame], at: Fraction, health: Health
) -> Iterator[AnyFrame]:
    for margin_s in SEEK_MARGINS_S:
        if seek(container, stream, at - margin_s):
            frames = _frames(container, stream, kind, health)
            first = next((frame for frame in frames if frame.pts is not None), None)
            if first is not None and _time(first) <= at:
                return chain([first], frames)
    seek(container, stream, Fraction(stream.start_time or 0) * (stream.time_base or 1) - SEEK_MARGINS_S[-1])
    return _frames(container, stream, kind, health)


def seek(container: InputContainer, stream: Stream, at: Fraction) -> bool:
    """Move to a keyframe near `at` (container time, seconds), mostly before it; False if it cannot."""
    wanted = int(at / (stream.time_base or Fraction(1, av.time_base)))
    # MPEG-TS needs a target before its start to get back to it, AVI refuses one.
    for ticks in (wanted, max(wanted, stream.start_time or 0)):
        with suppress(*DAMAGE):
            container.seek(ticks, stream=stream)
            return True
    return False


def _time(frame: Frame) -> Fraction:
    return (frame.pts or 0) * (frame.time_base or Fraction(0))
