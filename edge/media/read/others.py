"""What a recording holds besides audio and video: chapters, subtitles, attachments, cover images."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream as AvVideoStream

from edge.media.read.limits import limits, trimmed_tags


@dataclass(frozen=True, slots=True)
class Chapter:
    """A chapter of a recording."""

    start: Fraction
    """Start in seconds of the recording."""
    end: Fraction
    """End in seconds of the recording."""
    title: str
    """Title; empty without."""


@dataclass(frozen=True, slots=True)
class OtherStream:
    """A stream that is neither decoded nor made anew."""

    index: int
    """Index of the stream in the container."""
    kind: str
    """"subtitle track", "attachment", "cover image", "video stream", "data stream"."""
    codec: str
    """FFmpeg's name of the decoder; empty without."""


def read_chapters(container: InputContainer, origin: Fraction) -> Iterator[Chapter]:
    """Yield the chapters that last at all; times before the first frame count from it."""
    for chapter in container.chapters()[: limits().chapters]:
        base = chapter["time_base"] or Fraction(0)
        start, end = (max(Fraction(0), chapter[name] * base - origin) for name in ("start", "end"))
        if start < end:
            yield Chapter(start, end, trimmed_tags(chapter["metadata"].items()).get("title", ""))


def other_streams(container: InputContainer, video: AvVideoStream | None) -> Iterator[OtherStream]:
    """Yield the streams that are neither decoded nor made anew, as chapters and time code are."""
    texts = [stream for stream in container.streams if stream.type == "data"]
    if container.chapters() and "mov" in container.format.name.split(",") and texts:
        texts.pop()  # the track that chapters were read from
    for stream in container.streams:
        still = stream.disposition & (Disposition.attached_pic | Disposition.timed_thumbnails)
        kinds = {"video": "cover image" if still else "video stream", "subtitle": "subtitle track"}
        is_made = stream is video or stream.type == "audio" or "timecode" in stream.metadata
        if not is_made and (stream.type != "data" or stream in texts):
            codec: object = stream.codec_context  # None without a decoder, which PyAV's stub omits
            name = stream.codec_context.name if codec is not None else ""
            kind = kinds.get(stream.type, "data stream" if stream.type == "data" else stream.type)
            yield OtherStream(stream.index, kind, name)
