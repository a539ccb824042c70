"""`edge listen` as people and programs use it, in processes of its own."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from difflib import SequenceMatcher
from itertools import pairwise
from pathlib import Path

import msgspec
import numpy as np
import pysubs2
import pytest

from edge import schema
from edge.arrays import Floats
from edge.media import decode_audio, probe
from edge.songs.find import find_songs
from tests.conftest import EdgeCommand
from tests.stage import open_stage
from tools.sound.sample import OVER_MUSIC, WELCOME, Truth
from tools.sound.wave import write_wav

AS_IN_A_TERMINAL = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background would ignore it
from edge.cli import main
sys.exit(main())
"""

RATE_HZ = 16_000


@pytest.fixture(scope="module")
def evening(sample: tuple[Path, Truth]) -> Floats:
    return np.concatenate([block.samples for block in decode_audio(sample[0])])


def start(*arguments: object, environment: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", AS_IN_A_TERMINAL, "listen", *map(str, arguments)],
        env=(environment or dict(os.environ)) | {"PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def pcm(samples: Floats) -> bytes:
    return (samples * 32767).astype("<i2").tobytes()


def test_a_file_gives_captions_songs_and_the_recording(
    edge: EdgeCommand, sample: tuple[Path, Truth], tmp_path: Path
) -> None:
    pytest.importorskip("moonshine_voice")
    out = tmp_path / "out"
    result = edge("listen", sample[0], "-o", out, "--save-audio", "--json")
    assert result.returncode == 0, result.stderr
    events = [json.loads(line) for line in result.stdout.splitlines()]
    for event in events:
        read = msgspec.convert(event, schema.DOCUMENTS["listen"], strict=True)
        assert schema.to_dict(read) == event
    (song,) = (event["song"] for event in events if event["event"] == "song")
    (of_file,) = find_songs(sample[0], evidence="audio")
    assert (song["start"], song["end"]) == pytest.approx((of_file.start, of_file.end), abs=0.1)
    end = events[-1]
    assert (end["event"], end["songs"], end["dropped"]) == ("end", 1, 0)
    assert end["processor"] > 0
    assert end["seconds"] == pytest.approx(sample[1].seconds, abs=0.1)

    names = ["captions.srt", "recording.flac", "song-01.flac", "songs.json"]
    assert sorted(path.name for path in out.iterdir()) == names
    assert json.loads((out / "songs.json").read_text()) == {"schema": 1, "songs": [song]}
    assert song["file"] == str(out / "song-01.flac")
    assert probe(out / "song-01.flac").duration_s == pytest.approx(of_file.seconds, abs=0.01)
    recording = probe(out / "recording.flac")
    assert recording.duration_s == pytest.approx(end["seconds"], abs=0.01)
    assert (recording.audio[0].rate_hz, recording.audio[0].channels) == (48_000, 2)  # as the source

    said = " ".join(one["text"] for event in events if event.get("final") for one in event["captions"])
    assert "Good evening" in said
    captions = pysubs2.load(str(out / "captions.srt"))
    shown = re.sub(r"\W+", " ", " ".join(line.plaintext for line in captions)).lower()
    assert shown == re.sub(r"\W+", " ", said).lower()
    times = [(line.start, line.end) for line in captions]
    assert times == sorted(times)
    assert all(end <= start for (_, end), (start, _) in pairwise(times))
    numbers = re.findall(r"^(\d+)\n\d\d:", (out / "captions.srt").read_text(), re.M)
    assert numbers == [str(number) for number in range(1, len(times) + 1)]

    again = edge("listen", sample[0], "-o", out)
    assert again.returncode == 1
    assert "captions.srt: already exists" in again.stderr


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_the_normal_end_of_a_pipe(
    evening: Floats, tmp_path: Path, number: signal.Signals
) -> None:
    pytest.importorskip("moonshine_voice")
    process = start("-", "-o", tmp_path / "out")
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(pcm(evening[: 45 * RATE_HZ]))  # ends within the song
    process.stdin.flush()
    lines = iter(process.stdout.readline, b"")
    assert any(b"singing" in line for line in lines)
    process.send_signal(number)
    rest, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert b"song 1" in rest
    assert re.search(rb"^0:45.0: \d+ captions, 1 song; .* per hour$", errors, re.M)
    (song,) = json.loads((tmp_path / "out" / "songs.json").read_text())["songs"]
    assert song["end"] == pytest.approx(45, abs=1)
    assert probe(tmp_path / "out" / "song-01.flac").audio[0].channels == 1
    assert not [path.name for path in (tmp_path / "out").iterdir() if path.name.startswith(".")]


def test_pcm_of_any_form_and_a_reader_that_leaves(evening: Floats) -> None:
    process = start("-", "--rate", 8000, "--channels", 2, "--format", "f32le", "--no-captions", "--no-songs")
    stereo = np.repeat(evening[: 16 * RATE_HZ : 2, None], 2, axis=1).astype("<f4")
    out, errors = process.communicate(stereo.tobytes(), timeout=60)
    assert process.returncode == 0, errors
    assert re.match(rb" +0:00.0  speaking \d+%\n", out)
    assert re.fullmatch(rb"0:16.0: 0 captions, 0 songs; [\d.]+ s of processor time.* per hour\n", errors)
    process = start("-", "--json", "--no-captions")
    assert process.stdout is not None
    process.stdout.close()
    process.communicate(pcm(evening[: 20 * RATE_HZ]), timeout=60)
    assert process.returncode == 0


def bad(folder: Path) -> Iterator[tuple[list[object], int, str]]:
    """Arguments, exit code, and what the line says."""
    (folder / "text.wav").write_text("no media")
    (folder / "list.m3u8").write_text("#EXTM3U\nother.mp3\n")
    yield [folder / "none.wav"], 3, "does not exist"
    yield [folder / "text.wav"], 3, "is not media"
    yield [folder / "list.m3u8"], 3, "is not media"
    yield ["-"], 3, "standard input: has delivered no audio"
    yield ["--device", "no such device"], 3, ""
    yield ["--rate", 8000], 2, "SOURCE must be -"
    yield ["-", "--device", 1], 2, "leave out SOURCE"
    yield ["-", "--save-audio"], 2, "without -o DIR"
    yield ["-", "--seconds", 0], 2, "above 0 s"
    yield ["-", "--quiet-db", 0], 2, "full scale is 0"
    yield ["-", "-o", folder / "text.wav"], 1, "is a file"


def test_bad_requests_are_one_line(edge: EdgeCommand, tmp_path: Path) -> None:
    for arguments, code, what in bad(tmp_path):
        result = edge("listen", *arguments, stdin=subprocess.DEVNULL)
        assert result.returncode in ({3, 1} if "--device" in arguments and code == 3 else {code}), arguments
        assert len(result.stderr.splitlines()) == 1, result.stderr
        assert what in result.stderr


@pytest.mark.slow
def test_a_talk_into_a_microphone_is_shown_and_written(sample: tuple[Path, Truth], tmp_path: Path) -> None:
    pytest.importorskip("moonshine_voice")
    rate_hz = 44_100  # the server's: it resamples badly
    talk = next(decode_audio(sample[0], rate_hz=rate_hz, block_s=19.0)).samples
    write_wav(tmp_path / "talk.wav", talk, rate_hz)
    with open_stage(tmp_path) as stage:
        child, terminal = pty.fork()
        if child == 0:
            os.environ.update(stage.environment, PYTHONPATH=os.pathsep.join(sys.path), COLUMNS="100")
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # tests that run in the background ignore it
            words = ["-m", "edge.cli", "listen", "--device", "pulse", "-o", str(tmp_path / "out")]
            os.execv(sys.executable, [sys.executable, *words])
        shown = read_until(terminal, "dB", 60)
        for _ in range(3):  # a starved server has once lost a whole playback
            player = stage.play(tmp_path / "talk.wav")
            shown += read_until(terminal, r"\d  [^\n]*phones", 45)
            assert player.wait() == 0
            if "phones" in shown:
                break
        os.write(terminal, b"\x03")
        shown += read_until(terminal, "caption", 60)
        assert "caption" in shown, shown[-2000:]
        assert os.waitpid(child, 0)[1] == 0
    assert re.search(r"\[=+ *\|? *\] -\d\d dB  speaking \d+%", shown)
    lines = re.findall(r"\d:\d\d\.\d - +\d:\d\d\.\d  (.+?)\r", shown)
    subtitles = pysubs2.load(str(tmp_path / "out" / "captions.srt"))
    for found in (lines, [caption.plaintext for caption in subtitles]):
        # A busy machine's server garbles some words.
        assert part_found(f"{WELCOME} {OVER_MUSIC}", found) > 0.5
    assert json.loads((tmp_path / "out" / "songs.json").read_text())["songs"] == []


def part_found(said: str, found: list[str]) -> float:
    """Return the part of the words said that were found, in order."""
    first, second = (re.findall(r"[a-z']+", text.lower()) for text in (said, " ".join(found)))
    blocks = SequenceMatcher(None, first, second, autojunk=False).get_matching_blocks()
    return sum(block.size for block in blocks) / len(first)


def read_until(terminal: int, pattern: str, seconds: float) -> str:
    """Return what a terminal shows until the pattern is there or the time is over."""
    shown, end = "", time.monotonic() + seconds
    while not re.search(pattern, shown) and time.monotonic() < end:
        if select.select([terminal], [], [], 0.5)[0]:
            try:
                shown += os.read(terminal, 65536).decode(errors="replace")
            except OSError:  # the other side has left
                break
    return shown
