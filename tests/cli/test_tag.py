"""`edge tag` as people and programs use it, in processes of their own."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from edge.media import probe
from tests.conftest import EdgeCommand
from tests.media.makers import Recipe, make

pytestmark = pytest.mark.slow

SHIPPED = ("--encoder", "images")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video of nothing, and a library of a few tags."""
    folder = tmp_path_factory.mktemp("home")
    make(folder / "video.mp4", Recipe(seconds=2))
    (folder / "tags.txt").write_text("# mine\nguitar\nkitten\nplaying drums\nsnow\n", encoding="utf-8")
    return folder


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, Any]:
    root = Path(__file__).parents[2]
    return {"env": os.environ | {"EDGE_CACHE": str(tmp_path / "cache"), "PYTHONPATH": str(root)}}


def test_the_document_is_what_the_contract_says(
    edge: EdgeCommand, home: Path, environment: dict[str, Any]
) -> None:
    words = (
        "tag",
        home / "video.mp4",
        "--library",
        home / "tags.txt",
        "-k",
        3,
        "--title",
        "kitten",
        "--json",
    )
    result = edge(*words, *SHIPPED, "--timeline", "--json", **environment)
    assert (result.returncode, result.stderr) == (0, "")
    document = json.loads(result.stdout)
    assert document["schema"] == 1
    assert document["tags"][0]["tag"] == "kitten"
    assert len(document["tags"]) == 3
    distances = [one["distance"] for one in document["tags"]]
    assert distances == sorted(distances)
    assert set(document["gate"]) == {"image", "audio", "text", "faces"}
    assert sum(document["gate"].values()) == pytest.approx(1, abs=1e-3)
    assert [part["start"] for part in document["timeline"]] == [0]
    again = edge(*words, *SHIPPED, "--timeline", "--json", **environment)  # with the vectors from the cache
    assert json.loads(again.stdout) == document


def test_the_starter_and_hashtags(edge: EdgeCommand, home: Path, environment: dict[str, Any]) -> None:
    result = edge(
        "tag", home / "video.mp4", "--hashtags", "--title", "playing drums", *SHIPPED, **environment
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert "#playingdrums" in result.stdout.split()
    assert len(result.stdout.split()) == 5


def test_tags_are_drawn_and_written(
    edge: EdgeCommand, home: Path, tmp_path: Path, environment: dict[str, Any]
) -> None:
    file = make(tmp_path / "video.mp4", Recipe(seconds=1))
    words = ("tag", file, "--library", home / "tags.txt", "-k", 2, "--title", "snow", "--write")
    result = edge(*words, "--explain", tmp_path / "why.png", *SHIPPED, **environment)
    assert result.returncode == 0, result.stderr
    assert probe(file).metadata["keywords"].startswith("snow")
    assert (tmp_path / "why.png").read_bytes().startswith(b"\x89PNG")
    assert "text" in result.stdout


def test_bad_input_gives_one_line_and_its_exit_code(
    edge: EdgeCommand, home: Path, tmp_path: Path, environment: dict[str, Any]
) -> None:
    video, empty, other = home / "video.mp4", tmp_path / "empty.txt", tmp_path / "other.safetensors"
    empty.write_text("# nothing\n")
    other.write_bytes(b"not a library")
    (tmp_path / "latin.txt").write_bytes("café".encode("latin-1"))
    (tmp_path / "noise.mp4").write_bytes(b"noise" * 1000)
    cases: list[tuple[list[object], int]] = [
        ([video, "--library", empty], 3),
        ([video, "--library", other], 3),
        ([video, "--library", tmp_path / "latin.txt"], 3),
        ([video, "--library", tmp_path / "missing.txt"], 3),
        ([video, "--library", tmp_path], 3),
        ([tmp_path / "noise.mp4"], 3),
        ([tmp_path / "missing.mp4"], 3),
        ([video, "-k", 0], 2),
        ([video, "--min-similarity", 2], 2),
        ([video, "--hashtags", "--json"], 2),
        (["-", "--write"], 2),
        ([video, "--language", "de"], 2),
        ([video, "--text", "no-such-model"], 1),
        ([video, "--explain", tmp_path / "why.xyz"], 2),
        ([video, "--encoder", "no-such-model"], 1),
    ]
    for words, code in cases:
        result = edge("tag", *words, **environment)
        assert result.returncode == code, (words, result.stderr)
        assert len(result.stderr.splitlines()) == 1, (words, result.stderr)
        assert result.stdout == ""


def test_one_bad_recording_of_two_stops_nobody_else(
    edge: EdgeCommand, home: Path, tmp_path: Path, environment: dict[str, Any]
) -> None:
    (tmp_path / "noise.mp4").write_bytes(b"noise" * 1000)
    words = ("tag", tmp_path / "noise.mp4", home / "video.mp4", "--library", home / "tags.txt")
    result = edge(*words, *SHIPPED, **environment)
    assert result.returncode == 3
    assert result.stdout.startswith("video.mp4: ")
    assert len(result.stderr.splitlines()) == 1
