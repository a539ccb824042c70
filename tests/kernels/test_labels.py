"""Scans over labels and confidences against their twins."""

from __future__ import annotations

import numpy as np
import pytest
from edge_kernels import labels
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from tests.kernels import twins

Floats = NDArray[np.float32]
LABELS = st.lists(st.integers(0, 3), max_size=60)


@settings(deadline=None)
@given(LABELS, st.integers(1, 4))
def test_runs(values: list[int], min_run: int) -> None:
    found = labels.runs(values, 0, min_run)
    assert [tuple(run) for run in found] == twins.runs(values, 0, min_run)


@settings(deadline=None)
@given(LABELS, st.integers(0, 12))
def test_bridges(values: list[int], limit: int) -> None:
    found = labels.runs(values, 0, 1)
    before = found.copy()
    weights = [value / 4 for value in values]  # exact, so that the sums of both are
    joined = labels.bridge(weights, found, limit / 4)
    assert [tuple(run) for run in joined] == twins.bridge(weights, [tuple(run) for run in found], limit / 4)
    np.testing.assert_array_equal(found, before)


@settings(deadline=None)
@given(LABELS, st.booleans())
def test_extensions(values: list[int], edge_counts: bool) -> None:
    found = labels.runs(values, 0, 2)
    whole = labels.extend(values, found, 2, 3, edge_counts=edge_counts)
    expected = [twins.extend(values, (int(a), int(b)), 2, 3, edge_counts) for a, b in found]
    assert [tuple(run) for run in whole] == expected


CONFIDENCES = arrays(np.float32, st.tuples(st.integers(0, 8), st.just(4)), elements=st.floats(0, 1, width=32))


@settings(deadline=None)
@given(CONFIDENCES, st.data())
def test_joints(former: Floats, data: st.DataObject) -> None:
    latter = data.draw(arrays(np.float32, former.shape, elements=st.floats(0, 1, width=32)))
    chosen = labels.joint(former, latter, {1, 3}, {0, 2})
    sums = {
        j: former[j].max() + latter[j].max()
        for j in range(len(former))
        if former[j].argmax() in (1, 3) and latter[j].argmax() in (0, 2)
    }
    assert chosen == (max(sums, key=lambda j: sums[j]) if sums else None)


@settings(deadline=None)
@given(arrays(np.float32, st.integers(0, 80), elements=st.floats(0, 1, width=32)))
def test_change_points_are_as_likely_as_the_twins(inside: Floats) -> None:
    p = inside.astype(np.float64).clip(1e-4, 1 - 1e-4)

    def likelihood(cut: int) -> float:
        return float(np.log1p(-p[:cut]).sum() + np.log(p[cut:]).sum())

    assert likelihood(labels.change_point(inside)) == pytest.approx(likelihood(twins.change_point(inside)))


@settings(deadline=None)
@given(st.integers(1, 40), st.integers(1, 6), st.integers(0, 1000), st.floats(0, 1))
def test_viterbi_finds_a_path_that_is_worth_the_most(
    frames: int, states: int, seed: int, forbidden: float
) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.standard_normal((frames, states)).astype(np.float32)
    transitions = rng.standard_normal((states, states)).astype(np.float32)
    transitions[rng.random((states, states)) < forbidden * 0.6] = -np.inf
    np.fill_diagonal(transitions, 0)
    initial = rng.standard_normal(states).astype(np.float32)
    path = labels.viterbi(scores, transitions, initial)
    assert path.shape == (frames,)
    assert set(path.tolist()) <= set(range(states))
    a, b, c = scores.astype(np.float64), transitions.astype(np.float64), initial.astype(np.float64)
    assert twins.viterbi_score(a, b, c, path) == pytest.approx(twins.viterbi(a, b, c), abs=1e-4)


def test_viterbi_smooths_what_flickers() -> None:
    truth = np.repeat([0, 1, 0], 50)
    scores = np.random.default_rng(1).standard_normal((150, 2)).astype(np.float32)
    scores[np.arange(150), truth] += 1
    path = labels.viterbi(scores, np.where(np.eye(2), 0.0, -6.0))
    assert (scores.argmax(axis=1) != truth).sum() > 20
    assert (path != truth).sum() <= 6


def test_nothing_in_nothing_out() -> None:
    assert labels.runs([], 0).shape == (0, 2)
    assert labels.change_point([]) == 0
    assert labels.joint(np.zeros((0, 4), np.float32), np.zeros((0, 4), np.float32), {1}, {0}) is None
    assert labels.viterbi(np.zeros((0, 3), np.float32), np.zeros((3, 3), np.float32)).shape == (0,)


def test_nan_is_never_the_best() -> None:
    former = np.array([[np.nan, np.nan, np.nan, np.nan]], np.float32)
    assert labels.joint(former, former, {1, 3}, {2}) is None
    assert len(labels.bridge([0, np.nan, 0], np.array([[0, 1], [2, 3]]), 9.0)) == 2
    assert 0 <= labels.change_point(np.full(5, np.nan, np.float32)) <= 5
    assert set(labels.viterbi(np.full((4, 2), np.nan, np.float32), np.zeros((2, 2))).tolist()) <= {0, 1}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: labels.runs([0.5], 0), "labels must be whole numbers, not float64"),
        (lambda: labels.runs([[0]], 0), "labels must have 1 dimension, not 2"),
        (lambda: labels.runs([2**40], 0), "labels must fit in 32 bits"),
        (lambda: labels.runs([0], 0, 0), "min_run must be at least 1, not 0"),
        (lambda: labels.bridge([0.0] * 9, np.array([[4, 6], [2, 3]]), 1.0), "outside its range"),
        (lambda: labels.bridge([0.0] * 9, np.array([[4, 60]]), 1.0), "outside its range"),
        (lambda: labels.extend([0] * 9, np.array([4, 6]), 2, 1, edge_counts=True), r"shape \[n, 2\]"),
        (lambda: labels.joint(np.zeros((2, 4)), np.zeros((3, 4)), {1}, {0}), "must have one shape"),
        (lambda: labels.joint(np.zeros((2, 40)), np.zeros((2, 40)), {1}, {0}), "outside its range"),
        (lambda: labels.viterbi(np.zeros((5, 2)), np.zeros((3, 3))), "transitions must be 2 by 2"),
        (lambda: labels.viterbi(np.zeros((5, 2)), np.zeros((2, 2)), np.zeros(3)), "must have 2 values"),
        (lambda: labels.viterbi(np.zeros((5, 0)), np.zeros((0, 0))), "outside its range"),
    ],
)
def test_wrong_arguments_are_refused_by_name(call: object, message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        call()  # type: ignore[operator]
