"""A decoder in a process of its own: the same results, and whatever becomes of it, the caller goes on."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from edge.errors import InputError, NoAudioError
from edge.media import DecodeReport, decode_audio, frames_at, open_recording
from edge.media.read import child
from edge.media.read.audio import decode_spans
from edge.media.read.frames import cheap_times
from edge.media.read.gray import gray_frames
from edge.media.read.limits import MediaLimits, limits, set_limits
from edge.songs.find import find_songs
from tests.media.makers import Recipe, make

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    recipe = Recipe(seconds=6.0, rotation=90, audio=("aac", "aac"), metadata={"title": "ä"})
    return make(tmp_path_factory.mktemp("film") / "film.mp4", recipe)


@pytest.fixture(autouse=True)
def _limits() -> Iterator[None]:
    before = limits()
    yield
    set_limits(before)


def children() -> list[int]:
    """Process ids of the children of this process."""
    return [
        int(one)
        for task in Path("/proc/self/task").iterdir()
        for one in (task / "children").read_text().split()
        if b"edge.media.read.worker" in Path(f"/proc/{one}/cmdline").read_bytes()
    ]


def test_results_are_those_of_this_process(film: Path) -> None:
    here, there = open_recording(film), open_recording(film, isolated=True)
    assert there.isolated
    assert there.info == here.info
    assert there.audio == here.audio
    reports = DecodeReport(), DecodeReport()
    sound = [
        np.concatenate([block.samples for block in decode_audio(one, report=report)])
        for one, report in zip((here, there), reports, strict=True)
    ]
    assert np.array_equal(sound[0], sound[1])
    assert reports[0] == reports[1]
    for one, other in zip(gray_frames(here, pixels=3600), gray_frames(there, pixels=3600), strict=True):
        assert (one.time_s, one.length_s) == (other.time_s, other.length_s)
        assert np.array_equal(one.gray, other.gray)
    for frame, same in zip(frames_at(here, [4.0, 1.0]), frames_at(there, [4.0, 1.0]), strict=True):
        assert (frame.time_s, frame.end_s) == (same.time_s, same.end_s)
        assert np.array_equal(frame.rgb, same.rgb)
    spans = [(0.0, 0.5), (3.0, 4.0)]
    assert cheap_times(here, spans) == cheap_times(there, spans)
    for part, copy in zip(decode_spans(here, spans), decode_spans(there, spans), strict=True):
        assert np.array_equal(part, copy)


def test_errors_are_those_of_this_process(tmp_path: Path, film: Path) -> None:
    silent = make(tmp_path / "silent.mp4", Recipe(seconds=0.5, audio=()))
    with pytest.raises(NoAudioError, match="has no audio stream"):
        decode_audio(open_recording(silent, isolated=True))
    with pytest.raises(InputError, match="does not exist"):
        open_recording(tmp_path / "none.mp4", isolated=True)
    with pytest.raises(NoAudioError, match="choose from"):
        open_recording(film, audio_stream=7, isolated=True)


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGKILL])
def test_a_crash_is_an_error_and_the_next_recording_is_decoded(film: Path, number: signal.Signals) -> None:
    recording = open_recording(film, isolated=True)
    blocks = decode_audio(recording, block_s=0.1)
    next(blocks)
    for process in children():
        os.kill(process, number)
    with pytest.raises(InputError, match=rf"film\.mp4: cannot be decoded: .*ended by {number.name}"):
        list(blocks)
    assert sum(len(block.samples) for block in decode_audio(recording)) > 90_000


def test_a_hang_is_an_error(film: Path) -> None:
    set_limits(MediaLimits(answer_s=1.0))
    recording = open_recording(film, isolated=True)
    blocks = decode_audio(recording, block_s=0.1)
    next(blocks)
    (process,) = children()
    os.kill(process, signal.SIGSTOP)
    with pytest.raises(InputError, match="no answer within 1 s"):
        list(blocks)
    assert process not in children()


def test_a_flood_of_memory_is_an_error(film: Path) -> None:
    recording = open_recording(film, isolated=True)
    with pytest.raises(InputError, match="needs more memory"):
        list(decode_audio(recording, block_s=1e6))
    assert list(decode_audio(recording))


def test_a_consumer_that_stops_early_leaves_no_process_behind(film: Path) -> None:
    blocks = decode_audio(open_recording(film, isolated=True), block_s=0.01)
    next(blocks)
    before = children()
    blocks.close()  # type: ignore[attr-defined]
    assert not set(before) & set(children())


def test_the_environment_asks_for_it_and_systems_work_on_it(
    film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(child.SETTING, "1")
    assert open_recording(film).isolated
    assert not open_recording(film, isolated=False).isolated
    assert find_songs(film).songs == ()
