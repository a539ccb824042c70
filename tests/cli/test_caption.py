"""`edge caption` as people and programs use it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import pysubs2
import pytest

from edge.cache import SETTING as CACHE
from edge.cli import main
from edge.models.folder import open_folder
from edge.models.store import SETTING as STORE
from edge.models.store import builtin_root
from tests.conftest import EdgeCommand
from tests.makers import ONE, Take
from tests.media.makers import Recipe, make
from tests.networks.makers import made
from tests.tools.importers.makers import moonshine
from tools.importers import moonshine as importer
from tools.importers.install import Target
from tools.importers.sources import open_source
from tools.sound.signals import silence
from tools.sound.wave import write_wav

TINY = "tiny-moonshine"
"""A recognizer that says "One more time." again and again, four words a second."""

PIECES = ["<unk>", "<s>", "</s>", "\u2581One", "\u2581more", "\u2581time."]


@dataclass(frozen=True)
class Outcome:
    """Of a run of `edge caption`."""

    code: int
    out: str
    err: str


Caption = Callable[..., Outcome]


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with recognizers in it."""
    pytest.importorskip("pocketsphinx")
    path = tmp_path_factory.mktemp("models")
    source = open_source(importer.PACKAGE, moonshine(path, pieces=[text.encode() for text in PIECES]))
    importer.run(source, Target(path / "store", TINY), data=None)
    made(path, "sense_voice_ctc")
    return path / "store"


@pytest.fixture(scope="session")
def known(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache that all these tests fill."""
    return tmp_path_factory.mktemp("known")


@pytest.fixture(autouse=True)
def _environment(models: Path, known: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(STORE, str(models))
    monkeypatch.setenv(CACHE, str(known))


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Caption:
    """`edge caption` in this process, with the tiny recognizer if no other is named."""

    def caption(*arguments: object) -> Outcome:
        given = [str(argument) for argument in arguments]
        model = [] if "--model" in given else ["--model", TINY]
        try:
            code = main(["caption", *given, *model])
        except SystemExit as ended:
            code = int(str(ended.code))
        said = capsys.readouterr()
        return Outcome(code, said.out, said.err)

    return caption


@pytest.fixture(scope="session")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    take = Take(silence(10))
    take.say("good night", take.say(ONE, 1.0) + 3.0)
    return take.write(tmp_path_factory.mktemp("talk") / "talk.wav")


def test_the_document_is_what_the_contract_says(edge: EdgeCommand, talk: Path) -> None:
    result = edge("caption", talk, "--json", "--model", TINY, env=os.environ)
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    document = json.loads(result.stdout)
    assert document.keys() == {"schema", "media", "language", "captions"}
    assert (document["schema"], document["language"]) == (1, "en")
    assert document["media"] == {"file": str(talk), "format": "wav", "seconds": 10.0, "notes": []}
    assert len(document["captions"]) >= 2
    at = 0.0
    for one in document["captions"]:
        assert one.keys() == {"start", "end", "text", "words"}
        assert one["text"] == " ".join(word["text"] for word in one["words"])
        assert one["start"] == one["words"][0]["start"]
        assert one["words"][-1]["end"] <= one["end"]  # longer, where a pause follows
        for word in one["words"]:
            assert word.keys() == {"start", "end", "text"}
            assert at <= word["start"] < word["end"] <= 10
            at = word["end"]
    assert document["captions"][0]["words"][0]["text"] == "One"


@pytest.mark.slow
def test_the_second_time_is_from_the_cache(
    run: Caption, talk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"
    monkeypatch.setenv(CACHE, str(cache))
    first = run(talk, "--json", "--no-cache")
    assert not cache.exists()
    assert run(talk, "--json") == first
    entries = set(cache.rglob("*"))
    assert entries
    assert run(talk, "--json") == first
    assert set(cache.rglob("*")) == entries


def times(document: Any) -> list[tuple[float, float]]:
    return [(one["start"], one["end"]) for one in document["captions"]]


@pytest.mark.parametrize("suffix", [".srt", ".vtt", ".ass", ".SRT"])
def test_subtitles_are_written(run: Caption, talk: Path, tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"out{suffix}"
    written = run(talk, "-o", file)
    assert (written.code, written.err) == (0, "")
    document = json.loads(run(talk, "--json").out)
    count = len(document["captions"])
    assert written.out == f"{file}: {count} captions, language en\n"
    events = pysubs2.load(str(file)).events
    assert [event.plaintext.replace("\n", " ") for event in events] == [
        one["text"] for one in document["captions"]
    ]
    step = 0.01 if suffix == ".ass" else 0.001
    for event, (start, end) in zip(events, times(document), strict=True):
        assert event.start / 1000 == pytest.approx(start, abs=step)
        assert event.end / 1000 == pytest.approx(end, abs=step)
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == [file.name]


def test_a_file_and_the_document_at_once(run: Caption, talk: Path, tmp_path: Path) -> None:
    result = run(talk, "-o", tmp_path / "new" / "out.vtt", "--json")
    assert result.code == 0
    assert json.loads(result.out)["captions"]
    assert (tmp_path / "new" / "out.vtt").read_text(encoding="utf-8").startswith("WEBVTT")


def test_captions_are_lines_for_people(run: Caption, talk: Path) -> None:
    result = run(talk)
    assert (result.code, result.err) == (0, "")
    lines = result.out.splitlines()
    assert len(lines) == len(json.loads(run(talk, "--json").out)["captions"])
    assert lines[0].lstrip().startswith("0:0")
    assert lines[0].endswith("One more time.")


def test_silence_is_no_error(run: Caption, tmp_path: Path) -> None:
    write_wav(tmp_path / "still.wav", silence(5), 16_000)
    result = run(tmp_path / "still.wav", "-o", tmp_path / "still.srt")
    assert result == Outcome(0, "still.wav: nothing is said in 0:05.0\n", "")
    document = json.loads(run(tmp_path / "still.wav", "--json").out)
    assert (document["language"], document["captions"]) == ("und", [])


def test_other_recognizers_take_languages(run: Caption, talk: Path) -> None:
    result = run(talk, "--model", "tiny", "--language", "zh", "--json")
    assert (result.code, result.err) == (0, "")
    assert json.loads(result.out)["language"] in ("zh", "und")


@pytest.fixture(scope="session")
def talk_film(talk: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The talk as the sound of a film."""
    silent = make(tmp_path_factory.mktemp("film") / "silent.mp4", Recipe(seconds=10.0, audio=()))
    path = silent.with_name("film.mkv")
    with av.open(str(silent)) as video, av.open(str(talk)) as sound, av.open(str(path), "w") as out:
        sources = [video.streams.video[0], sound.streams.audio[0]]
        copies = [out.add_stream_from_template(one) for one in sources]
        for container, copy in zip((video, sound), copies, strict=True):
            for packet in container.demux():
                if packet.size:
                    packet.stream = copy
                    out.mux(packet)
    return path


@pytest.mark.slow
def test_one_run_gives_karaoke_chapters_a_track_and_text_in_the_video(
    run: Caption, talk_film: Path, tmp_path: Path
) -> None:
    pytest.importorskip("PIL")
    names = {"-o": "a.ass", "--chapters": "a.txt", "--mux": "mux.mkv", "--burn": "burn.mp4"}
    files = {option: tmp_path / name for option, name in names.items()}
    arguments = [one for pair in files.items() for one in pair]
    result = run(talk_film, *arguments, "--karaoke")
    assert result.code == 0, result
    assert [line.partition(": ")[0] for line in result.out.splitlines()] == [
        str(file) for file in files.values()
    ]
    assert "no fewer than 3 chapters" in result.err
    assert r"{\k" in files["-o"].read_text(encoding="utf-8")
    assert files["--chapters"].read_text(encoding="utf-8").startswith("0:00 One more time")
    said = json.loads(run(talk_film, "--json").out)["captions"]
    with av.open(str(files["--mux"])) as container:
        (track,) = container.streams.subtitles
        assert track.metadata["language"] == "eng"
        shown = [packet for packet in container.demux(track) if packet.size]
        assert [round(float(one.pts * one.time_base), 2) for one in shown if one.pts is not None] == [
            round(one["start"], 2) for one in said
        ]
        assert [chapter["metadata"]["title"][:3] for chapter in container.chapters()] == ["One"]
    with av.open(str(files["--burn"])) as container:
        assert [stream.type for stream in container.streams] == ["video", "audio"]
    again = run(talk_film, "--mux", files["--mux"])
    assert (again.code, "already exists" in again.err) == (1, True)


@pytest.mark.slow
def test_folders_take_one_file_of_each_recording(
    run: Caption, talk: Path, talk_film: Path, tmp_path: Path
) -> None:
    result = run(talk, talk_film, "--mux", tmp_path / "muxed", "--chapters", tmp_path / "chapters")
    assert result.code == 0, result
    names = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.*")}
    assert names == {"muxed/talk.mkv", "muxed/film.mkv", "chapters/talk.txt", "chapters/film.txt"}


def wrong(folder: Path, models: Path, talk: Path) -> dict[str, tuple[list[object], int, str]]:
    """Arguments after `edge caption`, the exit code that they deserve, and what the line says."""
    (folder / "empty.mp4").touch()
    (folder / "text.mp4").write_text("this is not a film\n" * 50)
    write_wav(folder / "nothing.wav", silence(0), 16_000)
    (folder / "there.srt").write_text("precious")
    (folder / "file").touch()
    (folder / "nothing").mkdir()
    mute = make(folder / "mute.mp4", Recipe(seconds=1, audio=()))
    damaged = Path(shutil.copytree(models / TINY, folder / "damaged"))
    network = damaged / next(iter(open_folder(damaged).manifest.networks.values())).file
    network.write_bytes(network.read_bytes()[:-1] + b"?")
    return {
        "missing file": ([folder / "missing.mp4"], 3, "missing.mp4"),
        "empty file": ([folder / "empty.mp4"], 3, "empty.mp4"),
        "text named .mp4": ([folder / "text.mp4"], 3, "text.mp4"),
        "folder without media": ([folder / "nothing"], 3, "without media files"),
        "no audio": ([mute], 3, "mute.mp4"),
        "no sample": ([folder / "nothing.wav"], 3, "nothing.wav"),
        "no such stream": ([talk, "--audio-stream", 7], 3, "7"),
        "no argument": ([], 2, "MEDIA"),
        "unknown option": ([talk, "--nope"], 2, "--nope"),
        "no threads": ([talk, "--threads", 0], 2, "--threads"),
        "unknown suffix": ([talk, "-o", folder / "out.xyz"], 2, ".srt, .vtt, .ass"),
        "no suffix": ([talk, "-o", folder / "out"], 2, ".srt, .vtt, .ass"),
        "karaoke without words": ([talk, "--karaoke", "-o", folder / "a.srt"], 2, "no times of words"),
        "karaoke without a file": ([talk, "--karaoke"], 2, "without -o"),
        "font without burning": ([talk, "--font", "a.ttf"], 2, "without --burn"),
        "sound alone, burnt": ([talk, "--burn", folder / "a.mp4"], 3, "no video"),
        "sound alone, muxed": ([talk, "--mux", folder / "a.m4a"], 2, "pcm_s16le cannot be copied"),
        "no subtitles in it": ([talk, "--mux", folder / "a.wav"], 2, ".mkv, .webm"),
        "chapters in .srt": ([talk, "--chapters", folder / "a.srt"], 2, ".txt, .ffmeta, .cue, .json, .vtt"),
        "one file for two": ([talk, "--chapters", folder / "a.vtt", "-o", folder / "a.vtt"], 2, "a.vtt"),
        "existing file": ([talk, "-o", folder / "there.srt"], 1, "already exists"),
        "existing file, before any work": (
            [folder / "missing.mp4", "-o", folder / "there.srt"],
            1,
            "already exists",
        ),
        "folder is a file": ([talk, "-o", folder / "file" / "out.srt"], 1, "is a file"),
        "no such model": ([talk, "--model", "nobody"], 1, "nobody: no such model"),
        "no recognizer": ([talk, "--model", builtin_root() / "segmenter"], 1, "expected a recognizer"),
        "damaged model": ([talk, "--model", damaged, "--no-cache"], 1, "is damaged"),
        "English only": ([talk, "--language", "zh"], 2, "English only"),
        "unknown language": ([talk, "--model", "tiny", "--language", "xx"], 2, "support the language 'xx'"),
    }


def test_what_cannot_be_done_gives_one_line_and_its_exit_code(
    run: Caption, talk: Path, models: Path, tmp_path: Path
) -> None:
    for name, (arguments, code, message) in wrong(tmp_path, models, talk).items():
        before = set(tmp_path.rglob("*"))
        result = run(*arguments)
        assert result.code == code, f"{name}: {result}"
        assert result.out == "", name
        assert len(result.err.splitlines()) == 1, f"{name}: {result.err}"
        assert result.err.startswith("edge"), name
        assert message in result.err, f"{name}: {result.err}"
        assert set(tmp_path.rglob("*")) == before, name
    assert (tmp_path / "there.srt").read_text() == "precious"


def test_an_existing_file_is_overwritten_if_forced(run: Caption, talk: Path, tmp_path: Path) -> None:
    precious = tmp_path / "out.srt"
    precious.write_text("precious")
    assert run(talk, "-o", precious, "--force").code == 0
    assert precious.read_text(encoding="utf-8").startswith("1\n00:00:0")


def test_a_failure_in_a_process_of_its_own_is_one_line(edge: EdgeCommand, tmp_path: Path) -> None:
    result = edge("caption", tmp_path / "missing.wav", "--model", TINY, env=os.environ)
    assert result.returncode == 3
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1
    assert "Traceback" not in result.stderr


def test_a_cache_that_cannot_be_written_is_no_trouble(
    run: Caption, talk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("precious")
    monkeypatch.setenv(CACHE, str(tmp_path / "file"))
    result = run(talk, "--json")
    assert (result.code, result.err) == (0, "")
    assert (tmp_path / "file").read_text() == "precious"


def test_a_damaged_recording_gives_a_note(run: Caption, talk: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.wav"
    cut.write_bytes(talk.read_bytes()[: talk.stat().st_size // 2 + 1])
    result = run(cut, "--json")
    assert result.code == 0
    document = json.loads(result.out)
    assert document["captions"]
    assert document["media"]["seconds"] == pytest.approx(5, abs=0.1)
    assert [f"edge: {cut}: {note}" for note in document["media"]["notes"]] == result.err.splitlines()
