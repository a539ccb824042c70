"""Small recordings in every container and codec that is here, to be corrupted."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final, cast

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from tools.priority import kept_priority

os.environ.setdefault("SVT_LOG", "1")  # errors only

RATE_HZ: Final = 48_000
WIDTH, HEIGHT, FPS = 128, 96, 12
SECONDS: Final = 2


@dataclass(frozen=True)
class Kind:
    """A recording to make."""

    name: str
    """File name; its suffix is the container."""
    video: str | None = None
    """Encoder of the video stream."""
    audio: tuple[str, ...] = ()
    """Encoder of each audio stream."""
    format: str | None = None
    """Muxer, where the suffix does not say it."""
    pixels: str = "yuv420p"
    """Pixel format."""
    rate_hz: int = RATE_HZ
    """Sample rate."""
    options: tuple[tuple[str, str], ...] = ()
    """Options of the muxer."""


KINDS: Final = (
    Kind("h264.mp4", "libx264", ("aac",)),
    Kind("faststart.mp4", "libx264", ("aac",), options=(("movflags", "+faststart"),)),
    Kind("fragments.mp4", "libx264", ("aac",), options=(("movflags", "+frag_keyframe+empty_moov"),)),
    Kind("hevc.mov", "libx265", ("pcm_s16le",)),
    Kind("prores.mov", "prores_ks", ("pcm_s24le", "aac"), pixels="yuv422p10le"),
    Kind("av1.mp4", "libsvtav1", ("libopus",)),
    Kind("h264.mkv", "libx264", ("flac", "aac")),
    Kind("ffv1.mkv", "ffv1", ("pcm_f32le",)),
    Kind("vp9.webm", "libvpx-vp9", ("libopus",)),
    Kind("vp8.webm", "libvpx", ("libvorbis",)),
    Kind("h264.ts", "libx264", ("aac", "mp2")),
    Kind("hevc.ts", "libx265", ("ac3",)),
    Kind("mpeg2.mpg", "mpeg2video", ("mp2",), pixels="yuv420p"),
    Kind("mpeg4.avi", "mpeg4", ("libmp3lame",)),
    Kind("mjpeg.avi", "mjpeg", ("pcm_s16le",), pixels="yuvj420p"),
    Kind("h264.flv", "libx264", ("aac",)),
    Kind("wmv2.asf", "wmv2", ("wmav2",)),
    Kind("mpeg2.mxf", "mpeg2video", ("pcm_s16le",), pixels="yuv422p"),
    Kind("h264.nut", "libx264", ("aac",)),
    Kind("raw.h264", "libx264"),
    Kind("raw.hevc", "libx265"),
    Kind("vp9.ivf", "libvpx-vp9"),
    Kind("moving.gif", "gif", pixels="rgb8"),
    Kind("still.png", "png", pixels="rgb24", format="image2"),
    Kind("still.jpg", "mjpeg", pixels="yuvj420p", format="image2"),
    Kind("sound.wav", None, ("pcm_s16le",)),
    Kind("float.wav", None, ("pcm_f32le",)),
    Kind("adpcm.wav", None, ("adpcm_ms",)),
    Kind("sound.w64", None, ("pcm_s16le",)),
    Kind("sound.flac", None, ("flac",)),
    Kind("sound.mp3", None, ("libmp3lame",)),
    Kind("sound.aac", None, ("aac",)),
    Kind("sound.m4a", None, ("alac",)),
    Kind("sound.ogg", None, ("libvorbis",)),
    Kind("sound.opus", None, ("libopus",)),
    Kind("sound.ac3", None, ("ac3",)),
    Kind("sound.eac3", None, ("eac3",)),
    Kind("sound.dts", None, ("dca",)),
    Kind("sound.aiff", None, ("pcm_s16be",)),
    Kind("sound.au", None, ("pcm_s16be",)),
    Kind("sound.caf", None, ("pcm_s16le",)),
    Kind("sound.wv", None, ("wavpack",)),
    Kind("sound.tta", None, ("tta",)),
    Kind("sound.amr", None, ("libopencore_amrnb",), rate_hz=8000),
    Kind("sound.voc", None, ("pcm_u8",), rate_hz=16_000),
    Kind("sound.thd", None, ("truehd",)),
)
"""All of them; an encoder that is missing here makes none."""


def films(folder: Path) -> list[Path]:
    """Make the recordings in a folder; those that it has already stay."""
    folder.mkdir(parents=True, exist_ok=True)
    return [path for kind in KINDS if (path := _made(folder / kind.name, kind)).stat().st_size]


def _made(path: Path, kind: Kind) -> Path:
    if not path.exists():
        draft = path.with_name(f"draft-{path.name}")
        draft.touch()
        try:
            with kept_priority(), av.open(str(draft), "w", kind.format, options=dict(kind.options)) as out:
                _write(out, kind)
        except (av.FFmpegError, ValueError, TypeError, OSError):
            draft.write_bytes(b"")  # no such encoder here
        draft.rename(path)
    return path


def _write(out: OutputContainer, kind: Kind) -> None:
    out.metadata.update({"title": "seed", "comment": "a recording to be corrupted"})
    video, rate = None, Fraction(25 if kind.video == "mpeg2video" else FPS)
    if kind.video is not None:
        video = cast(VideoStream, out.add_stream(kind.video, rate=rate))
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, kind.pixels
        video.codec_context.gop_size = FPS // 2
        if kind.video == "libx265":
            video.codec_context.options = {"x265-params": "log-level=none"}
        if kind.video == "libsvtav1":
            video.codec_context.options = {"preset": "12"}
    sounds = [cast(AudioStream, out.add_stream(codec, rate=kind.rate_hz)) for codec in kind.audio]
    for sound in sounds:
        sound.layout = "mono" if kind.rate_hz < RATE_HZ else "stereo"
    if video is not None:
        for number in range(1 if kind.format == "image2" else SECONDS * int(rate)):
            frame = VideoFrame.from_ndarray(_image(number), format="rgb24").reformat(format=kind.pixels)
            frame.pts, frame.time_base = number, 1 / rate
            out.mux(video.encode(frame))
    for sound in sounds:
        tone = (0.3 * np.sin(np.arange(SECONDS * kind.rate_hz) / 20)).astype(np.float32)
        channels = sound.layout.nb_channels
        for first in range(0, len(tone), 4800):
            part = np.repeat(tone[first : first + 4800], channels).reshape(1, -1)
            piece = av.AudioFrame.from_ndarray(part, format="flt", layout=sound.layout.name)
            piece.sample_rate, piece.pts, piece.time_base = kind.rate_hz, first, Fraction(1, kind.rate_hz)
            out.mux(sound.encode(piece))
    streams: list[AudioStream | VideoStream] = [*sounds, *([video] if video else [])]
    for stream in streams:
        with suppress(av.EOFError):
            out.mux(stream.encode(None))


def _image(number: int) -> np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]:
    """An image in motion: a gradient that moves, with a square on it."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    image = np.stack([x + 3 * number, y + number, x + y], axis=2) % 256
    image[20:50, 10 + number : 40 + number] = 255
    return image.astype(np.uint8)
