"""Training, made tiny: it learns, resumes exactly, and exports what the runtime loads."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from edge.evidence.labels import label_samples
from edge.networks.segmenter import Segmenter
from edge.vocabulary import LABELS, Label
from tools.train.segmenter.compose import IGNORE, STRIDE, Composer
from tools.train.segmenter.corpus import Recording, Take, held_out, log_power
from tools.train.segmenter.pipeline import SegmenterJob, run_on
from tools.train.segmenter.tower import Plan, segment_target, train_tower
from tools.train.segmenter.unseen import divide, split

FRAMES = 8 * 80


def take(label: Label, group: int) -> Take:
    """Ten seconds that are easy to tell apart: each label is noise in a band of its own."""
    rng = np.random.default_rng([LABELS.index(label), group])
    samples = rng.standard_normal(160_000).astype(np.float32) * np.float32(0.1)
    spectrum = np.fft.rfft(samples)
    quarter = len(spectrum) // 4
    column = LABELS.index(label)
    spectrum[: column * quarter] = spectrum[(column + 1) * quarter :] = 0
    sound = np.fft.irfft(spectrum).astype(np.float32)
    return Take(
        Recording(Path(f"{label}{group}"), label, f"{label}/noise/x", f"{label}{group}", True),
        log_power(sound),
    )


@pytest.fixture(scope="module")
def takes() -> list[Take]:
    return [take(label, group) for label in LABELS for group in range(4)]


def test_clips_and_scenes_have_truth_for_every_frame(takes: list[Take]) -> None:
    composer = Composer(takes, np.random.default_rng(0))
    for seed in range(20):
        composer.rng = np.random.default_rng(seed)
        for sound in (composer.clip(FRAMES), composer.scene(4 * FRAMES)):
            assert len(sound.truth) * STRIDE == len(sound.power)
            assert np.isfinite(sound.power).all()
            assert (sound.power >= 0).all()
            assert set(np.unique(sound.truth)) <= {IGNORE, 0, 1, 2, 3}


def test_the_same_seed_composes_the_same_clip(takes: list[Take]) -> None:
    first, again = (Composer(takes, np.random.default_rng(7)).clip(FRAMES) for _ in range(2))
    np.testing.assert_array_equal(first.power, again.power)


def test_a_voice_over_music_for_a_third_of_a_segment_makes_it_a_voice_segment() -> None:
    truth = torch.tensor([[0] * 12 + [2] * 18, [2] * 30, [IGNORE] * 30, [1] * 3 + [2] * 27])
    target = segment_target(truth).numpy()
    np.testing.assert_allclose(target[0], [1, 0, 0, 0], atol=1e-6)
    np.testing.assert_allclose(target[1], [0, 0, 1, 0], atol=1e-6)
    np.testing.assert_allclose(target[2], 0)
    np.testing.assert_allclose(target[3], [0, 0.1 / 0.35, 1 - 0.1 / 0.35, 0], atol=1e-6)


def test_groups_are_held_out_whole_and_never_the_bulk_of_a_kind(takes: list[Take]) -> None:
    recordings = [t.recording for t in takes] * 3
    outside = held_out(recordings)
    assert outside
    for label in LABELS:
        groups = {r.group for r in recordings if r.label is label}
        assert 0 < len(groups & outside) <= len(groups) / 4


def test_each_source_is_left_out_once_with_the_songs_its_voices_sing(takes: list[Take]) -> None:
    kinds = [("speech/read", Label.SPEAKING), ("singing/song", Label.SINGING), ("music/band", Label.MUSIC)]
    recordings = [
        Recording(Path(f"{kind}{i}{j}"), label, f"{kind}/{label}{i}/{i}", f"{label}{i}", True)
        for kind, label in kinds
        for i in range(7)
        for j in range(i + 1)
    ]
    folds = split(recordings, 3)
    assert sorted(source for fold in folds for source in fold) == sorted({r.source for r in recordings})
    for _, label in kinds:
        counts = [sum(r.label is label and r.source in fold for r in recordings) for fold in folds]
        assert max(counts) - min(counts) <= 4
    recorded = [replace(takes[0], recording=recording) for recording in recordings for _ in range(2)]
    voice = recordings[0]
    song = Recording(Path("song"), Label.SINGING, "singing/sung_by_world", f"sung_{voice.group}_0", True)
    made = [replace(takes[0], recording=song)]
    assert made[0] not in divide(recorded, made, {voice.source})
    assert made[0] in divide(recorded, made, {recordings[-1].source})
    assert not any(take.recording.source == "speaking6/6" for take in divide(recorded, made, {"speaking6/6"}))


def test_resuming_gives_the_network_of_an_uninterrupted_run(takes: list[Take], tmp_path: Path) -> None:
    plan = Plan(steps=4, batch=4, compiled=False)
    straight = train_tower(takes, takes[:1], plan, tmp_path / "straight")
    train_tower(takes, takes[:1], plan, tmp_path / "resumed", until=2)
    assert not (tmp_path / "resumed" / "tower.pt").exists()
    resumed = train_tower(takes, takes[:1], plan, tmp_path / "resumed")
    for name, value in straight.state_dict().items():
        torch.testing.assert_close(resumed.state_dict()[name], value, msg=name)


def test_a_tiny_training_run_makes_a_model_that_the_runtime_loads(takes: list[Take], tmp_path: Path) -> None:
    job = SegmenterJob(
        data=tmp_path,
        run=tmp_path / "run",
        out=tmp_path / "int8",
        float_out=tmp_path / "float",
        logs=tmp_path / "logs",
        steps=25,
        scenes=12,
        towers=2,
        threads=1,
        commercial_only=False,
        batch=8,
        compiled=False,
        checks=4,
        fusion_steps=100,
    )
    run_on(job, takes, takes[::4])
    sound = np.random.default_rng(0).standard_normal(16_000 * 7).astype(np.float32)
    int8, exact = (label_samples([sound], Segmenter(folder)) for folder in (job.out, job.float_out))
    assert len(int8.segments) == 3
    assert sorted(p.name for p in job.logs.iterdir()) == ["curves.png", "tower0.csv", "tower1.csv"]
    np.testing.assert_allclose(int8.frames, exact.frames, atol=0.15)
