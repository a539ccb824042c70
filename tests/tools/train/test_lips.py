"""Making and scoring bursts of lips."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tools.evaluate.clips import Listed, Span
from tools.evaluate.lip_scores import Window, pairs, places, summary, synchrony
from tools.train.lips.bursts import Burst
from tools.train.lips.calibration import Line, fitted
from tools.train.lips.compose import resampled
from tools.train.lips.corpus import PATCH, Clip
from tools.train.lips.render import GEOMETRY, augmented, plain, sounds_of
from tools.train.lips.retime import bounced, envelope, ranked, retimed

Floats = NDArray[np.float32]


def listed(*spans: Span, group: str = "somebody") -> Listed:
    return Listed(Path("clip.mp4"), group, 9.0, spans, in_sync=True)


@pytest.fixture
def clip() -> Clip:
    """A second of a face that is as still as the camera: a gradient with a dark mouth."""
    rows = np.linspace(200, 80, PATCH.height)[:, None] * np.ones(PATCH.width)
    rows[38:42, 40:80] = 30
    face = np.array([[36, -12.8], [84, -12.8], [60, 20], [42, 40], [78, 40]], np.float32)
    return Clip(
        listed(Span(0, 1, "silent_face")),
        patches=np.stack([rows.astype(np.uint8)] * 25),
        landmarks=np.stack([face] * 25),
        opening=np.linspace(0, 0.2, 25, dtype=np.float32),
        seen=np.ones(25, bool),
        sound=np.zeros((10, 5), np.float32),
    )


def test_a_face_retimed_onto_a_voice_opens_its_mouth_with_it() -> None:
    rng = np.random.default_rng(0)
    opening = ranked(np.convolve(rng.uniform(0, 1, 260), np.ones(5) / 5, "same").astype(np.float32))
    wanted = np.repeat(rng.integers(0, 2, 6), 5).astype(np.float32)
    path = retimed(opening, wanted)
    steps = np.diff(path)
    assert np.corrcoef(opening[path], wanted)[0, 1] > 0.8
    assert steps.min() >= 0
    assert steps.max() <= 7


def test_a_voice_opens_a_mouth_by_its_level_and_its_certainty() -> None:
    sound = np.zeros((3, 5), np.float32)
    sound[:, 0], sound[:, 1] = (-10, -25, -10), (1, 1, 0)
    assert envelope(sound, 1).tolist() == pytest.approx([1, 0.5, 0])


def test_short_stretches_are_played_forth_and_back() -> None:
    assert bounced(np.arange(8), 4).tolist() == [0, 1, 2, 3, 2, 1, 0, 1]
    assert bounced(np.arange(3), 1).tolist() == [0, 0, 0]


def test_sound_between_its_rows_is_interpolated() -> None:
    sound = np.arange(20, dtype=np.float32).reshape(4, 5)
    assert resampled(sound, np.array([0.5, 3.0]))[:, 0].tolist() == [2.5, 15.0]


def test_a_burst_is_cropped_from_its_patches(clip: Clip) -> None:
    burst = Burst(clip, np.linspace(0, 17.5, 8), 0.0, np.zeros((8, 5), np.float32), 0.0)
    crops = plain(burst)
    assert crops.shape == (8, GEOMETRY.height, GEOMETRY.width)
    assert crops[:, 17, 24].max() < 60
    assert crops[:, 5, 24].min() > 120


@pytest.mark.parametrize("motion", ["", "chew", "smile", "turn"])
def test_augmented_bursts_are_crops_too_and_repeatable(clip: Clip, motion: str) -> None:
    bursts = [Burst(clip, np.linspace(0, 17.5, 8), 0.0, np.full((8, 5), 0.2, np.float32), 0.0, motion)] * 3
    first, again = (augmented(bursts, np.random.default_rng(4)) for _ in range(2))
    assert first.shape == (3, 8, GEOMETRY.height, GEOMETRY.width)
    assert (first == again).all()
    assert (first[0] != first[1]).any()
    np.testing.assert_allclose(sounds_of(bursts, np.random.default_rng(4))[..., 1:].sum(-1), 1, atol=1e-5)


def test_spans_are_judged_in_windows_that_do_not_cross_them() -> None:
    spans = listed(Span(0, 5.04, "talking"), Span(5.04, 5.5, "silent_face"), Span(5.5, 6.6, "talking"))
    assert list(places(spans)) == [
        ("talking", 0, 30), ("talking", 10, 40), ("talking", 20, 50), ("talking", 55, 66),
    ]  # fmt: skip


def window(group: str, label: str, frames: int = 20) -> Window:
    sound = np.random.default_rng(len(group)).uniform(0, 1, (60, 5)).astype(np.float32)
    return Window(group, label, 10, np.zeros((frames, 40, 48), np.uint8), sound, group)


def test_people_count_the_same_however_many_windows_they_have() -> None:
    windows = [window("a", "talking")] * 9 + [window("b", "talking"), window("c", "silent_face")]
    found = summary(windows, np.array([0.9] * 9 + [0.1, 0.1], np.float32))
    assert found["moving_recall"] == 0.5
    assert found["moving_recall_groups"] == 2
    assert found["still_recall"] == 1.0
    assert "nonspeech_called_speech" not in found


def test_synchrony_is_scored_against_shifted_and_other_sounds() -> None:
    found = pairs([window("a", "talking"), window("bb", "talking"), window("ccc", "silent_face")])
    assert {kind for _, _, kind in found} == {"own", "shifted", "other"}
    assert {w.group for w, _, _ in found} == {"a", "bb"}
    perfect = np.array([float(kind == "own") for _, _, kind in found], np.float32)
    scores = synchrony(found, perfect)
    assert scores["auc_shifted"] == scores["auc_other"] == scores["accuracy"] == 1.0
    assert synchrony(found, np.full(len(found), 0.7, np.float32))["auc_other"] == 0.5


def test_a_calibration_moves_the_odds_to_one_half() -> None:
    rng = np.random.default_rng(0)
    truth = rng.random(4000) < 0.5
    logits = 3 * (rng.normal(0, 1, 4000) + 1.5 * truth) + 2
    skewed = (1 / (1 + np.exp(-logits))).astype(np.float32)
    line = fitted(skewed, truth.tolist(), [str(at) for at in range(4000)])
    balanced = line(skewed) > 0.5
    assert balanced[truth].mean() == pytest.approx(1 - balanced[~truth].mean(), abs=0.03)
    np.testing.assert_allclose(Line()(skewed), skewed, atol=1e-5)
