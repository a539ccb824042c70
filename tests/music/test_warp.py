"""Cuts land on beats by small changes of speed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import UsageError
from edge.music.warp import STRONG, on_beats, warp

CUTS = st.lists(st.floats(0.5, 119.5), max_size=30, unique_by=lambda cut: round(cut, 1)).map(sorted)


@given(cuts=CUTS, tempo=st.floats(60, 180), limit=st.sampled_from((0.0, 0.02, 0.05, 0.1)))
def test_speed_changes_little_and_time_goes_on(cuts: list[float], tempo: float, limit: float) -> None:
    found = warp(cuts, 120, 60 / tempo, limit=limit)
    assert (found.video_s[0], found.music_s[0], found.video_s[-1]) == (0, 0, 120)
    assert (np.diff(found.video_s) > 0).all()
    assert (np.diff(found.music_s) > 0).all()
    assert np.abs(found.speeds - 1).max() <= limit + 1e-6
    assert found.mean_change <= limit + 1e-6
    assert on_beats(found.moved(found.video_s[1:-1]), 60 / tempo) == 1  # what is moved lands


@given(steps=st.lists(st.integers(2, 20), min_size=1, max_size=20), tempo=st.sampled_from((80, 100, 120)))
def test_cuts_on_beats_stay_where_they_are(steps: list[int], tempo: float) -> None:
    cuts = np.cumsum(steps) * STRONG * 60 / tempo
    found = warp(cuts.tolist(), float(cuts[-1]) + 1, 60 / tempo)
    assert found.mean_change == pytest.approx(0, abs=1e-6)
    assert on_beats(found.moved(cuts), 60 / tempo) == 1


def test_cuts_that_are_too_dense_are_left() -> None:
    cuts = np.arange(1, 200, dtype=np.float64) * 0.3
    found = warp(cuts.tolist(), 60, 0.5)
    assert np.abs(found.speeds - 1).max() <= 0.05 + 1e-6
    assert on_beats(found.moved(cuts), 0.5) >= on_beats(cuts, 0.5)


@pytest.mark.parametrize(
    ("cuts", "end_s", "beat_s"), [([2, 1], 9, 0.5), ([9], 9, 0.5), ([0.0], 9, 0.5), ([], 0, 0.5), ([], 9, 0)]
)
def test_other_times_are_refused(cuts: list[float], end_s: float, beat_s: float) -> None:
    with pytest.raises(UsageError):
        warp(cuts, end_s, beat_s)
