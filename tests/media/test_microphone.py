"""The microphone: a real PortAudio input, fed by a sound server without hardware."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.errors import InputError, MissingExtraError
from edge.media.read.microphone import Microphone
from tests.stage import Stage, open_stage
from tools.sound.wave import write_wav

pytestmark = pytest.mark.slow

RATE_HZ = 16_000
TONE_HZ = 1000.0

RECORD = """
import json, sys, time
import numpy as np
from edge.errors import InputError
from edge.media.read import live_input
from edge.media.read.microphone import Microphone, input_devices
print(json.dumps([one.name for one in input_devices()]), flush=True)
seconds, queued_s, nap_s, out = float(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]), sys.argv[4]
live_input.QUEUED_S = queued_s
blocks, error = [], ""
try:
    with Microphone("pulse", seconds=seconds) as microphone:
        for block in microphone:
            blocks.append(block)
            if len(blocks) == 5:
                print("begun", flush=True)
                time.sleep(nap_s)
except InputError as failed:
    error = str(failed)
np.save(out, np.concatenate(blocks))
print(json.dumps({"error": error, "dropped": microphone.dropped_s}))
"""


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with open_stage(tmp_path_factory.mktemp("stage")) as opened:
        yield opened


@pytest.fixture(scope="module")
def tone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tone") / "tone.wav"
    wave = 0.5 * np.sin(2 * np.pi * TONE_HZ * np.arange(20 * RATE_HZ) / RATE_HZ)
    write_wav(path, wave.astype(np.float32), RATE_HZ)
    return path


def record(
    stage: Stage, out: Path, *, seconds: float, queued_s: float = 30.0, nap_s: float = 0.0
) -> Iterator[Any]:
    """Yield the names of the devices, then None once audio arrives, then what the recording process says."""
    process = subprocess.Popen(
        [sys.executable, "-c", RECORD, str(seconds), str(queued_s), str(nap_s), str(out)],
        env=stage.environment | {"PYTHONPATH": os.pathsep.join(sys.path)}, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    yield json.loads(process.stdout.readline())
    assert process.stdout.readline() == "begun\n"
    yield None
    yield json.loads(process.stdout.read())
    assert process.wait() == 0


def test_what_plays_arrives_whole_and_in_order(stage: Stage, tone: Path, tmp_path: Path) -> None:
    recording = record(stage, tmp_path / "a.npy", seconds=7.0)
    assert "pulse" in next(recording)
    next(recording)
    player = stage.play(tone)
    end = next(recording)
    player.kill()
    player.wait()
    assert end == {"error": "", "dropped": 0.0}
    samples = np.load(tmp_path / "a.npy")
    assert len(samples) == 7 * RATE_HZ
    later = samples[-3 * RATE_HZ :].astype(np.float64)
    phase = np.exp(-2j * np.pi * TONE_HZ * np.arange(len(later)) / RATE_HZ)
    turns = np.angle((later * phase).reshape(-1, RATE_HZ // 10).mean(axis=1))
    assert np.abs(turns - turns[0]).max() < 0.05  # one sample lost or doubled would turn it by 0.4
    assert np.sqrt(np.mean(later**2)) == pytest.approx(0.5 / np.sqrt(2), rel=0.02)


def test_a_reader_that_is_too_slow_loses_audio_but_no_time(stage: Stage, tmp_path: Path) -> None:
    *_, end = record(stage, tmp_path / "a.npy", seconds=6.0, queued_s=0.5, nap_s=2.5)
    assert end["error"] == ""
    assert 1.5 < end["dropped"] < 2.5
    assert len(np.load(tmp_path / "a.npy")) == 6 * RATE_HZ


def test_a_device_that_goes_away_is_an_error_after_what_it_recorded(tmp_path: Path) -> None:
    with open_stage(tmp_path) as stage:
        recording = record(stage, tmp_path / "a.npy", seconds=60.0)
        next(recording)
        next(recording)
        stage.server.kill()
        end = next(recording)
    assert end["error"].startswith("pulse: ")
    assert len(end["error"].splitlines()) == 1
    assert len(np.load(tmp_path / "a.npy")) >= 0.5 * RATE_HZ


def test_a_device_that_does_not_exist_is_an_error() -> None:
    for device in ("no such device", 999):
        with pytest.raises((InputError, MissingExtraError)) as caught, Microphone(device):
            pass
        assert len(str(caught.value).splitlines()) == 1
