"""What is in a recording: its streams, its length, and the instant at which its time begins."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from os import PathLike
from pathlib import Path

import av
from av.audio.stream import AudioStream as AvAudioStream
from av.container import InputContainer
from av.frame import Frame
from av.stream import Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream as AvVideoStream

from edge.media.read.container import (
    DECODE_ERRORS,
    as_input_error,
    best_video_stream,
    decodable,
    open_container,
)
from edge.media.time import pts_seconds, ticks_to_seconds

_FIRST_FRAME_PACKETS = 3000
"""Packets searched for each stream's first frame: about 30 s of audio and video frame."""


@dataclass(frozen=True, slots=True)
class AudioStream:
    """One audio stream. `start` is seconds after the recording's zero; `lossless` is about its codec."""

    index: int
    codec: str
    rate_hz: int
    channels: int
    layout: str
    language: str | None
    start: Fraction
    lossless: bool
    sample_format: str
    """FFmpeg's name of what the decoder gives: "u8", "s16", "s32", "flt", "dbl", planar with a "p"."""


@dataclass(frozen=True, slots=True)
class VideoStream:
    """The video stream. `width` x `height` is upright, in pixels; `start` is seconds after zero.

    `rotation` (0, 90, 180 or 270 degrees counter-clockwise) makes the coded frame upright.
    """

    index: int
    codec: str
    width: int
    height: int
    rotation: int
    rate: Fraction | None
    pixel_aspect: Fraction
    start: Fraction


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """What a recording holds. The first of `audio` is the one analysed by default.

    `origin` is the container's time of the first instant at which anything is seen or heard; all other times
    are relative to it.
    """

    path: Path
    format: str
    origin: Fraction
    duration_s: float
    duration_is_declared: bool
    """True where the header promises the length, so that a shorter file has lost its end."""
    audio: tuple[AudioStream, ...]
    video: VideoStream | None
    metadata: dict[str, str]

    def audio_stream(self, index: int | None = None) -> AudioStream | None:
        """The audio stream with that container index, or the default one; None if there is none."""
        if index is None:
            return self.audio[0] if self.audio else None
        return next((stream for stream in self.audio if stream.index == index), None)


def probe(path: str | PathLike[str]) -> MediaInfo:
    """Describe a recording by its header and the first frame of each stream.

    First frames, because only they tell the true first instant (encoder delay and edit lists are applied
    while decoding) and the rotation. Raises InputError.
    """
    with open_container(path) as container, as_input_error(Path(path)):
        return _describe(Path(path), container)


def _describe(path: Path, container: InputContainer) -> MediaInfo:
    audio = _audio_streams(container)
    video = best_video_stream(container)
    first = _first_frames(container, [*audio, *([video] if video else [])])
    starts = {stream.index: _start(stream, first.get(stream.index)) for stream in [*audio, video] if stream}
    origin = min(starts.values(), default=Fraction(0))
    duration, declared = _duration(container, origin, audio, video)
    return MediaInfo(
        path=path,
        format=container.format.name,
        origin=origin,
        duration_s=float(duration),
        duration_is_declared=declared,
        audio=tuple(_audio_stream(stream, starts[stream.index] - origin) for stream in audio),
        video=_video_stream(video, first.get(video.index), starts[video.index] - origin) if video else None,
        metadata=dict(container.metadata),
    )


def _audio_streams(container: InputContainer) -> list[AvAudioStream]:
    """Decodable audio streams, FFmpeg's favourite (by disposition, channels, bit rate) first."""
    best = container.streams.best("audio")
    usable = [s for s in container.streams.audio if decodable(s) and s.rate and s.channels]
    return sorted(usable, key=lambda s: (best is None or s.index != best.index, s.index))


def _first_frames(
    container: InputContainer, streams: Sequence[AvAudioStream | AvVideoStream]
) -> dict[int, Frame]:
    """Container index -> first frame decoded, for the streams that yield one soon enough."""
    first: dict[int, Frame] = {}
    if not streams:
        return first
    with suppress(*DECODE_ERRORS):
        for count, packet in enumerate(container.demux(streams)):
            if packet.stream_index not in first:
                with suppress(*DECODE_ERRORS):
                    frames = (f for f in packet.decode() if isinstance(f, Frame) and f.pts is not None)
                    first.update((packet.stream_index, frame) for frame in islice(frames, 1))
            if len(first) == len(streams) or count > _FIRST_FRAME_PACKETS:
                break
    return first


def _start(stream: Stream, frame: Frame | None) -> Fraction:
    if frame is not None and frame.pts is not None and frame.time_base is not None:
        return pts_seconds(frame)
    return ticks_to_seconds(stream.start_time, stream.time_base)


def _duration(
    container: InputContainer, origin: Fraction, audio: list[AvAudioStream], video: AvVideoStream | None
) -> tuple[Fraction, bool]:
    """Seconds from zero to the last end, and whether a header promised it (else it was found by reading)."""
    ends = [end for s in [*audio, video] if s is not None and (end := declared_end(s)) is not None]
    declared = bool({"mov", "matroska", "flac", "wav"} & set(container.format.name.split(",")))
    if ends:
        return max(ends) - origin, declared
    whole = Fraction(container.duration or 0, av.time_base)
    # Matroska's header holds the end, others hold the length.
    if "matroska" not in container.format.name:
        whole += Fraction(container.start_time or 0, av.time_base)
    return max(whole - origin, Fraction(0)), declared and whole > 0


def declared_end(stream: Stream) -> Fraction | None:
    """Where the headers say the stream ends, in container time (seconds), if they say."""
    if stream.duration is not None and stream.time_base is not None:
        return ((stream.start_time or 0) + stream.duration) * stream.time_base
    hours, _, rest = stream.metadata.get("DURATION", "").partition(":")  # Matroska: 00:01:02.500000000
    minutes, _, seconds = rest.partition(":")
    with suppress(ValueError):
        return int(hours) * 3600 + int(minutes) * 60 + Fraction(seconds.strip("\0 "))
    return None


def _audio_stream(stream: AvAudioStream, start: Fraction) -> AudioStream:
    language = stream.metadata.get("language")
    codec = stream.codec_context.codec
    return AudioStream(
        index=stream.index,
        codec=stream.codec_context.name,
        rate_hz=stream.rate,
        channels=stream.channels,
        layout=stream.layout.name,
        language=None if language in {None, "", "und"} else language,
        start=start,
        lossless=bool(codec.lossless and not codec.lossy),
        sample_format=stream.format.name,
    )


def _video_stream(stream: AvVideoStream, frame: Frame | None, start: Fraction) -> VideoStream:
    rotation = round(frame.rotation / 90) % 4 * 90 if isinstance(frame, VideoFrame) else 0
    turned = rotation in {90, 270}
    width, height = (stream.height, stream.width) if turned else (stream.width, stream.height)
    aspect = stream.sample_aspect_ratio or Fraction(1)
    return VideoStream(
        index=stream.index,
        codec=stream.codec_context.name,
        width=width,
        height=height,
        rotation=rotation,
        rate=stream.average_rate or None,
        pixel_aspect=1 / aspect if turned else aspect,
        start=start,
    )
