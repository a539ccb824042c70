"""Subtitles added to a copy: everything else is there, packet by packet."""

from __future__ import annotations

from fractions import Fraction
from hashlib import sha256
from pathlib import Path

import av
import pytest
from av.packet import Packet
from av.stream import Disposition
from av.subtitles.subtitle import AssSubtitle

from edge.errors import UsageError
from edge.media import MediaRange, concat, probe
from edge.media.read.others import Chapter
from edge.media.write.captioned import add_subtitles, check_subtitled
from edge.text.markup import lines_of_ass
from edge.vocabulary import Caption

from .conftest import Film
from .makers import FONT, Recipe, film_with_extras, measure

CUES = [Caption(0.5, 1.5, "a <b> & {c}"), Caption(1.5, 3.0, "zwei\nZeilen"), Caption(6.0, 7.0, "你好")]
SHOWN = [(0.5, 1.5, "a <b> & {c}"), (1.5, 3.0, "zwei|Zeilen"), (6.0, 7.0, "你好")]
CARRIED = [(0.5, 1.5, "one"), (2.5, 4.5, "two"), (6.5, 7.5, "three")]


def encoded(path: Path) -> list[str]:
    """Digest of the packets of each stream of video and audio, their times from the first one's."""
    found = []
    with av.open(str(path)) as container:
        streams = [one for one in container.streams if one.type in ("video", "audio")]
        for stream in streams:
            container.seek(0)
            stored = [one for one in container.demux(stream) if one.size]
            first = min(one.pts for one in stored if one.pts is not None)
            times = [round(float(((one.pts or 0) - first) * one.time_base), 2) for one in stored]
            found.append(sha256(b"".join(map(bytes, stored)) + str(times).encode()).hexdigest())
    return found


def subtitles(path: Path, number: int) -> list[tuple[float, float, str]]:
    """What players show of a track, in seconds after the first video frame, with braces as they were."""
    shown = []
    with av.open(str(path)) as container:
        first = container.streams[0]
        zero = float((first.start_time or 0) * (first.time_base or 1))
        for packet in container.demux(container.streams.subtitles[number]):
            for one in packet.decode():
                assert isinstance(one, AssSubtitle)
                text = "|".join(lines_of_ass(one.ass.decode().split(",", 8)[8]))
                start = float((packet.pts or 0) * packet.time_base) - zero
                end = start + float((packet.duration or 0) * packet.time_base)
                plain = text.replace("\u2060", "").translate({0xFF5B: "{", 0xFF5D: "}"})
                shown.append((round(start, 3), round(end, 3), plain))
    return shown


@pytest.mark.parametrize(
    ("name", "codec", "language"),
    [("a.mp4", "mov_text", "deu"), ("a.mov", "mov_text", "ger"), ("a.mkv", "srt", "ger")],
)
def test_the_copy_has_one_more_track_and_all_else(
    tmp_path: Path, name: str, codec: str, language: str
) -> None:
    source = film_with_extras(tmp_path / "film.mkv")
    done = add_subtitles(source, CUES, tmp_path / name, language="de-AT")
    assert done.note == ("" if name == "a.mkv" else "not carried into the result: 1 attachment")
    assert encoded(done.path) == encoded(source)
    assert [one.title for one in probe(done.path).chapters] == ["Intro", "Main part", "End"]
    with av.open(str(done.path)) as container:
        kinds = [stream.type for stream in container.streams if stream.type not in ("data", "attachment")]
        assert kinds == ["video", "audio", "audio", "subtitle", "subtitle"]
        first, second = container.streams.subtitles
        assert (first.codec_context.name, first.metadata["language"]) == (codec, language)
        assert second.metadata["language"] == "eng"
        assert first.disposition & Disposition.default
        assert not second.disposition & Disposition.default
        assert [one.data for one in container.streams.attachments] == [FONT] * (name == "a.mkv")
    assert subtitles(done.path, 0) == SHOWN
    assert subtitles(done.path, 1) == CARRIED


def test_a_web_film_takes_any_text(film: Film, tmp_path: Path) -> None:
    recipe = Recipe(video="libvpx", audio=("libopus",), seconds=2.0, encoding={"deadline": "realtime"})
    source = film("web.webm", recipe)
    done = add_subtitles(source, CUES, tmp_path / "a.webm", language="zh-Hans")
    assert (done.note, encoded(done.path)) == ("", encoded(source))
    assert subtitles(done.path, 0) == SHOWN
    with av.open(str(done.path)) as container:
        (track,) = container.streams.subtitles
        assert (track.codec_context.name, track.metadata["language"]) == ("webvtt", "chi")


def test_text_moves_from_any_container_into_any_other(tmp_path: Path) -> None:
    there = film_with_extras(tmp_path / "film.mkv")
    for name in ("b.mp4", "c.mov", "d.mkv"):
        there = add_subtitles(there, [], tmp_path / name).path
        assert subtitles(there, -1) == CARRIED
    joined = concat([MediaRange(there, Fraction(0), Fraction(8))], tmp_path / "e.mp4")
    assert subtitles(joined.path, -1) == CARRIED


def test_a_rotated_film_with_time_code_and_late_sound_stays_as_it_is(film: Film, tmp_path: Path) -> None:
    recipe = Recipe(rotation=90, timecode="01:00:00:00", audio_start=Fraction(1, 2), seconds=2.0)
    source = film("phone.mov", recipe)
    done = add_subtitles(
        source, CUES[:1], tmp_path / "a.mp4", chapters=[Chapter(Fraction(0), Fraction(1), "One")]
    )
    before, after = probe(source), probe(done.path)
    assert before.video
    assert after.video
    assert (after.video.rotation, after.video.width) == (before.video.rotation, before.video.width)
    assert str(after.timecode) == str(before.timecode)
    assert abs(after.audio[0].start - before.audio[0].start) < Fraction(1, 100)
    assert [(one.start, one.title) for one in after.chapters] == [(Fraction(0), "One")]
    assert done.note == ""


@pytest.mark.parametrize("name", ["a.flv", "a.avi", "a.ts"])
def test_old_containers_keep_every_frame_in_sync(film: Film, tmp_path: Path, name: str) -> None:
    source = film(name, Recipe(seconds=2.0, audio=("mp3",)))
    before = measure(source)
    for suffix in (".mp4", ".mkv"):
        done = add_subtitles(source, [Caption(0.5, 1.0, "one")], tmp_path / f"a{suffix}", force=True)
        after = measure(done.path)
        assert after.numbers == before.numbers
        assert after.worst_sync_s <= before.worst_sync_s + 0.002
        assert [text for *_, text in subtitles(done.path, 0)] == ["one"]


def test_a_cover_stays_and_sound_alone_can_have_subtitles(film: Film, tmp_path: Path) -> None:
    source = with_cover(film("song.m4a", Recipe(video=None, seconds=2.0)), tmp_path / "cover.mp4")
    done = add_subtitles(source, CUES[:1], tmp_path / "a.m4a", language="en")
    assert subtitles(done.path, 0) == SHOWN[:1]
    assert [one.kind for one in probe(done.path).others].count("cover image") == 1
    assert add_subtitles(source, [], tmp_path / "a.mkv").note == ""
    assert "cover image" in add_subtitles(source, [], tmp_path / "a.mov").note


def with_cover(source: Path, path: Path) -> Path:
    """A copy with a cover image."""
    with av.open(str(source)) as container, av.open(str(path), "w", format="mp4") as out:
        sound = out.add_stream_from_template(container.streams.audio[0])
        cover = out.add_stream("png", rate=1)
        cover.width, cover.height, cover.pix_fmt = 16, 16, "rgb24"
        cover.disposition = Disposition.attached_pic
        encoded: list[Packet[av.stream.Stream]] = list(cover.encode(av.VideoFrame(16, 16, "rgb24")))
        out.mux([*encoded, *cover.encode(None)])
        for packet in container.demux(container.streams.audio[0]):
            if packet.size:
                packet.stream = sound
                out.mux(packet)
    return path


def test_what_does_not_fit_is_said_before_the_work(film: Film, tmp_path: Path) -> None:
    source = film("plain.mp4", Recipe(seconds=1.0))
    with pytest.raises(UsageError, match=r"use \.mp4, \.mov, \.mkv, \.webm, \.m4a"):
        check_subtitled(source, tmp_path / "a.wav")
    with pytest.raises(UsageError, match=r"h264 cannot be copied into a \.webm file; choose \.mkv"):
        add_subtitles(source, CUES, tmp_path / "a.webm")
    assert not list(tmp_path.iterdir())
