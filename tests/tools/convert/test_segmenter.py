"""The segmenter in another runtime: made from real recordings, it hears what the shipped one hears."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from edge.evidence.labels import label_samples
from edge.media import decode_audio
from edge.networks.segmenter import Segmenter
from tests.conftest import EdgeCommand
from tools.convert.environments import ConversionError, MissingEnvironmentError, interpreter
from tools.convert.segmenter import make_family
from tools.paths import data_root
from tools.sound.sample import Truth


@pytest.fixture(scope="module")
def member(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Paddle-Lite member; LiteRT's takes two minutes to convert."""
    data = data_root() / "train"
    if not (data / "manifest.csv").is_file():
        pytest.skip(f"needs recordings in {data}; set EDGE_DATA")
    try:
        interpreter("paddle")
    except MissingEnvironmentError as error:
        pytest.skip(str(error))
    made, failed = make_family(data, tmp_path_factory.mktemp("family"), ["segmenter-paddle"])
    assert not failed
    return made["segmenter-paddle"].path


@pytest.fixture
def python(monkeypatch: pytest.MonkeyPatch) -> str:
    """The worker's interpreter."""
    try:
        found = str(interpreter("paddle-runtime"))
    except (MissingEnvironmentError, ConversionError) as error:
        pytest.skip(str(error))
    monkeypatch.setenv("EDGE_PADDLE_PYTHON", found)
    return found


def test_it_hears_the_same(
    member: Path, python: str, segmenter: Segmenter, sample: tuple[Path, Truth]
) -> None:
    blocks = [block.samples for block in decode_audio(sample[0], rate_hz=16_000)]
    other = Segmenter(member)
    ours, theirs = label_samples(blocks, other), label_samples(blocks, segmenter)
    other.close()
    assert ours.segments.shape == theirs.segments.shape
    assert (ours.segments.argmax(axis=1) == theirs.segments.argmax(axis=1)).mean() > 0.95
    assert (ours.frames.argmax(axis=1) == theirs.frames.argmax(axis=1)).mean() > 0.97


@pytest.mark.parametrize("seconds", [0.05, 3.0, 15.9, 16.1, 40.0])
def test_recordings_of_any_length_fill_its_fixed_windows(member: Path, python: str, seconds: float) -> None:
    other = Segmenter(member)
    noise = np.random.default_rng(0).standard_normal(int(seconds * 16_000), np.float32) * np.float32(0.1)
    evidence = label_samples([noise], other)
    other.close()
    assert len(evidence.frames) == -(-len(noise) // 1600)
    assert len(evidence.segments) == -(-len(noise) // 48_000)
    np.testing.assert_allclose(evidence.segments.sum(axis=1), 1, atol=1e-5)


def test_the_command_takes_it_by_its_folder(
    member: Path, python: str, edge: EdgeCommand, sample: tuple[Path, Truth]
) -> None:
    result = edge("songs", sample[0], "--model", member, "--json")
    assert result.returncode == 0, result.stderr
    (song,) = json.loads(result.stdout)["songs"]
    assert abs(song["start"] - sample[1].song.start) < 1
    unknown = edge("songs", sample[0], "--model", "nothing")
    assert (unknown.returncode, unknown.stdout) == (1, "")
    assert "no such model" in unknown.stderr
