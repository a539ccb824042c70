"""Small recordings whose video frames and audio say when they are: made and measured with PyAV.

Every frame carries its number as a barcode of 16 blocks along the top edge. Where the number is a multiple
of FLASH_EVERY a white square is shown and, at the very same instant, a 4 kHz beep starts.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
import numpy.typing as npt
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Disposition, Stream
from av.subtitles.codeccontext import SubtitleCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from edge.media import probe
from tools.priority import kept_priority

WIDTH, HEIGHT = 320, 180
FLASH_EVERY = 10
BEEP_S = 0.01

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Recipe:
    """A recording to make; times in seconds of the container."""

    fps: Fraction = Fraction(25)
    seconds: float = 4.0
    gop: int = 25
    b_frames: int = 2
    video: str | None = "libx264"
    pix_fmt: str = "yuv420p"
    encoding: dict[str, str] = field(default_factory=dict)
    """Further options of the video frame's encoder."""
    video_start: Fraction = Fraction(0)
    frame_times: tuple[Fraction, ...] | None = None
    """Presentation times for a variable frame rate; None is `fps` throughout."""
    rotation: int = 0
    audio: tuple[str, ...] = ("aac",)
    rate_hz: int = 48000
    layout: str = "stereo"
    audio_start: Fraction = Fraction(0)
    audio_seconds: float | None = None
    languages: tuple[str, ...] = ()
    options: dict[str, str] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)
    timecode: str | None = None
    """Time code of the first frame, in a .mov or .mp4."""

    @property
    def times(self) -> tuple[Fraction, ...]:
        """When each frame comes on display."""
        if self.frame_times is not None:
            return self.frame_times
        return tuple(self.video_start + n / self.fps for n in range(round(self.seconds * self.fps)))

    def but(self, **changes: Any) -> Recipe:
        """The same with some fields changed."""
        return replace(self, **changes)


def hevc(params: str = "", **changes: Any) -> Recipe:
    """A recording as x265 makes it; "open" lets B-frames before a CRA frame refer to frames before it."""
    groups = {"open": "open-gop=1:b-adapt=2:bframes=4", "closed": "open-gop=0:bframes=3", "": "open-gop=0"}
    first, *rest = params.split(":")
    chosen = [groups.get(first, first), *rest, "keyint=25:min-keyint=25:scenecut=0:log-level=none"]
    return Recipe(seconds=12.0).but(video="libx265", encoding={"x265-params": ":".join(chosen)}, **changes)


HDR10 = (
    "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1):max-cll=1000,400"
    ":hdr10=1:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc"
)
HLG = "colorprim=bt2020:transfer=arib-std-b67:colormatrix=bt2020nc"


def picture(number: int) -> npt.NDArray[np.uint8]:
    """YUV 4:2:0 planes of frame `number`: barcode, flash, and a grey that is left blank."""
    yuv = np.full((HEIGHT * 3 // 2, WIDTH), 128, np.uint8)
    yuv[:HEIGHT] = 60
    for bit in range(16):
        yuv[0:20, bit * 20 : bit * 20 + 20] = 235 if number >> bit & 1 else 16
    yuv[100:160, 20:80] = 235 if number % FLASH_EVERY == 0 else 16
    return yuv


def beeps(recipe: Recipe) -> Floats:
    """Mono samples of the audio stream: a beep wherever a flash comes on display."""
    seconds = recipe.seconds if recipe.audio_seconds is None else recipe.audio_seconds
    samples = np.zeros(round(seconds * recipe.rate_hz), np.float32)
    tone = 0.8 * np.cos(2 * np.pi * 4000 * np.arange(round(BEEP_S * recipe.rate_hz)) / recipe.rate_hz)
    for number in range(0, len(recipe.times), FLASH_EVERY):
        first = round((recipe.times[number] - recipe.audio_start) * recipe.rate_hz)
        if first >= 0:
            part = samples[first : first + len(tone)]
            part[:] = tone[: len(part)]
    return samples


def make(path: Path, recipe: Recipe) -> Path:
    """Write the recording; the suffix says the container."""
    with kept_priority(), av.open(str(path), "w", options=recipe.options) as out:
        out.metadata.update(recipe.metadata)
        tracks = [_sound(out, recipe, n) for n in range(len(recipe.audio))]
        if recipe.video:
            tracks.insert(0, _pictures(out, recipe))
        for _, packets in heapq.merge(*tracks, key=lambda step: step[0]):
            out.mux(packets)
    return path


Step = tuple[Fraction, "list[Packet[Stream]]"]


def _pictures(out: OutputContainer, recipe: Recipe) -> Iterator[Step]:
    options = {"preset": "ultrafast", "crf": "23", "bf": str(recipe.b_frames), **recipe.encoding}
    stream = cast(VideoStream, out.add_stream(recipe.video or "", rate=recipe.fps, options=options))
    stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, recipe.pix_fmt
    stream.codec_context.gop_size = recipe.gop
    old = recipe.video in {"mpeg4", "mpeg2video"}  # their time bases have 16 bits
    time_base = Fraction(1, 90_000) if recipe.fps.denominator == 1 and not old else 1 / recipe.fps
    stream.codec_context.time_base = time_base
    if recipe.timecode:
        stream.metadata["timecode"] = recipe.timecode
    if recipe.rotation:
        stream.set_display_rotation(recipe.rotation)
    for number, time in enumerate(recipe.times):
        frame = VideoFrame.from_ndarray(picture(number), format="yuv420p").reformat(format=recipe.pix_fmt)
        frame.pts, frame.time_base = round(time / time_base), time_base
        yield time, cast("list[Packet[Stream]]", stream.encode(frame))
    yield recipe.times[-1], cast("list[Packet[Stream]]", stream.encode(None))


def _sound(out: OutputContainer, recipe: Recipe, number: int) -> Iterator[Step]:
    stream = cast(AudioStream, out.add_stream(recipe.audio[number], rate=recipe.rate_hz))
    stream.layout = recipe.layout
    if number < len(recipe.languages):
        stream.metadata["language"] = recipe.languages[number]
    mono = beeps(recipe) if number == 0 else hum(recipe, 300.0 * number)
    shift = round(recipe.audio_start * recipe.rate_hz)
    for first in range(0, len(mono), 4800):
        frame = audio_frame(mono[first : first + 4800], recipe.rate_hz, recipe.layout, shift + first)
        yield Fraction(shift + first, recipe.rate_hz), cast("list[Packet[Stream]]", stream.encode(frame))
    yield Fraction(shift + len(mono), recipe.rate_hz), cast("list[Packet[Stream]]", stream.encode(None))


def hum(recipe: Recipe, frequency: float) -> Floats:
    """A plain tone: what the second and third audio streams hold."""
    index = np.arange(round(recipe.seconds * recipe.rate_hz))
    return (0.25 * np.sin(2 * np.pi * frequency * index / recipe.rate_hz)).astype(np.float32)


def audio_frame(mono: Floats, rate_hz: int, layout: str, pts: int) -> av.AudioFrame:
    """The same samples in every channel."""
    channels = av.AudioLayout(layout).nb_channels
    packed = np.repeat(mono.astype(np.float32), channels).reshape(1, -1)
    frame = av.AudioFrame.from_ndarray(packed, format="flt", layout=layout)
    frame.sample_rate, frame.pts, frame.time_base = rate_hz, pts, Fraction(1, rate_hz)
    return frame


def write_sound(
    path: Path,
    samples: Floats,
    rate_hz: int,
    *,
    codec: str = "pcm_f32le",
    fmt: str = "flt",
    layout: str = "mono",
) -> Path:
    """Write mono samples float32[n] to every channel of an audio file."""
    with av.open(str(path), "w") as out:
        stream = cast(AudioStream, out.add_stream(codec, rate=rate_hz))
        stream.layout, stream.format = layout, fmt
        out.mux(stream.encode(audio_frame(samples, rate_hz, layout, 0)))
        out.mux(stream.encode(None))
    return path


@dataclass(frozen=True)
class Track:
    """An audio track to write."""

    samples: Floats
    rate_hz: int = 16_000
    layout: str = "mono"
    start_s: float = 0.0
    language: str = ""
    flag: Disposition | None = None
    title: str = ""
    codec: str = "pcm_s16le"
    hole_s: tuple[float, float] = (0.0, 0.0)
    """Between these times nothing is written."""


def write_tracks(path: Path, *tracks: Track) -> Path:
    """Write tracks, interleaved by time."""
    with av.open(str(path), "w") as out:
        written = [_packets(out, track) for track in tracks]
        for _, packets in heapq.merge(*written, key=lambda step: step[0]):
            out.mux(packets)
    return path


def _packets(out: OutputContainer, track: Track) -> Iterator[tuple[float, list[Packet[Stream]]]]:
    stream = cast(AudioStream, out.add_stream(track.codec, rate=track.rate_hz))
    stream.layout = track.layout
    stream.metadata.update({"language": track.language} if track.language else {})
    stream.metadata.update({"title": track.title} if track.title else {})
    if track.flag is not None:
        stream.disposition = track.flag
    return _encoded(stream, track)


def _encoded(stream: AudioStream, track: Track) -> Iterator[tuple[float, list[Packet[Stream]]]]:
    shift, step = round(track.start_s * track.rate_hz), track.rate_hz // 10
    for first in range(0, len(track.samples), step):
        if track.hole_s[0] <= (shift + first) / track.rate_hz < track.hole_s[1]:
            continue
        part = track.samples[first : first + step]
        frame = audio_frame(part, track.rate_hz, track.layout, shift + first)
        yield (shift + first) / track.rate_hz, cast("list[Packet[Stream]]", stream.encode(frame))
    yield (shift + len(track.samples)) / track.rate_hz, cast("list[Packet[Stream]]", stream.encode(None))


@dataclass(frozen=True)
class Measured:
    """What a recording shows and sounds like; times in seconds of its container."""

    numbers: tuple[int, ...]
    times: tuple[Fraction, ...]
    flashes: tuple[float, ...]
    beeps: tuple[float, ...]
    sound_start: float
    audio_end: float
    rotation: int

    @property
    def worst_sync_s(self) -> float:
        """Largest distance between a beep and the flash nearest to it."""
        return max(min(abs(beep - flash) for flash in self.flashes) for beep in self.beeps)


def measure(path: Path) -> Measured:
    """Decode a recording made by `make` (or cut from one), independently of edge.media."""
    frames: list[tuple[Fraction, int, bool]] = []
    rotation = 0
    with av.open(str(path)) as container:
        for frame in container.decode(video=0) if container.streams.video else ():
            luma = frame.to_ndarray(format="gray")
            time = Fraction(frame.pts or 0) * (frame.time_base or 0)
            frames.append((time, number_of(luma), bool(luma[110:150, 30:70].mean() > 126)))
            rotation = frame.rotation
    samples, start, rate_hz = sound_of(path)
    onsets = np.flatnonzero(np.abs(samples) > 0.35)
    firsts = [index for n, index in enumerate(onsets) if n == 0 or index - onsets[n - 1] > rate_hz * 0.1]
    return Measured(
        numbers=tuple(number for _, number, _ in frames),
        times=tuple(time for time, _, _ in frames),
        flashes=tuple(float(time) for time, number, flash in frames if flash),
        beeps=tuple(start + float(index) / rate_hz for index in firsts),
        sound_start=start,
        audio_end=start + len(samples) / rate_hz,
        rotation=rotation,
    )


def number_of(luma: npt.NDArray[Any]) -> int:
    """The frame number in the barcode of a grey video frame [180, 320]."""
    return sum(1 << bit for bit in range(16) if luma[5:15, bit * 20 + 5 : bit * 20 + 15].mean() > 126)


def sound_of(path: Path, index: int = 0) -> tuple[Floats, float, int]:
    """(mean of the channels, container time of its first sample, rate) of an audio stream; empty if none."""
    with av.open(str(path)) as container:
        if not container.streams.audio:
            return np.zeros(0, np.float32), 0.0, 1
        stream = container.streams.audio[index]
        mean = {"rematrix_maxval": "1"}
        convert = av.AudioResampler(format="fltp", layout="mono", rate=stream.rate, options=mean)
        parts, start = [], None
        for frame in container.decode(stream):
            if start is None:
                start = float((frame.pts or 0) * (frame.time_base or 0))
            parts += [piece.to_ndarray()[0] for piece in convert.resample(frame)]
        parts += [piece.to_ndarray()[0] for piece in convert.resample(None)]
        return np.concatenate(parts).astype(np.float32), start or 0.0, stream.rate


STATIC = ("MASTERING_DISPLAY_METADATA", "CONTENT_LIGHT_LEVEL")


def described(path: Path) -> set[tuple[object, ...]]:
    """What the frames of a file say of their colors."""
    with av.open(str(path)) as container:
        return {
            (
                frame.format.name,
                frame.color_trc,
                frame.color_primaries,
                frame.colorspace,
                *(bytes(cast(Any, frame.side_data.get(name)) or b"") for name in STATIC),
            )
            for frame in container.decode(video=0)
        }


FONT = b"\0\1\0\0" + bytes(100)
EXTRA_CHAPTERS = [(0.0, 2.0, "Intro"), (2.0, 6.0, "Main part"), (6.0, 8.0, "End")]
ASS_HEADER = b"""[Script Info]
ScriptType: v4.00+
[V4+ Styles]
Format: Name, Fontname, Fontsize
Style: Default,Arial,16
[Events]
Format: Layer, Start, End, Style, Text
"""
EXTRA_LINES = [(0.5, 1.0, "one"), (2.5, 2.0, "two"), (6.5, 1.0, "three")]


def film_with_extras(path: Path, *, subtitles: str = "subrip") -> Path:
    """Eight seconds with three chapters, a track of subtitles, two audio streams, and in .mkv a font."""
    with av.open(str(path), "w") as out:
        video = out.add_stream("libx264", rate=25, options={"preset": "ultrafast", "g": "25"})
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        sound = [out.add_stream("aac", rate=16_000, layout="mono") for _ in range(2)]
        text = out.add_stream(subtitles)
        cast(SubtitleCodecContext, text.codec_context).subtitle_header = ASS_HEADER
        text.metadata["language"] = "eng"
        if path.suffix == ".mkv":
            out.add_attachment("f.ttf", "font/ttf", FONT)
        out.set_chapters(
            [
                {
                    "id": n,
                    "start": round(1000 * start),
                    "end": round(1000 * end),
                    "time_base": Fraction(1, 1000),
                    "metadata": {"title": title},
                }
                for n, (start, end, title) in enumerate(EXTRA_CHAPTERS)
            ]
        )
        for n in range(200):
            frame = VideoFrame.from_ndarray(np.full((72, 64), n, np.uint8), format="yuv420p")
            frame.pts = n
            out.mux(video.encode(frame))
        for stream in sound:
            tone = np.sin(np.arange(128_000) / 10).astype(np.float32)[None]
            sound_frame = av.AudioFrame.from_ndarray(tone, format="fltp", layout="mono")
            sound_frame.rate, sound_frame.pts = 16_000, 0
            out.mux(stream.encode(sound_frame))
            out.mux(stream.encode(None))
        for start, length, line in EXTRA_LINES:
            data = line.encode() if subtitles == "subrip" else len(line).to_bytes(2, "big") + line.encode()
            packet = Packet(data)
            packet.time_base = Fraction(1, 1000)
            packet.pts = packet.dts = round(1000 * start)
            packet.duration, packet.stream = round(1000 * length), text
            out.mux(packet)
        out.mux(video.encode(None))
    return path


LONG = Recipe(seconds=16.0)
JITTER = tuple(Fraction(n * 40 + n * 7919 % 23, 1000) for n in range(380))
FILMS = {
    "plain.mp4": LONG,
    "plain.mkv": LONG,
    "plain.ts": LONG,
    "ntsc.mp4": LONG.but(fps=Fraction(24000, 1001), gop=24),
    "ntsc30.mov": LONG.but(fps=Fraction(30000, 1001), gop=30),
    "ntsc30.mkv": LONG.but(fps=Fraction(30000, 1001), gop=30),
    "vfr.mp4": LONG.but(frame_times=JITTER),
    "sound44.mp4": LONG.but(rate_hz=44100),
    "late_picture.mp4": LONG.but(video_start=Fraction(6, 5)),
    "shifted.ts": LONG.but(video_start=Fraction(11, 2), audio_start=Fraction(11, 2)),
}


@cache
def frame_times(source: Path) -> list[Fraction]:
    """When each video frame is on display after the recording's zero, by decoding it."""
    origin = probe(source).origin
    with av.open(str(source)) as container:
        return [(frame.pts or 0) * (frame.time_base or 0) - origin for frame in container.decode(video=0)]
