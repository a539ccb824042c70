"""Training of the image encoder: views and what a teacher says of them, and all of it on a tiny pack."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch

from edge.networks.image_encoder import ImageEncoder
from tests.media.makers import Recipe, make
from tests.tools.makers import LABELS, colored, encoder_of_colors, pack_of_colors
from tools.convert.folder import rewrite
from tools.train.images import corpus, pipeline
from tools.train.images.corpus import FRAMES, NO_LABEL, SIDE, TRUST, VIEWS, Corpus, collect
from tools.train.images.learning import Plan, draw, train
from tools.train.steps import save

PICTURES, VIDEOS = 12, 1
IMAGES = PICTURES + VIDEOS * FRAMES


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Training and evaluation packs of the same twelve pictures, the first of them with a short video."""
    root = tmp_path_factory.mktemp("data")
    for name in ("train", "eval"):
        pack_of_colors(root / name, [colored(number) for number in range(PICTURES)])
    (root / "train" / "video").mkdir()
    (root / "train" / "video" / "manifest.csv").write_text("path,tags\n")
    make(root / "train" / "video" / "a.mp4", Recipe(seconds=1.0, fps=Fraction(10), audio=()))
    return root


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> ImageEncoder:
    return encoder_of_colors(tmp_path_factory.mktemp("teacher"))


@pytest.fixture(scope="module")
def seen(data: Path, teacher: ImageEncoder, tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return collect(data / "train", teacher, tmp_path_factory.mktemp("seen"))


def test_labels_and_the_teacher_say_what_is_wanted(seen: Corpus) -> None:
    assert seen.views.shape == (IMAGES * VIEWS, SIDE, SIDE, 3)
    assert seen.views.dtype == np.uint8
    labels = [*(number % 3 for number in range(PICTURES)), *[NO_LABEL] * FRAMES * VIDEOS]
    assert seen.labels.tolist() == labels * VIEWS
    for number in range(PICTURES):
        np.testing.assert_array_equal(seen.views[number], colored(number))
        assert (seen.views[number] != seen.views[IMAGES + number]).any()  # a part of it
    labelled = seen.labels != NO_LABEL
    assert (seen.chances[labelled].argmax(axis=1) == seen.labels[labelled]).all()
    wanted = seen.wanted.astype(np.float32)
    np.testing.assert_allclose(wanted.sum(axis=1), 1, atol=2e-3)
    trusted = wanted[np.flatnonzero(labelled), seen.labels[labelled]]
    chances = seen.chances[np.flatnonzero(labelled), seen.labels[labelled]].astype(np.float32)
    np.testing.assert_allclose(trusted, TRUST + (1 - TRUST) * chances, atol=2e-3)
    np.testing.assert_array_equal(wanted[~labelled], seen.chances[~labelled])


def test_what_was_seen_is_not_looked_at_again(
    data: Path, teacher: ImageEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(corpus, "SHARD", 10)
    first = collect(data / "train", teacher, tmp_path)
    shards = sorted(tmp_path.iterdir())
    assert [file.name for file in shards] == [
        f"{view}-{start:05d}.npz" for view in range(VIEWS) for start in (0, 10)
    ]
    made = {file: file.stat().st_mtime_ns for file in shards}
    shards[3].unlink()
    again = collect(data / "train", teacher, tmp_path)
    assert {file for file in shards if file.stat().st_mtime_ns != made[file]} == {shards[3]}
    np.testing.assert_array_equal(first.views, again.views)
    np.testing.assert_array_equal(first.chances, again.chances)


def test_batches_are_the_same_for_a_seed_and_mixed_answers_are_answers(seen: Corpus) -> None:
    mixed = 0
    for seed in range(12):
        pixels, answers = draw(seen.views, seen.wanted, 16, np.random.default_rng(seed))
        again = draw(seen.views, seen.wanted, 16, np.random.default_rng(seed))
        torch.testing.assert_close((pixels, answers), again, rtol=0, atol=0)
        assert pixels.shape == (16, 3, SIDE, SIDE)
        assert pixels.abs().max() <= 1
        torch.testing.assert_close(answers.sum(1), torch.ones(16), atol=3e-3, rtol=0)
        rows = {row.tobytes() for row in seen.wanted.astype(np.float32)}
        mixed += any(row.numpy().tobytes() not in rows for row in answers)
    assert 2 <= mixed <= 10  # half of the batches


def test_a_batch_shows_what_its_answers_say(seen: Corpus) -> None:
    """The color of each image, mixed or not, is that of its answer."""
    labelled = seen.labels != NO_LABEL
    views, colors = seen.views[labelled], np.eye(3, dtype=np.float16)[seen.labels[labelled]]
    for seed in range(60):
        pixels, answers = draw(views, colors, 16, np.random.default_rng(seed))
        clear = answers.max(1).values > 0.8
        assert (pixels.mean((2, 3)).argmax(1) == answers.argmax(1))[clear].all()


def test_training_goes_on_where_it_stopped(
    seen: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = Plan(steps=2, batch=4, warmup=1, print_every=1)
    whole = train(seen, plan, tmp_path / "whole")

    def save_and_stop(state: dict[str, object], file: Path) -> None:
        save(state, file)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("tools.train.images.learning.save", save_and_stop)
        with pytest.raises(KeyboardInterrupt):
            train(seen, plan, tmp_path / "parts")
    capsys.readouterr()
    again = train(seen, plan, tmp_path / "parts")
    assert capsys.readouterr().out.startswith("step 2: loss")
    for first, second in zip(whole.state_dict().values(), again.state_dict().values(), strict=True):
        torch.testing.assert_close(first, second)


def test_a_tiny_pack_becomes_two_encoders(
    data: Path, teacher: ImageEncoder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "CALIBRATION", 16)
    job = pipeline.ImagesJob(
        data=data, run=tmp_path / "run", out=tmp_path / "images", float_out=tmp_path / "float",
        steps=2, threads=1, teacher=str(teacher.folder.path),
    )  # fmt: skip
    pipeline.run(job)
    exact, small = ImageEncoder(job.float_out), ImageEncoder(job.out)
    images = [colored(number) for number in range(3)]
    for encoder in (exact, small):
        assert encoder.labels == LABELS
        chances = encoder.classify(images)
        assert chances.shape == (3, len(LABELS))
        np.testing.assert_allclose(chances.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(small.classify(images), exact.classify(images), atol=0.05)
    with torch.no_grad():
        network = train(collect(data / "train", teacher, job.run / "teacher"), Plan(2, threads=1), job.run)
        given = torch.stack([torch.from_numpy((rgb - np.float32(127.5)) / 127.5) for rgb in images])
        expected = network(given.float().permute(0, 3, 1, 2)).softmax(1)
    np.testing.assert_allclose(exact.classify(images), expected, atol=1e-4)
    sizes = [(place / "encoder.onnx").stat().st_size for place in (job.out, job.float_out)]
    assert sizes[0] < 0.4 * sizes[1]
    accuracy = small.folder.manifest.accuracy
    assert accuracy is not None
    assert {key for key in accuracy if "top" in key} == {
        f"{kind}_{top}_small" for kind in ("int8", "float") for top in ("top1", "top5")
    }
    rewrite(small.folder, {"CARD.md": b"# images\n"})
    pipeline.run(job)
    assert ImageEncoder(job.out).folder.read("CARD.md") == b"# images\n"
