"""What the documentation says is true: examples run, pages are what the code makes, links lead somewhere."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.layout import ALLOWED, GROUND, SYSTEMS
from tests.matching.makers import band, write
from tools.sound.sample import Truth

ROOT = Path(__file__).parents[1]

EXAMPLES = {
    "find_songs": (["songs"], "sample-01.mp4"),
    "face_evidence": (["why.mp4"], "no face was found"),
    "label_audio": (["labels.txt"], "singing: 21 s"),
    "captions": (["talk.srt"], "Good evening"),
    "clean_talk": (["clean.mp4", "well"], "s removed"),
    "one_pass": (["report"], "1 songs, "),
    "own_collector": ([], "dBFS"),
    "tag_video": ([], "counted: "),
    "match_music": (["music", "with-music.mp4"], " LUFS, "),
    "compose_music": (["with-music.mp4"], " LUFS, "),
    "live_analysis": ([], "a song of 3"),
    "live_songs": ([], "a song of 3"),
    "live_captions": ([], "Good evening"),
}
"""Arguments after the recording, and a part of what is printed."""

NEED_RECOGNIZER = {"captions", "clean_talk", "one_pass", "live_analysis", "live_captions"}


def test_every_example_is_run_and_listed() -> None:
    files = {path.stem for path in (ROOT / "examples").glob("*.py")}
    listed = set(re.findall(r"^\| `(\w+)\.py`", (ROOT / "examples" / "README.md").read_text(), re.M))
    assert files == EXAMPLES.keys() == listed


@pytest.mark.slow
@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_runs(name: str, sample: tuple[Path, Truth], tmp_path: Path) -> None:
    if name in NEED_RECOGNIZER and not importlib.util.find_spec("moonshine_voice"):
        pytest.skip("the package moonshine_voice is not installed")
    arguments, printed = EXAMPLES[name]
    (tmp_path / "music").mkdir()
    write(tmp_path / "music" / "band.wav", band(24.0))
    result = subprocess.run(
        [sys.executable, str(ROOT / "examples" / f"{name}.py"), str(sample[0]), *arguments],
        cwd=tmp_path, capture_output=True, text=True, check=False,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "EDGE_CACHE": str(tmp_path / "cache")},
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert printed in result.stdout
    for argument in (one for one in arguments if one != "well"):
        assert (tmp_path / argument).exists()


def test_the_generated_pages_are_what_the_code_gives() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "tools.docs", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_picture_of_the_architecture_has_the_arrows_that_are_tested() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    drawn = set(re.findall(r"^    (\w+) --> (\w+)$", page, re.M))
    names = {**dict.fromkeys(GROUND, "ground"), **dict.fromkeys(SYSTEMS, "systems")}
    rooms = {names.get(room, room) for room in ALLOWED}
    assert {name for arrow in drawn for name in arrow} == rooms | {"cli"}
    below = {start: {end for begin, end in drawn if begin == start} for start, _ in drawn}

    def reached(room: str) -> set[str]:
        return {room}.union(*(reached(one) for one in below.get(room, ())))

    for room, others in ALLOWED.items():
        here = names.get(room, room)
        assert {names.get(other, other) for other in others} | {here} == reached(here)


def test_links_of_the_pages_lead_somewhere() -> None:
    for page in [*ROOT.glob("*.md"), *ROOT.glob("*/*.md"), *ROOT.glob("docs/**/*.md")]:
        if any(part.startswith(".") for part in page.relative_to(ROOT).parts):
            continue
        for link in re.findall(r"\]\(([^)#\s]+)\)", page.read_text(encoding="utf-8")):
            assert "://" in link or (page.parent / link).exists(), f"{page.relative_to(ROOT)} links to {link}"
