"""Write a smart cut: copied GOPs joined with reencoded edges.

Encoded frames are in the same track, with parameter sets of their own. Both kinds of sets are in the header
("avc1") and none in the packets, where the players of phones do not look for them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from fractions import Fraction
from typing import cast

import av
import numpy as np
from av.codec.context import Flags
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType
from av.video.stream import VideoStream as AvVideoStream

from edge.media import h264
from edge.media.read.container import best_video_stream, open_container, select_streams
from edge.media.read.decoding import SEEK_MARGINS_S, packets, seek
from edge.media.read.frame_index import FrameIndex
from edge.media.read.frame_reader import FrameReader, open_frame_reader
from edge.media.read.report import DecodeReport
from edge.media.write.encode import Packets, Track
from edge.media.write.plan import RenderPlan
from edge.media.write.smartcut import NotAsPlannedError, Segment, times_on_output

QUALITY = {"preset": "veryfast", "crf": "18"}
"""Options of x264 for reencoded frames: a visible difference to the copied frames would flicker."""

PROFILES = {66: "baseline", 77: "main"}
"""x264's names of restricted source profiles; others get "high"."""


def smart_track(
    plan: RenderPlan, frame_index: FrameIndex, parts: Sequence[Segment], out: OutputContainer
) -> Track:
    """Yield the video frames of the segments as packets, for `render`.

    Decoding times are the presentation times, delayed by as many frames as the source's frame order needs:
    they increase across all joins, and no frame is presented before it is decoded. Raises NotAsPlannedError,
    InputError.
    """
    times = times_on_output(parts, frame_index)
    clock = frame_index.decoding_times(times)
    over = max(round(plan.length / frame_index.time_base), int(times.max(initial=0)) + 1)
    lengths, place = np.diff(times, append=over), 0
    with ExitStack() as opened:
        info = plan.ranges[0].info
        container = opened.enter_context(open_container(info.path))
        reader = opened.enter_context(open_frame_reader(info, threads=True))
        source, sets = best_video_stream(container), frame_index.sets
        if source is None or sets is None:
            raise NotAsPlannedError("the video stream is gone")
        select_streams(container, [source])
        encoder = _Encoder(reader, frame_index, sets)
        stream = _add_stream(plan, out, source, sets, encoder.sets)
        for part in parts:
            copied = _copied(container, source, frame_index, part, sets) if part.copied else None
            for packet in copied or encoder.encoded(part):
                packet.pts, packet.dts = (packet.pts or 0) + part.shift, int(clock[place])
                packet.duration = int(lengths[np.searchsorted(times, packet.pts)])
                packet.stream, packet.time_base = stream, frame_index.time_base
                place += 1
                yield packet.dts * frame_index.time_base, [packet]
    yield plan.length, []


def _add_stream(
    plan: RenderPlan, out: OutputContainer, source: AvVideoStream, *sets: h264.ParameterSets
) -> AvVideoStream:
    stream = out.add_stream_from_template(source, opaque=True)
    sequence = [nal for each in sets for nal in each.sequence.values()]
    picture = [nal for each in sets for nal in each.picture.values()]
    stream.codec_context.extradata = h264.header(sequence, picture)
    if plan.target.muxer != "matroska":
        stream.codec_context.codec_tag = "avc1"
    if plan.video and plan.video.rotation:
        stream.set_display_rotation(plan.video.rotation)
    return stream


def _bare(packet: Packet[Stream], sets: h264.ParameterSets) -> Packet[Stream]:
    """Return the packet without the NAL units that are in the header, framed as the header declares."""
    units = h264.nals(bytes(packet), sets.length_size)
    sets.see(units)
    if sets.changed:
        raise NotAsPlannedError("its parameter sets change")
    unwanted = {h264.SPS, h264.PPS, h264.AUD, h264.FILLER}
    bare: Packet[Stream] = Packet(h264.framed(nal for nal in units if h264.kind(nal) not in unwanted))
    bare.pts, bare.is_keyframe = packet.pts, packet.is_keyframe
    return bare


def _copied(
    container: InputContainer,
    source: AvVideoStream,
    frame_index: FrameIndex,
    part: Segment,
    sets: h264.ParameterSets,
) -> Iterator[Packet[Stream]]:
    stored = _packets_from(container, source, frame_index, part.first)
    for expected in frame_index.decoded[part.first : part.last]:
        packet = next(stored, None)
        if packet is None or packet.pts != expected or packet.is_discard:
            raise NotAsPlannedError("its packets cannot be found again by seeking")
        if packet.is_corrupt:
            raise NotAsPlannedError("a packet of it is damaged")
        yield _bare(packet, sets)


def _packets_from(
    container: InputContainer, source: AvVideoStream, frame_index: FrameIndex, first: int
) -> Iterator[Packet[Stream]]:
    """Yield packets from index `first` in decoding order on."""
    wanted = int(frame_index.decoded[first])
    for margin_s in SEEK_MARGINS_S:
        if not seek(container, source, frame_index.seconds(wanted) - margin_s):
            continue
        stored = (packet for packet in packets(container, [source], DecodeReport()) if packet.size)
        for packet in stored:
            if packet.pts == wanted:
                yield packet
                yield from stored
                return
            if packet.is_keyframe and (packet.pts or 0) > wanted:
                break


class _Encoder:
    """Encoder for the source's track: its size, colors and profile, no B-frames, own parameter sets."""

    def __init__(self, reader: FrameReader, frame_index: FrameIndex, like: h264.ParameterSets) -> None:
        known = [h264.sequence_set(nal) for nal in like.sequence.values()]
        self._references = max(1, *(sps.references for sps in known))
        self._profile = PROFILES.get(min(sps.profile for sps in known), "high")
        self._number = like.free_number()
        self._reader = reader
        self._frame_index = frame_index
        context = self._context()
        context.open()
        self.sets = h264.ParameterSets.of(context.extradata)

    def encoded(self, part: Segment) -> Iterator[Packet[Stream]]:
        """Encode the segment's video frames. Raises NotAsPlannedError unless each begins at its time."""
        context, index = self._context(), self._frame_index
        times = index.shown[part.first : part.last]
        end = index.shown[part.last] if part.last < len(index.shown) else index.end
        shown = self._reader.between(index.seconds(times[0]), index.seconds(end))
        for tick in times:
            begins, _, frame = next(shown, (None, None, None))
            if frame is None or begins != index.seconds(tick):
                raise NotAsPlannedError("its video frames cannot be decoded at their times")
            fitted = frame.reformat(context.width, context.height, context.pix_fmt)
            fitted.pts, fitted.time_base = int(tick), index.time_base
            fitted.pict_type = PictureType.NONE  # let the encoder choose keyframes, not the source
            yield from self._bare(context.encode(fitted))
        yield from self._bare(context.encode(None))

    def _bare(self, encoded: list[Packet[AvVideoStream]]) -> Iterator[Packet[Stream]]:
        return (_bare(packet, self.sets) for packet in cast("Packets", encoded))

    def _context(self) -> VideoCodecContext:
        source = self._reader.stream
        like = source.codec_context
        context = av.CodecContext.create("libx264", "w")
        context.width, context.height, context.pix_fmt = like.width, like.height, like.pix_fmt
        context.time_base = self._frame_index.time_base
        context.framerate = source.average_rate or Fraction(25)
        context.sample_aspect_ratio = source.sample_aspect_ratio or Fraction(1)
        context.color_range, context.colorspace = like.color_range, like.colorspace
        context.color_primaries, context.color_trc = like.color_primaries, like.color_trc
        context.flags |= Flags.global_header
        context.thread_count = 0  # as many as there are cores
        private = f"sps-id={self._number}:ref={self._references}:force-cfr=0"
        context.options = {**QUALITY, "bf": "0", "profile": self._profile, "x264-params": private}
        return context
