"""Tracks of a cut: each decodes its part of the source, moves it to zero and yields encoded packets.

A track adds its stream to the output when it is first asked for packets, and only if it has any.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import TypeAlias, cast

import av
from av.audio.stream import AudioStream as AvAudioStream
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream as AvVideoStream

from edge.errors import NoAudioError
from edge.media.audio import sound
from edge.media.decoding import pictures_from
from edge.media.description import AudioStream, MediaInfo
from edge.media.health import Health
from edge.media.sound import Blocks, Piece, Samples, SoundFormat
from edge.media.source import listen_to, open_container, picture_stream
from edge.media.targets import VIDEO_OPTIONS, AudioEncoding, CutPlan, audio_encoding, video_encoder
from kernels.sound import fade_in, fade_out

SNAP = Fraction(2, 1000)
"""A frame this near a cut point is at it: Matroska rounds times to 1 ms, and seconds are floats."""

MIN_TICKS_PER_S = 10_000
"""Output time bases are at least this fine, so that a cut between two frames can be told."""

MPEG4_TIME_BASE = Fraction(1, 60_000)
"""That codec writes its time base in 16 bits."""

Packets: TypeAlias = "list[Packet[Stream]]"
Track: TypeAlias = "Iterator[tuple[Fraction, Packets]]"
"""(seconds after the cut's start, packets encoded so far), in rising order."""


def picture_track(plan: CutPlan, out: OutputContainer) -> Track:
    """Encode the pictures on display in [start, end); frame times are kept, nothing is made up.

    The frame on display at `start` begins at 0. Raises InputError, UsageError (no encoder).
    """
    info, video = plan.info, plan.video
    if video is None:
        return
    start, end = info.zero + plan.start, info.zero + plan.end
    with open_container(info.path) as container:
        source = picture_stream(container)
        if source is None:
            return
        listen_to(container, [source])
        source.thread_type = "AUTO"
        usual = 1 / video.rate if video.rate else Fraction(1, 25)
        frames = pictures_from(container, source, max(start, info.zero + video.start), Health())
        stream: AvVideoStream | None = None
        last_tick = -1
        for begins, ends, frame in _on_display(frames, start, end, usual):
            if stream is None:
                stream = _add_video(out, video_encoder(plan.target), source, frame)
            time_base = stream.codec_context.time_base
            tick = round((begins - start) / time_base)
            if tick > last_tick:
                picture = _encodable(frame, stream)
                picture.pts, picture.time_base = tick, time_base
                picture.duration = round((ends - begins) / time_base)
                last_tick = tick
                yield begins - start, cast("Packets", stream.encode(picture))
    if stream is not None:
        yield end - start, cast("Packets", stream.encode(None))


def sound_track(plan: CutPlan, source: AudioStream, out: OutputContainer) -> Track:
    """Encode the sound of [start, end), to the sample, with raised-cosine fades at both ends.

    Silence where the sound begins later or has holes; ends where the sound ends. Raises InputError,
    UsageError (the encoder is missing).
    """
    encoding = audio_encoding(plan.target, source)
    to = SoundFormat(encoding.rate_hz, encoding.layout)
    first, last = round(plan.start * to.rate_hz), round(plan.end * to.rate_hz)
    stream: AvAudioStream | None = None
    for piece in _sound_or_nothing(plan.info, source, to, Blocks(to.channels, to.step, first, last)):
        if stream is None:
            stream = _add_audio(out, encoding, source)
        samples = _faded(piece, first, last, round(plan.fade_s * to.rate_hz))
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="flt", layout=to.layout)
        frame.sample_rate, frame.pts = to.rate_hz, piece.start - first
        frame.time_base = Fraction(1, to.rate_hz)
        yield Fraction(piece.start - first, to.rate_hz), cast("Packets", stream.encode(frame))
    if stream is not None:
        yield plan.end - plan.start, cast("Packets", stream.encode(None))


def _sound_or_nothing(
    info: MediaInfo, source: AudioStream, to: SoundFormat, blocks: Blocks
) -> Iterator[Piece]:
    try:
        yield from sound(info, source, to, blocks, Health())
    except NoAudioError:
        return  # a stream with nothing decodable must not spoil the others


def _add_audio(out: OutputContainer, encoding: AudioEncoding, source: AudioStream) -> AvAudioStream:
    stream = cast(AvAudioStream, out.add_stream(encoding.codec, rate=encoding.rate_hz))
    stream.layout, stream.format = encoding.layout, encoding.sample_format
    if encoding.bit_rate:
        stream.bit_rate = encoding.bit_rate
    if source.language:
        stream.metadata["language"] = source.language
    return stream


def _faded(piece: Piece, first: int, last: int, fade: int) -> Samples:
    begins, ends = piece.start, piece.start + len(piece.samples)
    if fade == 0 or (begins >= first + fade and ends <= last - fade):
        return piece.samples
    rising = fade_in(piece.samples, fade, begins - first)
    return fade_out(rising, fade, begins - (last - 1 - fade))


def _on_display(
    frames: Iterable[VideoFrame], start: Fraction, end: Fraction, usual: Fraction
) -> Iterator[tuple[Fraction, Fraction, VideoFrame]]:
    """(begins, ends, frame) clipped to [start, end), all in container time."""
    held: tuple[Fraction, VideoFrame] | None = None
    for frame in frames:
        begins = (frame.pts or 0) * (frame.time_base or Fraction(0))
        if held is not None and begins > start + SNAP:
            yield max(held[0], start), min(begins, end), held[1]
        if begins >= end - SNAP:
            return
        held = begins, frame
    if held is not None:  # the last picture of the recording
        ends = held[0] + ((held[1].duration or 0) * (held[1].time_base or Fraction(0)) or usual)
        if ends > start + SNAP:
            yield max(held[0], start), min(ends, end), held[1]


def _add_video(out: OutputContainer, codec: str, source: AvVideoStream, frame: VideoFrame) -> AvVideoStream:
    rate = source.average_rate if source.average_rate and source.average_rate <= 240 else Fraction(25)
    stream = cast(AvVideoStream, out.add_stream(codec, rate=rate, options=dict(VIDEO_OPTIONS[codec])))
    aspect = source.sample_aspect_ratio or Fraction(1)
    in_bitstream = codec == "libx264"  # PyAV cannot tell the muxer; others get square pixels
    width = frame.width if in_bitstream else round(frame.width * aspect)
    stream.width, stream.height = max(width & ~1, 2), max(frame.height & ~1, 2)  # 4:2:0 needs even
    stream.pix_fmt = "yuv420p"
    context = stream.codec_context
    time_base = _fine(source.time_base or Fraction(1, 90_000))
    context.time_base = MPEG4_TIME_BASE if codec == "mpeg4" else time_base
    context.thread_count = 0  # as many as there are cores
    context.sample_aspect_ratio = aspect if in_bitstream else Fraction(1)
    context.color_range, context.colorspace = frame.color_range, frame.colorspace
    context.color_primaries, context.color_trc = frame.color_primaries, frame.color_trc
    if frame.rotation:
        stream.set_display_rotation(frame.rotation)
    return stream


def _fine(time_base: Fraction) -> Fraction:
    """A time base in which the source's times are whole, and fine enough to cut anywhere."""
    if time_base.denominator > 1_000_000:
        return Fraction(1, 90_000)
    return Fraction(1, time_base.denominator * -(-MIN_TICKS_PER_S // time_base.denominator))


def _encodable(frame: VideoFrame, stream: AvVideoStream) -> VideoFrame:
    picture = frame.reformat(stream.width, stream.height, "yuv420p")
    picture.pict_type = PictureType.NONE  # the source's choice of keyframes is not the encoder's
    return picture
