"""Damaged recordings: what can be had is had, the rest is counted, and no traceback ever."""

from __future__ import annotations

import random
from pathlib import Path

import av
import numpy as np
import pytest

from edge.errors import EdgeError, InputError
from edge.media import DecodeReport, cut, decode_audio, frames_at
from edge.vocabulary import Span

from .conftest import Film
from .makers import Recipe, measure, write_sound

PLAIN = Recipe()
FASTSTART = PLAIN.but(options={"movflags": "+faststart"})


def seconds_of(path: Path, report: DecodeReport | None = None) -> float:
    return sum(len(block.samples) for block in decode_audio(path, report=report)) / 16000


def shortened(source: Path, destination: Path, share: float) -> Path:
    data = source.read_bytes()
    destination.write_bytes(data[: round(len(data) * share)])
    return destination


@pytest.mark.parametrize("name", ["faststart.mp4", "plain.mkv"])
def test_a_film_cut_off_is_read_to_its_end_and_reported(film: Film, tmp_path: Path, name: str) -> None:
    source = film(name, FASTSTART if name == "faststart.mp4" else PLAIN)
    path = shortened(source, tmp_path / name, 0.6)
    report = DecodeReport()
    seconds = seconds_of(path, report)
    assert 1.5 < seconds < 3.2
    assert report.truncated
    assert report.decoded_s == pytest.approx(seconds)
    assert f"the file ends {report.missing_s:.1f} s before its declared 4.0 s" in report.notes()


def test_a_stream_without_a_declared_length_is_simply_shorter(film: Film, tmp_path: Path) -> None:
    report = DecodeReport()
    seconds = seconds_of(shortened(film("plain.ts", PLAIN), tmp_path / "a.ts", 0.6), report)
    assert 1.5 < seconds < 3.2
    assert not report.truncated


def test_a_healthy_file_has_nothing_to_report(film: Film) -> None:
    for name in ("plain.mp4", "plain.mkv", "plain.ts"):
        report = DecodeReport()
        seconds_of(film(name, PLAIN), report)
        assert (report.notes(), report.finished, report.truncated) == ([], True, False)


def test_a_film_whose_index_was_never_written_is_refused(film: Film, tmp_path: Path) -> None:
    path = shortened(film("plain.mp4", PLAIN), tmp_path / "a.mp4", 0.6)
    with pytest.raises(InputError, match="index is missing"):
        seconds_of(path)


def test_sound_shorter_than_the_picture_is_not_truncated(film: Film) -> None:
    report = DecodeReport()
    seconds_of(film("short_sound.mp4", PLAIN.but(audio_seconds=2.0)), report)
    assert not report.truncated


def test_damaged_packets_are_skipped_counted_and_leave_silence(tmp_path: Path) -> None:
    noise = np.random.default_rng(4).uniform(-0.5, 0.5, 64_000).astype(np.float32)
    source = write_sound(tmp_path / "whole.mkv", noise, 16_000, codec="flac", fmt="s16")
    with av.open(str(source)) as container:
        payloads = [bytes(packet) for packet in container.demux(audio=0)]
    data = bytearray(source.read_bytes())
    for payload in payloads[4:7]:
        place = data.index(payload)
        data[place : place + 40] = bytes(40)
    path = tmp_path / "a.mkv"
    path.write_bytes(data)
    report = DecodeReport()
    damaged = np.concatenate([block.samples for block in decode_audio(path, report=report)])
    whole = np.concatenate([block.samples for block in decode_audio(source)])
    assert report.bad_packets == 3
    assert "3 damaged packets skipped" in report.notes()
    assert len(damaged) == len(whole)
    differs = np.flatnonzero(damaged != whole)
    assert differs.max() - differs.min() < 3 * 4608  # FLAC's packets hold 4608 samples
    assert not damaged[differs].any()


def test_noise_in_the_middle_of_a_stream_leaves_the_rest_in_place(film: Film, tmp_path: Path) -> None:
    source = film("plain.ts", PLAIN)
    data = bytearray(source.read_bytes())
    middle = len(data) // 2 // 188 * 188
    data[middle : middle + 188 * 40] = random.Random(0).randbytes(188 * 40)
    path = tmp_path / "a.ts"
    path.write_bytes(data)
    damaged, whole = (np.concatenate([b.samples for b in decode_audio(p)]) for p in (path, source))
    assert len(damaged) == pytest.approx(len(whole), abs=2)
    last_beeps = [int(np.flatnonzero(np.abs(samples) > 0.3)[-1]) for samples in (damaged, whole)]
    assert last_beeps[0] == pytest.approx(last_beeps[1], abs=8)


VICTIMS = {
    "faststart.mp4": FASTSTART,
    "plain.mkv": PLAIN,
    "plain.ts": PLAIN,
    "sound.flac": PLAIN.but(video=None, audio=("flac",)),
    "sound.wav": PLAIN.but(video=None, audio=("pcm_s16le",)),
    "sound.mp3": PLAIN.but(video=None, audio=("libmp3lame",)),
}


def use_everything(path: Path, recipe: Recipe) -> str:
    """Decode, look and cut; "read" or "refused". Any other exception than EdgeError comes out."""
    try:
        assert seconds_of(path) < 20  # a damaged timestamp must not turn into hours of silence
        if recipe.video is not None:
            assert len(list(frames_at(path, [0.5, 3.0], size=(64, 36)))) == 2
            cut(path, Span(1.0, 1.3), path.with_suffix(".cut.mp4"))
    except EdgeError:
        return "refused"
    return "read"


@pytest.mark.slow
@pytest.mark.parametrize("name", VICTIMS)
def test_random_damage_never_ends_in_a_traceback(film: Film, tmp_path: Path, name: str) -> None:
    recipe = VICTIMS[name]
    data = film(name, recipe).read_bytes()
    outcomes = {"read": 0, "refused": 0}
    for seed in range(12):
        dice = random.Random(seed)
        broken = bytearray(data)
        reach = len(data) if seed % 2 else min(len(data), 4000)  # every other time in the headers
        for _ in range(4):
            broken[dice.randrange(reach)] = dice.randrange(256)
        path = tmp_path / f"{seed}{Path(name).suffix}"
        path.write_bytes(broken)
        outcomes[use_everything(path, recipe)] += 1
    assert outcomes["read"] > 0


def test_a_cut_out_of_a_damaged_film_holds_what_is_left(film: Film, tmp_path: Path) -> None:
    path = shortened(film("faststart.mp4", FASTSTART), tmp_path / "a.mp4", 0.6)
    got = measure(cut(path, Span(1.0, 4.0), tmp_path / "b.mp4").path)
    assert got.numbers == tuple(range(25, 25 + len(got.numbers)))
    assert len(got.numbers) > 10
    assert got.worst_sync_s < 0.003
