"""Limits on what a media file may ask for, so that a few damaged or malicious bytes cost little.

They are far above any real recording. A file beyond one is refused, or read up to it, and the report says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from av.container import InputContainer

from edge.errors import InputError, UsageError


@dataclass(frozen=True, slots=True)
class MediaLimits:
    """Largest values of what a media file may hold; pass larger ones to `set_limits` for larger files."""

    duration_s: float = 48 * 3600.0
    """Length of a recording in seconds; what lies beyond is not decoded."""
    streams: int = 256
    """Number of streams; a recording of 30 programs has some 100, a film with its fonts too."""
    channels: int = 64
    """Number of channels of an audio stream."""
    lowest_rate_hz: int = 1000
    """Lowest sample rate: at a lower one a small file would be days long."""
    highest_rate_hz: int = 768_000
    """Highest sample rate, which the finest recorders have."""
    pixels: int = 1 << 26
    """Pixels of a video frame, coded; 8K has 33 million. A change in mid-stream is held to it too."""
    chapters: int = 4096
    """Number of chapters; the others are left out."""
    tag_bytes: int = 1 << 16
    """UTF-8 bytes of a tag; the rest is left out. Lyrics and histories of codings are shorter."""
    tags_bytes: int = 1 << 20
    """UTF-8 bytes of all tags of a file or of a stream, with their names; the other tags are left out."""
    idle_packets: int = 200_000
    """Packets in a row from which no frame is decoded, after which decoding stops."""
    answer_s: float = 120.0
    """Seconds in which a decoding process must go on, see `edge.media.read.child`."""
    memory_bytes: int = 4 << 30
    """Address space of a decoding process; 8K in HEVC takes half of it."""

    def __post_init__(self) -> None:
        if not all(value > 0 for value in (getattr(self, name) for name in self.__slots__)):
            raise UsageError("limits of media must be above 0")


_limits = MediaLimits()


def limits() -> MediaLimits:
    """Return the limits of this process."""
    return _limits


def set_limits(chosen: MediaLimits) -> MediaLimits:
    """Set the limits of this process, for files opened from now on; return those before."""
    global _limits
    before, _limits = _limits, chosen
    return before


def hold_to_limits(path: Path, container: InputContainer) -> None:
    """Refuse an opened file that is beyond the limits, and have its decoders refuse larger frames.

    Raises InputError.
    """
    allowed = limits()
    if len(container.streams) > allowed.streams:
        raise InputError(path, _beyond(f"has {len(container.streams)} streams", f"{allowed.streams}"))
    for stream in container.streams.video:
        context: object = stream.codec_context  # None without a decoder, which PyAV's stub omits
        if context is None:
            continue
        if stream.width * stream.height > allowed.pixels:
            size = f"has frames of {stream.width} x {stream.height} pixels"
            raise InputError(path, _beyond(size, f"{allowed.pixels} pixels"))
        stream.codec_context.options = {**stream.codec_context.options, "max_pixels": str(allowed.pixels)}
    for sound in container.streams.audio:
        context = sound.codec_context
        if context is None or not sound.rate:
            continue
        if not allowed.lowest_rate_hz <= sound.rate <= allowed.highest_rate_hz:
            rates = f"{allowed.lowest_rate_hz} to {allowed.highest_rate_hz} Hz"
            raise InputError(path, _beyond(f"has audio at {sound.rate} Hz", rates))
        if sound.channels > allowed.channels:
            raise InputError(path, _beyond(f"has {sound.channels} audio channels", f"{allowed.channels}"))


def hold_to_length(path: Path, seconds: float) -> None:
    """Refuse a recording that is longer than the limit. Raises InputError."""
    if seconds > limits().duration_s:
        allowed = f"{limits().duration_s / 3600:g} h"
        raise InputError(path, _beyond(f"claims to last {seconds / 3600:.0f} h", allowed))


def trimmed_tags(tags: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return tags, each and all together within the limits."""
    kept: dict[str, str] = {}
    left = limits().tags_bytes
    for name, text in tags:
        short = _trimmed(text)
        left -= len(name.encode(errors="replace")) + len(short.encode(errors="replace"))
        if left < 0:
            break
        kept[name] = short
    return kept


def _trimmed(text: str) -> str:
    most = limits().tag_bytes
    return text.encode(errors="replace")[:most].decode(errors="ignore") if 4 * len(text) > most else text


def _beyond(what: str, allowed: str) -> str:
    return f"{what}; allowed are {allowed}: it is damaged, or convert it first"
