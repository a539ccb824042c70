"""Excerpts of recordings: which frames are taken, what they cost, and what is left out of broken files."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from edge.errors import InputError, UsageError
from edge.evidence.excerpts import (
    ExcerptNetworks,
    audio_features,
    audio_size,
    collect_excerpts,
    light,
)
from edge.evidence.options import ExcerptOptions
from edge.media import DecodeReport, frames_at, open_recording
from edge.media.read.frames import cheap_times
from edge.networks.face_detectors import find_face_detector, open_face_detector
from edge.networks.image_encoder import ImageEncoder
from edge.networks.segmenter import Segmenter
from tests.media.makers import Recipe, make
from tools.sound.wave import write_wav


@pytest.fixture(scope="module")
def networks(segmenter: Segmenter) -> Iterator[ExcerptNetworks]:
    with ImageEncoder() as encoder:
        yield ExcerptNetworks(encoder, open_face_detector(find_face_detector("faces")), segmenter)


def test_every_section_has_its_frames_and_its_audio(networks: ExcerptNetworks, tmp_path: Path) -> None:
    recording = open_recording(make(tmp_path / "video.mp4", Recipe(seconds=9)))
    options = ExcerptOptions(section_s=3, frames=4, min_frames=1, audio_s=1)
    found = collect_excerpts(recording, networks, options)
    assert found.edges_s == pytest.approx([0, 3, 6, 9], abs=0.2)
    assert found.sections.tolist() == [0] * 4 + [1] * 4 + [2] * 4
    assert (found.edges_s[found.sections] <= found.times_s).all()
    assert (found.times_s < found.edges_s[found.sections + 1]).all()
    assert found.classes.sum(axis=1) == pytest.approx(np.ones(12), abs=1e-4)
    assert found.light.shape == (12, 3)
    assert (found.faces[:, 0] == 0).all()
    assert found.audio.shape == (3, audio_size(networks.segmenter))
    assert np.isfinite(found.audio).all()
    assert found.notes == ()


def test_a_short_recording_still_has_enough_frames(networks: ExcerptNetworks, tmp_path: Path) -> None:
    recording = open_recording(make(tmp_path / "video.mp4", Recipe(seconds=1, audio=())))
    found = collect_excerpts(recording, networks)
    assert len(found.times_s) == ExcerptOptions().min_frames
    assert np.isnan(found.audio).all()


def test_keyframes_are_taken_where_a_part_has_one(tmp_path: Path) -> None:
    recording = open_recording(make(tmp_path / "video.mp4", Recipe(seconds=12, gop=50, audio=())))
    spans = [(start, start + 2.5) for start in np.arange(0, 10, 2.5).tolist()]
    cheap, middles = DecodeReport(), DecodeReport()
    times = cheap_times(recording, spans)
    assert all(start <= time_s < end for time_s, (start, end) in zip(times, spans, strict=True))
    list(frames_at(recording, times, report=cheap))
    list(frames_at(recording, [(start + end) / 2 for start, end in spans], report=middles))
    assert cheap.frames < middles.frames / 2


def test_a_part_without_a_keyframe_gives_its_middle(tmp_path: Path) -> None:
    recording = open_recording(make(tmp_path / "video.mp4", Recipe(seconds=4, gop=1000, audio=())))
    assert cheap_times(recording, [(1.0, 2.0), (2.0, 4.0)]) == [1.5, 3.0]


def test_audio_alone_has_no_frames(networks: ExcerptNetworks, tmp_path: Path) -> None:
    write_wav(tmp_path / "audio.wav", np.sin(np.arange(16000) / 9).astype(np.float32), 16000)
    heard = collect_excerpts(open_recording(tmp_path / "audio.wav"), networks)
    assert heard.classes.shape == (0, len(networks.encoder.labels))
    assert np.isfinite(heard.audio).all()


def noisy(file: Path) -> Path:
    """The same file with noise instead of its packets."""
    content = bytearray(file.read_bytes())
    start = content.index(b"mdat") + 4
    size = int.from_bytes(content[start - 8 : start - 4], "big") - 8
    content[start : start + size] = np.random.default_rng(0).integers(0, 256, size, np.uint8).tobytes()
    file.write_bytes(bytes(content))
    return file


def test_video_that_cannot_be_decoded_is_a_note(networks: ExcerptNetworks, tmp_path: Path) -> None:
    file = noisy(make(tmp_path / "video.mov", Recipe(seconds=2, audio=("pcm_s16le",))))
    found = collect_excerpts(open_recording(file), networks)
    assert len(found.times_s) == 0
    assert np.isfinite(found.audio).all()
    (note,) = found.notes
    assert "no frame of it can be decoded" in note


def test_a_file_of_which_nothing_can_be_decoded_is_refused(networks: ExcerptNetworks, tmp_path: Path) -> None:
    file = noisy(make(tmp_path / "video.mov", Recipe(seconds=2, audio=())))
    with pytest.raises(InputError, match="can be decoded"):
        collect_excerpts(open_recording(file), networks)


def test_features_tell_sounds_apart(segmenter: Segmenter) -> None:
    rng = np.random.default_rng(0)
    noise = rng.standard_normal(32000).astype(np.float32) * 0.1
    tone = (0.1 * np.sin(2 * np.pi * 440 * np.arange(32000) / 16000)).astype(np.float32)
    rows = [audio_features(samples, segmenter) for samples in (noise, noise[::-1].copy(), tone)]
    assert rows[0].shape == (audio_size(segmenter),)
    assert np.linalg.norm(rows[0] - rows[1]) < np.linalg.norm(rows[0] - rows[2]) / 2


def test_light_is_brightness_contrast_and_saturation() -> None:
    gray = np.full((40, 60, 3), 128, np.uint8)
    assert light(gray) == pytest.approx([128 / 255, 0, 0], abs=1e-3)
    red = gray.copy()
    red[:] = (255, 0, 0)
    assert light(red) == pytest.approx([1, 0, 1], abs=1e-3)
    assert light(red[:1, :1]) == pytest.approx([1, 0, 1], abs=1e-3)


@pytest.mark.parametrize("wrong", [{"frames": 0}, {"section_s": 0.5}, {"audio_s": 0}, {"min_frames": 5000}])
def test_senseless_options_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        ExcerptOptions(**wrong)  # type: ignore[arg-type]


def test_the_frame_rate_does_not_matter(networks: ExcerptNetworks, tmp_path: Path) -> None:
    slow = open_recording(make(tmp_path / "slow.mp4", Recipe(fps=Fraction(2), seconds=6, audio=())))
    assert len(collect_excerpts(slow, networks).times_s) == ExcerptOptions().min_frames
