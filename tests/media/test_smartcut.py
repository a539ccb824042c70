"""Smart cut: the source's own video frames bit by bit, the few others close to them; and what it refuses.

Its two codecs go through the same tests.
"""

from __future__ import annotations

import random
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import av.logging
import numpy as np
import numpy.typing as npt
import pytest
from av.bitstream import BitStreamFilterContext
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from edge.media import ConcatResult, MediaRange, concat, frames_at, probe, snap_to_frames
from edge.media.bitstream.bits import nals
from edge.media.bitstream.codec import Codec
from edge.media.bitstream.h264 import H264
from edge.media.bitstream.hevc import HEVC
from edge.media.read.frame_index import read_frame_index

from .conftest import Film
from .makers import HDR10, Recipe, described, hevc, measure, number_of, picture, sound_of

pytestmark = pytest.mark.slow

LONG = Recipe(seconds=12.0)
PARTS = ((1.353, 5.1), (8.04, 11.5), (0.0, 0.3), (5.313, 7.9))
X264 = {
    "plain.mp4": LONG,
    "plain.mov": LONG,
    "plain.mkv": LONG,
    "plain.ts": LONG,
    "film.mp4": LONG.but(fps=Fraction(24000, 1001), gop=24),
    "deep.mp4": LONG.but(b_frames=5, encoding={"preset": "slow", "x264-params": "b-pyramid=2:ref=6"}),
    "baseline.mp4": LONG.but(b_frames=0, encoding={"profile": "baseline"}),
    "main.mkv": LONG.but(encoding={"profile": "main"}),
    "set7.mp4": LONG.but(encoding={"x264-params": "sps-id=7"}),
    "full.mp4": LONG.but(pix_fmt="yuvj420p"),
    "repeated.mp4": LONG.but(encoding={"x264-params": "repeat-headers=1:aud=1"}),
    "slices.ts": LONG.but(encoding={"x264-params": "slices=4"}),
    "deep10.mp4": LONG.but(pix_fmt="yuv420p10le"),
}


def uneven(seconds: float) -> tuple[Fraction, ...]:
    """Frame times as a phone's camera has them: mostly 30 a second, with jitter, some missing."""
    dice = np.random.default_rng(5)
    steps = dice.choice([2970, 3000, 3000, 3030, 6000], round(seconds * 30))
    times = np.concatenate([[0], np.cumsum(steps)])
    return tuple(Fraction(int(tick), 90_000) for tick in times[times < seconds * 90_000])


X265 = {
    "closed.mp4": hevc("closed"),
    "open.mov": hevc("open"),
    "open.mkv": hevc("open:b-pyramid=1"),
    "open.ts": hevc("open"),
    "decodable.mp4": hevc("closed:radl=2"),
    "hlg.mov": hevc(
        "open:colorprim=bt2020:transfer=arib-std-b67:colormatrix=bt2020nc", pix_fmt="yuv420p10le"
    ),
    "hdr10.mp4": hevc(f"closed:{HDR10}", pix_fmt="yuv420p10le"),
    "forward.mp4": hevc("bframes=0", b_frames=0),
    "uneven.mov": hevc("open", frame_times=uneven(12.0)),
    "rotated.mp4": hevc("closed", rotation=90),
    "repeated.mp4": hevc("closed:repeat-headers=1:aud=1"),
    "slices.mp4": hevc("closed:slices=2"),
    "full.mp4": hevc("closed", pix_fmt="yuvj420p"),
}

Planes = npt.NDArray[np.uint8]


def join_of(source: Path, destination: Path, *spans: tuple[float, float], smart: bool = True) -> ConcatResult:
    spans = spans or PARTS
    parts = [
        MediaRange(source, Fraction(round(a * 1000), 1000), Fraction(round(b * 1000), 1000)) for a, b in spans
    ]
    return concat(parts, destination, smart=smart)


def decoded(path: Path) -> list[Planes]:
    """Every video frame, all planes."""
    with av.open(str(path)) as container:
        return [cast(Planes, frame.to_ndarray()) for frame in container.decode(video=0)]


def all_planes(number: int, texture: npt.NDArray[np.uint8], pix_fmt: str) -> av.VideoFrame:
    planes = picture(number)
    planes[25:95] = texture[25:95, 2 * number % 320 :][:, :320]
    return av.VideoFrame.from_ndarray(planes, format="yuv420p").reformat(format=pix_fmt)


NOISY = {
    "h264": ("libx264", "yuv420p", "scenecut=0:bframes=3:keyint=25"),
    "hevc": ("libx265", "yuv420p", "scenecut=0:bframes=3:keyint=25:open-gop=0:log-level=none"),
    "hevc10": (
        "libx265", "yuv420p10le", "scenecut=0:bframes=4:b-adapt=2:keyint=25:open-gop=1:log-level=none"
    ),
}  # fmt: skip


def noisy(path: Path, count: int = 200, kind: str = "h264") -> Path:
    """A film of which no two video frames, and no encoded copy of one, are the same."""
    texture = np.random.default_rng(3).integers(60, 190, (180, 640), np.uint8)
    codec, pix_fmt, params = NOISY[kind]
    with av.open(str(path), "w") as out:
        options = {"preset": "veryfast", "crf": "20", codec.removeprefix("lib") + "-params": params}
        stream = cast(VideoStream, out.add_stream(codec, rate=25, options=options))
        stream.width, stream.height, stream.pix_fmt = 320, 180, pix_fmt
        for n in range(count):
            frame = all_planes(n, texture, pix_fmt)
            frame.pts = n
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(("codec", "name"), [*(("h264", n) for n in X264), *(("hevc", n) for n in X265)])
@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_every_kind_is_copied_where_it_can_be(
    film: Film, tmp_path: Path, codec: str, name: str, suffix: str
) -> None:
    source = film(name, {"h264": X264, "hevc": X265}[codec][name])
    done = join_of(source, tmp_path / f"a{suffix}")
    with av.logging.Capture(local=False) as said:
        got = measure(done.path)
    assert not [line for level, _, line in said if level <= av.logging.WARNING]
    assert got.rotation == measure(source).rotation
    times = measure(source).times
    origin = probe(source).origin
    wanted = [n for p in done.ranges for n, t in enumerate(times) if p.start <= t - origin < p.end]
    assert list(got.numbers) == wanted
    assert (done.how, done.why) == ("smart", "")
    assert done.copied_frames > 180
    assert got.worst_sync_s < 0.002
    assert probe(done.path).duration_s == pytest.approx(float(sum(p.length for p in done.ranges)), abs=0.03)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
@pytest.mark.parametrize("container", ["mp4", "ts"])
@pytest.mark.parametrize("kind", NOISY)
def test_copied_pictures_are_bit_exact_and_the_others_close(
    tmp_path: Path, container: str, suffix: str, kind: str
) -> None:
    source = noisy(tmp_path / f"noisy.{container}", kind=kind)
    done = join_of(source, tmp_path / f"a{suffix}", (0.5, 3.1), (4.28, 7.9))
    before, after = decoded(source), decoded(done.path)
    numbers = [number_of(planes[:180] / (4 if kind == "hevc10" else 1)) for planes in after]
    assert numbers == [*range(numbers[0], numbers[0] + 65), *range(107, 107 + len(numbers) - 65)]
    scale = 16 if kind == "hevc10" else 1
    errors = [((a.astype(int) - before[n]) ** 2).mean() / scale for a, n in zip(after, numbers, strict=True)]
    exact = [n for n, error in zip(numbers, errors, strict=True) if error == 0]
    assert done.copied_frames == len(exact)
    runs = np.split(exact, 1 + np.flatnonzero(np.diff(exact) > 1))
    assert [run[0] for run in runs] == [25, 125]
    ends = numbers[64], numbers[-1]
    assert all(end - 6 <= run[-1] <= end for run, end in zip(runs, ends, strict=True))
    assert 0.1 < max(errors) < 6.5  # that is 40 dB


@pytest.mark.parametrize("kind", ["hevc", "hevc10", "h264"])
def test_what_describes_all_frames_stays_with_all(film: Film, tmp_path: Path, kind: str) -> None:
    name, recipe = {
        "hevc": ("hdr10.mp4", X265["hdr10.mp4"]),
        "hevc10": ("hlg.mov", X265["hlg.mov"]),
        "h264": ("tagged.mp4", LONG.but(encoding={"x264-params": "transfer=bt709:colorprim=bt709"})),
    }[kind]
    source = film(name, recipe)
    done = join_of(source, tmp_path / "a.mp4")
    assert done.how == "smart"
    assert described(done.path) == described(source)


@pytest.mark.parametrize("recipe", [LONG, X265["open.mov"]])
def test_one_can_seek_to_any_picture(film: Film, tmp_path: Path, recipe: Recipe) -> None:
    source = film("plain.mp4", recipe)
    for suffix in (".mp4", ".mkv"):
        done = join_of(source, tmp_path / f"a{suffix}")
        inside = measure(done.path)
        order = random.Random(1).sample(range(len(inside.numbers)), 60)
        times = [float(inside.times[n]) + 0.01 for n in order]
        seen = [number_of(frame.rgb.mean(axis=2)) for frame in frames_at(done.path, times)]
        assert seen == [inside.numbers[n] for n in order]


@pytest.mark.parametrize("kind", ["h264", "hevc"])
def test_a_player_that_takes_the_sets_from_the_header_alone_shows_the_same(tmp_path: Path, kind: str) -> None:
    source = noisy(tmp_path / "noisy.ts", kind=kind)
    done = join_of(source, tmp_path / "a.mp4", (0.5, 3.1), (4.28, 7.9))
    shown = []
    with av.open(str(done.path)) as container:
        stream = container.streams.video[0]
        with_codes = BitStreamFilterContext(f"{kind}_mp4toannexb", stream)
        decoder = cast(VideoCodecContext, av.CodecContext.create(kind, "r"))
        decoder.options = {"err_detect": "explode"}
        for packet in container.demux(stream):
            for one in with_codes.filter(packet if packet.size else None):
                shown += [cast(Planes, frame.to_ndarray()) for frame in decoder.decode(one)]
        shown += [cast(Planes, frame.to_ndarray()) for frame in decoder.decode(None)]
    assert all(np.array_equal(a, b) for a, b in zip(shown, decoded(done.path), strict=True))


def test_the_sound_is_that_of_an_encoded_join(film: Film, tmp_path: Path) -> None:
    source = film("plain.mkv", LONG)
    smart = join_of(source, tmp_path / "a.mkv")
    encoded = join_of(source, tmp_path / "b.mkv", smart=False)
    assert (smart.how, encoded.how) == ("smart", "encoded")
    assert smart.ranges == encoded.ranges
    assert np.array_equal(sound_of(smart.path)[0], sound_of(encoded.path)[0])


@pytest.mark.parametrize(("codec", "tag", "recipe"), [(H264, "avc1", X264), (HEVC, "hvc1", X265)])
def test_the_header_names_both_kinds_of_parameter_sets_and_the_packets_none(
    film: Film, tmp_path: Path, codec: Codec, tag: str, recipe: dict[str, Recipe]
) -> None:
    source = film("repeated.mp4", recipe["repeated.mp4"])
    with av.open(str(join_of(source, tmp_path / "a.mp4").path)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.codec_tag == tag
        sets = codec.read_header(stream.codec_context.extradata)
        assert {kind: sum(key[0] == kind for key in sets.units) for kind in codec.limits} == dict.fromkeys(
            codec.limits, 2
        )
        units = [nal for p in container.demux(stream) for nal in nals(bytes(p), 4)]
    assert all(codec.is_kept(nal) for nal in units)
    assert not dict(codec.sets_among(units))


UNFIT = {
    "vp9.mkv": (
        LONG.but(video="libvpx-vp9", b_frames=0, encoding={"deadline": "realtime", "cpu-used": "8"}),
        "the video is vp9, which is reencoded",
    ),
    "av1.mp4": (
        LONG.but(video="libsvtav1", b_frames=0, encoding={"preset": "10"}),
        "the video is av1, which is reencoded",
    ),
    "mpeg4.mp4": (LONG.but(video="mpeg4", encoding={"b": "2M"}), "the video is mpeg4, which is reencoded"),
    "mpeg2.ts": (
        LONG.but(video="mpeg2video", encoding={"b": "3M"}),
        "the video is mpeg2video, which is reencoded",
    ),
    "wide444.mp4": (LONG.but(pix_fmt="yuv444p"), "its video frames are not 4:2:0 with 8 or 10 bits"),
    "wide422.mov": (hevc(pix_fmt="yuv422p10le"), "its video frames are not 4:2:0 with 8 or 10 bits"),
    "interlaced.mp4": (LONG.but(encoding={"x264-params": "tff=1"}), "it is interlaced"),
    "opengop.mkv": (
        LONG.but(encoding={"x264-params": "open-gop=1:scenecut=0:bframes=3"}),
        "no part holds a keyframe to copy from",
    ),
    "onegroup.mp4": (LONG.but(gop=600), "no part holds a keyframe to copy from"),
}  # fmt: skip


@pytest.mark.parametrize("name", UNFIT)
def test_everything_else_is_encoded_and_it_is_said_why(film: Film, tmp_path: Path, name: str) -> None:
    recipe, why = UNFIT[name]
    source = film(name, recipe)
    done = join_of(source, tmp_path / "a.mp4", (1.353, 3.2), (5.213, 7.9))
    assert (done.how, done.copied_frames, done.why) == ("encoded", 0, why)
    got = measure(done.path)
    numbers = [n for p in done.ranges for n in range(round(p.start * 25), round(p.end * 25))]
    first_times = {p.start - Fraction(round(p.start * 25), 25) for p in done.ranges}
    assert max(map(abs, first_times)) < Fraction(1, 50)
    assert list(got.numbers) == pytest.approx(numbers, abs=1)
    assert got.worst_sync_s < 0.003


def test_a_webm_is_encoded(film: Film, tmp_path: Path) -> None:
    done = join_of(film("plain.mp4", LONG), tmp_path / "a.webm", (1.0, 1.5))
    assert (done.how, done.why) == ("encoded", "a webm file does not hold h264")


def test_a_picture_that_cannot_be_decoded_means_no_copy(tmp_path: Path) -> None:
    source = noisy(tmp_path / "noisy.mp4")
    with av.open(str(source)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
        places = [(packet.pos or 0, packet.size) for packet in packets[28:48]]
    data = bytearray(source.read_bytes())
    for place, size in places:
        data[place + 4 : place + size] = bytes(size - 4)
    source.write_bytes(data)
    done = join_of(source, tmp_path / "a.mp4", (1.2, 7.0))
    assert (done.how, done.why) == ("encoded", "its video frames cannot be decoded at their times")
    assert set(range(50, 175)) <= set(measure(done.path).numbers)


def test_a_film_cut_off_in_a_packet_is_encoded(film: Film, tmp_path: Path) -> None:
    data = film("front.mp4", LONG.but(options={"movflags": "+faststart"})).read_bytes()
    source = tmp_path / "short.mp4"
    source.write_bytes(data[: round(len(data) * 0.6)])
    done = join_of(source, tmp_path / "a.mp4", (1.0, 4.0), (5.0, 11.0))
    assert (done.how, done.why) == ("encoded", "a packet of it is damaged")
    assert measure(done.path).numbers[:85] == (*range(25, 100), *range(125, 135))
    assert float(done.ranges[1].end) == pytest.approx(probe(source).duration_s, abs=0.05) != 11.0
    length = sum(part.length for part in done.ranges)
    assert measure(done.path).audio_end == pytest.approx(float(length), abs=0.03)


CHANGES = {
    "libx264": ("ref=1:bframes=0", "ref=4:bframes=0:cabac=0", "ref=2:bframes=3:weightp=0"),
    "libx265": (
        "ref=1:bframes=0", "ref=3:bframes=0:no-sao=1:ctu=32", "ref=2:bframes=4:b-adapt=2:open-gop=1:no-wpp=1"
    ),
}  # fmt: skip


def joined_without_encoding(path: Path, codec: str) -> Path:
    """Three recordings in one, with other parameter sets of the same ids, as `ffmpeg -c copy` joins them."""
    texture = np.random.default_rng(3).integers(60, 190, (180, 640), np.uint8)
    with av.open(str(path), "w") as out:
        stream = cast(VideoStream, out.add_stream(codec, rate=25))
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        for part, params in enumerate(CHANGES[codec]):
            context = cast(VideoCodecContext, av.CodecContext.create(codec, "w"))
            context.width, context.height, context.pix_fmt = 320, 180, "yuv420p"
            context.time_base, context.framerate = Fraction(1, 25), Fraction(25)
            more = ":log-level=none:repeat-headers=1" if codec == "libx265" else ""
            key = codec.removeprefix("lib") + "-params"
            context.options = {key: f"{params}:keyint=25:scenecut=0{more}", "preset": "veryfast"}
            made = []
            for n in range(100 * part, 100 * part + 100):
                frame = all_planes(n, texture, "yuv420p")
                frame.pts, frame.time_base = n, Fraction(1, 25)
                made += context.encode(frame)
            for place, packet in enumerate(made + context.encode(None)):
                packet.stream, packet.dts = stream, 100 * part + place - 4
                out.mux(packet)
    return path


@pytest.mark.parametrize("container", ["ts", "mkv", "mp4"])
@pytest.mark.parametrize("codec", CHANGES)
def test_parameter_sets_that_change_are_kept_apart(tmp_path: Path, codec: str, container: str) -> None:
    source = joined_without_encoding(tmp_path / f"three.{container}", codec)
    for suffix in (".mp4", ".mkv"):
        done = join_of(source, tmp_path / f"a{suffix}", (1.5, 6.5), (7.5, 11.0))
        assert (done.how, done.why) == ("smart", "")
        before, after = decoded(source), decoded(done.path)
        numbers = [number_of(planes[:180]) for planes in after]
        first, second = numbers[0], numbers[125]
        assert numbers == [*range(first, first + 125), *range(second, second + len(numbers) - 125)]
        assert 175 <= len(after) - 30 <= done.copied_frames
        same = sum(np.array_equal(a, before[n]) for a, n in zip(after, numbers, strict=True))
        assert same == done.copied_frames


def test_the_grid_of_a_timetable_is_that_of_the_pictures(film: Film) -> None:
    for name in ("plain.ts", "film.mp4", "deep.mp4"):
        source = film(name, X264[name])
        frame_index = read_frame_index(source)
        assert frame_index is not None
        times = [frame_index.seconds(tick) for tick in frame_index.shown]
        assert tuple(times) == measure(source).times
        end = probe(source).origin + Fraction(12)
        (part,) = snap_to_frames([MediaRange(source, Fraction(0), Fraction(12))])
        assert abs(part.end - 12) < Fraction(1, 20)
        assert frame_index.nearest(end + 5) == end + 5
