"""Probe a recording: its streams, its length, and the origin of its time."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from os import PathLike
from pathlib import Path
from typing import Final

from av.audio.stream import AudioStream as AvAudioStream
from av.container import InputContainer
from av.frame import Frame
from av.stream import Disposition, Stream
from av.video.frame import VideoFrame
from av.video.reformatter import ColorTrc
from av.video.stream import VideoStream as AvVideoStream

from edge.media.read.container import (
    DECODE_ERRORS,
    as_input_error,
    best_video_stream,
    decodable,
    open_container,
)
from edge.media.read.extent import MediaStream, end_of
from edge.media.read.limits import hold_to_length, trimmed_tags
from edge.media.read.others import Chapter, OtherStream, other_streams, read_chapters
from edge.media.read.rate import usual_rate
from edge.media.time import pts_seconds, ticks_to_seconds
from edge.media.timecode import Timecode, timecode_of

_FIRST_FRAME_PACKETS = 3000
"""Packets searched for each stream's first frame: about 30 s of audio and video."""

_RATE_PACKETS = 120
"""Packets of video of which the intervals are looked at: rounded to 1 ms they tell 30 from 29.97."""
_RATE_ENTRIES = 3000
"""Entries of an index that are looked at instead."""
_ROLES: Final = {
    Disposition.dub: "dub",
    Disposition.comment: "commentary",
    Disposition.visual_impaired: "description",
    Disposition.descriptions: "description",
}
_TITLES: Final = {"commentary": "commentary", "description": "description", "descriptive": "description"}
"""Words in a title that say the same: many files have no flags."""
_HDR: dict[int, str] = {ColorTrc.SMPTE2084: "pq", ColorTrc.ARIB_STD_B67: "hlg"}


@dataclass(frozen=True, slots=True)
class AudioStream:
    """Properties of an audio stream."""

    index: int
    """Index of the stream in the container."""
    codec: str
    """FFmpeg's name of the codec, as "av1", not of its decoder."""
    rate_hz: int
    """Sample rate."""
    channels: int
    """Number of channels."""
    layout: str
    """FFmpeg's name of the channel layout."""
    language: str | None
    """Language tag in the container; None if it is undetermined."""
    start: Fraction
    """Start in seconds of the recording."""
    lossless: bool
    """Whether the codec is lossless."""
    sample_format: str
    """FFmpeg's name of the decoded format: "u8", "s16", "s32", "flt", "dbl", with a "p" if planar."""
    role: str | None = None
    """"dub", "commentary" or "description", if the container marks it as that; None for any other."""


@dataclass(frozen=True, slots=True)
class VideoStream:
    """Properties of a video stream."""

    index: int
    """Index of the stream in the container."""
    codec: str
    """FFmpeg's name of the codec, as "av1", not of its decoder."""
    width: int
    """Width of the upright frame in pixels."""
    height: int
    """Height of the upright frame in pixels."""
    rotation: int
    """Counter-clockwise rotation that makes the coded frame upright: 0, 90, 180 or 270 degrees."""
    rate: Fraction | None
    """Nominal frames per second, those of the usual interval; None if unknown."""
    pixel_aspect: Fraction
    """Width over height of a pixel of the upright frame."""
    start: Fraction
    """Start in seconds of the recording."""
    bits: int = 8
    """Bits per sample."""
    hdr: str | None = None
    """High dynamic range: "hlg" or "pq" (ITU-R BT.2100); None for a standard one."""


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """Properties of a media file."""

    path: Path
    """Path of the file."""
    format: str
    """FFmpeg's name of the container format."""
    origin: Fraction
    """Container time of the first presented sample or video frame; all other times are relative to it."""
    duration_s: float
    """Length in seconds: the end of the last packet, whatever the headers say; 0 if unknown."""
    declared_s: float | None
    """Length in seconds that a header declares, so that a shorter file is truncated; None without."""
    audio: tuple[AudioStream, ...]
    """Decodable audio streams, the default one first."""
    video: VideoStream | None
    """The best stream of moving images; None without."""
    metadata: dict[str, str]
    """Container tags."""
    timecode: Timecode | None = None
    """Time code of the first frame, or sample, that the recorder wrote; None without."""
    chapters: tuple[Chapter, ...] = ()
    """Chapters in order."""
    others: tuple[OtherStream, ...] = ()
    """Streams besides audio, the video and time code."""

    def audio_stream(self, index: int | None = None) -> AudioStream | None:
        """Return the audio stream with a container index, or the default one; None if there is none."""
        if index is None:
            return self.audio[0] if self.audio else None
        return next((stream for stream in self.audio if stream.index == index), None)


def probe(path: str | PathLike[str]) -> MediaInfo:
    """Describe a recording by its header, the first frame of each stream, and its last packets.

    Decoding the first frames is necessary, because encoder delay and edit lists, which determine the origin,
    are applied while decoding, and so is the rotation. Raises InputError.
    """
    with open_container(path) as container, as_input_error(Path(path)):
        return _describe(Path(path), container)


def _describe(path: Path, container: InputContainer) -> MediaInfo:
    audio = _audio_streams(container)
    video = best_video_stream(container)
    streams: list[MediaStream] = [*audio, *([video] if video else [])]
    first, shown = _first_frames(container, streams)
    starts = {stream.index: _start(stream, first.get(stream.index)) for stream in [*audio, video] if stream}
    origin = min(starts.values(), default=Fraction(0))
    end, declared = end_of(path, container, streams)
    hold_to_length(path, float(end - origin))
    rate = _rate(container, video, shown) if video else None
    return MediaInfo(
        path=path,
        format=container.format.name,
        origin=origin,
        duration_s=float(max(end - origin, Fraction(0))),
        declared_s=None if declared is None else float(declared - origin),
        audio=tuple(_audio_stream(stream, starts[stream.index] - origin) for stream in audio),
        video=_video_stream(video, first.get(video.index), starts[video.index] - origin, rate)
        if video
        else None,
        metadata=trimmed_tags(container.metadata.items()),
        timecode=_timecode(container, rate, audio),
        chapters=tuple(read_chapters(container, origin)),
        others=tuple(other_streams(container, video)),
    )


def _audio_streams(container: InputContainer) -> list[AvAudioStream]:
    """Return decodable audio streams, FFmpeg's default (by disposition, channels, bit rate) first."""
    best = container.streams.best("audio")
    usable = [s for s in container.streams.audio if decodable(s) and _has_format(s)]
    return sorted(usable, key=lambda s: (best is None or s.index != best.index, s.index))


def _has_format(stream: AvAudioStream) -> bool:
    """Return whether it is known what is decoded; of a damaged stream it may not be."""
    form: object = stream.format  # None then, which PyAV's stub omits
    return bool(stream.rate and stream.channels) and form is not None


def _first_frames(
    container: InputContainer, streams: Sequence[MediaStream]
) -> tuple[dict[int, Frame], list[int]]:
    """Return the first decoded frame by container index, and timestamps of the first packets of video.

    Streams that have none early enough are left out.
    """
    first: dict[int, Frame] = {}
    shown: list[int] = []
    if not streams:
        return first, shown
    moving = any(isinstance(stream, AvVideoStream) for stream in streams)
    wanted = _RATE_PACKETS if moving and not _is_indexed(container) else 0
    with suppress(*DECODE_ERRORS):
        for count, packet in enumerate(container.demux(streams)):
            if packet.stream_index not in first:
                with suppress(*DECODE_ERRORS):
                    frames = (f for f in packet.decode() if isinstance(f, Frame) and f.pts is not None)
                    first.update((packet.stream_index, frame) for frame in islice(frames, 1))
            if packet.stream.type == "video" and packet.pts is not None:
                shown.append(packet.pts)
            if (len(first) == len(streams) and len(shown) >= wanted) or count > _FIRST_FRAME_PACKETS:
                break
    return first, shown


def _is_indexed(container: InputContainer) -> bool:
    """Return whether the header has the times of all frames."""
    return "mov" in container.format.name.split(",")


def _rate(container: InputContainer, video: AvVideoStream, shown: list[int]) -> Fraction | None:
    """Return the nominal frame rate, from an index in the header or from the first timestamps."""
    if _is_indexed(container):
        entries = video.index_entries
        shown = [entries[k].timestamp for k in range(min(len(entries), _RATE_ENTRIES))]
    return usual_rate(shown, video.time_base or Fraction(1), video.average_rate or None)


def _start(stream: Stream, frame: Frame | None) -> Fraction:
    if frame is not None and frame.pts is not None and frame.time_base is not None:
        return pts_seconds(frame)
    return ticks_to_seconds(stream.start_time, stream.time_base)


def _timecode(
    container: InputContainer, rate: Fraction | None, audio: list[AvAudioStream]
) -> Timecode | None:
    """Return the time code of the first frame, or sample, that a recorder wrote; None without."""
    tags = [container.metadata, *(stream.metadata for stream in container.streams)]
    texts = [text for each in tags for name, text in each.items() if name.lower() == "timecode"]
    found = [code for text in texts if rate and (code := timecode_of(text, rate))]
    samples = container.metadata.get("time_reference", "")  # of Broadcast WAV, since midnight
    if not found and audio and samples.isdecimal() and int(samples):
        return Timecode(int(samples), Fraction(audio[0].rate))
    return found[0] if found else None


def _audio_stream(stream: AvAudioStream, start: Fraction) -> AudioStream:
    language = stream.metadata.get("language")
    codec = stream.codec_context.codec
    return AudioStream(
        index=stream.index,
        codec=codec.canonical_name,
        rate_hz=stream.rate,
        channels=stream.channels,
        layout=stream.layout.name,
        language=None if language in {None, "", "und"} else language,
        start=start,
        lossless=bool(codec.lossless and not codec.lossy),
        sample_format=stream.format.name,
        role=_role(stream),
    )


def _role(stream: AvAudioStream) -> str | None:
    marked = (role for flag, role in _ROLES.items() if stream.disposition & flag)
    titles = [stream.metadata.get(name, "").lower() for name in ("title", "handler_name")]
    named = (role for word, role in _TITLES.items() if any(word in title for title in titles))
    return next(marked, None) or next(named, None)


def _video_stream(
    stream: AvVideoStream, frame: Frame | None, start: Fraction, rate: Fraction | None
) -> VideoStream:
    rotation = round(frame.rotation / 90) % 4 * 90 if isinstance(frame, VideoFrame) else 0
    turned = rotation in {90, 270}
    width, height = (stream.height, stream.width) if turned else (stream.width, stream.height)
    aspect = stream.sample_aspect_ratio or Fraction(1)
    return VideoStream(
        index=stream.index,
        codec=stream.codec_context.codec.canonical_name,
        width=width,
        height=height,
        rotation=rotation,
        rate=rate,
        pixel_aspect=1 / aspect if turned else aspect,
        start=start,
        bits=stream.format.components[0].bits if stream.format else 8,
        hdr=_HDR.get(frame.color_trc if isinstance(frame, VideoFrame) else stream.codec_context.color_trc),
    )
