"""All systems over one recording: the same results as one by one, whatever is missing, and after a crash."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import edge
from edge.cache import SETTING as CACHE
from edge.cache import Cache
from edge.errors import InputError, OutputError, UsageError
from tests.conftest import EdgeCommand
from tests.matching.makers import band, write
from tests.music.makers import film
from tools.sound.sample import Truth

pytestmark = [pytest.mark.slow]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Cache:
    return Cache(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def networks(cache: Cache) -> Iterator[edge.AnalysisNetworks]:
    with edge.AnalysisNetworks(cache=cache) as opened:
        yield opened


@pytest.fixture(scope="module")
def analysis(sample: tuple[Path, Truth], cache: Cache, networks: edge.AnalysisNetworks) -> edge.Analysis:
    return edge.analyze(sample[0], networks=networks, cache=cache)


def test_results_are_those_of_the_systems_one_by_one(
    sample: tuple[Path, Truth], analysis: edge.Analysis, networks: edge.AnalysisNetworks, cache: Cache
) -> None:
    path = sample[0]
    assert analysis.songs is not None
    assert analysis.captions is not None
    assert analysis.clean is not None
    assert analysis.tags is not None
    assert analysis.music is not None
    assert analysis.songs.to_dict() == edge.find_songs(path).to_dict()
    captions = edge.transcribe(path)
    assert analysis.captions.to_dict() == captions.to_dict()
    assert analysis.clean.to_dict() == edge.plan_clean(path).to_dict()
    tags = edge.tag(path, transcript=captions.transcript, networks=networks.tagging)
    assert analysis.tags.to_dict() == tags.to_dict()
    music = edge.compose_music(path)
    assert analysis.music.to_dict() == music.to_dict()
    assert analysis.music.bars == music.bars
    kept = edge.load_music(path, cache, networks.templates).last
    assert kept is not None  # and can be refined
    assert kept.bars == music.bars
    document = analysis.to_dict()
    assert document["songs"] == analysis.songs.to_dict()
    assert document["left_out"] == {}


def test_music_of_a_folder_takes_the_place_of_a_composition(
    sample: tuple[Path, Truth], cache: Cache, networks: edge.AnalysisNetworks, tmp_path: Path
) -> None:
    write(tmp_path / "music.wav", band(24.0))
    results: list[object] = []
    found = edge.analyze(sample[0], music=tmp_path, networks=networks, cache=cache, on_result=results.append)
    assert results == [found.captions, found.clean, found.songs, found.tags, found.tracks]
    assert found.music is None
    assert found.tracks is not None
    assert [track.path.name for track in found.tracks] == ["music.wav"]


def test_what_a_recording_has_nothing_for_is_left_out_and_said(
    sample: tuple[Path, Truth], cache: Cache, networks: edge.AnalysisNetworks, tmp_path: Path
) -> None:
    edge.cut(sample[0], edge.Span(0, 4), tmp_path / "sound.flac")
    heard = edge.analyze(tmp_path / "sound.flac", networks=networks, cache=cache)
    assert heard.left_out == {"music": "has no video that music could follow"}
    assert heard.captions is not None
    silent = edge.analyze(film(tmp_path / "silent.mp4", [(2.0, 0.2), (2.0, 0.8)]), networks=networks)
    assert silent.left_out == dict.fromkeys(("songs", "captions", "clean"), "has no audio stream")
    assert silent.music is not None
    options = edge.AnalysisOptions(parts=("songs", "captions"))
    with pytest.raises(InputError, match="has no audio stream"):
        edge.analyze(tmp_path / "silent.mp4", options, networks=networks)
    with edge.AnalysisNetworks(recognizer="not-installed") as others:
        found = edge.analyze(tmp_path / "sound.flac", options, networks=others)
    assert found.songs is not None
    assert "no such model" in found.left_out["captions"]
    (tmp_path / "text.mp4").write_text("no media")
    with pytest.raises(InputError, match="not media"):
        edge.analyze(tmp_path / "text.mp4", options, networks=networks)
    with pytest.raises(UsageError, match="no part 'lyrics'"):
        edge.AnalysisOptions(parts=("lyrics",))  # type: ignore[arg-type]


def test_a_folder_is_written_whole_and_nothing_is_replaced(analysis: edge.Analysis, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    files = edge.write_analysis(analysis, folder)
    assert sorted(file.name for file in files) == sorted(path.name for path in folder.iterdir())
    document = json.loads((folder / "analysis.json").read_text())
    assert document["files"] == [file.name for file in files]
    assert (folder / "captions.srt").read_text().count(" --> ") == len(document["captions"]["captions"])
    mine = folder / "captions.srt"
    mine.write_text("mine")
    with pytest.raises(OutputError, match="already exists"):
        edge.write_analysis(analysis, folder)
    assert mine.read_text() == "mine"
    edge.write_analysis(analysis, folder, force=True)
    assert mine.read_text() != "mine"


def test_a_killed_run_goes_on_and_gives_the_same(
    edge: EdgeCommand, sample: tuple[Path, Truth], tmp_path: Path
) -> None:
    """Killed three times at different moments; each time what was finished is not done again."""
    path, output = sample[0], tmp_path / "out"
    environment = os.environ | {CACHE: str(tmp_path / "cache"), "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-m", "edge.cli", "run", str(path), "-o", str(output)]
    for seconds in (2.0, 4.0, 6.0):
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert not list(output.glob("[!.]*"))
    kept = {file for file in (tmp_path / "cache").rglob("*") if file.is_file()}
    assert kept
    assert edge("run", path, "-o", output, env=environment).returncode == 0
    other = tmp_path / "other"
    fresh = environment | {CACHE: str(tmp_path / "fresh")}
    assert edge("run", path, "-o", other, env=fresh).returncode == 0
    names = sorted(one.name for one in other.iterdir())
    assert sorted(one.name for one in output.glob("[!.]*")) == names
    for name in names:
        if name != "music.m4a":  # encoders write the time
            assert (output / name).read_bytes() == (other / name).read_bytes(), name


def test_the_command_says_what_is_wrong_before_it_works(
    edge: EdgeCommand, sample: tuple[Path, Truth], tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "report.html").write_text("mine")
    for arguments, code, said in (
        ((sample[0], "-o", tmp_path / "out"), 1, "already exists"),
        ((sample[0], "-o", tmp_path / "new", "--parts", "lyrics"), 2, "there is no part 'lyrics'"),
        ((sample[0], "-o", tmp_path / "new", "--parts", "songs", "--music", tmp_path), 2, "add music to"),
        ((tmp_path / "none.mp4", "-o", tmp_path / "new"), 3, "does not exist"),
    ):
        result = edge("run", *arguments)
        assert (result.returncode, result.stderr.count("\n")) == (code, 1), result.stderr
        assert said in result.stderr
    assert not (tmp_path / "new").exists()
