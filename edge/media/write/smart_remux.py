"""Write a smart cut: copied GOPs joined with reencoded edges.

Encoded frames are in the same track, with parameter sets of their own. All sets are in the header ("avc1",
"hvc1") and none in the packets, where the players of phones do not look for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from typing import cast

import av
import numpy as np
from av.codec.context import Flags
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream as AvVideoStream

from edge.media.bitstream.bits import framed, nals
from edge.media.bitstream.codec import Codec, ParameterSets, SharedHeader, TooManySetsError
from edge.media.read.container import DECODE_ERRORS, best_video_stream, open_container, select_streams
from edge.media.read.decoding import SEEK_MARGINS_S, packets, seek
from edge.media.read.frame_index import FrameIndex
from edge.media.read.frame_reader import FrameReader, open_frame_reader
from edge.media.read.report import DecodeReport
from edge.media.write.encode import Packets, Track
from edge.media.write.plan import RenderPlan
from edge.media.write.smartcut import NotAsPlannedError, Segment, times_on_output


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
        source, codec = best_video_stream(container), frame_index.codec
        if source is None or codec is None:
            raise NotAsPlannedError("the video stream is gone")
        select_streams(container, [source])
        header = SharedHeader(codec)
        copier = _Copier(container, source, frame_index, _units(codec, frame_index, parts, header))
        encoder = _Encoder(codec, reader, frame_index, header)
        stream = _add_stream(plan, out, source, codec)
        stream.codec_context.extradata = codec.header(header.units)
        for part in parts:
            for packet in encoder.encoded(part) if part.entry is None else copier.copied(part, part.entry):
                packet.pts, packet.dts = (packet.pts or 0) + part.shift, int(clock[place])
                packet.duration = int(lengths[np.searchsorted(times, packet.pts)])
                packet.stream, packet.time_base = stream, frame_index.time_base
                place += 1
                yield packet.dts * frame_index.time_base, [packet]
    yield plan.length, []


def _add_stream(plan: RenderPlan, out: OutputContainer, source: AvVideoStream, codec: Codec) -> AvVideoStream:
    stream = out.add_stream_from_template(source, opaque=True)
    if plan.target.muxer != "matroska":
        stream.codec_context.codec_tag = codec.tag
    if plan.video and plan.video.rotation:
        stream.set_display_rotation(plan.video.rotation)
    return stream


@dataclass(frozen=True, slots=True)
class _Units:
    """NAL units of packets with the same parameter sets, as the output's header needs them."""

    codec: Codec
    sets: ParameterSets
    moved: Mapping[int, int]
    """New ids of PPS."""

    @classmethod
    def in_header(cls, codec: Codec, sets: ParameterSets, header: SharedHeader) -> _Units:
        """Add the sets to the header. Raises NotAsPlannedError."""
        try:
            return cls(codec, sets, header.add(sets))
        except TooManySetsError:
            raise NotAsPlannedError("it has more parameter sets than fit into one file") from None
        except DECODE_ERRORS:
            raise NotAsPlannedError("its parameter sets are damaged") from None

    def bare(self, packet: Packet[Stream], notes: Sequence[bytes] = (), *, first: bool) -> Packet[Stream]:
        """Return the packet without what is in the header, framed as it declares.

        The first of a segment says again in `notes` what holds for all its frames.
        """
        codec, units = self.codec, nals(bytes(packet), self.sets.length_size)
        try:
            if any(self.sets.units.get(key) != nal for key, nal in codec.sets_among(units)):
                raise NotAsPlannedError("its parameter sets change between keyframes")
            kept: Iterable[bytes] = [nal for nal in units if codec.is_kept(nal)]
            if first:
                again = () if any(codec.lasting(units)) else notes
                kept = [*again, *map(codec.as_first, kept)]
            if self.moved:
                kept = [codec.slice_renumbered(nal, self.moved) for nal in kept]
        except DECODE_ERRORS:
            raise NotAsPlannedError("a packet of it is damaged") from None
        bare: Packet[Stream] = Packet(framed(kept))
        bare.pts, bare.is_keyframe = packet.pts, packet.is_keyframe
        return bare


def _units(
    codec: Codec, frame_index: FrameIndex, parts: Sequence[Segment], header: SharedHeader
) -> dict[int, _Units]:
    """Return what is done to packets, by the index of their sets in the frame index."""
    copied = [(part.entry, part.last - 1) for part in parts if part.entry is not None]
    number_at = frame_index.sets.number_at
    used = sorted({n for first, last in copied for n in range(number_at(first), number_at(last) + 1)})
    return {n: _Units.in_header(codec, frame_index.sets.each[n], header) for n in used}


class _Copier:
    """Copies the packets of segments."""

    def __init__(
        self,
        container: InputContainer,
        source: AvVideoStream,
        frame_index: FrameIndex,
        units: Mapping[int, _Units],
    ) -> None:
        self._container, self._source = container, source
        self._index, self._units = frame_index, units

    def copied(self, part: Segment, entry: int) -> Iterator[Packet[Stream]]:
        """Yield the segment's packets, but not the leading frames of the first: they are presented before it.

        Raises NotAsPlannedError.
        """
        index, stored = self._index, self._packets_from(entry)
        begins = index.decoded[entry]
        for place in range(entry, part.last):
            packet, expected = next(stored, None), index.decoded[place]
            if packet is None or packet.pts != expected or packet.is_discard:
                raise NotAsPlannedError("its packets cannot be found again by seeking")
            if packet.is_corrupt:
                raise NotAsPlannedError("a packet of it is damaged")
            if expected >= begins:
                units = self._units[index.sets.number_at(place)]
                yield units.bare(packet, units.sets.notes, first=place == entry)

    def _packets_from(self, first: int) -> Iterator[Packet[Stream]]:
        """Yield packets from index `first` in decoding order on."""
        index, container, source = self._index, self._container, self._source
        wanted = int(index.decoded[first])
        for margin_s in SEEK_MARGINS_S:
            if not seek(container, source, index.seconds(wanted) - margin_s):
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

    def __init__(
        self, codec: Codec, reader: FrameReader, frame_index: FrameIndex, header: SharedHeader
    ) -> None:
        known = [each for sets in frame_index.sets.each for each in codec.sequence_sets(sets)]
        self._options = codec.options(known)
        self._codec = codec
        self._reader = reader
        self._index = frame_index
        context = self._context()
        context.open()
        self._units = _Units.in_header(codec, codec.read_header(context.extradata), header)

    def encoded(self, part: Segment) -> Iterator[Packet[Stream]]:
        """Encode the frames that a segment shows. Raises NotAsPlannedError unless each begins at its time."""
        context, index = self._context(), self._index
        end = index.shown[part.last] if part.last < len(index.shown) else index.end
        shown = self._reader.between(index.seconds(index.shown[part.first]), index.seconds(end))
        notes: Sequence[bytes] = index.sets.each[index.sets.number_at(part.first)].notes
        places = dict(zip(*(values.tolist() for values in part.frames(index)), strict=True))
        for rank in [*range(part.first, part.last), None]:
            frame = None if rank is None else self._next(shown, int(index.shown[rank]))
            if rank is not None and rank not in places:
                continue
            fitted = None if frame is None or rank is None else self._fitted(context, frame, places[rank])
            for packet in cast("Packets", context.encode(fitted)):
                yield self._units.bare(packet, notes, first=bool(notes))
                notes = ()

    def _next(self, shown: Iterator[tuple[Fraction, Fraction, VideoFrame]], tick: int) -> VideoFrame:
        """Return the next frame. Raises NotAsPlannedError unless it begins at this time."""
        begins, _, frame = next(shown, (None, None, None))
        if frame is None or begins != self._index.seconds(tick):
            raise NotAsPlannedError("its video frames cannot be decoded at their times")
        return frame

    def _fitted(self, context: VideoCodecContext, frame: VideoFrame, tick: int) -> VideoFrame:
        """Return a frame as it is encoded."""
        fitted = frame.reformat(context.width, context.height, context.pix_fmt)
        fitted.pts, fitted.time_base = tick, self._index.time_base
        fitted.pict_type = PictureType.NONE  # let the encoder choose keyframes, not the source
        return fitted

    def _context(self) -> VideoCodecContext:
        source = self._reader.stream
        like = source.codec_context
        context = cast(VideoCodecContext, av.CodecContext.create(self._codec.encoder, "w"))
        context.width, context.height, context.pix_fmt = like.width, like.height, like.pix_fmt
        context.time_base = self._index.time_base
        context.framerate = source.average_rate or Fraction(25)
        context.sample_aspect_ratio = source.sample_aspect_ratio or Fraction(1)
        context.color_range, context.colorspace = like.color_range, like.colorspace
        context.color_primaries, context.color_trc = like.color_primaries, like.color_trc
        context.flags |= Flags.global_header
        context.thread_count = 0  # as many as there are cores
        context.options = self._options
        return context
