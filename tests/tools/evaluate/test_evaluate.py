"""The evaluation itself, and what it must show on recordings that no training has seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge.vocabulary import Span
from tools.evaluate import segments, songs
from tools.evaluate.metrics import calibration_error, classification, group_weights, intervals
from tools.evaluate.pack import read_pack


def test_scores_of_a_known_confusion() -> None:
    scores = classification([0, 0, 1, 1, 2, 3], [0, 1, 1, 1, 2, 3])
    assert scores["per_class"]["singing"] == pytest.approx({"precision": 1, "recall": 0.5, "f1": 2 / 3})
    assert scores["per_class"]["speaking"] == pytest.approx({"precision": 2 / 3, "recall": 1, "f1": 0.8})
    assert scores["macro_f1"] == pytest.approx((2 / 3 + 0.8 + 1 + 1) / 4)


def test_groups_weigh_the_same_and_intervals_hold_the_score() -> None:
    truth, guess, groups = [0] * 8 + [1, 2, 3], [0] * 6 + [1, 1, 1, 2, 3], [*"aaaaaabbcde"]
    scores = classification(truth, guess, group_weights(groups))
    assert scores["per_class"]["singing"]["recall"] == pytest.approx(0.5)  # one of two singers
    found = intervals(truth, guess, groups)
    assert found["music"] == [1.0, 1.0]
    assert (
        found["singing"][0] < classification(truth, guess)["per_class"]["singing"]["f1"] < found["singing"][1]
    )


def test_calibration_is_the_gap_between_confidence_and_truth() -> None:
    rows = np.tile([0.8, 0.2, 0.0, 0.0], (10, 1))
    error = calibration_error([0] * 8 + [1] * 2, rows)
    assert error["singing"] == pytest.approx(0)
    assert calibration_error([1] * 10, rows)["singing"] == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([], "not found"),
        ([Span(100, 200)], ""),
        ([Span(101, 140), Span(150, 199)], "split"),
        ([Span(70, 199)], "begins early"),
        ([Span(130, 199)], "begins late"),
        ([Span(101, 160)], "ends early"),
        ([Span(90, 240)], "ends late"),
    ],
)
def test_a_missed_song_has_a_cause(found: list[Span], expected: str) -> None:
    assert songs.cause(Span(100, 200), found) == expected


def test_each_song_is_matched_once_to_its_best_clip() -> None:
    truth = [Span(0, 10), Span(20, 30)]
    found = [Span(1, 10), Span(5, 12), Span(40, 50)]
    (pair,) = songs.match(truth, found)
    assert (pair.truth, pair.found) == (truth[0], found[0])


@pytest.mark.parametrize("kind", songs.KINDS)
def test_composed_recordings_are_reproducible_and_their_truth_is_inside(eval_pack: Path, kind: str) -> None:
    entries, compose = read_pack(eval_pack), songs.KINDS[kind]
    first, again, other = compose(entries, 5), compose(entries, 5), compose(entries, 6)
    np.testing.assert_array_equal(first.sound, again.sound)
    assert first.songs == again.songs != other.songs
    edges = [edge for song in first.songs for edge in (song.start, song.end)]
    assert edges == sorted(edges)
    assert edges[-1] <= first.seconds == pytest.approx(len(first.sound) / 16_000)


def test_segments_reach_their_targets(eval_pack: Path) -> None:
    result = segments.evaluate(eval_pack)
    assert result["macro_f1"] >= 0.9
    assert min(row["f1"] for row in result["per_class"].values()) >= 0.85
    assert abs(result["macro_f1"] - result["float_macro_f1"]) <= 0.01


def test_songs_reach_their_targets(eval_pack: Path) -> None:
    result = songs.evaluate(eval_pack)
    assert result["precision"] >= 0.75
    assert result["recall"] >= 0.75
    assert result["boundary_median_s"] <= 0.2
