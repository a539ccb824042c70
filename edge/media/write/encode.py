"""Encode the tracks of an output: each decodes its part of a plan and yields packets.

A track adds its stream to the output when its first packet is requested, and only if it has any.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import groupby
from typing import TypeAlias, cast

import av
from av.audio.stream import AudioStream as AvAudioStream
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream as AvVideoStream
from edge_kernels.audio import fade_in, fade_out

from edge.media.read.frame_reader import open_frame_reader
from edge.media.read.probe import AudioStream
from edge.media.read.resampling import AudioFormat, AudioPiece, Samples
from edge.media.write.color import Recolor, VideoEncoding, mastering_options, video_encoding
from edge.media.write.containers import VIDEO_OPTIONS, AudioEncoding, audio_encoding
from edge.media.write.crossfade import spliced
from edge.media.write.letterbox import Canvas, Shape, shape_of
from edge.media.write.muting import Muting
from edge.media.write.plan import AudioSources, RenderPlan
from edge.media.write.thinning import Thinning

MIN_TICKS_PER_S = 10_000
"""Minimum resolution of output time bases, so that a cut between two frames is representable."""

MPEG4_TIME_BASE = Fraction(1, 60_000)
"""Time base of MPEG-4 part 2, which stores it in 16 bits."""

Packets: TypeAlias = "list[Packet[Stream]]"
"""Encoded packets."""
Track: TypeAlias = "Iterator[tuple[Fraction, Packets]]"
"""(seconds of the output, packets encoded so far), in ascending order."""
Move: TypeAlias = Callable[[float], float]
"""Seconds of the output -> other ones; ascending, 0 stays 0."""
Change: TypeAlias = "Callable[[VideoFrame, Fraction, Fraction], VideoFrame]"
"""(frame, its pixel aspect, seconds of the recording) -> the frame to encode, with square pixels."""
Draw: TypeAlias = "Callable[[VideoFrame, Fraction], VideoFrame]"
"""(frame as the encoder takes it, seconds of the recording) -> the frame, with something drawn into it."""


def video_track(
    plan: RenderPlan,
    out: OutputContainer,
    change: Change | None = None,
    *,
    draw: Draw | None = None,
    move: Move | None = None,
) -> Track:
    """Encode the video frames on display in each range; frame times are kept, no frames are inserted.

    The frame on display at the start of a range begins with it. With `change` each frame is replaced before
    it is converted for the encoder, with `draw` after; with `move` it is displayed at another time. Raises
    InputError, UsageError (no encoder).
    """
    encoder: _VideoEncoder | None = None
    encoding = video_encoding(plan.target, plan.video)
    recolor = Recolor(encoding.hdr)
    for info, ranges in groupby(plan.ranges, key=lambda range_: range_.info):
        if info.video is None:
            continue  # the previous video frame stays on display
        with open_frame_reader(info, threads=True) as reader:
            for range_ in ranges:
                start, end = info.origin + range_.start, info.origin + range_.end
                thin = Thinning(range_)
                for begins, ends, decoded in reader.between(start, end):
                    shown = thin.shown(begins - info.origin, ends - info.origin)
                    if shown is None:
                        continue
                    frame, aspect = decoded, reader.stream.sample_aspect_ratio or Fraction(1)
                    if info.video.hdr != encoding.hdr:
                        frame = recolor.convert(frame)
                    if change is not None:
                        frame, aspect = change(frame, aspect, begins - info.origin), Fraction(1)
                    if encoder is None:
                        encoder = _VideoEncoder(out, encoding, reader.stream, frame, aspect)
                    at, until = shown
                    if move is not None:
                        at, until = Fraction(move(float(at))), Fraction(move(float(until)))
                    fitted = encoder.fitted(frame, aspect)
                    if draw is not None:
                        fitted = draw(fitted, begins - info.origin)
                    yield at, encoder.encode(fitted, at, until - at)
    if encoder is not None:
        yield plan.length, encoder.finish()


class _VideoEncoder:
    """Video encoder whose stream has the shape of its first frame; frames are encoded at exact times."""

    def __init__(
        self,
        out: OutputContainer,
        encoding: VideoEncoding,
        source: AvVideoStream,
        frame: VideoFrame,
        aspect: Fraction,
    ) -> None:
        self._stream = _add_video(out, encoding, source, frame, aspect)
        natural = shape_of(frame, aspect)
        written = self._stream.codec_context.sample_aspect_ratio or Fraction(1)
        shape = Shape(self._stream.width, self._stream.height, written, natural.rotation)
        self._canvas = Canvas(shape, natural, encoding.pix_fmt)
        self._last_tick = -1

    def fitted(self, frame: VideoFrame, pixel_aspect: Fraction) -> VideoFrame:
        """Return a decoded frame in the size and format of the output."""
        return self._canvas.fitted(frame, pixel_aspect)

    def encode(self, fitted: VideoFrame, at: Fraction, length: Fraction) -> Packets:
        """Encode a frame on display for `length` seconds from `at`; a second one at a tick is dropped."""
        time_base = self._stream.codec_context.time_base
        tick = round(at / time_base)
        if tick <= self._last_tick:
            return []
        fitted.pts, fitted.time_base, fitted.duration = tick, time_base, round(length / time_base)
        self._last_tick = tick
        return cast("Packets", self._stream.encode(fitted))

    def finish(self) -> Packets:
        """Return the packets that the encoder still holds."""
        return cast("Packets", self._stream.encode(None))


def audio_track(plan: RenderPlan, sources: AudioSources, out: OutputContainer) -> Track:
    """Encode an audio track, to the sample, with raised-cosine fades at both ends of the output.

    Missing audio at the start and in gaps is silence; at the end see `RenderPlan.filled`. Raises InputError,
    UsageError (the encoder is missing).
    """
    source = next(stream for stream in sources if stream is not None)
    encoding = audio_encoding(plan.target, source)
    to = AudioFormat(encoding.rate_hz, encoding.layout)
    total = round(plan.length * to.rate_hz)
    fade = min(round(plan.fade_s * to.rate_hz), total // 2)
    muting, stream = Muting(plan.silent, to.rate_hz), None
    for piece in spliced(plan, sources, to):
        if stream is None:
            stream = _add_audio(out, encoding, source)
        samples = muting.applied(AudioPiece(piece.start_sample, _faded(piece, total, fade)))
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="flt", layout=to.layout)
        frame.sample_rate, frame.pts = to.rate_hz, piece.start_sample
        frame.time_base = Fraction(1, to.rate_hz)
        yield Fraction(piece.start_sample, to.rate_hz), cast("Packets", stream.encode(frame))
    if stream is not None:
        yield plan.length, cast("Packets", stream.encode(None))


def _add_audio(out: OutputContainer, encoding: AudioEncoding, source: AudioStream) -> AvAudioStream:
    stream = cast(AvAudioStream, out.add_stream(encoding.codec, rate=encoding.rate_hz))
    stream.layout, stream.format = encoding.layout, encoding.sample_format
    if encoding.bit_rate:
        stream.bit_rate = encoding.bit_rate
    if source.language:
        stream.metadata["language"] = source.language
    return stream


def _faded(piece: AudioPiece, total: int, fade: int) -> Samples:
    begins, ends = piece.start_sample, piece.start_sample + len(piece.samples)
    if fade == 0 or (begins >= fade and ends <= total - fade):
        return piece.samples
    rising = fade_in(piece.samples, fade, begins)
    return fade_out(rising, fade, begins - (total - 1 - fade))


def _add_video(
    out: OutputContainer, encoding: VideoEncoding, source: AvVideoStream, frame: VideoFrame, aspect: Fraction
) -> AvVideoStream:
    codec, options = encoding.codec, dict(VIDEO_OPTIONS[encoding.codec])
    if codec == "libx265":
        options["x265-params"] = ":".join(["log-level=none", *mastering_options(frame)])
    rate = source.average_rate if source.average_rate and source.average_rate <= 240 else Fraction(25)
    stream = cast(AvVideoStream, out.add_stream(codec, rate=rate, options=options))
    in_bitstream = codec in {
        "libx264",
        "libx265",
    }  # PyAV cannot set it in the muxer; others get square pixels
    width = frame.width if in_bitstream else round(frame.width * aspect)
    stream.width, stream.height = max(width & ~1, 2), max(frame.height & ~1, 2)  # 4:2:0 needs even
    stream.pix_fmt = encoding.pix_fmt
    context = stream.codec_context
    if codec == "libx265" and out.format.name in {"mp4", "mov"}:
        context.codec_tag = "hvc1"  # players of Apple take no other
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
    """Return a time base in which the source's times are integers, fine enough to cut anywhere."""
    if time_base.denominator > 1_000_000:
        return Fraction(1, 90_000)
    return Fraction(1, time_base.denominator * -(-MIN_TICKS_PER_S // time_base.denominator))
