"""Several recordings, folders, patterns, standard input, templates, and what is refused before any work."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from edge.cli import main
from tests.conftest import EdgeCommand
from tests.media.makers import write_sound
from tools.sound.wave import write_wav

ROOT = Path(__file__).parents[2]
RATE_HZ = 16_000


@dataclass(frozen=True)
class Outcome:
    """Of a command in this process."""

    code: int
    out: str
    err: str


Run = Callable[..., Outcome]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process."""

    def run(*words: object) -> Outcome:
        try:
            code = main([str(word) for word in words])
        except SystemExit as ended:
            code = int(str(ended.code))
        said = capsys.readouterr()
        return Outcome(code, said.out, said.err)

    return run


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with three recordings of noise, one of which is none, and a text."""
    monkeypatch.chdir(tmp_path)
    for seconds, name in ((3, "one.wav"), (5, "three.WAV")):
        noise = 0.05 * np.random.default_rng(seconds).standard_normal(RATE_HZ * seconds)
        write_wav(tmp_path / name, noise.astype(np.float32), RATE_HZ)
    (tmp_path / "two.wav").write_text("no sound")
    (tmp_path / "notes.md").write_text("no recording")
    return tmp_path


def lengths(out: str) -> dict[str, float]:
    """File and seconds of every document, one a line."""
    media = [json.loads(line)["media"] for line in out.splitlines()]
    return {one["file"]: one["seconds"] for one in media}


def test_one_bad_recording_of_three_stops_nobody_else(run: Run, folder: Path) -> None:
    result = run("label", "one.wav", "two.wav", "three.WAV", "--json")
    assert result.code == 3
    assert lengths(result.out) == {"one.wav": 3.0, "three.WAV": 5.0}
    assert run("label", "one.wav", "--json", "two.wav", "--threads", "2", "three.WAV") == result
    (line,) = result.err.splitlines()
    assert line.startswith("edge: two.wav: is not media")
    assert run("songs", "one.wav", "three.WAV").code == 0
    again = run("label", "one.wav", "--json")
    assert json.loads(again.out)["media"]["file"] == "one.wav"
    assert len(again.out.splitlines()) > 10
    assert run("label", "one.wav", "./one.wav", "one.wav", "--json").out == again.out


def test_the_code_is_that_of_the_first_error(run: Run, folder: Path) -> None:
    (folder / "out").mkdir()
    (folder / "out" / "one.csv").write_text("precious")
    assert run("label", "one.wav", "two.wav", "-o", "out").code == 1
    assert run("label", "two.wav", "missing.wav", "one.wav", "-o", "out", "-f").code == 3
    assert (folder / "out" / "one.csv").read_text().startswith("start,end,label")
    (folder / "out" / "three.csv").mkdir()
    for words, code in ((["two.wav", "three.WAV"], 3), (["three.WAV", "two.wav"], 1)):
        result = run("label", *words, "-o", "out", "-f")
        assert (result.code, len(result.err.splitlines())) == (code, 2)


def test_a_folder_is_its_recordings(run: Run, folder: Path) -> None:
    (folder / "deeper").mkdir()
    shutil.copy(folder / "one.wav", folder / "deeper" / "four.wav")
    result = run("label", folder, "--json")
    assert result.code == 3
    assert lengths(result.out) == {str(folder / "one.wav"): 3.0, str(folder / "three.WAV"): 5.0}
    assert "two.wav" in result.err
    (folder / "empty").mkdir()
    assert run("label", "empty") == Outcome(3, "", "edge: empty: is a folder without media files\n")


def test_a_pattern_that_no_shell_expanded_is_expanded(edge: EdgeCommand, folder: Path) -> None:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}

    def label(pattern: str) -> subprocess.CompletedProcess[str]:
        return edge("label", pattern, "--json", env=environment, cwd=folder)

    assert lengths(label("[ot]*e*.[wW]*").stdout) == {"one.wav": 3.0, "three.WAV": 5.0}
    assert label("*.flac").returncode == 3
    assert label("*.flac").stderr == "edge: *.flac: matches no file\n"
    shutil.copy(folder / "one.wav", folder / "take [1].wav")
    assert json.loads(label("take [1].wav").stdout)["media"]["seconds"] == 3.0


def test_standard_input_is_a_recording(edge: EdgeCommand, folder: Path) -> None:
    command = [sys.executable, "-m", "edge.cli", "label", "--json", "-"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "TMPDIR": str(folder)}
    before = sorted(folder.iterdir())

    def piped(content: bytes, *more: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [*command, *more], input=content, env=environment, capture_output=True, check=False
        )

    content = (folder / "one.wav").read_bytes()
    document = json.loads(piped(content).stdout)
    assert document["media"] | {"notes": []} == {"file": "-", "format": "wav", "seconds": 3.0, "notes": []}
    apart = json.loads(edge("label", folder / "one.wav", "--json").stdout)
    assert document["segments"] == apart["segments"]
    both = piped(content, str(folder / "three.WAV")).stdout.decode()
    assert lengths(both) == {"-": 3.0, str(folder / "three.WAV"): 5.0}
    for wrong in (b"", b"no sound"):
        refused = piped(wrong)
        assert (refused.returncode, refused.stdout) == (3, b"")
        assert refused.stderr.startswith(b"edge: -: is ")
        assert len(refused.stderr.splitlines()) == 1
    assert sorted(folder.iterdir()) == before


def test_two_outputs_of_one_name_are_refused_before_any_work(run: Run, folder: Path) -> None:
    (folder / "a").mkdir()
    shutil.copy(folder / "one.wav", folder / "a" / "one.wav")
    before = sorted(folder.rglob("*"))
    for words in (
        ["label", "one.wav", "a/one.wav", "-o", "out"],
        ["label", "one.wav", "three.WAV", "-o", "out/all{stem:.0}.csv"],
        ["caption", "one.wav", "a/one.wav", "-o", "out"],
        ["clean", "one.wav", "a/one.wav", "-o", "out"],
        ["songs", "one.wav", "a/one.wav", "-o", "out"],
        ["songs", "one.wav", "three.WAV", "-o", "out", "--name", "song {number}"],
        ["songs", "one.wav", "a/one.wav", "--chapters", "{stem}.cue"],
        ["songs", "one.wav", "--chapters", "x.txt", "--plot", "x.txt"],
    ):
        result = run(*words)
        assert (result.code, result.out) == (2, ""), words
        assert len(result.err.splitlines()) == 1
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize(
    "field", ["{nope}", "{}", "{0}", "{stem", "{stem!z}", "{stem:d}", "{stem.x}", "{stem[x]}"]
)
def test_a_bad_field_is_refused_before_any_work(run: Run, folder: Path, field: str) -> None:
    for words in (
        ["label", "missing.wav", "-o", f"{field}.csv"],
        ["caption", "missing.wav", "-o", f"{field}.srt"],
        ["clean", "missing.wav", "-o", f"{field}.wav"],
        ["songs", "missing.wav", "--chapters", f"{field}.cue"],
        ["songs", "missing.wav", "-o", "out", "--name", field],
    ):
        result = run(*words)
        assert (result.code, result.out) == (2, ""), words
        assert "bad field" in result.err
        assert "{stem}" in result.err


def test_a_template_names_each_output(run: Run, folder: Path) -> None:
    result = run("label", "one.wav", "three.WAV", "-o", "out/{stem} labels.csv", "--quiet")
    assert result == Outcome(0, "", "")
    assert sorted(path.name for path in (folder / "out").iterdir()) == ["one labels.csv", "three labels.csv"]


def test_quiet_and_verbose(run: Run, folder: Path) -> None:
    plain, quiet, verbose = (run("label", "one.wav", *more) for more in ([], ["-q"], ["--verbose"]))
    assert plain.out == quiet.out == verbose.out
    assert (plain.err, quiet.err) == ("", "")
    model, times = verbose.err.splitlines()
    assert model.startswith("edge: segmenter ")
    assert times.startswith("edge: one.wav: wav, stream 0 pcm_s16le 16000 Hz ")
    noise = 0.05 * np.random.default_rng(0).standard_normal(5 * RATE_HZ).astype(np.float32)
    cut = write_sound(folder / "cut.flac", noise, RATE_HZ, codec="flac", fmt="s16")
    cut.write_bytes(cut.read_bytes()[:-50_000])
    assert run("label", "cut.flac").err.startswith("edge: cut.flac: the file ends ")
    assert run("label", "cut.flac", "-q").err == ""


BLOCKER = """
import os, sys
from importlib.machinery import PathFinder

class Blocker(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name == os.environ["BLOCKED"] else PathFinder.find_spec(name, path, target)

sys.meta_path[sys.meta_path.index(PathFinder)] = Blocker
"""


@pytest.mark.parametrize(
    ("module", "words", "extra"),
    [
        ("matplotlib", ["songs", "missing.wav", "--plot", "plot.png"], "plot"),
        ("opentimelineio", ["clean", "missing.wav", "--timeline", "cut.otio"], "timelines"),
        ("pocketsphinx", ["caption", "missing.wav", "--no-cache"], "captions"),
        ("pocketsphinx", ["clean", "missing.wav", "--dry-run"], "captions"),
        ("moonshine_voice", ["caption", "missing.wav", "-o", "x.srt"], "captions"),
    ],
)
def test_a_missing_extra_is_refused_before_any_work(
    edge: EdgeCommand,
    folder: Path,
    tmp_path_factory: pytest.TempPathFactory,
    module: str,
    words: list[str],
    extra: str,
) -> None:
    hidden = tmp_path_factory.mktemp("hidden")
    (hidden / "sitecustomize.py").write_text(BLOCKER)
    path = os.pathsep.join([str(hidden), *sys.path])
    before = sorted(folder.rglob("*"))
    result = edge(*words, env=os.environ | {"PYTHONPATH": path, "BLOCKED": module}, cwd=folder)
    assert (result.returncode, result.stdout) == (1, "")
    (line,) = result.stderr.splitlines()
    assert f"pip install 'edgereel[{extra}]'" in line
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize("linked", [os.link, os.symlink])
def test_another_name_of_the_recording_is_not_written_to(
    run: Run, folder: Path, linked: Callable[[str, str], None]
) -> None:
    linked("one.wav", "other.wav")
    before = (folder / "one.wav").read_bytes()
    outcome = run("clean", "one.wav", "-o", "other.wav", "--force")
    assert outcome.code == 2
    assert "other.wav: is the recording itself; choose another name" in outcome.err
    assert (folder / "other.wav").read_bytes() == before
