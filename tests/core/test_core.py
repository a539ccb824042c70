"""The C core finds what the package finds, whatever the blocks, and refuses what it cannot use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple, replace
from pathlib import Path

import numpy as np
import pytest

from edge.arrays import Floats
from edge.evidence.labels import LabelTrack, label_samples
from edge.media import decode_audio
from edge.networks.segmenter import Segmenter
from edge.songs.detection import detect_songs
from edge.songs.live import live_songs
from edge.songs.options import SongOptions
from edge.songs.song import Song
from tools.bundle.driver import Core, CoreError
from tools.evaluate.pack import read_pack
from tools.evaluate.recordings import compose
from tools.sound.sample import Truth

pytestmark = pytest.mark.slow
RATE_HZ = 16_000
RECORDINGS = 30
CLOSE = 1e-3
"""Largest difference of confidences, and of times in seconds."""


def songs_of_package(
    samples: Floats, segmenter: Segmenter, options: SongOptions
) -> tuple[list[Song], LabelTrack]:
    track = label_samples([samples], segmenter, segment_s=options.segment_s, step_s=options.refine_step_s)
    return detect_songs(track, segmenter.fuse_batch, options), track


def blocks(samples: Floats, seed: int, longest: int) -> Iterator[Floats]:
    rng = np.random.default_rng(seed)
    while len(samples):
        count = int(rng.integers(0, longest))
        yield samples[:count]
        samples = samples[count:]


def assert_same(found: list[Song], expected: list[Song]) -> None:
    assert len(found) == len(expected)
    np.testing.assert_allclose(
        np.reshape([astuple(song) for song in found], (-1, 5)),
        np.reshape([astuple(song) for song in expected], (-1, 5)),
        atol=CLOSE,
    )


@pytest.fixture(scope="module")
def samples(sample: tuple[Path, Truth]) -> Floats:
    return np.concatenate([block.samples for block in decode_audio(sample[0], rate_hz=RATE_HZ)])


def test_composed_recordings_have_the_songs_of_the_package(
    core: Core, segmenter: Segmenter, eval_pack: Path
) -> None:
    entries, songs = read_pack(eval_pack), 0
    for seed in range(RECORDINGS):
        sound = compose(entries, seed).sound
        expected, track = songs_of_package(sound, segmenter, SongOptions())
        recording = core.open(max_seconds=len(sound) / RATE_HZ + 1)
        for block in blocks(sound, seed, 50_000):
            recording.accept(block)
        recording.finish()
        assert_same(recording.take(), expected)
        np.testing.assert_allclose(recording.frames(), track.frames, atol=CLOSE)
        np.testing.assert_allclose(recording.segments(), track.segments, atol=CLOSE)
        songs += len(expected)
    assert songs > RECORDINGS


@pytest.mark.parametrize(
    "options",
    [
        SongOptions(),
        SongOptions.as_published(),
        SongOptions(segment_s=1.0, refine_step_s=0.3, min_run=1),
        SongOptions(segment_s=0.5, speech_margin=1.0, other_margin=1.0, refine_step_s=0.1),
        SongOptions(segment_s=10.0, edge_is_other=False, max_rest_s=0.0, refine_on_frames=False),
    ],
)
def test_every_option_means_the_same(
    core: Core, segmenter: Segmenter, samples: Floats, options: SongOptions
) -> None:
    expected, track = songs_of_package(samples, segmenter, options)
    recording = core.open(options)
    recording.accept(samples)
    recording.finish()
    assert_same(recording.take(), expected)
    np.testing.assert_allclose(recording.segments(), track.segments, atol=CLOSE)


@pytest.mark.parametrize("count", [0, 1, 799, 1600, 1601, 20_480, 48_001])
def test_short_audio(core: Core, segmenter: Segmenter, samples: Floats, count: int) -> None:
    expected, track = songs_of_package(samples[:count], segmenter, SongOptions())
    recording = core.open()
    recording.accept(samples[:count])
    recording.finish()
    assert_same(recording.take(), expected)
    np.testing.assert_allclose(recording.frames(), track.frames, atol=CLOSE)


def test_live_songs_come_one_by_one_and_memory_is_bounded(
    core: Core, segmenter: Segmenter, samples: Floats
) -> None:
    evening = np.tile(samples, 6)
    expected = list(live_songs(blocks(evening, 1, RATE_HZ), segmenter=segmenter))
    recording, found, taken_at = core.open(live=True, max_seconds=180.0), [], []
    assert recording.size < core.open().size
    accepted = 0
    for block in blocks(evening, 2, RATE_HZ):
        recording.accept(block)
        accepted += len(block)
        songs = recording.take()
        found += songs
        taken_at += [accepted / RATE_HZ - song.end for song in songs]
    recording.finish()
    assert_same(found + recording.take(), expected)
    assert max(taken_at) < 40
    assert len(recording.frames()) < len(evening) / 1600


def test_levels_far_from_full_scale_are_labeled(core: Core, segmenter: Segmenter, samples: Floats) -> None:
    for gain in (0.0, 1e-4, 100.0):
        expected, track = songs_of_package(samples * np.float32(gain), segmenter, SongOptions())
        recording = core.open()
        recording.accept(samples * np.float32(gain))
        recording.finish()
        assert_same(recording.take(), expected)
        np.testing.assert_allclose(recording.frames(), track.frames, atol=CLOSE)


def test_bad_use_is_refused(core: Core, samples: Floats) -> None:
    def status(action: object, *arguments: object) -> str:
        with pytest.raises(CoreError) as refused:
            action(*arguments)  # type: ignore[operator]
        return refused.value.status

    for options in (SongOptions(segment_s=3.05), SongOptions(refine_step_s=0.25)):
        assert status(core.open, options) == "OPTION"
    recording = core.open(max_seconds=10)
    recording.accept(samples[: 9 * RATE_HZ])
    for wrong in (np.nan, np.inf, 1e7):
        assert status(recording.accept, np.array([0.0, wrong], np.float32)) == "SAMPLES"
    assert status(recording.accept, samples[: 2 * RATE_HZ]) == "FULL"
    recording.finish()
    assert len(recording.frames()) == 90
    assert status(recording.accept, samples[:1]) == status(recording.finish) == "STATE"


def test_a_changed_byte_of_the_model_is_found(core: Core) -> None:
    rng = np.random.default_rng(3)
    for place in [0, 8, 16, 47, 64, *rng.integers(64, len(core.model), 20)]:
        damaged = bytearray(core.model)
        damaged[place] ^= 1 << int(rng.integers(0, 8))
        with pytest.raises(CoreError, match="MODEL"):
            replace(core, model=bytes(damaged)).open()
    for cut in (0, 63, 64, 1000, len(core.model) - 1):
        with pytest.raises(CoreError, match="MODEL"):
            replace(core, model=core.model[:cut]).open()
