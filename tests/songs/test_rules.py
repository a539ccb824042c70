"""The rules of the published method, one by one: labels in, spans out."""

from __future__ import annotations

import numpy as np
import pytest
from edge_kernels.labels import change_point
from hypothesis import given
from hypothesis import strategies as st

from edge.arrays import Floats
from edge.songs import rules
from edge.songs.options import SongOptions
from edge.vocabulary import LABELS, Label

LETTERS = "STM-"


def labels(text: str) -> rules.Ints:
    return np.array([LETTERS.index(letter) for letter in text], np.int32)


def pairs(runs: rules.Runs) -> list[tuple[int, int]]:
    return [(start, stop) for start, stop in runs.tolist()]


def test_letters_stand_for_the_columns() -> None:
    assert [LABELS[column] for column in labels("STM-")] == list(Label)
    assert rules.best(rows("M-S")).tolist() == [rules.MUSIC, rules.OTHER, rules.SINGING]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("----", []),
        ("-S-", []),
        ("S", []),
        ("SS", [(0, 2)]),
        ("-SS-SSS", [(1, 3), (4, 7)]),
        ("SSMSS", [(0, 2), (3, 5)]),
        ("TSTSST", [(3, 5)]),
    ],
)
def test_a_singing_set_is_two_or_more_singing_segments_in_a_row(
    text: str, expected: list[tuple[int, int]]
) -> None:
    assert pairs(rules.singing_runs(labels(text))) == expected


@pytest.mark.parametrize(
    ("text", "first", "stop"),
    [
        ("-SS-", 1, 3),  # no music: nothing is added
        ("-MSSM-", 1, 5),  # other before, other after: both belong
        ("-MMMSSMM-", 1, 8),
        ("TMSSM-", 2, 5),  # somebody talked over the music before: not a prelude
        ("-MSSMT", 1, 4),
        ("TMSSMT", 2, 4),
        ("-TMMSS", 4, 6),
        ("M-MSS-M", 2, 5),  # only the music that touches the run
        ("MSSM", 0, 4),  # the recording's edges count as other
        ("SS", 0, 2),
    ],
)
def test_music_next_to_a_run_belongs_to_it_unless_somebody_talks_on_its_far_side(
    text: str, first: int, stop: int
) -> None:
    start = text.index("SS")
    run = np.array([[start, start + 2]], np.int64)
    assert pairs(rules.with_music(run, labels(text))) == [(first, stop)]


def test_the_recordings_edge_can_be_no_other() -> None:
    run = np.array([[1, 3]], np.int64)
    assert pairs(rules.with_music(run, labels("MSSM"), edge_is_other=False)) == [(1, 3)]


@pytest.mark.parametrize(
    ("text", "quiet", "expected"),
    [
        ("SSMMMMMSS", "#########", [(0, 9)]),  # 15 s of music
        ("SSMMMMMMSS", "##########", [(0, 2), (8, 10)]),
        ("SS--SS", "##..##", [(0, 6)]),  # 6 s of near silence
        ("SS---SS", "##...##", [(0, 2), (5, 7)]),
        ("SS--SS", "######", [(0, 2), (4, 6)]),  # 6 s of applause
        ("SSTSS", "#####", [(0, 5)]),  # 3 s of talk
        ("SSTTSS", "######", [(0, 2), (4, 6)]),
        ("SSMM-SS", "####.##", [(0, 7)]),  # 6 of 15 s and 3 of 7 s
        ("SSMMM-SS", "#####.##", [(0, 2), (6, 8)]),
        ("SSMSSMSS", "########", [(0, 8)]),
    ],
)
def test_a_song_may_hold_music_rests_and_short_gaps(
    text: str, quiet: str, expected: list[tuple[int, int]]
) -> None:
    found = labels(text)
    share = np.array([mark == "." for mark in quiet], np.float32)
    weights = rules.gap_weights(rows(text, 1.0), share, 3.0, SongOptions())
    assert pairs(rules.bridge(rules.singing_runs(found), weights)) == expected


def test_nothing_is_joined_where_the_longest_gap_is_zero() -> None:
    found, zeros = labels("SSMSSTSS-SS"), np.zeros(11, np.float32)
    weights = rules.gap_weights(rows("SSMSSTSS-SS"), zeros, 3.0, SongOptions.as_published())
    runs = rules.singing_runs(found)
    assert pairs(rules.bridge(runs, weights)) == pairs(runs)


def test_near_silence_is_measured_from_the_level_of_the_singing() -> None:
    frames = np.repeat(rows("S-TS-"), 10, axis=0)
    levels = np.repeat([-20, -44, -70, -22, -60], 10).astype(np.float32)
    levels[45:] = -30
    share = rules.quiet_share(levels, frames, 10, 25.0)
    np.testing.assert_allclose(share, [0, 0, 1, 0, 0.5])
    assert not rules.quiet_share(levels, np.repeat(rows("-"), 50, axis=0), 10, 25.0).any()


@pytest.mark.parametrize(
    ("confidence", "expected"),
    [
        ([0.9, 0.1, 0.0, 0.0], False),
        ([0.55, 0.05, 0.05, 0.35], True),  # both margins are at most the thresholds
        ([0.7, 0.0, 0.0, 0.3], False),  # over speaking it is 0.7: sure
        ([0.6, 0.0, 0.4, 0.0], True),  # exactly at the thresholds
    ],
)
def test_an_end_is_uncertain_when_both_margins_are_small(confidence: list[float], expected: bool) -> None:
    settings = SongOptions(speech_margin=0.6, other_margin=0.6)
    assert rules.uncertain(np.array(confidence, np.float32), settings) is expected


def rows(text: str, confidence: float = 0.7) -> Floats:
    array = np.full((len(text), 4), (1 - confidence) / 3, np.float32)
    for row, letter in zip(array, text, strict=True):
        row[LETTERS.index(letter)] = confidence
    return array


@pytest.mark.parametrize(
    ("former", "latter", "start", "expected"),
    [
        ("TT", "TS", True, 1),  # speaking, then singing: the second joint
        ("-T", "MS", True, 0),  # both qualify alike: the first
        ("SS", "SS", True, None),
        ("MM", "SS", True, None),  # music before is no boundary of singing
        ("SS", "-T", False, 0),
        ("SM", "S-", False, 1),
        ("TT", "SS", False, None),
    ],
)
def test_a_boundary_moves_to_the_joint_where_outside_meets_inside(
    former: str, latter: str, start: bool, expected: int | None
) -> None:
    assert rules.refined_joint(rows(former), rows(latter), start=start) == expected


def test_of_several_joints_the_most_confident_wins() -> None:
    former = np.concatenate([rows("T", 0.5), rows("T", 0.9)])
    latter = np.concatenate([rows("S", 0.6), rows("S", 0.6)])
    assert rules.refined_joint(former, latter, start=True) == 1


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 5))
def test_the_change_point_is_where_the_probabilities_change(outside: int, inside: int, noise: int) -> None:
    rng = np.random.default_rng(noise)
    p = np.concatenate([rng.uniform(0, 0.4, outside), rng.uniform(0.6, 1, inside)]).astype(np.float32)
    assert change_point(p) == outside


def test_a_change_point_outvotes_a_single_odd_frame() -> None:
    p = np.array([0.1] * 10 + [0.9] + [0.1] * 10 + [0.9] * 20, np.float32)
    assert change_point(p) == 21
