"""The segmenter over streams: chunks, lengths, refusals."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.bench import golden
from edge.errors import ModelError, UsageError
from edge.evidence.labels import FrameLabels, label_samples
from edge.media import AudioBlock
from edge.models.folder import open_folder
from edge.models.frontend import Samples
from edge.models.store import builtin_root
from edge.networks.segmenter import Segmenter
from tools.convert.folder import rewrite

Floats = NDArray[np.float32]


def noise(seconds: float, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).standard_normal(int(seconds * 16_000)).astype(np.float32) * np.float32(
        0.1
    )


def pieces(samples: Floats, size: int) -> Iterator[Floats]:
    return (samples[at : at + size] for at in range(0, len(samples), size))


def test_how_the_stream_is_chunked_does_not_change_what_is_heard(segmenter: Segmenter) -> None:
    samples = noise(41.37)
    whole = label_samples([samples], segmenter, chunk_s=60.0)
    parts = label_samples(pieces(samples, 7001), segmenter, chunk_s=5.0)
    assert parts.frames.shape == whole.frames.shape == (414, 4)
    np.testing.assert_allclose(parts.frames, whole.frames, atol=2e-3)
    np.testing.assert_allclose(parts.segments, whole.segments, atol=5e-3)


@pytest.mark.parametrize("seconds", [0.001, 0.05, 0.1, 2.9, 3.0, 3.01, 6.0, 25.4])
def test_the_last_shorter_segment_is_never_dropped(segmenter: Segmenter, seconds: float) -> None:
    evidence = label_samples([noise(seconds)], segmenter)
    samples = int(seconds * 16_000)
    assert evidence.duration_s == samples / 16_000
    assert len(evidence.frames) == -(-samples // 1600)
    assert len(evidence.segments) == -(-samples // 48_000)
    np.testing.assert_allclose(evidence.segments.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(evidence.frames.sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("segment_s", [0.5, 1.0, 3.0, 5.0, 10.0])
def test_any_segment_length_will_do(segmenter: Segmenter, segment_s: float) -> None:
    evidence = label_samples([noise(31)], segmenter, segment_s=segment_s)
    assert len(evidence.segments) == -(-31 // segment_s)
    assert evidence.windows.shape[:2] == (len(evidence.segments), -(-segment_s // 1))


def test_nothing_heard_gives_nothing(segmenter: Segmenter) -> None:
    evidence = label_samples([], segmenter)
    assert len(evidence.segments) == len(evidence.frames) == 0


@pytest.mark.parametrize("level", [0.0, 1e-6, 100.0])
def test_silence_and_absurd_levels_give_finite_confidences(segmenter: Segmenter, level: float) -> None:
    evidence = label_samples([noise(7) * np.float32(level)], segmenter)
    assert np.isfinite(evidence.segments).all()


def test_digital_silence_is_other(segmenter: Segmenter) -> None:
    evidence = label_samples([np.zeros(16_000 * 12, np.float32)], segmenter)
    assert (evidence.segments.argmax(axis=1) == 3).all()


def test_silence_has_exactly_the_outputs_of_the_network_without_a_run(segmenter: Segmenter) -> None:
    samples = np.concatenate([noise(10), np.zeros(20 * 16_000, np.float32), noise(10)])
    stream = segmenter.encoder(1.0)
    encoded = [frames for piece in pieces(samples, 1600) for frames in stream.accept(piece)]
    mel_stream, context, stride = segmenter.front_end.stream(), 20, 8
    mel_stream.accept(samples)
    mel = mel_stream.get()
    for number, frames in enumerate(encoded):
        first = max(0, 10 * number - context)
        window = mel[first * stride : (10 * number + 10 + context) * stride]
        outputs = segmenter.sessions["encoder"].run(window[None])
        part = slice(10 * number - first, 10 * number - first + 10)
        for one, other in zip((frames.embedding, frames.attention, frames.logits), outputs, strict=True):
            np.testing.assert_array_equal(one, other[0][part])
    assert stream.silent == 140  # 20 s but for 3 on each side that have noise in their context


def test_what_counts_as_silence_is_a_level(segmenter: Segmenter) -> None:
    def silent(samples: Floats, quiet_db: float | None) -> float:
        labels = FrameLabels(segmenter, chunk_s=1.0, quiet_db=quiet_db)
        labels.accept(AudioBlock(samples, 0))
        labels.finish()
        assert (labels.frames.argmax(axis=1) == 3).all()
        return labels.silent / len(labels.frames)

    soft = noise(30) * np.float32(10 ** (-65 / 20))  # of -85 dBFS
    assert [silent(soft, level) for level in (None, -90.0, -70.0)] == [0, 0, 1]
    speech = golden.samples() * np.float32(10 ** (-45 / 20))
    exact, gated = (label_samples([speech], segmenter, quiet_db=level) for level in (None, -70.0))
    np.testing.assert_array_equal(gated.segments.argmax(axis=1), exact.segments.argmax(axis=1))


@pytest.mark.parametrize(
    ("before", "now"), [(0, 30), (30, 31), (151, 153), (152, 300), (280, 281), (400, 400)]
)
def test_segments_that_are_known_need_not_be_computed_again(
    segmenter: Segmenter, before: int, now: int
) -> None:
    features = np.random.default_rng(6).random((400, segmenter.features)).astype(np.float16)
    known = segmenter.fuse(features[:before])
    np.testing.assert_array_equal(segmenter.fuse(features[:now], known), segmenter.fuse(features[:now]))


def test_a_segment_length_between_frames_is_refused(segmenter: Segmenter) -> None:
    with pytest.raises(UsageError, match=r"multiple of 0\.1"):
        label_samples([], segmenter, segment_s=0.25)


def copied_model(folder: Path) -> Path:
    return Path(shutil.copytree(builtin_root() / "segmenter", folder / "model"))


@pytest.mark.parametrize("name", ["encoder.onnx", "fusion.onnx"])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.9999])
def test_one_wrong_byte_in_a_network_is_an_error_that_names_the_file(
    tmp_path: Path, name: str, share: float
) -> None:
    folder = copied_model(tmp_path)
    content = bytearray((folder / name).read_bytes())
    content[int(share * len(content))] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(ModelError, match=f"{name}.*damaged"):
        Segmenter(folder)


def test_a_missing_network_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    folder = copied_model(tmp_path)
    (folder / "fusion.onnx").unlink()
    with pytest.raises(ModelError, match=r"fusion\.onnx"):
        Segmenter(folder)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"labels": ("a", "b", "c", "d")}, "expected a segmenter with the labels"),
        ({"task": "lips"}, "expected a segmenter model, found lips"),
        ({"front_end": Samples(16_000)}, "front end is Samples, not LogMel"),
        ({"parameters": {"stride": 8}}, "does not describe a segmenter.*context"),
        ({"parameters": {"stride": 0, "context": 20}}, r"does not describe a segmenter.*stride"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(
    tmp_path: Path, change: dict[str, Any], complaint: str
) -> None:
    folder = rewrite(open_folder(copied_model(tmp_path)), **change)
    with pytest.raises(ModelError, match=complaint):
        Segmenter(folder.path)
