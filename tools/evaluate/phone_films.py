"""Films as phones, cameras and encoders write them: numbered frames over moving noise, and noise as audio."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TypeAlias, cast

import av
import numpy as np
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream
from numpy.typing import NDArray

from edge.arrays import Floats

BITS = 16
"""Blocks along the upper edge that show a frame's number."""

RATE_HZ = 48_000
"""Sample rate of the audio."""

GOP = 30
"""Frames from one keyframe to the next."""

TIME_BASE = Fraction(1, 90_000)
"""Seconds per tick of the frames' times."""

DELAY = 6
"""Frames by which a joined film is decoded before it is presented; more than any of its B-frames need."""

Step: TypeAlias = "tuple[Fraction, list[Packet[Stream]]]"
"""(seconds, packets so far)."""

HDR10 = (
    "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1):max-cll=1000,400"
    ":hdr10=1:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc"
)
HLG = "colorprim=bt2020:transfer=arib-std-b67:colormatrix=bt2020nc"
OPEN = "open-gop=1:b-adapt=2:bframes=4"


@dataclass(frozen=True, slots=True)
class Kind:
    """How a film is written."""

    codec: str
    """FFmpeg's name of the encoder."""
    params: tuple[str, ...]
    """Parameters of x264 or x265; several are recordings joined without encoding."""
    suffix: str = ".mp4"
    """Suffix of the file."""
    pix_fmt: str = "yuv420p"
    """Pixel format."""
    is_uneven: bool = False
    """Whether the frame rate varies."""
    rotation: int = 0
    """Degrees by which the display matrix turns the frames."""


KINDS = {
    "H.264": Kind("libx264", ("bframes=3",)),
    "H.264, no B-frames, VFR": Kind("libx264", ("bframes=0",), is_uneven=True),
    "H.264, pyramid, MPEG-TS": Kind("libx264", ("bframes=5:b-pyramid=2:ref=5",), ".ts"),
    "H.264, joined, 3 sets": Kind("libx264", ("bframes=0:ref=1", "bframes=2:cabac=0", "ref=3"), ".ts"),
    "HEVC, closed GOP": Kind("libx265", ("open-gop=0:bframes=3",)),
    "HEVC, no B-frames": Kind("libx265", ("open-gop=0:bframes=0",)),
    "HEVC, CRA and RASL": Kind("libx265", (OPEN,), ".mov"),
    "HEVC, CRA, pyramid, MKV": Kind("libx265", (f"{OPEN}:b-pyramid=1",), ".mkv"),
    "HEVC, IDR and RADL": Kind("libx265", ("open-gop=0:bframes=3:radl=2",)),
    "HEVC, CRA, MPEG-TS": Kind("libx265", (OPEN,), ".ts"),
    "HEVC, VFR, rotated": Kind("libx265", (OPEN,), ".mov", is_uneven=True, rotation=90),
    "HEVC, sets in band, 2 slices": Kind("libx265", ("open-gop=0:repeat-headers=1:aud=1:slices=2",)),
    "HEVC, 10 bits, HLG, CRA": Kind("libx265", (f"{OPEN}:{HLG}",), ".mov", "yuv420p10le"),
    "HEVC, 10 bits, HDR10, VFR": Kind(
        "libx265", (f"bframes=3:{HDR10}",), ".mp4", "yuv420p10le", is_uneven=True
    ),
    "HEVC, joined, 3 sets": Kind("libx265", ("bframes=0:ref=1", "no-sao=1:ctu=32", OPEN), ".ts"),
}
"""By the name in the table."""


@dataclass(frozen=True, slots=True)
class Film:
    """A film that was written."""

    path: Path
    """Path of the file."""
    kind: Kind
    """How it was written."""
    seconds: float
    """Length."""


def write_phone_film(path: Path, kind: Kind, seconds: float, size: tuple[int, int] = (320, 180)) -> Film:
    """Write a film of `size` pixels (width, height)."""
    times = _times(seconds, uneven=kind.is_uneven)
    with av.open(str(path), "w") as out:
        for _, packets in heapq.merge(
            _video(out, kind, times, size), _audio(out, seconds), key=lambda step: step[0]
        ):
            out.mux(packets)
    return Film(path, kind, seconds)


def number_in(luma: NDArray[np.uint8 | np.uint16]) -> int:
    """Return the number of the frame with this luma [height, width]."""
    block, width = luma[2:10].astype(float), luma.shape[1] // BITS
    means = [block[:, n * width + 3 : (n + 1) * width - 3].mean() for n in range(BITS)]
    middle = 4 * 126 if luma.dtype == np.uint16 else 126
    return sum(1 << n for n, mean in enumerate(means) if mean > middle)


def _times(seconds: float, *, uneven: bool) -> list[Fraction]:
    """Return when frames are presented: 30 a second, or like a phone's, some late and some missing."""
    steps = [2970, 3000, 3000, 3030, 6000] if uneven else [3000]
    ticks = np.cumsum(np.random.default_rng(5).choice(steps, round(seconds * 30))) - steps[0]
    return [Fraction(int(tick), 90_000) for tick in ticks if 0 <= tick < seconds * 90_000]


def _video(out: OutputContainer, kind: Kind, times: list[Fraction], size: tuple[int, int]) -> Iterator[Step]:
    stream = cast(VideoStream, out.add_stream(kind.codec, rate=30))
    _set_up(stream.codec_context, kind, kind.params[0], size)
    if kind.rotation:
        stream.set_display_rotation(kind.rotation)
    if len(kind.params) == 1:
        yield from _encoded(stream, kind, times, range(len(times)))
        return
    each = -(-len(times) // len(kind.params))
    for part, params in enumerate(kind.params):
        context = cast(VideoCodecContext, av.CodecContext.create(kind.codec, "w"))
        _set_up(context, kind, params, size)
        place = part * each
        for at, packets in _encoded(context, kind, times, range(place, min(place + each, len(times)))):
            for packet in packets:
                packet.stream, packet.dts = stream, (place - DELAY) * 3000
                place += 1
            yield at, packets


def _encoded(
    context: VideoCodecContext | VideoStream, kind: Kind, times: list[Fraction], numbers: range
) -> Iterator[Step]:
    size = context.width, context.height
    for number in numbers:
        frame = _frame(number, size).reformat(format=kind.pix_fmt)
        frame.pts, frame.time_base = round(times[number] / TIME_BASE), TIME_BASE
        yield times[number], cast("list[Packet[Stream]]", context.encode(frame))
    yield times[numbers[-1]], cast("list[Packet[Stream]]", context.encode(None))


def _set_up(context: VideoCodecContext, kind: Kind, params: str, size: tuple[int, int]) -> None:
    (context.width, context.height), context.pix_fmt = size, kind.pix_fmt
    context.time_base, context.framerate = TIME_BASE, Fraction(30)
    common = f"keyint={GOP}:min-keyint={GOP}:scenecut=0"
    quiet = ":log-level=none" if kind.codec == "libx265" else ""
    key = kind.codec.removeprefix("lib") + "-params"
    context.options = {"preset": "veryfast", "crf": "22", key: f"{common}:{params}{quiet}"}


def _frame(number: int, size: tuple[int, int]) -> av.VideoFrame:
    """Return a frame of which no other, and no encoded copy, is the same."""
    width, height = size
    dice = np.random.default_rng(3)
    coarse = dice.integers(40, 210, (height // 4 + 1, width // 2), np.uint8)
    texture = coarse.repeat(4, 0).repeat(4, 1)
    planes = np.full((height * 3 // 2, width), 128, np.uint8)
    planes[:height] = texture[:height, 2 * number % width :][:, :width]
    for bit in range(BITS):
        planes[:14, bit * width // BITS : (bit + 1) * width // BITS] = 235 if number >> bit & 1 else 16
    return av.VideoFrame.from_ndarray(planes, format="yuv420p")


def film_audio(seconds: float) -> Floats:
    """Return the audio of a film: noise below 4 kHz, float32[n]."""
    dice = np.random.default_rng(11)
    white = dice.normal(0, 0.2, round(seconds * RATE_HZ))
    return np.convolve(white, np.ones(6) / 6, mode="same").astype(np.float32)


def _audio(out: OutputContainer, seconds: float) -> Iterator[Step]:
    stream = out.add_stream("aac", rate=RATE_HZ, layout="mono")
    samples = film_audio(seconds)
    for start in range(0, len(samples), 4800):
        part = np.ascontiguousarray(samples[None, start : start + 4800])
        frame = av.AudioFrame.from_ndarray(part, format="fltp", layout="mono")
        frame.pts, frame.time_base, frame.sample_rate = start, Fraction(1, RATE_HZ), RATE_HZ
        yield Fraction(start, RATE_HZ), cast("list[Packet[Stream]]", stream.encode(frame))
    yield Fraction(len(samples), RATE_HZ), cast("list[Packet[Stream]]", stream.encode(None))
