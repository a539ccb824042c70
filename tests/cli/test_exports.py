"""What is written beside a recording: chapters, labels, clips with tags; names that are odd."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from edge.evidence.labels import LabelTrack
from edge.evidence.segments import LabelResult
from edge.media import open_recording, probe
from edge.songs.cut import cut_songs
from edge.songs.export import write_chapters
from edge.songs.find import SongSearchResult
from edge.songs.song import Song
from edge.text.chapters import write_chapter_list
from edge.vocabulary import Chapter
from tests.conftest import EdgeCommand
from tests.media.makers import Recipe, make, measure
from tools.sound.sample import Truth

SONGS = (Song(1.52, 3.32, 0, 0, 0.9), Song(5.0, 7.0, 0, 0, 0.8))


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight seconds with numbered frames."""
    recipe = Recipe(seconds=8, gop=12, metadata={"title": "An / evening"})
    return make(tmp_path_factory.mktemp("film") / "film.mp4", recipe)


def found_in(film: Path) -> SongSearchResult:
    """A search that found the two songs."""
    rows = np.eye(4, dtype=np.float32)
    levels, windows = np.full(80, -20, np.float32), np.zeros((4, 2, 8), np.float16)
    track = LabelTrack(8.0, 0.1, np.repeat(rows, 20, 0), levels, 2.0, rows, 1.0, windows)
    return SongSearchResult(open_recording(film), SONGS, track)


def packets(path: Path) -> set[bytes]:
    with av.open(str(path)) as container:
        return {bytes(packet) for packet in container.demux(video=0) if packet.size}


def test_clips_are_smart_cut_exact_and_tagged(film: Path, tmp_path: Path) -> None:
    shares: list[float] = []
    clips = cut_songs(found_in(film), tmp_path, progress=shares.append)
    assert [clip.file.name for clip in clips] == ["film-01.mp4", "film-02.mp4"]
    assert (shares, shares[-1]) == (sorted(shares), 1.0)
    for number, (song, clip) in enumerate(zip(SONGS, clips, strict=True), 1):
        assert (clip.song.start, clip.song.end) == (song.start, song.end)
        first, stop = round(song.start * 25), round(song.end * 25)
        shown = measure(clip.file)
        assert shown.numbers == tuple(range(first, stop))
        assert shown.times[0] == 0
        assert shown.audio_end == pytest.approx(song.seconds, abs=0.03)
        assert shown.worst_sync_s < 0.02
        copied = packets(clip.file) & packets(film)
        assert 12 <= len(copied) < stop - first + (first % 12 == 0)
        tags = {key.lower(): value for key, value in probe(clip.file).metadata.items()}
        assert tags["title"] == f"An / evening {number}"
        assert (tags["track"], tags["album"]) == (f"{number}/2", "An / evening")
        assert tags["comment"] == "from film.mp4"


def test_a_template_names_the_clips(film: Path, tmp_path: Path) -> None:
    template = "{stem} {number:03} {title} {start}-{end}"
    clips = cut_songs(found_in(film), tmp_path, template=template, suffix=".mkv")
    assert [clip.file.name for clip in clips] == [
        "film 001 An - evening 1-3.mkv",
        "film 002 An - evening 5-7.mkv",
    ]
    with pytest.raises(ValueError, match="several songs one name"):
        cut_songs(found_in(film), tmp_path, template="{stem}")


def chapters_of(file: Path) -> list[tuple[Fraction, Fraction, str]]:
    """Start, end and title of the chapters that FFmpeg reads."""
    with av.open(str(file), format="ffmetadata") as container:
        read = container.chapters()
    bases = [one["time_base"] or Fraction(0) for one in read]
    return [
        (one["start"] * base, one["end"] * base, one["metadata"]["title"])
        for one, base in zip(read, bases, strict=True)
    ]


def test_chapters_are_read_by_ffmpeg(film: Path, tmp_path: Path) -> None:
    file = tmp_path / "film.ffmeta"
    write_chapters(found_in(film), file)
    assert chapters_of(file) == [
        (Fraction(152, 100), Fraction(332, 100), "Song 1"),
        (Fraction(5), Fraction(7), "Song 2"),
    ]


def test_titles_are_read_by_ffmpeg_as_they_are(tmp_path: Path) -> None:
    titles = ["a=b; #c", "back\\slash", "x"]
    file = tmp_path / "talk.ffmeta"
    write_chapter_list([Chapter(n, n + 1.0, title) for n, title in enumerate(titles)], file)
    assert [title for _, _, title in chapters_of(file)] == titles


def test_chapters_for_descriptions_and_cue_sheets(film: Path, tmp_path: Path) -> None:
    result = found_in(film)
    write_chapters(result, tmp_path / "film.txt")
    assert (tmp_path / "film.txt").read_text() == "0:00 Intro\n0:01 Song 1\n0:05 Song 2\n"
    write_chapters(result, tmp_path / "film.cue")
    sheet = (tmp_path / "film.cue").read_text()
    assert sheet.startswith('FILE "film.mp4" WAVE\n')
    assert re.findall(
        r"TRACK (\d\d) AUDIO\n    TITLE \"(.*)\"\n    INDEX 01 (\d\d):(\d\d):(\d\d)", sheet
    ) == [
        ("01", "Song 1", "00", "01", "39"),
        ("02", "Song 2", "00", "05", "00"),
    ]


def rows_of(result: LabelResult) -> list[tuple[float, float, str]]:
    return [(round(one.start, 3), round(one.end, 3), str(one.label)) for one in result.merged]


@pytest.mark.slow
def test_labels_and_chapters_as_files(edge: EdgeCommand, sample: tuple[Path, Truth], tmp_path: Path) -> None:
    path = sample[0]
    document = json.loads(edge("label", path, "--json", "-o", tmp_path / "l.csv").stdout)
    with (tmp_path / "l.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    rows = [(float(row["start"]), float(row["end"]), row["label"]) for row in table]
    assert (rows[0][0], rows[-1][1]) == (0.0, document["media"]["seconds"])
    assert all(before[1] == after[0] and before[2] != after[2] for before, after in pairwise(rows))
    for segment in document["segments"]:
        middle = (segment["start"] + segment["end"]) / 2
        assert next(name for start, end, name in rows if start <= middle < end) == segment["label"]
    for row in table:
        confidence = {name: float(row[name]) for name in ("singing", "speaking", "music", "other")}
        assert sum(confidence.values()) == pytest.approx(1, abs=1e-3)

    for name in ("l.txt", "l.TextGrid", "l.rttm"):
        assert edge("label", path, "-o", tmp_path / name, "--quiet").stdout == ""
    audacity = [line.split("\t") for line in (tmp_path / "l.txt").read_text().splitlines()]
    assert [(round(float(a), 3), round(float(b), 3), name) for a, b, name in audacity] == rows
    grid = (tmp_path / "l.TextGrid").read_text()
    assert grid.startswith('File type = "ooTextFile"\nObject class = "TextGrid"\n')
    found = re.findall(r"xmin = (\S+)\n +xmax = (\S+)\n +text = \"(.*)\"", grid)
    assert [(round(float(a), 3), round(float(b), 3), name) for a, b, name in found] == rows
    assert f"intervals: size = {len(rows)}\n" in grid
    spoken = [line.split() for line in (tmp_path / "l.rttm").read_text().splitlines()]
    assert all(len(fields) == 10 and fields[:3] == ["SPEAKER", "sample", "1"] for fields in spoken)
    assert [(float(f[3]), f[7]) for f in spoken] == [(start, name) for start, _, name in rows]

    made = edge("songs", path, "--chapters", tmp_path / "s.ffmeta", "--json")
    (song,) = json.loads(made.stdout)["songs"]
    ((start, end, _),) = chapters_of(tmp_path / "s.ffmeta")
    assert (float(start), float(end)) == (song["start"], song["end"])
    assert edge("songs", path, "--chapters", tmp_path / "s.mp4").returncode == 2


def run_bytes(*words: bytes | str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """A command whose words need not be UTF-8."""
    return subprocess.run(
        [sys.executable, "-m", "edge.cli", *words],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), **environment},
        capture_output=True, check=False,
    )  # fmt: skip


@pytest.mark.slow
def test_a_name_that_is_no_utf_8(sample: tuple[Path, Truth], tmp_path: Path) -> None:
    odd = os.fsencode(tmp_path) + b"/s\xffng.mp4"
    os.link(sample[0], odd)
    clips = os.fsencode(tmp_path / "clips")
    utf8 = {"LC_ALL": "C.UTF-8", "PYTHONIOENCODING": "utf-8:strict"}
    result = run_bytes("songs", odd, "-o", clips, "--chapters", clips + b"/\xff.cue", **utf8)
    assert (result.returncode, result.stderr) == (0, b"")
    assert b"s\xffng-01.mp4" in result.stdout
    made = sorted(os.fsencode(path.name) for path in Path(os.fsdecode(clips)).iterdir())
    assert made == [
        b"s\xffng-01.mp4",
        b"s\xffng.songs.json",
        b"\xff.cue",
    ]
    with av.open(os.fsdecode(clips + b"/s\xffng-01.mp4")) as container:
        assert container.metadata["title"] == "s?ng 1"
    assert json.loads((Path(os.fsdecode(clips)) / "s\udcffng.songs.json").read_text())["songs"]
    document = json.loads(run_bytes("songs", odd, "--json", **utf8).stdout)
    assert os.fsencode(document["media"]["file"]) == odd


@pytest.mark.slow
def test_streams_that_hold_little_or_nothing(film: Path, tmp_path: Path) -> None:
    named = tmp_path / "süng 歌.mp4"
    os.link(film, named)
    result = run_bytes("label", str(named), "--json", PYTHONIOENCODING="ascii")
    assert (result.returncode, result.stderr) == (0, b"")
    assert json.loads(result.stdout.decode("ascii"))["media"]["file"] == str(named)
    table = run_bytes("label", str(named), PYTHONIOENCODING="ascii")
    assert rb"s\xfcng \u6b4c.mp4: " in table.stdout
    for closed in (">&-", "2>&-", ">&- 2>&-"):
        shell = subprocess.run(
            ["sh", "-c", f'exec "$0" -m edge.cli label "$1" {closed}', sys.executable, str(named)],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}, capture_output=True, check=False,
        )  # fmt: skip
        assert (shell.returncode, shell.stderr) == (0, b""), closed
        assert bool(shell.stdout) == (closed == "2>&-")


@pytest.mark.parametrize(("command", "suffix"), [("songs", ""), ("label", ".csv"), ("clean", ".mp4")])
def test_a_name_that_is_too_long_is_one_line(
    edge: EdgeCommand, tmp_path: Path, film: Path, command: str, suffix: str
) -> None:
    long = "y" * 250
    named = tmp_path / f"{long}.mp4"
    os.link(film, named)
    cases: list[tuple[list[object], int]] = [
        ([film, "-o", tmp_path / f"{long}{long}{suffix}"], 1),
        ([f"{long}{long}.mp4"], 1 if command == "clean" else 3),  # whose output has a longer name
    ]
    if command == "clean":
        cases.append(([named], 1))
    for words, code in cases:
        result = edge(command, *words, env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)})
        assert (result.returncode, result.stdout) == (code, "")
        assert len(result.stderr.splitlines()) == 1
        read_or_written = ("file name too long", "bytes, of at most 255")
        assert any(what in result.stderr for what in read_or_written)
        assert "OSError" not in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == [named.name]
