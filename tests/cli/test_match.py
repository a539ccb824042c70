"""`edge match` as people and programs use it, in processes of their own."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edge import schema
from edge.media import probe
from tests.conftest import EdgeCommand
from tests.matching.makers import band, write
from tests.media.makers import Recipe, make
from tests.music.makers import film
from tools.sound.speech import speak

pytestmark = pytest.mark.slow

RATE_HZ = 16_000


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video, and a folder with tracks, of which one has vocals, and a file that is none."""
    folder = tmp_path_factory.mktemp("home")
    film(folder / "film.mp4", [(2.0, 0.3 + 0.1 * n) for n in range(4)])
    (folder / "music").mkdir()
    for name, tempo in (("calm", 80), ("party", 120), ("sport", 150)):
        write(folder / "music" / f"{name}.wav", band(12, tempo, rate_hz=RATE_HZ), RATE_HZ)
    song, said = 0.2 * band(14, rate_hz=RATE_HZ), speak("Snow is falling on the river", voice="en-us")
    song[5 * RATE_HZ : 5 * RATE_HZ + len(said)] += said
    write(folder / "music" / "song.wav", song, RATE_HZ)
    (folder / "music" / "noise.mp3").write_bytes(b"noise" * 1000)
    return folder


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    root, cache = Path(__file__).parents[2], tmp_path_factory.mktemp("cache")
    return {"env": os.environ | {"EDGE_CACHE": str(cache), "PYTHONPATH": str(root)}}


def test_tracks_are_listed(edge: EdgeCommand, home: Path, environment: dict[str, Any]) -> None:
    words = ("match", home / "film.mp4", "--music", home / "music", "--title", "A party")
    result = edge(*words, **environment)
    assert result.returncode == 0, result.stderr
    lines = [line for line in result.stdout.splitlines() if ".wav" in line]
    assert [line.split()[0] for line in lines] == ["1", "2", "3", "4"]
    assert all("bpm" in line and "of cuts on beats" in line for line in lines)
    assert result.stderr == "edge: noise.mp3: is not media, or its header or index is missing\n"
    quiet = edge(*words, "--quiet", "--no-vocals", "-k", 2, **environment)
    assert (quiet.returncode, quiet.stderr) == (0, "")
    assert len([line for line in quiet.stdout.splitlines() if ".wav" in line]) == 2
    assert "song.wav" not in quiet.stdout


def test_the_document_is_what_the_contract_says(
    edge: EdgeCommand, home: Path, environment: dict[str, Any], tmp_path: Path
) -> None:
    out = tmp_path / "with music.mp4"
    words = ("match", home / "film.mp4", "--music", home / "music", "--json", "-o", out)
    result = edge(*words, **environment)
    assert result.returncode == 0, result.stderr
    document = json.loads(result.stdout)
    assert schema.to_dict(msgspec.convert(document, schema.Match, strict=True)) == document
    assert (document["indexed"], document["file"], len(document["skipped"])) == (4, str(out), 1)
    scores = [one["similarity"] + 0.15 * one["rhythm"] for one in document["tracks"]]
    assert scores == pytest.approx(sorted(scores, reverse=True), abs=1e-3)
    made = probe(out)
    assert made.video is not None
    assert made.duration_s == pytest.approx(8, abs=0.1)
    again = edge(*words, **environment)
    assert (again.returncode, again.stdout) == (1, "")
    assert "already exists" in again.stderr.splitlines()[-1]
    forced = edge(*words, "--force", "--sound", "mute", **environment)
    assert json.loads(forced.stdout)["tracks"] == document["tracks"]


def test_previews_and_drawings(
    edge: EdgeCommand, home: Path, environment: dict[str, Any], tmp_path: Path
) -> None:
    result = edge(
        "match", home / "film.mp4", "--music", home / "music", "--preview", tmp_path / "previews",
        "--explain", tmp_path / "why.png", "-o", tmp_path / "a.wav", "-k", 2, **environment,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "why.png").read_bytes().startswith(b"\x89PNG")
    previews = sorted(path.name for path in (tmp_path / "previews").iterdir())
    assert [name.split()[0] for name in previews] == ["1", "2"]
    assert all(probe(tmp_path / "previews" / name).video for name in previews)
    assert probe(tmp_path / "a.wav").duration_s == pytest.approx(8, abs=0.1)
    assert "of 4 tracks, for: " in result.stdout
    assert "motion " in result.stdout
    assert "rhythm " in result.stdout
    assert "LUFS" in result.stdout


def test_several_videos_have_outputs_of_their_own(
    edge: EdgeCommand, home: Path, environment: dict[str, Any], tmp_path: Path
) -> None:
    other = make(tmp_path / "other.mp4", Recipe(seconds=2))
    (tmp_path / "noise.mp4").write_bytes(b"noise" * 1000)
    videos = (home / "film.mp4", other, tmp_path / "noise.mp4")
    result = edge(
        "match",
        *videos,
        "--music",
        home / "music",
        "--json",
        "--quiet",
        "-o",
        tmp_path / "out",
        **environment,
    )
    assert result.returncode == 3
    documents = [json.loads(line) for line in result.stdout.splitlines()]
    assert [Path(one["file"]).name for one in documents] == ["film.mp4", "other.mp4"]
    assert all(Path(one["file"]).parent == tmp_path / "out" for one in documents)
    assert result.stderr.count("\n") == 1
    text = edge("match", *videos[:2], "--music", home / "music", "-k", 1, **environment)
    assert [line for line in text.stdout.splitlines() if line.endswith(":")] == ["film.mp4:", "other.mp4:"]


def test_mistakes_are_one_line(
    edge: EdgeCommand, home: Path, environment: dict[str, Any], tmp_path: Path
) -> None:
    video, music = home / "film.mp4", home / "music"
    make(tmp_path / "other.mp4", Recipe(seconds=1))
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("no folder")
    cases: list[tuple[list[object], int, str]] = [
        ([video], 2, "--music"),
        ([video, "--music", tmp_path / "nowhere"], 3, "no folder that can be read"),
        ([video, "--music", tmp_path / "empty"], 3, "holds no audio"),
        ([video, "--music", video], 3, "no folder that can be read"),
        ([tmp_path / "nothing.mp4", "--music", music], 3, "nothing.mp4"),
        ([video, "--music", music, "-k", 0], 2, "at least one track"),
        ([video, "--music", music, "--fade", 99], 2, "fade out"),
        ([video, "--music", music, "--sound", "loud"], 2, "loud"),
        ([video, "--music", music, "-o", tmp_path / "a.txt"], 2, "suffix"),
        ([video, "--music", music, "--explain", tmp_path / "a.xyz"], 2, ".png"),
        (
            [video, tmp_path / "other.mp4", "--music", music, "--preview", tmp_path],
            2,
            "previews of one video",
        ),
        ([video, "--music", music, "-o", video, "--force"], 2, "film.mp4"),
    ]
    for words, code, said in cases:
        result = edge("match", *words, "--quiet", **environment)
        assert result.returncode == code, (words, result.stderr)
        assert said in result.stderr, words
        assert result.stdout == ""
        assert result.stderr.count("\n") == 1, (words, result.stderr)
    root = {"PYTHONPATH": str(Path(__file__).parents[2])}
    unwritable = os.environ | root | {"EDGE_CACHE": str(tmp_path / "file")}
    result = edge("match", video, "--music", music, "--quiet", env=unwritable)
    assert result.returncode == 1
    assert "the index of music cannot be kept here" in result.stderr
    assert result.stderr.count("\n") == 1


def test_its_help_names_what_it_takes(edge: EdgeCommand) -> None:
    result = edge("match", "--help")
    assert (result.returncode, result.stderr) == (0, "")
    for word in ("--music", "--no-vocals", "--preview", "--explain", "--own-level", "-14"):
        assert word in result.stdout
