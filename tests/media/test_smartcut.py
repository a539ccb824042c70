"""Smart cut: the source's own video frames bit by bit, the few others close to them; and what it refuses."""

from __future__ import annotations

import random
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
import numpy.typing as npt
import pytest
from av.bitstream import BitStreamFilterContext

from edge.media import ConcatResult, MediaRange, concat, frames_at, h264, probe, snap_to_frames
from edge.media.read.frame_index import read_frame_index

from .conftest import Film
from .makers import Recipe, measure, number_of, picture, sound_of

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


def noisy(path: Path, count: int = 200, gop: int = 25) -> Path:
    """A film of which no two video frames, and no encoded copy of one, are the same."""
    dice = np.random.default_rng(3)
    with av.open(str(path), "w") as out:
        options = {"preset": "veryfast", "crf": "20", "x264-params": f"keyint={gop}:scenecut=0:bframes=3"}
        stream = out.add_stream("libx264", rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        texture = dice.integers(60, 190, (180, 640), np.uint8)
        for n in range(count):
            planes = picture(n)
            planes[25:95] = texture[25:95, 2 * n % 320 :][:, :320]
            frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
            frame.pts = n
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("name", X264)
@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_h264_of_every_kind_is_copied_where_it_can_be(
    film: Film, tmp_path: Path, name: str, suffix: str
) -> None:
    source = film(name, X264[name])
    done = join_of(source, tmp_path / f"a{suffix}")
    got = measure(done.path)
    times = measure(source).times
    origin = probe(source).origin
    wanted = [n for p in done.ranges for n, t in enumerate(times) if p.start <= t - origin < p.end]
    assert list(got.numbers) == wanted
    assert (done.how, done.why) == ("smart", "")
    assert done.copied_frames > 140
    assert got.worst_sync_s < 0.002
    assert probe(done.path).duration_s == pytest.approx(float(sum(p.length for p in done.ranges)), abs=0.03)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
@pytest.mark.parametrize("container", ["mp4", "ts"])
def test_copied_pictures_are_bit_exact_and_the_others_close(
    tmp_path: Path, container: str, suffix: str
) -> None:
    source = noisy(tmp_path / f"noisy.{container}")
    done = join_of(source, tmp_path / f"a{suffix}", (0.5, 3.1), (4.28, 7.9))
    before, after = decoded(source), decoded(done.path)
    numbers = [number_of(planes[:180]) for planes in after]
    assert numbers == [*range(numbers[0], numbers[0] + 65), *range(107, 107 + len(numbers) - 65)]
    errors = [((a.astype(int) - before[n]) ** 2).mean() for a, n in zip(after, numbers, strict=True)]
    exact = [n for n, error in zip(numbers, errors, strict=True) if error == 0]
    assert exact == [*range(25, 75), *range(125, 175)]
    assert done.copied_frames == len(exact) == 100
    assert 0.1 < max(errors) < 6.5  # that is 40 dB


def test_a_copy_to_the_end_takes_the_last_group_whole(tmp_path: Path) -> None:
    source = noisy(tmp_path / "noisy.mp4", 110)
    done = join_of(source, tmp_path / "a.mp4", (1.0, 99.0))
    assert (done.video_frames, done.copied_frames) == (85, 85)
    assert all(np.array_equal(a, b) for a, b in zip(decoded(done.path), decoded(source)[25:], strict=True))


def test_one_can_seek_to_any_picture(film: Film, tmp_path: Path) -> None:
    source = film("plain.mp4", LONG)
    for suffix in (".mp4", ".mkv"):
        done = join_of(source, tmp_path / f"a{suffix}")
        inside = measure(done.path)
        order = random.Random(1).sample(range(len(inside.numbers)), 60)
        times = [float(inside.times[n]) + 0.01 for n in order]
        seen = [number_of(frame.rgb.mean(axis=2)) for frame in frames_at(done.path, times)]
        assert seen == [inside.numbers[n] for n in order]


def test_a_player_that_takes_the_sets_from_the_header_alone_shows_the_same(tmp_path: Path) -> None:
    done = join_of(noisy(tmp_path / "noisy.ts"), tmp_path / "a.mp4", (0.5, 3.1), (4.28, 7.9))
    shown = []
    with av.open(str(done.path)) as container:
        stream = container.streams.video[0]
        with_codes = BitStreamFilterContext("h264_mp4toannexb", stream)
        decoder = av.CodecContext.create("h264", "r")
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


def test_the_header_names_both_kinds_of_parameter_sets_and_the_packets_none(
    film: Film, tmp_path: Path
) -> None:
    source = film("repeated.mp4", X264["repeated.mp4"])
    with av.open(str(join_of(source, tmp_path / "a.mp4").path)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.codec_tag == "avc1"
        sets = h264.ParameterSets.of(stream.codec_context.extradata)
        assert sorted(sets.sequence) == sorted(sets.picture) == [0, 7]
        kinds = {h264.kind(nal) for p in container.demux(stream) for nal in h264.nals(bytes(p), 4)}
    assert not kinds & {h264.SPS, h264.PPS, h264.AUD}


HEVC = {"x265-params": "log-level=none"}
UNFIT = {
    "hevc.mp4": (LONG.but(video="libx265", encoding=HEVC), "the video is hevc, not h264"),
    "vp9.mkv": (
        LONG.but(video="libvpx-vp9", b_frames=0, encoding={"deadline": "realtime", "cpu-used": "8"}),
        "the video is vp9, not h264",
    ),
    "mpeg4.mp4": (LONG.but(video="mpeg4", encoding={"b": "2M"}), "the video is mpeg4, not h264"),
    "mpeg2.ts": (LONG.but(video="mpeg2video", encoding={"b": "3M"}), "the video is mpeg2video, not h264"),
    "deep10.mp4": (LONG.but(pix_fmt="yuv420p10le"), "its video frames are not 4:2:0 with 8 bits"),
    "wide444.mp4": (LONG.but(pix_fmt="yuv444p"), "its video frames are not 4:2:0 with 8 bits"),
    "interlaced.mp4": (LONG.but(encoding={"x264-params": "tff=1"}), "it is interlaced"),
    "opengop.mkv": (
        LONG.but(encoding={"x264-params": "open-gop=1:scenecut=0:bframes=3"}),
        "no part holds a whole GOP",
    ),
    "onegroup.mp4": (LONG.but(gop=600), "no part holds a whole GOP"),
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
    assert (done.how, done.why) == ("encoded", "a webm file does not hold H.264")


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


def test_parameter_sets_that_change_mean_no_copy(tmp_path: Path) -> None:
    path = tmp_path / "two.ts"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        contexts = []
        for params in ("ref=1:bframes=0", "ref=4:bframes=0:cabac=0"):
            context = av.CodecContext.create("libx264", "w")
            context.width, context.height, context.pix_fmt = 320, 180, "yuv420p"
            context.time_base, context.framerate = Fraction(1, 25), Fraction(25)
            context.options = {"x264-params": f"{params}:keyint=25", "preset": "veryfast"}
            contexts.append(context)
        for n in range(200):
            frame = av.VideoFrame.from_ndarray(picture(n), format="yuv420p")
            frame.pts, frame.time_base = n, Fraction(1, 25)
            context = contexts[n // 100]
            made = context.encode(frame) + (context.encode(None) if n % 100 == 99 else [])
            for packet in made:
                packet.stream = stream
                out.mux(packet)
    done = join_of(path, tmp_path / "a.mp4", (1.5, 6.5))
    assert (done.how, done.why) == ("encoded", "its parameter sets are missing or change")
    assert len(measure(done.path).numbers) == 125


@pytest.mark.parametrize(
    ("encoding", "pix_fmt", "said"),
    [
        ({"profile": "baseline", "x264-params": "ref=2"}, "yuv420p", (66, 1, 8, 2, True)),
        ({"profile": "main", "x264-params": "ref=3"}, "yuv420p", (77, 1, 8, 3, True)),
        ({"x264-params": "ref=5:cqm=jvt"}, "yuv420p", (100, 1, 8, 5, True)),
        ({"x264-params": "tff=1:ref=4"}, "yuv420p", (100, 1, 8, 4, False)),
        ({"x264-params": "ref=4"}, "yuv420p10le", (110, 1, 10, 4, True)),
        ({"x264-params": "ref=4"}, "yuv422p", (122, 2, 8, 4, True)),
    ],
)
def test_a_sequence_set_says_what_the_encoder_was_told(
    film: Film, encoding: dict[str, str], pix_fmt: str, said: tuple[int, int, int, int, bool]
) -> None:
    encoding = {"preset": "fast", **encoding}
    recipe = Recipe(seconds=0.4, audio=(), encoding=encoding, pix_fmt=pix_fmt, b_frames=0)
    frame_index = read_frame_index(film("a.mp4", recipe))
    assert frame_index is not None
    assert frame_index.sets is not None
    assert list(frame_index.sets.sequence) == [0]
    one = h264.sequence_set(frame_index.sets.sequence[0])
    assert (one.profile, one.chroma, one.depth, one.references, one.progressive) == said


def test_a_header_comes_back_as_it_was(film: Film) -> None:
    with av.open(str(film("plain.mp4", LONG))) as container:
        extradata = container.streams.video[0].codec_context.extradata
    assert extradata is not None
    sets = h264.ParameterSets.of(extradata)
    written = h264.header(list(sets.sequence.values()), list(sets.picture.values()))
    assert written[: len(extradata)] == extradata[: len(written)]
    assert h264.ParameterSets.of(written) == sets


def test_both_framings_hold_the_same_units() -> None:
    units = [bytes([103, 1, 2]), bytes([104, 9]), bytes([101, 0, 0, 3, 1, 7])]
    by_codes = b"".join(b"\0\0\0\1" + nal for nal in units)
    assert h264.nals(by_codes, 0) == h264.nals(h264.framed(units), 4) == units


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
