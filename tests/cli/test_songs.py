"""`edge songs` and `edge label` as people and programs use them, in processes of their own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from edge.media import probe
from edge.vocabulary import Span
from tests.conftest import EdgeCommand
from tools.sound.sample import Truth
from tools.sound.wave import write_wav

AS_IN_A_TERMINAL = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background would ignore it
from edge.cli import main
sys.exit(main())
"""


def test_the_sample_song_is_found_and_cut(
    edge: EdgeCommand, sample: tuple[Path, Truth], tmp_path: Path
) -> None:
    path, truth = sample
    result = edge("songs", path, "-o", tmp_path, "--json", "--plot", tmp_path / "songs.png")
    assert result.returncode == 0, result.stderr
    document = json.loads(result.stdout)
    assert document["schema"] == 1
    (song,) = document["songs"]
    assert Span(song["start"], song["end"]).iou(truth.song) > 0.9
    assert song["file"] == str(tmp_path / "sample-01.mp4")
    clip = probe(song["file"])
    assert clip.duration_s == pytest.approx(song["end"] - song["start"], abs=0.1)
    assert clip.video is not None
    assert len(clip.audio) == 1
    assert json.loads((tmp_path / "sample.songs.json").read_text()) == document
    assert (tmp_path / "songs.png").read_bytes().startswith(b"\x89PNG")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["sample-01.mp4", "sample.songs.json", "songs.png"]


def test_label_gives_confidences_that_sum_to_one(edge: EdgeCommand, sample: tuple[Path, Truth]) -> None:
    path, truth = sample
    document = json.loads(edge("label", path, "--json").stdout)
    segments = document["segments"]
    assert segments[0]["start"] == 0
    assert segments[-1]["end"] == document["media"]["seconds"] == pytest.approx(truth.seconds, abs=0.1)
    for segment in segments:
        assert sum(segment["confidence"].values()) == pytest.approx(1, abs=1e-3)
        assert segment["label"] == max(segment["confidence"], key=segment["confidence"].get)


def test_a_recording_without_a_song_is_no_error(edge: EdgeCommand, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).standard_normal(16_000 * 8).astype(np.float32) * np.float32(0.05)
    write_wav(tmp_path / "noise.wav", noise, 16_000)
    result = edge("songs", tmp_path / "noise.wav", "-o", tmp_path / "out")
    assert result.returncode == 0
    assert "no song" in result.stdout
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["noise.songs.json"]


def bad_inputs(folder: Path, sample: Path) -> dict[str, tuple[list[object], int]]:
    """Arguments after `edge songs`, and the exit code that they deserve."""
    (folder / "empty.mp4").touch()
    (folder / "text.mp4").write_text("this is not a film\n" * 50)
    (folder / "truncated.mp4").write_bytes(sample.read_bytes()[:-200_000])
    write_wav(folder / "nothing.wav", np.zeros(0, np.float32), 16_000)
    write_wav(folder / "silence.wav", np.zeros(16_000, np.float32), 16_000)
    (folder / "file").touch()
    (folder / "nothing").mkdir()
    return {
        "empty file": ([folder / "empty.mp4"], 3),
        "text named .mp4": ([folder / "text.mp4"], 3),
        "missing file": ([folder / "missing.mp4"], 3),
        "folder without media": ([folder / "nothing"], 3),
        "zero-length audio": ([folder / "nothing.wav"], 3),
        "no such stream": ([sample, "--audio-stream", 7], 3),
        "address": (["https://example.org/concert.mp4"], 3),
        "no argument": ([], 2),
        "unknown option": ([sample, "--nope"], 2),
        "segment between frames": ([sample, "--segment", "0.25"], 2),
        "segment of nothing": ([sample, "--segment", "0"], 2),
        "endless interlude": ([sample, "--max-interlude", "inf"], 2),
        "no threads": ([sample, "--threads", "0"], 2),
        "copy without output": ([sample, "--copy"], 2),
        "unknown suffix": ([sample, "-o", folder / "out", "--suffix", ".xyz"], 2),
        "output is a file": ([sample, "-o", folder / "file"], 1),
        "output in a device": ([sample, "-o", "/dev/null/out"], 1),
        "plot of no kind": ([sample, "--plot", folder / "plot.xyz"], 2),
        "debug video in an audio file": ([sample, "--debug-video", folder / "debug.wav"], 2),
        "debug video of audio": ([folder / "silence.wav", "--debug-video", folder / "debug.mp4"], 3),
        "both without video": ([folder / "silence.wav", "--evidence", "both"], 3),
        "evidence of no kind": ([sample, "--evidence", "smell"], 2),
        "no such detector": ([sample, "--faces", folder / "nothing"], 1),
    }


def test_bad_input_gives_one_line_and_its_exit_code(
    edge: EdgeCommand, sample: tuple[Path, Truth], tmp_path: Path
) -> None:
    for name, (arguments, code) in bad_inputs(tmp_path, sample[0]).items():
        before = sorted(tmp_path.rglob("*"))
        result = edge("songs", *arguments)
        assert result.returncode == code, f"{name}: {result.returncode} {result.stderr}"
        assert len(result.stderr.strip().splitlines()) == 1, f"{name}: {result.stderr}"
        assert result.stderr.startswith("edge"), name
        assert "Traceback" not in result.stderr, name
        assert result.stdout == "", name
        made = {p for p in set(tmp_path.rglob("*")) - set(before) if p.is_file()}
        assert not made, f"{name} left {made}"


def test_an_existing_clip_is_kept_unless_forced(
    edge: EdgeCommand, sample: tuple[Path, Truth], tmp_path: Path
) -> None:
    precious = tmp_path / "sample-01.mp4"
    precious.write_text("precious")
    refused = edge("songs", sample[0], "-o", tmp_path)
    assert refused.returncode == 1
    assert "already exists" in refused.stderr
    assert precious.read_text() == "precious"
    assert edge("songs", sample[0], "-o", tmp_path, "--force").returncode == 0
    assert precious.stat().st_size > 1000


def test_a_truncated_recording_gives_what_it_holds_and_says_what_is_missing(
    edge: EdgeCommand, sample: tuple[Path, Truth], tmp_path: Path
) -> None:
    import av  # noqa: PLC0415

    whole = tmp_path / "whole.mkv"
    with av.open(str(sample[0])) as source, av.open(str(whole), "w") as target:
        streams = {s.index: target.add_stream_from_template(s) for s in source.streams}
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream.index]
                target.mux(packet)
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size * 2 // 3])
    result = edge("songs", cut, "--json")
    assert result.returncode == 0
    assert 30 < json.loads(result.stdout)["media"]["seconds"] < 60
    assert "before its declared" in result.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_leaves_no_partial_file(
    sample: tuple[Path, Truth], tmp_path: Path, number: signal.Signals
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", AS_IN_A_TERMINAL, "songs", str(sample[0]), "-o", str(tmp_path)],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        cwd=Path(__file__).parents[2],
        text=True,
    )
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob(".*part*")) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    assert process.poll() is None, "the command ended before it could be interrupted"
    process.send_signal(number)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130, errors
    assert errors == "edge: interrupted\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
def test_a_full_disk_gives_one_line_and_no_partial_file(
    edge: EdgeCommand, sample: tuple[Path, Truth], tmp_path: Path
) -> None:
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(tmp_path)], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("cannot mount a small disk here")
    try:
        result = edge("songs", sample[0], "-o", tmp_path)
        assert result.returncode == 1
        assert result.stderr.strip().endswith("no space left on device")
        assert len(result.stderr.splitlines()) == 1
        assert list(tmp_path.iterdir()) == []
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


def test_without_a_terminal_there_is_no_progress_on_stderr(
    edge: EdgeCommand, sample: tuple[Path, Truth]
) -> None:
    assert edge("songs", sample[0]).stderr == ""


def test_copying_streams_starts_at_a_keyframe_and_says_so(
    edge: EdgeCommand, sample: tuple[Path, Truth], tmp_path: Path
) -> None:
    exact = json.loads(edge("songs", sample[0], "--json").stdout)["songs"][0]
    copied = json.loads(edge("songs", sample[0], "-o", tmp_path, "--copy", "--json").stdout)["songs"][0]
    assert copied["start"] <= exact["start"] + 1e-3
    assert exact["end"] - 0.1 <= copied["end"] <= exact["end"] + 0.3  # B frames need what follows them
    assert probe(copied["file"]).duration_s == pytest.approx(copied["end"] - copied["start"], abs=0.15)


def test_a_debug_video_shows_labels_below_every_frame(
    edge: EdgeCommand, sample: tuple[Path, Truth], tmp_path: Path
) -> None:
    debug = tmp_path / "debug.mkv"
    result = edge("songs", sample[0], "--json", "--debug-video", debug)
    assert result.returncode == 0, result.stderr
    evidence = json.loads(result.stdout)["evidence"]
    assert evidence["used"] == "audio"
    assert evidence["why"] == "no face was found in the video"
    assert 0 < evidence["share_decoded"] <= 1  # the sample is short: its burst may reach every frame
    before, after = probe(sample[0]), probe(debug)
    assert before.video is not None
    assert after.video is not None
    assert after.duration_s == pytest.approx(before.duration_s, abs=0.1)
    assert after.video.width == before.video.width
    assert after.video.height == before.video.height + 48
    assert len(after.audio) == 1
    again = edge("songs", sample[0], "--debug-video", debug)
    assert again.returncode == 1
    assert "already exists" in again.stderr


def test_audio_alone_decodes_no_frame(edge: EdgeCommand, sample: tuple[Path, Truth]) -> None:
    document = json.loads(edge("label", sample[0], "--json", "--evidence", "audio").stdout)
    evidence = document["evidence"]
    assert (evidence["used"], evidence["frames_decoded"]) == ("audio", 0)
    assert evidence["why"] == "only the audio was asked for"
