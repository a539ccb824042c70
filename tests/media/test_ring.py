"""The last minutes of live audio on disk: what is kept is what came, however it came."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import OutputError
from edge.media import decode_audio
from edge.media.write.recorder import AudioRecorder
from edge.media.write.ring import AudioRing


@given(
    st.lists(st.integers(0, 70), min_size=1, max_size=12),
    st.integers(1, 2),
    st.integers(0, 400),
    st.integers(0, 400),
)
def test_what_is_read_is_the_end_of_what_was_written(
    counts: list[int], channels: int, first: int, count: int
) -> None:
    values = np.asarray(np.arange(sum(counts) * channels).reshape(-1, channels) / 32768, np.float32)
    ring = AudioRing(Path(), rate_hz=10, channels=channels, seconds=10.0)
    for start, length in zip(np.cumsum([0, *counts]), counts, strict=False):
        ring.write(values[start : start + length])
    blocks = list(ring.read(first, first + count))
    ring.close()
    assert ring.end == len(values)
    found = np.concatenate([np.zeros((channels, 0), np.float32), *blocks], axis=1).T
    kept = values[max(first, len(values) - 100) : first + count]
    np.testing.assert_array_equal(found, kept)
    assert all(block.shape[1] <= 10 for block in blocks)


def test_a_recording_appears_when_it_is_complete(tmp_path: Path) -> None:
    recorder = AudioRecorder(tmp_path / "a.flac", rate_hz=16_000, layout="mono")
    tone = (0.5 * np.sin(np.arange(16_000) / 5)).astype(np.float32)[:, None]
    for _ in range(20):
        recorder.write(tone)
    assert not (tmp_path / "a.flac").exists()
    recorder.close()
    samples = np.concatenate([block.samples for block in decode_audio(tmp_path / "a.flac")])
    np.testing.assert_allclose(samples, np.tile(tone[:, 0], 20), atol=1e-6)


def test_a_full_disk_is_an_error_of_the_writer(small_disk: Path) -> None:
    noise = np.random.default_rng(0).uniform(-1, 1, (320_000, 1)).astype(np.float32)
    ring = AudioRing(small_disk, rate_hz=16_000, channels=1, seconds=60.0)
    with pytest.raises(OutputError, match="no space left"):
        ring.write(noise)
    ring.close()
    recorder = AudioRecorder(small_disk / "a.flac", rate_hz=16_000, layout="mono")
    recorder.write(noise)
    with pytest.raises(OutputError, match="no space left"):
        recorder.close()
    assert [path.name for path in small_disk.iterdir()] == ["filler"]
