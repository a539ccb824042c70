"""`edge clean` as people and programs use it: what it writes, what it says, and what it refuses."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.cache import SETTING as CACHE
from edge.cache import Cache
from edge.cli import main
from edge.evidence import stored
from edge.evidence.options import TranscriptOptions
from edge.evidence.speech.recognizers import open_recognizer
from edge.evidence.transcript import Transcript
from edge.evidence.transcription import StoredTranscript, transcript_key
from edge.media import open_recording
from edge.models.store import SETTING as STORE
from edge.models.store import find
from tests.conftest import EdgeCommand
from tests.makers import talk_from_script
from tests.media.makers import measure, sound_of, write_sound
from tests.quickcut.makers import KEPT, RATE_HZ, film, steady, talk, voice
from tests.timeline.makers import valid_fcpxml
from tests.tools.importers.makers import moonshine as tiny_moonshine
from tools.importers import moonshine
from tools.importers.install import Target
from tools.importers.sources import open_source
from tools.sound.signals import RATE_HZ as SPEECH_HZ
from tools.sound.speech import speak
from tools.sound.wave import write_wav


@dataclass(frozen=True)
class Outcome:
    """Of a run of `edge clean`."""

    returncode: int
    stdout: str
    stderr: str


Clean = Callable[..., Outcome]

BY_LETTERS = "--published-method"
"""The words of these recordings are tones: the same words do not sound alike in them."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a tiny recognizer under the default id, and a cache."""
    folder = tmp_path_factory.mktemp("home")
    source = open_source(moonshine.PACKAGE, tiny_moonshine(folder))
    moonshine.run(source, Target(folder / "models", "moonshine-tiny-en"), data=None)
    return folder


@pytest.fixture(autouse=True)
def _environment(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(STORE, str(home / "models"))
    monkeypatch.setenv(CACHE, str(home / "cache"))


@pytest.fixture
def clean(capsys: pytest.CaptureFixture[str]) -> Clean:
    """`edge clean` in this process."""

    def run(*arguments: object) -> Outcome:
        try:
            code = main(["clean", BY_LETTERS, *map(str, arguments)])
        except SystemExit as ended:
            code = int(str(ended.code))
        said = capsys.readouterr()
        return Outcome(code, said.out, said.err)

    return run


def remember(home: Path, path: Path, said: Transcript) -> Path:
    """Have the command find in its cache what is said in a recording."""
    cache, recording = Cache(home / "cache"), open_recording(path)
    recognizer = open_recognizer(home / "models" / "moonshine-tiny-en")
    model = find("segmenter").manifest.digest
    entry = transcript_key(cache, recording, recognizer, model, TranscriptOptions())
    stored.remember(cache, entry, StoredTranscript(said, ()))
    return path


@pytest.fixture(scope="module")
def video(home: Path) -> Path:
    """A talk with everything that may go, known to the cache."""
    return remember(home, film(home / "talk.mp4", talk, steady(talk)).path, talk)


@pytest.fixture(scope="module")
def sound(home: Path) -> Path:
    """The same without video."""
    write_sound(home / "sound.wav", voice(talk), RATE_HZ, codec="pcm_s16le", fmt="s16")
    return remember(home, home / "sound.wav", talk)


def result_of(done: Outcome) -> dict[str, Any]:
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    document: dict[str, Any] = json.loads(done.stdout)
    return document


@pytest.mark.slow
def test_the_file_its_captions_and_its_timeline_are_written(
    edge: EdgeCommand, video: Path, tmp_path: Path
) -> None:
    names = [tmp_path / name for name in ("a.mp4", "a.srt", "a.fcpxml")]
    outputs = ("-o", names[0], "--captions", names[1], "--timeline", names[2])
    root = str(Path(__file__).parents[2])
    done = edge("clean", BY_LETTERS, video, *outputs, "--json", env=os.environ | {"PYTHONPATH": root})
    result = result_of(Outcome(done.returncode, done.stdout, done.stderr))
    assert sorted(tmp_path.iterdir()) == sorted(names)
    assert (result["schema"], result["file"], result["how"]) == (1, str(names[0]), "smart")
    assert result["language"] == "en"
    assert result["media"]["file"] == str(video)
    for item in result["items"]:
        assert item.keys() == {"start", "end", "kind", "text", "remove", "reason", "score"}
        assert 0 <= item["start"] < item["end"] <= talk.duration_s + 0.001
        assert item["kind"] in ("speech", "blank", "sound", "filler", "repeat")
    assert [(item["kind"], item["text"]) for item in result["items"] if item["remove"]] == [
        ("blank", ""), ("blank", ""), ("filler", "um"), ("repeat", "The lens gathers the light."),
        ("filler", ""), ("blank", ""), ("filler", "Uh"), ("blank", ""),
    ]  # fmt: skip
    assert result["kept_seconds"] + result["removed_seconds"] == pytest.approx(talk.duration_s, abs=0.03)
    assert result["kept_seconds"] == pytest.approx(float(measure(names[0]).times[-1]) + 0.033, abs=0.04)
    lines = names[1].read_text().splitlines()
    assert " ".join(line for line in lines if line[:1].isalpha()) == " ".join(KEPT)
    assert [element.get("start") for element in valid_fcpxml(names[2]).iter("asset-clip")]


def test_a_dry_run_writes_nothing_and_says_the_same(clean: Clean, sound: Path, tmp_path: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in sound.parent.iterdir() if path.is_file()}
    planned = result_of(clean(sound, "--dry-run", "--json"))
    assert before == {path: path.stat().st_mtime_ns for path in sound.parent.iterdir() if path.is_file()}
    assert planned.keys() >= {
        "schema",
        "media",
        "language",
        "items",
        "cuts",
        "kept_seconds",
        "removed_seconds",
    }
    assert "file" not in planned
    done = result_of(clean(sound, "-o", tmp_path / "a.wav", "--json"))
    same = planned.keys() - {"cuts"}
    assert {name: done[name] for name in same} == {name: planned[name] for name in same}
    plain = clean(sound, "--dry-run", "-o", tmp_path / "b.wav")
    assert plain.returncode == 0
    rows = plain.stdout.splitlines()
    assert len(rows) == 9
    assert rows[3].split(maxsplit=5) == ["-", "0:06.7", "-", "0:08.7", "repeat", rows[3].split(maxsplit=5)[5]]
    assert rows[-1] == "sound.wav: 4 blanks, 3 fillers, 1 repeat removed would leave 0:07.8 of 0:17.4"
    assert [path.name for path in tmp_path.iterdir()] == ["a.wav"]


def test_the_default_name_stands_beside_the_recording(clean: Clean, home: Path, tmp_path: Path) -> None:
    path = tmp_path / "my talk.wav"
    write_sound(path, voice(talk), RATE_HZ, codec="pcm_s16le", fmt="s16")
    before = path.read_bytes()
    remember(home, path, talk)
    done = clean(path)
    assert done.returncode == 0, done.stderr
    assert sorted(file.name for file in tmp_path.iterdir()) == ["my talk-clean.wav", "my talk.wav"]
    assert path.read_bytes() == before
    assert done.stdout.splitlines()[-1] == (
        f"{tmp_path / 'my talk-clean.wav'}: 4 blanks, 3 fillers, 1 repeat removed, 0:07.8 of 0:17.4 left"
    )
    assert len(sound_of(tmp_path / "my talk-clean.wav")[0]) == pytest.approx(7.8 * RATE_HZ, abs=2400)


def test_level_off_gives_the_same_bytes(clean: Clean, video: Path, tmp_path: Path) -> None:
    result = result_of(clean(video, "-o", tmp_path / "a.mp4", "--level", "off", "--json"))
    assert (result["how"], result["cuts"], result["removed_seconds"]) == ("unchanged", [], 0)
    assert (tmp_path / "a.mp4").read_bytes() == video.read_bytes()


@pytest.mark.parametrize(
    ("options", "kinds"),
    [
        (["--keep", "blanks"], {"filler", "repeat"}),
        (["--keep", "repeats, fillers", "--min-silence", "1.5"], {"blank"}),
        (["--filler", "everybody", "--keep", "blanks,repeats"], {"filler"}),
    ],
)
def test_what_goes_is_a_choice(clean: Clean, sound: Path, options: list[str], kinds: set[str]) -> None:
    result = result_of(clean(sound, "--dry-run", "--json", *options))
    gone = [item for item in result["items"] if item["remove"]]
    assert {item["kind"] for item in gone} == kinds
    if "--min-silence" in options:
        assert [item["end"] - item["start"] >= 1.5 for item in gone] == [True, True]
    assert ("everybody." in {item["text"] for item in gone}) == ("--filler" in options)


def test_pauses_and_encoding_are_a_choice(clean: Clean, video: Path, tmp_path: Path) -> None:
    tight = result_of(
        clean(
            video,
            "-o",
            tmp_path / "a.mp4",
            "--padding",
            "0.05",
            "--reencode",
            "--keep",
            "fillers,repeats",
            "--json",
        )
    )
    assert tight["how"] == "encoded"
    (first, *_) = (cut for cut in tight["cuts"] if cut["start"] > 0)
    blank = next(item for item in tight["items"] if item["kind"] == "blank" and item["start"] > 0)
    assert first["start"] - blank["start"] == pytest.approx(0.05, abs=0.017)  # half a frame
    assert blank["end"] - first["end"] == pytest.approx(0.05, abs=0.017)


def bad_inputs(folder: Path, media: Path) -> dict[str, tuple[list[object], int]]:
    """Arguments after `edge clean`, and the exit code that they deserve."""
    (folder / "there.wav").write_text("precious")
    (folder / "nothing").mkdir()
    (folder / "there.srt").write_text("precious")
    out = folder / "out.wav"
    return {
        "missing file": ([folder / "missing.mp4"], 3),
        "folder without media": ([folder / "nothing", "-o", out], 3),
        "no such stream": ([media, "-o", out, "--audio-stream", 7], 3),
        "no argument": ([], 2),
        "unknown suffix": ([media, "-o", folder / "out.xyz"], 2),
        "unknown captions": ([media, "-o", out, "--captions", folder / "a.xyz"], 2),
        "unknown timeline": ([media, "-o", out, "--timeline", folder / "a.aaf"], 2),
        "kind unknown": ([media, "-o", out, "--keep", "blanks,pauses"], 2),
        "negative blank": ([media, "-o", out, "--min-silence", "-1"], 2),
        "pause of no length": ([media, "-o", out, "--padding", "nan"], 2),
        "language unknown": ([media, "-o", out, "--language", "zh"], 2),
        "the recording itself": ([media, "-o", media], 2),
        "the recording itself by force": ([media, "-o", media, "--force"], 2),
        "output is there": ([media, "-o", folder / "there.wav"], 1),
        "captions are there": ([media, "-o", out, "--captions", folder / "there.srt"], 1),
        "no such model": ([media, "-o", out, "--model", "nobody"], 1),
    }


def test_bad_input_gives_one_line_and_its_exit_code(clean: Clean, sound: Path, tmp_path: Path) -> None:
    recording = sound.read_bytes()
    for name, (arguments, code) in bad_inputs(tmp_path, sound).items():
        before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
        result = clean(*arguments)
        assert result.returncode == code, f"{name}: {result.returncode} {result.stderr}"
        assert len(result.stderr.strip().splitlines()) == 1, f"{name}: {result.stderr}"
        assert result.stderr.startswith("edge"), name
        assert "failed with" not in result.stderr, name
        assert result.stdout == "", name
        assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before, name
    assert sound.read_bytes() == recording


def test_a_talk_of_which_nothing_would_be_left_is_refused(clean: Clean, home: Path, tmp_path: Path) -> None:
    found = talk_from_script("um [0.3] uh [3.0]")
    write_sound(tmp_path / "um.wav", voice(found), RATE_HZ)
    remember(home, tmp_path / "um.wav", found)
    result = clean(tmp_path / "um.wav")
    assert (result.returncode, result.stdout) == (3, "")
    assert result.stderr == f"edge: {tmp_path / 'um.wav'}: would be empty: it has no speech\n"
    assert [path.name for path in tmp_path.iterdir()] == ["um.wav"]
    assert result_of(clean(tmp_path / "um.wav", "--dry-run", "--json"))["kept_seconds"] == 0


def test_an_existing_file_is_replaced_by_force_only(clean: Clean, sound: Path, tmp_path: Path) -> None:
    precious = tmp_path / "a.wav"
    precious.write_text("precious")
    refused = clean(sound, "-o", precious)
    assert refused.returncode == 1
    assert "already exists" in refused.stderr
    assert precious.read_text() == "precious"
    assert clean(sound, "-o", precious, "--force").returncode == 0
    assert precious.read_bytes().startswith(b"RIFF")


def test_speech_is_heard_and_the_silence_within_it_goes(clean: Clean, tmp_path: Path) -> None:
    pytest.importorskip("pocketsphinx")
    speech = [
        speak(text) for text in ("the boat sails slowly along the river", "and then it comes home again")
    ]
    pieces = [speech[0], np.zeros(4 * SPEECH_HZ, np.float32), speech[1]]
    write_wav(tmp_path / "talk.wav", np.concatenate(pieces), SPEECH_HZ)
    result = result_of(clean(tmp_path / "talk.wav", "--no-cache", "--keep", "fillers,repeats", "--json"))
    (gap,) = (item for item in result["items"] if item["kind"] == "blank" and item["start"] > 1)
    first = len(speech[0]) / SPEECH_HZ
    assert first - 0.5 < gap["start"] < first + 1  # what a tiny network says may lie beside the speech
    assert first + 3 < gap["end"] < first + 4.5
    assert any(item["kind"] == "speech" and item["text"] for item in result["items"])
    length = len(sound_of(tmp_path / "talk-clean.wav")[0]) / SPEECH_HZ
    assert length == pytest.approx(result["kept_seconds"], abs=0.001)
    assert length < sum(map(len, pieces)) / SPEECH_HZ - 2


def test_a_plan_is_edited_by_hand_and_a_timeline_needs_no_rendering(
    clean: Clean, sound: Path, tmp_path: Path
) -> None:
    plan, timeline = tmp_path / "plan.json", tmp_path / "cut.edl"
    whole = result_of(clean(sound, "--dry-run", "--json", "--plan-out", plan))
    document = json.loads(plan.read_text())
    assert document == whole
    for item in document["items"]:
        item["remove"] = item["kind"] == "filler"
    plan.write_text(json.dumps(document))
    edits = ("--plan", plan, "--cut-range", "0:00-0:01")
    edited = result_of(clean(sound, *edits, "--timeline", timeline, "--timeline-only", "--json"))
    assert sorted(tmp_path.iterdir()) == [timeline, plan]
    assert "file" not in edited
    assert edited["cuts"][0] == {"start": 0.0, "end": 1.0}
    assert len(edited["cuts"]) == 1 + sum(item["kind"] == "filler" for item in document["items"])
    for options, what in ((["--timeline-only"], "add --timeline"), (["--cut-range", "5"], "is no range")):
        refused = clean(sound, *options)
        assert refused.returncode == 2
        assert what in refused.stderr


@pytest.mark.slow
def test_parts_become_files_of_a_sequence(clean: Clean, video: Path, tmp_path: Path) -> None:
    folder = tmp_path / "the clips"
    outputs = ("--clips", folder, "--captions", tmp_path / "a.srt")
    result = result_of(clean(video, *outputs, "--json"))
    files = [Path(clip["file"]) for clip in result["clips"]]
    assert "file" not in result
    assert sorted(folder.iterdir()) == files
    assert [file.name for file in files] == [f"talk-{number:03}.mp4" for number in range(1, len(files) + 1)]
    kept = [(clip["start"], clip["end"]) for clip in result["clips"]]
    gone = [(cut["start"], cut["end"]) for cut in result["cuts"]]
    times = sorted(time for span in [*kept, *gone] for time in span)
    assert times[1:-1:2] == pytest.approx(times[2::2])  # what is not kept is cut
    for file, (start, end) in zip(files, kept, strict=True):
        assert measure(file).times[0] == 0
        assert float(measure(file).times[-1]) + 0.0334 == pytest.approx(end - start, abs=0.002)
    written = {file: file.read_bytes() for file in folder.iterdir()}
    files[0].unlink()
    refused = clean(video, *outputs[:2])
    assert (refused.returncode, "already exists" in refused.stderr) == (1, True)
    files[0].write_bytes(b"")
    fewer = result_of(clean(video, *outputs[:2], "--keep", "blanks,repeats", "--json", "--force"))
    assert [Path(clip["file"]) for clip in fewer["clips"]] == sorted(folder.iterdir())
    assert len(fewer["clips"]) < len(written)
    both = clean(video, "--clips", tmp_path / "b", "-o", tmp_path / "b.mp4")
    assert both.returncode == 0
    assert {file.name: file.read_bytes() for file in (tmp_path / "b").iterdir()} == {
        file.name: content for file, content in written.items()
    }
    assert (tmp_path / "b.mp4").is_file()
    assert (
        clean(video, "--clips", folder, "--timeline-only", "--timeline", tmp_path / "a.edl").returncode == 2
    )


@pytest.mark.slow
def test_blanks_pass_faster_and_a_range_is_muted(clean: Clean, video: Path, tmp_path: Path) -> None:
    names = [tmp_path / name for name in ("a.mp4", "a.srt", "a.xml", "a.json")]
    outputs = ("-o", names[0], "--captions", names[1], "--timeline", names[2], "--plan-out", names[3])
    result = result_of(clean(video, *outputs, "--blank-speed", 4, "--mute-range", "0-2.6", "--json"))
    assert sorted(tmp_path.iterdir()) == sorted(names)
    assert [(one["action"], one["speed"]) for one in result["actions"]] == [("mute", 1), *[("speed", 4)] * 4]
    length = float(measure(names[0]).times[-1]) + 0.033
    assert length == pytest.approx(result["kept_seconds"], abs=0.04)
    assert "Good morning everybody." not in names[1].read_text()
    again = result_of(clean(video, "--plan", names[3], "--blank-speed", 4, "--dry-run", "--json"))
    assert [one["action"] for one in again["actions"]] == ["mute", *["speed"] * 4]
    plain = clean(video, "--dry-run", "--blank-speed", 4, "--mute-range", "0-2.6")
    assert plain.stdout.splitlines()[-1].startswith(
        "talk.mp4: 3 fillers, 1 repeat removed, 4 blanks 4 times faster, 1 range muted would leave 0:0"
    )
    for options in (["--blank-speed", "1"], ["--blank-speed", "17"], ["--mute-range", "5-4"]):
        assert clean(video, "--dry-run", *options).returncode == 2
