"""The end of a recording: as the headers declare it, and as the packets say, which is true."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Final

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from edge.media.read.chain import chain_of
from edge.media.read.container import DECODE_ERRORS, open_container, select_streams
from edge.media.read.headers import xing_is_right
from edge.media.time import ticks_to_seconds

MediaStream = AudioStream | VideoStream

_DECLARE: Final = frozenset({"mov", "matroska", "flac", "wav"})
"""Containers whose headers declare the length."""
_GUESSED: Final = frozenset((
    "mp3", "aac", "ac3", "eac3", "dts", "amr", "mlp", "truehd", "loas",
    "mpegvideo", "h264", "hevc", "m4v", "obu",
))  # fmt: skip
"""Bare streams without timestamps, of which FFmpeg guesses the length by the bit rate."""
_STILL: Final = frozenset({"jpeg_pipe", "png_pipe", "webp_pipe", "bmp_pipe"})
"""Images, which have no length: FFmpeg gives their packet that of a frame at 25 a second."""
_FOUND_AT_END: Final = frozenset({"mpegts", "mpeg"})
"""Containers of which FFmpeg reads the last packets itself."""
_SAME_S: Final = Fraction(1, 10)
"""Seconds by which packets may differ from a right header: the last ones are padded."""
_BREAK_S: Final = 10
"""A packet so many seconds after all that is known has a damaged timestamp."""
_LAST_S: Final = Fraction(1, 2)
"""Seconds from the decoding of the last frame to the end of its display, at most."""
_TAIL_S: Final = 3
"""Seconds before the declared end from which packets are read."""


def declared_end(stream: Stream) -> Fraction | None:
    """Return the end of the stream in container seconds as declared by the headers; None if it is not."""
    if stream.duration is not None and stream.time_base is not None:
        return ((stream.start_time or 0) + stream.duration) * stream.time_base
    hours, _, rest = stream.metadata.get("DURATION", "").partition(":")  # Matroska: 00:01:02.500000000
    minutes, _, seconds = rest.partition(":")
    with suppress(ValueError):
        return int(hours) * 3600 + int(minutes) * 60 + Fraction(seconds.strip("\0 "))
    return None


def end_of(
    path: Path, container: InputContainer, streams: Sequence[MediaStream]
) -> tuple[Fraction, Fraction | None]:
    """Return the end of these streams and the one that a header declares (None without), container seconds.

    The end is that of the last packets if the header says otherwise. Those near the end that it says are
    read, or all where it says nothing; nothing is decoded.
    """
    kinds = set(container.format.name.split(","))
    said = _said(container, streams)
    declared = said if said and kinds & _DECLARE else None
    if (chain := chain_of(container)) is not None:
        return chain.end, None
    if not streams or kinds & _STILL or (said and _is_right(path, kinds, streams, said)):
        return said, declared
    indices = tuple(stream.index for stream in streams)
    near = None if kinds & _GUESSED or not said else said
    found = _measured(path, path.stat().st_mtime_ns, indices, near)
    return (found if found and (not near or abs(found - said) > _SAME_S) else said), declared


def _said(container: InputContainer, streams: Sequence[MediaStream]) -> Fraction:
    """Return the end in container seconds as FFmpeg knows or guesses it; 0 if it does not."""
    ends = [end for stream in streams if (end := declared_end(stream)) is not None]
    if ends:
        return max(ends)
    whole = Fraction(container.duration or 0, av.time_base)
    # Matroska's header holds the end, others hold the length.
    if whole and "matroska" not in container.format.name:
        whole += Fraction(container.start_time or 0, av.time_base)
    return whole


def _is_right(path: Path, kinds: set[str], streams: Sequence[MediaStream], said: Fraction) -> bool:
    """Return whether an end is right according to what FFmpeg has read already."""
    if "mov" not in kinds:
        return bool(kinds & _FOUND_AT_END) or ("mp3" in kinds and xing_is_right(path))
    # the index is in the header, of samples that are in the file if it is whole
    last = [stream.index_entries[-1] for stream in streams if len(stream.index_entries)]
    if len(last) < len(streams) or max(entry.pos + entry.size for entry in last) > path.stat().st_size:
        return False
    begins = max(
        ticks_to_seconds(entry.timestamp, stream.time_base)
        for stream, entry in zip(streams, last, strict=True)
    )
    return -_SAME_S < said - begins < _LAST_S


@lru_cache(maxsize=64)
def _measured(
    path: Path,
    modified_ns: int,
    indices: tuple[int, ...],
    near: Fraction | None,
) -> Fraction | None:
    """Return the end of the last packets; None if there are none."""
    with open_container(path) as container, suppress(*DECODE_ERRORS):
        streams = [stream for stream in container.streams if stream.index in indices]
        select_streams(container, streams)
        if near is not None:
            container.seek(int((near - _TAIL_S) * av.time_base))
            found = _last(container.demux(streams), near)
            if found is not None:
                return found
    with open_container(path) as container:
        return _last(container.demux([s for s in container.streams if s.index in indices]), near)


def _last(packets: Iterable[Packet[Stream]], near: Fraction | None) -> Fraction | None:
    """Return the latest end of packets that follow one another; None if there are none."""
    last: Fraction | None = None
    with suppress(*DECODE_ERRORS):
        for packet in packets:
            if packet.size == 0 or packet.is_discard:
                continue
            ticks = packet.pts if packet.pts is not None else packet.dts
            time = ticks_to_seconds(ticks, packet.time_base)
            if last is not None and time > max(last, near or last) + _BREAK_S:
                continue
            last = max(last or time, time + ticks_to_seconds(packet.duration, packet.time_base))
    return last
