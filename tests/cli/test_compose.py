"""`edge compose` as people and programs use it, in processes of their own."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from edge.media import probe
from tests.conftest import EdgeCommand
from tests.media.makers import Recipe, make

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    make(folder / "video.mp4", Recipe(seconds=8))
    return folder


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    root = Path(__file__).parents[2]
    cache = tmp_path_factory.mktemp("cache")
    return {"env": os.environ | {"EDGE_CACHE": str(cache), "PYTHONPATH": str(root)}}


def test_music_is_composed_refined_and_undone(
    edge: EdgeCommand, home: Path, environment: dict[str, Any]
) -> None:
    video, out = home / "video.mp4", home / "with music.mp4"
    first = edge("compose", video, "-o", out, "--seed", 5, "--json", **environment)
    assert (first.returncode, first.stderr) == (0, "")
    document = json.loads(first.stdout)
    assert document["file"] == str(out)
    assert document["sections"][0]["start"] == 0
    assert 0 <= document["cuts_on_beat"] <= 1
    assert probe(out).video is not None
    again = edge("compose", video, "-o", out, "--refine", "denser", **environment)
    assert again.returncode == 1
    assert "already exists" in again.stderr
    denser = edge("compose", video, "--refine", "denser", "melody=harp", "--json", **environment)
    documents = document, json.loads(denser.stdout)
    before, after = (sum(part["density"] for part in one["sections"]) for one in documents)
    assert after > before
    undone = edge("compose", video, "--refine", "undo", "--json", **environment)
    assert json.loads(undone.stdout)["sections"] == document["sections"]


def test_outputs(edge: EdgeCommand, home: Path, environment: dict[str, Any], tmp_path: Path) -> None:
    video = home / "video.mp4"
    result = edge(
        "compose", video, "-o", tmp_path / "a.mid", "--stems", tmp_path / "stems",
        "--plot", tmp_path / "a.png", "--page", tmp_path / "a.html",
        "--style", "house", "--instrument", "melody=none", **environment,
    )  # fmt: skip
    assert result.returncode == 0
    assert "house" in result.stdout
    assert (tmp_path / "a.mid").read_bytes()[:4] == b"MThd"
    assert (tmp_path / "a.png").stat().st_size > 10_000
    assert len(list((tmp_path / "stems").iterdir())) == 6
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert "data:audio/mp4;base64," in page
    assert not re.search(r"(src|href)=.?https?:", page)


def test_what_can_be_asked_for_is_listed(edge: EdgeCommand, environment: dict[str, Any]) -> None:
    result = edge("compose", "--list", **environment)
    assert result.returncode == 0
    assert "house" in result.stdout
    assert "harp" in result.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "name a video"), (("video.mp4", "--style", "polka"), "no template is like that"),
        (("video.mp4", "--refine", "densr"), "no music is kept"), (("video.mp4", "-o", "a.txt"), "suffix"),
        (("video.mp4", "--instrument", "melody"), "no instrument"),
    ],
)  # fmt: skip
def test_mistakes_are_one_line(
    edge: EdgeCommand, home: Path, words: tuple[str, ...], message: str, tmp_path: Path
) -> None:
    root = Path(__file__).parents[2]
    env = os.environ | {"EDGE_CACHE": str(tmp_path), "PYTHONPATH": str(root)}
    result = edge("compose", *words, env=env, cwd=home)
    assert result.returncode == 2
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
