"""What each file suffix holds: the muxer, the encoders, and how an encoder is fitted to a source."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import cast

import av
from av.audio.codeccontext import AudioCodecContext
from av.codec import Codec

from edge.errors import UsageError
from edge.media.read.container import DECODE_ERRORS
from edge.media.read.probe import AudioStream, MediaInfo

H264 = ("libx264", "libopenh264", "mpeg4")
"""In order of preference; the second and third are for FFmpeg builds without GPL parts."""


@dataclass(frozen=True, slots=True)
class Target:
    """How a suffix is written. `lossless` replaces `audio` for lossless sources; no `video`: sound only."""

    muxer: str
    audio: str
    lossless: str | None = None
    video: tuple[str, ...] = ()
    many_audio: bool = False


TARGETS = {
    ".mp4": Target("mp4", "aac", video=H264, many_audio=True),
    ".mov": Target("mov", "aac", video=H264, many_audio=True),
    ".mkv": Target("matroska", "aac", lossless="flac", video=H264, many_audio=True),
    ".webm": Target("webm", "libopus", video=("libvpx-vp9", "libvpx"), many_audio=True),
    ".m4a": Target("ipod", "aac"),
    ".flac": Target("flac", "flac"),
    ".wav": Target("wav", "pcm_s16le"),
    ".mp3": Target("mp3", "libmp3lame"),
    ".ogg": Target("ogg", "libopus"),
    ".opus": Target("opus", "libopus"),
}
"""Every suffix `cut` and `concat` write. To add one: its line here, its encoder's bit rate in BIT_RATES."""

BIT_RATES = {"aac": 96_000, "libmp3lame": 96_000, "libopus": 64_000}
"""Bits per second and channel at which each encoder is taken for transparent."""

VIDEO_OPTIONS = {
    "libx264": {"preset": "veryfast", "crf": "20"},
    "libopenh264": {"b": "6M"},
    "mpeg4": {"b": "6M"},
    "libvpx-vp9": {"crf": "32", "b": "0", "deadline": "realtime", "cpu-used": "7", "row-mt": "1"},
    "libvpx": {"crf": "10", "b": "4M", "deadline": "realtime", "cpu-used": "8"},
}
"""Encoder options: visually close to the source, several times real time at 720p on one core."""


@dataclass(frozen=True, slots=True)
class AudioEncoding:
    """An encoder with settings it is known to accept. `bit_rate` 0 leaves the choice to the encoder."""

    codec: str
    rate_hz: int
    layout: str
    sample_format: str
    bit_rate: int


def target_for(path: Path) -> Target:
    """What a path's suffix asks for. Raises UsageError with the known suffixes."""
    target = TARGETS.get(path.suffix.lower())
    if target is None:
        raise UsageError(f"{path}: no known media suffix; use one of {' '.join(TARGETS)}")
    return target


def default_suffix(info: MediaInfo) -> str:
    """The natural suffix for a cut: .mp4 with a video frame, .flac for lossless sound, else .m4a."""
    if info.video is not None:
        return ".mp4"
    return ".flac" if info.audio and info.audio[0].lossless else ".m4a"


def video_encoder(target: Target) -> str:
    """The first of the target's video encoders this FFmpeg has. Raises UsageError if it has none."""
    for name in target.video:
        with suppress(*DECODE_ERRORS):
            return Codec(name, "w").name
    raise UsageError(f"this FFmpeg has no video encoder for {target.muxer}; install a full build of PyAV")


def audio_encoding(target: Target, source: AudioStream) -> AudioEncoding:
    """Settings nearest to the source that the target's encoder accepts. Raises UsageError if none are."""
    codec = target.lossless if target.lossless and source.lossless else target.audio
    if codec.startswith("pcm_"):
        codec = _pcm(source)
    rate_hz = _nearest_rate(codec, source.rate_hz)
    for layout in _layouts(source.layout):
        bit_rate = BIT_RATES.get(codec, 0) * av.AudioLayout(layout).nb_channels
        encoding = AudioEncoding(codec, rate_hz, layout, _sample_format(codec, source), bit_rate)
        if _accepts(encoding):
            return encoding
    raise UsageError(f"the encoder {codec} is missing or does not take {source.rate_hz} Hz {source.layout}")


def _layouts(name: str) -> tuple[str, ...]:
    """The source's layout and what to mix it down to, in order of preference."""
    if name.endswith(" channels"):  # no positions known: nothing but the mean of all makes sense
        return name, "mono"
    without_sides = name.partition("(")[0]  # "5.1(side)" -> "5.1": what libopus knows
    return name, without_sides, "stereo", "mono"


@cache
def _accepts(encoding: AudioEncoding) -> bool:
    """Encoders do not publish their limits reliably, so one is opened to see."""
    with suppress(*DECODE_ERRORS):
        context = cast(AudioCodecContext, av.CodecContext.create(encoding.codec, "w"))
        context.sample_rate = encoding.rate_hz
        context.layout = encoding.layout
        context.format = encoding.sample_format
        context.open()
        return True
    return False


def _nearest_rate(codec: str, rate_hz: int) -> int:
    """The lowest rate the encoder offers that loses nothing, else its highest."""
    rates = Codec(codec, "w").audio_rates
    return min((rate for rate in rates if rate >= rate_hz), default=max(rates)) if rates else rate_hz


def _sample_format(codec: str, source: AudioStream) -> str:
    if codec == "flac":
        return "s16" if _depth(source) == "s16" else "s32"
    formats = Codec(codec, "w").audio_formats or []
    return formats[0].name


def _pcm(source: AudioStream) -> str:
    return {"s16": "pcm_s16le", "s32": "pcm_s24le", "flt": "pcm_f32le"}[_depth(source)]


def _depth(source: AudioStream) -> str:
    """Precision worth keeping: what a lossy codec decodes to has no more than 16 bits of truth."""
    if not source.lossless:
        return "s16"
    return {"u8": "s16", "s16": "s16", "s32": "s32"}.get(source.sample_format.rstrip("p"), "flt")
