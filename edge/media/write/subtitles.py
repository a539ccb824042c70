"""Carry the subtitle tracks and attachments of a recording, such as fonts, into what is made of it.

Text is copied where the file can hold its codec, and else written in the file's own: `TEXT_CODECS`.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Final, cast

from av.container import OutputContainer
from av.packet import Packet
from av.stream import Stream
from av.subtitles.stream import SubtitleStream
from av.subtitles.subtitle import AssSubtitle

from edge.media.read.container import DECODE_ERRORS, open_container, select_streams
from edge.media.read.decoding import packets
from edge.media.read.others import OtherStream
from edge.media.read.report import DecodeReport
from edge.media.time import pts_seconds
from edge.media.write.encode import Track
from edge.media.write.plan import ClipRange, RenderPlan
from edge.text.markup import lines_of_ass, srt_text, untagged, vtt_text

SUBTITLES: Final = {
    "matroska": frozenset({"srt", "subrip", "ass", "ssa", "webvtt"}),
    "webm": frozenset({"webvtt"}),
    "mp4": frozenset({"mov_text"}),
    "mov": frozenset({"mov_text"}),
}
"""Codecs of subtitles (decoders' names) that are copied, by muxer."""

TEXT_CODECS: Final = {"matroska": "subrip", "webm": "webvtt", "mp4": "mov_text", "mov": "mov_text"}
"""Codec in which text is written, by muxer."""

STYLED: Final = frozenset({"ass", "ssa"})
"""Codecs of text with styles, which are lost in any other."""
TEXTS: Final = frozenset({"srt", "subrip", "text", "webvtt", "mov_text", *STYLED})
"""Codecs of text (decoders' names), which are converted."""

CARRIED_TAGS: Final = frozenset({"language", "title"})
"""Tags of a subtitle stream that are carried."""

_TICK = Fraction(1, 1000)

_HEADER = b"""[Script Info]
ScriptType: v4.00+
PlayResX: 384
PlayResY: 288
[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, Alignment
Style: Default,Arial,16,&Hffffff,2
[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""
"""Style of text, as encoders take it: the values of FFmpeg for subtitles without one."""


def is_carried(stream: OtherStream, muxer: str) -> bool:
    """Return whether a stream of a single recording is carried into a video file of this muxer."""
    if stream.kind == "subtitle track":
        return stream.codec in SUBTITLES.get(muxer, ()) or is_converted(stream.codec, muxer)
    return stream.kind == "attachment" and muxer == "matroska"


def is_converted(codec: str, muxer: str) -> bool:
    """Return whether subtitles of a codec are carried as those of another."""
    return muxer in SUBTITLES and codec in TEXTS and codec not in SUBTITLES[muxer]


def loses_style(stream: OtherStream, muxer: str) -> bool:
    """Return whether a subtitle track is carried as plain text although it has styles."""
    return stream.codec in STYLED and is_converted(stream.codec, muxer)


def add_text_stream(out: OutputContainer, muxer: str) -> SubtitleStream:
    """Add a stream of text in the codec of the muxer; its packets are those of `text_packet`."""
    stream = cast(SubtitleStream, out.add_stream(TEXT_CODECS[muxer]))
    stream.codec_context.subtitle_header = _HEADER
    return stream


def text_data(lines: Sequence[str], muxer: str) -> bytes:
    """Return lines of plain text as a packet of the muxer's codec has them."""
    codec = TEXT_CODECS[muxer]
    if codec == "mov_text":
        text = untagged("\n".join(lines)).encode()
        return len(text).to_bytes(2, "big") + text
    return (srt_text if codec == "subrip" else vtt_text)(lines).encode()


def lines_in(packet: Packet[Stream]) -> list[str]:
    """Return the lines of text of a packet of subtitles; none if it is damaged."""
    try:
        shown = [one for one in packet.decode() if isinstance(one, AssSubtitle)]
    except DECODE_ERRORS:
        return []
    return [
        line for one in shown for line in lines_of_ass(one.ass.decode(errors="replace").split(",", 8)[-1])
    ]


def subtitle_tracks(plan: RenderPlan, out: OutputContainer) -> list[Track]:
    """Return a track for each subtitle stream that the output can hold, and one that adds the attachments.

    Nothing is returned for several recordings: their tracks do not belong together.
    """
    info = plan.ranges[0].info
    carried = [one for one in info.others if is_carried(one, plan.target.muxer)]
    if len({range_.info.path for range_ in plan.ranges}) > 1:
        return []
    subtitles = [_subtitles(plan.ranges, one.index, out) for one in carried if one.kind == "subtitle track"]
    return [*subtitles, _attachments(info.path, out)] if len(carried) > len(subtitles) else subtitles


def _attachments(path: Path, out: OutputContainer) -> Track:
    """Add the attachments before the first packet is written."""
    with open_container(path) as container:
        for stream in container.streams.attachments:
            kind = stream.mimetype or "application/octet-stream"
            out.add_attachment(stream.name or "attachment", kind, stream.data)
    yield Fraction(0), []


def _subtitles(ranges: Sequence[ClipRange], index: int, out: OutputContainer) -> Track:
    """Yield the subtitles of the ranges, cut to them."""
    info = ranges[0].info
    with open_container(info.path) as container:
        stream, muxer = container.streams[index], out.format.name
        convert = is_converted(stream.codec_context.name, muxer)
        copy = add_text_stream(out, muxer) if convert else out.add_stream_from_template(stream)
        copy.metadata.update({name: text for name, text in stream.metadata.items() if name in CARRIED_TAGS})
        select_streams(container, [stream])
        shown = [
            (pts_seconds(packet) - info.origin, length_of(packet), data)
            for packet in packets(container, [stream], DecodeReport())
            if packet.size and packet.pts is not None and (data := packet_data(packet, muxer, convert))
        ]
    for range_ in ranges:
        for start, length, data in shown:
            first, last = max(start, range_.start), min(start + length, range_.end)
            if first < last:
                at = range_.time_of(first)
                yield at, [text_packet(data, at, range_.time_of(last) - at, copy)]
    yield ranges[-1].at + ranges[-1].length, []


def packet_data(packet: Packet[Stream], muxer: str, convert: bool) -> bytes:
    """Return what a packet of subtitles holds, in the codec of the muxer with `convert`; b"" without text."""
    if not convert:
        return bytes(packet)
    lines = lines_in(packet)
    return text_data(lines, muxer) if lines else b""


def length_of(packet: Packet[Stream]) -> Fraction:
    """Return how long a packet is shown, in seconds."""
    return (packet.duration or 0) * (packet.time_base or _TICK)


def text_packet(data: bytes, at: Fraction, length: Fraction, stream: Stream) -> Packet[Stream]:
    """Return a packet of a stream of subtitles; `at` and `length` are seconds."""
    packet: Packet[Stream] = Packet(data)
    packet.time_base = _TICK
    packet.pts = packet.dts = round(at / _TICK)
    packet.duration = round(length / _TICK)
    packet.stream = stream
    return packet
