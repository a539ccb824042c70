"""Carry the subtitle tracks and attachments of a recording, such as fonts, into what is made of it."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Final

from av.container import OutputContainer
from av.packet import Packet
from av.stream import Stream

from edge.media.read.container import open_container, select_streams
from edge.media.read.decoding import packets
from edge.media.read.others import OtherStream
from edge.media.read.report import DecodeReport
from edge.media.time import pts_seconds
from edge.media.write.encode import Packets, Track
from edge.media.write.plan import ClipRange, RenderPlan

SUBTITLES: Final = {
    "matroska": frozenset({"srt", "subrip", "ass", "ssa", "webvtt"}),
    "webm": frozenset({"webvtt"}),
    "mp4": frozenset({"mov_text"}),
    "mov": frozenset({"mov_text"}),
}
"""Codecs of subtitles (decoders' names) that are copied, by muxer."""

CARRIED_TAGS: Final = frozenset({"language", "title"})
"""Tags of a subtitle stream that are carried."""

_TICK = Fraction(1, 1000)


def is_carried(stream: OtherStream, muxer: str) -> bool:
    """Return whether a stream of a single recording is copied into a file of this muxer."""
    if stream.kind == "subtitle track":
        return stream.codec in SUBTITLES.get(muxer, ())
    return stream.kind == "attachment" and muxer == "matroska"


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
        stream = container.streams[index]
        copy = out.add_stream_from_template(stream)
        copy.metadata.update({name: text for name, text in stream.metadata.items() if name in CARRIED_TAGS})
        select_streams(container, [stream])
        shown = [
            (pts_seconds(packet) - info.origin, _length(packet), bytes(packet))
            for packet in packets(container, [stream], DecodeReport())
            if packet.size and packet.pts is not None
        ]
    for range_ in ranges:
        for start, length, data in shown:
            first, last = max(start, range_.start), min(start + length, range_.end)
            if first < last:
                at = range_.time_of(first)
                yield at, _packets(data, at, range_.time_of(last) - at, copy)
    yield ranges[-1].at + ranges[-1].length, []


def _length(packet: Packet[Stream]) -> Fraction:
    return (packet.duration or 0) * (packet.time_base or _TICK)


def _packets(data: bytes, at: Fraction, length: Fraction, copy: Stream) -> Packets:
    packet: Packet[Stream] = Packet(data)
    packet.time_base = _TICK
    packet.pts = packet.dts = round(at / _TICK)
    packet.duration = round(length / _TICK)
    packet.stream = copy
    return [packet]
