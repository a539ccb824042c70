"""Copy the packets of a span into a new file without encoding: fast, lossless, from a keyframe on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from av.audio.stream import AudioStream as AvAudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream as AvVideoStream

from edge.errors import InputError, UsageError
from edge.media.read.container import best_video_stream, open_container, select_streams
from edge.media.read.decoding import SEEK_MARGINS_S, packets, seek
from edge.media.read.report import DecodeReport
from edge.media.write.extras import carry_chapters
from edge.media.write.plan import RenderPlan
from edge.media.write.timecode import carry_timecode

LEAD_S = 1
"""Seconds read before the keyframe, because its audio may be stored earlier in the file."""

UNADVERTISED = {"ogg": {"opus", "flac"}}
"""Codecs (decoders' names) that a muxer accepts although FFmpeg's query omits them."""


@dataclass(frozen=True, slots=True)
class Copied:
    """The span that was copied."""

    start: Fraction
    """Seconds of the recording."""
    end: Fraction
    """Seconds of the recording."""
    video_frames: int
    """Number of video frames copied."""


def copy_packets(plan: RenderPlan, out: OutputContainer) -> Copied:
    """Copy the plan's single range, from the last keyframe at or before its start to its end.

    Raises UsageError if the output's container cannot hold the codecs, InputError if the range is empty.
    """
    (range_,), video_frames = plan.ranges, 0
    origin = range_.info.origin
    with open_container(range_.info.path) as container:
        streams = _streams(container, plan)
        _refuse_unfit(streams, plan, out)
        select_streams(container, streams)
        begin = _entry(container, streams[0], origin + range_.start)
        copies = {stream.index: _copy_of(stream, plan, out) for stream in streams}
        carry_timecode(plan, out, begin - origin)
        carry_chapters(plan, out)
        end = begin
        for packet in _packets_between(container, streams, begin, origin + range_.end):
            end = max(end, packet_time(packet) + (packet.duration or 0) * packet.time_base)
            video_frames += isinstance(packet.stream, AvVideoStream)
            move(packet, -begin)
            packet.stream = copies[packet.stream_index]
            out.mux(packet)
    return Copied(begin - origin, end - origin, video_frames)


def _streams(container: InputContainer, plan: RenderPlan) -> list[AvVideoStream | AvAudioStream]:
    """Return the streams to copy, first the one that determines the start."""
    video = best_video_stream(container) if plan.video else None
    by_index = {stream.index: stream for stream in container.streams.audio}
    streams: list[AvVideoStream | AvAudioStream] = [video] if video else []
    streams += [by_index[sources[0].index] for sources in plan.audio_tracks if sources[0]]
    if not streams:
        raise InputError(plan.ranges[0].info.path, f"has nothing to copy into a {plan.target.muxer} file")
    return streams


def _refuse_unfit(streams: Sequence[Stream], plan: RenderPlan, out: OutputContainer) -> None:
    fits = out.supported_codecs | UNADVERTISED.get(plan.target.muxer, set())
    for stream in streams:
        codec = stream.codec_context.name
        if codec not in fits:
            what = f"{codec} cannot be copied into a {plan.target.muxer} file"
            raise UsageError(f"{plan.ranges[0].info.path}: {what}; encode instead, or choose .mkv")


def _copy_of(stream: AvVideoStream | AvAudioStream, plan: RenderPlan, out: OutputContainer) -> Stream:
    copy = out.add_stream_from_template(stream, opaque=True)
    if isinstance(copy, AvVideoStream) and plan.video and plan.video.rotation:
        copy.set_display_rotation(plan.video.rotation)
    return copy


def _entry(container: InputContainer, stream: Stream, at: Fraction) -> Fraction:
    """Return the time of the stream's last keyframe at or before `at`; `at` if the stream begins later."""
    for margin_s in SEEK_MARGINS_S:
        entry: Fraction | None = None
        if seek(container, stream, at - margin_s):
            for packet in packets(container, [stream], DecodeReport()):
                if packet.size == 0 or _decoded_at(packet) > at:
                    break
                if packet.is_keyframe and packet_time(packet) <= at:
                    entry = packet_time(packet)
        if entry is not None:
            return entry
    return at


def _packets_between(
    container: InputContainer, streams: Sequence[Stream], begin: Fraction, end: Fraction
) -> Iterator[Packet[Stream]]:
    """Yield packets presented from `begin` on, until each stream has reached `end` in decoding order.

    Decoding order, because the last video frames may depend on a later one; those between are copied too.
    """
    seek(container, streams[0], begin - LEAD_S)
    latest = {stream.index: begin for stream in streams}
    for packet in packets(container, streams, DecodeReport()):
        index = packet.stream_index
        if packet.size == 0 or index not in latest or not _belongs(packet, begin):
            continue
        if _decoded_at(packet) >= end and packet_time(packet) > latest[index]:
            del latest[index]
            if not latest:
                return
        else:
            latest[index] = max(latest[index], packet_time(packet))
            yield packet


def _belongs(packet: Packet[Stream], begin: Fraction) -> bool:
    """Return whether audio ends after `begin`, or a video frame begins at or after it (with its keyframe)."""
    if isinstance(packet.stream, AvVideoStream):
        return packet_time(packet) >= begin
    return packet_time(packet) + (packet.duration or 0) * packet.time_base > begin


def packet_time(packet: Packet[Stream]) -> Fraction:
    """Return when a packet is presented, in seconds; when it is decoded, if that is all that is known."""
    ticks = packet.pts if packet.pts is not None else packet.dts
    return (ticks or 0) * packet.time_base


def _decoded_at(packet: Packet[Stream]) -> Fraction:
    ticks = packet.dts if packet.dts is not None else packet.pts
    return (ticks or 0) * packet.time_base


def move(packet: Packet[Stream], by: Fraction) -> None:
    """Move a packet by seconds, rounded to its time base."""
    ticks = round(by / packet.time_base)
    packet.pts = None if packet.pts is None else packet.pts + ticks
    packet.dts = None if packet.dts is None else packet.dts + ticks
