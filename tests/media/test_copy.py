"""`cut(copy=True)`: the packets as they are, from the keyframe before, still in step."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import pytest

from edge.errors import InputError, UsageError
from edge.media import cut, probe
from edge.vocabulary import Span

from .conftest import Film
from .makers import Recipe, measure, picture

PLAIN = Recipe()
SHIFTED = PLAIN.but(video_start=Fraction(11, 2), audio_start=Fraction(11, 2))
FILMS = {"plain.mp4": PLAIN, "plain.mkv": PLAIN, "shifted.mkv": SHIFTED, "shifted.ts": SHIFTED}


@pytest.mark.slow
@pytest.mark.parametrize("name", FILMS)
@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".mov"])
def test_it_begins_at_the_keyframe_before_and_stays_in_step(
    film: Film, tmp_path: Path, name: str, suffix: str
) -> None:
    source = film(name, FILMS[name])
    result = cut(source, Span(1.5, 2.9), tmp_path / f"a{suffix}", copy=True)
    got = measure(result.path)
    picture_start = FILMS[name].video_start - probe(source).origin
    assert result.start_s == pytest.approx(1.0 + float(picture_start), abs=0.002)
    assert result.copied
    assert got.numbers[0] == 25  # a keyframe every 25 frames
    assert 72 <= got.numbers[-1] <= 76  # one or two more where B frames need them
    assert got.numbers == tuple(range(25, got.numbers[-1] + 1))
    assert result.video_frames == len(got.numbers)
    assert len(got.beeps) == 5
    assert got.worst_sync_s < 0.005
    assert result.end_s == pytest.approx(float(picture_start) + (got.numbers[-1] + 1) / 25, abs=0.09)


def test_the_pictures_are_the_very_same_packets(film: Film, tmp_path: Path) -> None:
    source = film("plain.mp4", PLAIN)
    result = cut(source, Span(1.5, 2.9), tmp_path / "a.mp4", copy=True)
    before, after = packets_of(source), packets_of(result.path)
    first = before.index(after[0])
    assert before[first : first + len(after)] == after


def packets_of(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.size]


@pytest.mark.parametrize("degrees", [90, -90])
def test_a_turned_picture_stays_turned(film: Film, tmp_path: Path, degrees: int) -> None:
    source = film(f"turned{degrees}.mp4", PLAIN.but(rotation=degrees, seconds=1.0, audio=()))
    video = probe(cut(source, Span(0, 0.5), tmp_path / "a.mp4", copy=True).path).video
    assert video is not None
    assert video.rotation == degrees % 360


@pytest.mark.parametrize(("codec", "suffix"), [("aac", ".m4a"), ("libmp3lame", ".mp3"), ("libopus", ".ogg")])
def test_sound_alone_is_copied_from_packet_to_packet(
    film: Film, tmp_path: Path, codec: str, suffix: str
) -> None:
    source = film(f"sound_{codec}{suffix}", PLAIN.but(video=None, audio=(codec,)))
    result = cut(source, Span(1.3, 2.9), tmp_path / f"b{suffix}", copy=True)
    assert 1.25 < result.start_s <= 1.3
    assert 2.85 < result.end_s < 2.95
    got = measure(result.path)
    expected = [n * 0.4 - result.start_s for n in (4, 5, 6, 7)]
    assert [beep - got.sound_start for beep in got.beeps] == pytest.approx(expected, abs=0.03)


def test_the_first_picture_may_come_later_than_the_start(film: Film, tmp_path: Path) -> None:
    source = film("late_picture.mp4", PLAIN.but(video_start=Fraction(6, 5)))
    result = cut(source, Span(0.5, 2.5), tmp_path / "a.mp4", copy=True)
    assert result.start_s == 0.5
    got = measure(result.path)
    assert got.numbers[0] == 0
    assert got.worst_sync_s < 0.005


def test_avi_is_copied_from_its_first_keyframe(tmp_path: Path) -> None:
    source = tmp_path / "old.avi"
    with av.open(str(source), "w") as out:
        stream = out.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        for n in range(50):
            frame = av.VideoFrame.from_ndarray(picture(n), format="yuv420p")
            frame.pts = n
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    result = cut(source, Span(0.3, 1.0), tmp_path / "a.mkv", copy=True)
    with av.open(str(source)) as container:
        keyframes = [p.pts for p in container.demux(video=0) if p.is_keyframe and p.pts is not None]
    first = max(pts for pts in keyframes if pts <= 7)
    assert result.start_s == first / 25
    assert measure(result.path).numbers == tuple(range(first, 25))


def test_a_codec_the_file_cannot_hold_is_refused(film: Film, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"h264 cannot be copied into a webm file; .*\.mkv"):
        cut(film("plain.mp4", PLAIN), Span(1, 2), tmp_path / "a.webm", copy=True)
    with pytest.raises(UsageError, match="aac cannot be copied into a flac file"):
        cut(film("plain.mp4", PLAIN), Span(1, 2), tmp_path / "a.flac", copy=True)
    with pytest.raises(InputError, match="nothing between"):
        cut(film("plain.mp4", PLAIN), Span(50, 60), tmp_path / "a.mp4", copy=True)
    assert list(tmp_path.iterdir()) == []
