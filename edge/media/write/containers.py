"""Output formats by suffix: muxer, encoders, and the choice of encoder settings for a source."""

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
"""Video encoders in order of preference; the second and third are for FFmpeg builds without GPL parts."""

HEVC = ("libx265",)
"""Video encoders for more than 8 bits: few players decode H.264 with 10."""

VP9 = ("libvpx-vp9", "libvpx")
"""Video encoders in order of preference; the first takes 10 bits in some builds."""


@dataclass(frozen=True, slots=True)
class Target:
    """Muxer and encoders of a file suffix."""

    muxer: str
    """FFmpeg's name of the muxer."""
    audio: str
    """Audio encoder."""
    lossless: str | None = None
    """Audio encoder for lossless sources; None uses `audio`."""
    video: tuple[str, ...] = ()
    """Video encoders in order of preference; empty for audio files."""
    deep_video: tuple[str, ...] = ()
    """Video encoders for more than 8 bits, in order of preference."""
    many_audio: bool = False
    """Whether the file can hold several audio streams."""


TARGETS = {
    ".mp4": Target("mp4", "aac", video=H264, deep_video=HEVC, many_audio=True),
    ".mov": Target("mov", "aac", video=H264, deep_video=HEVC, many_audio=True),
    ".mkv": Target("matroska", "aac", lossless="flac", video=H264, deep_video=HEVC, many_audio=True),
    ".webm": Target("webm", "libopus", video=VP9, deep_video=VP9[:1], many_audio=True),
    ".m4a": Target("ipod", "aac"),
    ".flac": Target("flac", "flac"),
    ".wav": Target("wav", "pcm_s16le"),
    ".mp3": Target("mp3", "libmp3lame"),
    ".ogg": Target("ogg", "libopus"),
    ".opus": Target("opus", "libopus"),
}
"""Output format by suffix. To add one: add it here, and its encoder's bit rate to `BIT_RATES`."""

BIT_RATES = {"aac": 96_000, "libmp3lame": 96_000, "libopus": 64_000}
"""Bits per second and channel at which each encoder is considered transparent."""

VIDEO_OPTIONS = {
    "libx264": {"preset": "veryfast", "crf": "20"},
    "libx265": {"preset": "superfast", "crf": "20"},
    "libopenh264": {"b": "6M"},
    "mpeg4": {"b": "6M"},
    "libvpx-vp9": {"crf": "32", "b": "0", "deadline": "realtime", "cpu-used": "7", "row-mt": "1"},
    "libvpx": {"crf": "10", "b": "4M", "deadline": "realtime", "cpu-used": "8"},
}
"""Encoder options: visually close to the source, several times real time at 720p on one core."""


@dataclass(frozen=True, slots=True)
class AudioEncoding:
    """Settings of an audio encoder that it is known to accept."""

    codec: str
    """FFmpeg's name of the encoder."""
    rate_hz: int
    """Sample rate."""
    layout: str
    """FFmpeg's name of the channel layout."""
    sample_format: str
    """FFmpeg's name of the sample format."""
    bit_rate: int
    """Bits per second; 0 for the encoder's default."""


def target_for(path: Path) -> Target:
    """Return the output format of a path's suffix. Raises UsageError with the known suffixes."""
    target = TARGETS.get(path.suffix.lower())
    if target is None:
        raise UsageError(f"{path}: no known media suffix; use one of {' '.join(TARGETS)}")
    return target


def video_target_for(path: Path) -> Target:
    """Return the output format of a path's suffix. Raises UsageError if it cannot hold video."""
    target = target_for(path)
    if not target.video:
        suffixes = " ".join(suffix for suffix, other in TARGETS.items() if other.video)
        raise UsageError(f"{path}: cannot hold video; use {suffixes}")
    return target


def default_suffix(info: MediaInfo) -> str:
    """Return the suffix of a cut: .mp4 with video, .flac for lossless audio, else .m4a."""
    if info.video is not None:
        return ".mp4"
    return ".flac" if info.audio and info.audio[0].lossless else ".m4a"


def has_encoder(name: str) -> bool:
    """Return whether this FFmpeg has an encoder."""
    with suppress(*DECODE_ERRORS):
        return bool(Codec(name, "w").name)
    return False


def video_encoder(target: Target) -> str:
    """Return the first of the target's video encoders that this FFmpeg has. Raises UsageError if none."""
    for name in target.video:
        if has_encoder(name):
            return name
    raise UsageError(f"this FFmpeg has no video encoder for {target.muxer}; install a full build of PyAV")


def audio_encoding(target: Target, source: AudioStream) -> AudioEncoding:
    """Return the closest settings that the target's encoder accepts. Raises UsageError if there are none."""
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
    """Return the source's layout and those to mix it down to, in order of preference."""
    if name.endswith(" channels"):  # unknown positions: only the mean of all is meaningful
        return name, "mono"
    without_sides = name.partition("(")[0]  # "5.1(side)" -> "5.1", which libopus supports
    return name, without_sides, "stereo", "mono"


@cache
def _accepts(encoding: AudioEncoding) -> bool:
    """Return whether an encoder accepts the settings, by opening it: published limits are unreliable."""
    with suppress(*DECODE_ERRORS):
        context = cast(AudioCodecContext, av.CodecContext.create(encoding.codec, "w"))
        context.sample_rate = encoding.rate_hz
        context.layout = encoding.layout
        context.format = encoding.sample_format
        context.open()
        return True
    return False


def _nearest_rate(codec: str, rate_hz: int) -> int:
    """Return the lowest lossless sample rate that the encoder supports, else its highest."""
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
    """Return the sample format to keep: lossy codecs have no more than 16 bits of precision."""
    if not source.lossless:
        return "s16"
    return {"u8": "s16", "s16": "s16", "s32": "s32"}.get(source.sample_format.rstrip("p"), "flt")
