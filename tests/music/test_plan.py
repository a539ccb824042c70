"""Plans follow videos: sections begin with scenes, density with motion, and the music is as long."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.errors import UsageError
from edge.evidence.motion.track import MotionTrack
from edge.music.plan import LEAST_RING, LONGEST_SECTION, Activity, bar_count, make_plan, measure
from edge.music.warp import unchanged

PARTS = {"intro": 4, "verse": 8, "chorus": 8, "break": 4, "fill": 1, "ending": 2}


def track(speed: list[float], end_s: float) -> MotionTrack:
    times = np.linspace(0, end_s, len(speed), endpoint=False)
    values = np.array(speed, np.float32)
    return MotionTrack(times, end_s, values, values, np.full(len(speed), 0.5, np.float32), ())


def flat(count: int) -> Activity:
    return Activity(np.full(count, 0.5), np.full(count, 0.5))


@settings(max_examples=200)
@given(
    end_s=st.floats(0.6, 400),
    tempo=st.floats(60, 180),
    share=st.lists(st.floats(0.001, 0.999), max_size=40),
    denser=st.integers(-3, 3),
)
def test_any_plan_is_whole(end_s: float, tempo: float, share: list[float], denser: int) -> None:
    cuts = sorted(one * end_s for one in share)
    count = bar_count(end_s, tempo)
    plan = make_plan(flat(count), cuts, tempo, end_s, PARTS, denser=denser)
    assert len(plan.bars) == count
    assert count * plan.bar_s >= end_s - LEAST_RING * plan.bar_s - 1e-6
    assert [section.first for section in plan.sections] == np.cumsum(
        [0, *(len(section.bars) for section in plan.sections)]
    )[:-1].tolist()
    assert all(1 <= len(section.bars) <= LONGEST_SECTION for section in plan.sections)
    assert all(0 <= bar.index < PARTS[bar.part] and 0 <= bar.density <= 7 for bar in plan.bars)
    assert (plan.bars[-1].part, plan.bars[-1].index) == ("ending", 1)
    for before, after in pairwise(plan.bars):  # a part goes on, or begins
        assert after.index in {(before.index + 1) % PARTS[after.part], 0} or after is plan.bars[-1]


@given(cuts=st.lists(st.floats(1, 119), max_size=20, unique=True).map(sorted), tempo=st.floats(66, 176))
def test_a_scene_begins_a_section_within_half_a_bar(cuts: list[float], tempo: float) -> None:
    plan = make_plan(flat(bar_count(120, tempo)), cuts, tempo, 120, PARTS)
    starts = np.array([section.first for section in plan.sections]) * plan.bar_s
    for cut in cuts:
        if cut < (len(plan.bars) - 0.5) * plan.bar_s:  # later ones are in the last bar
            assert np.abs(starts - cut).min() <= plan.bar_s / 2 + 1e-6


def test_more_motion_is_denser_music() -> None:
    speed = [0.0] * 250 + [0.1] * 250 + [0.4] * 250 + [2.0] * 250
    motion = track(speed, 40)
    activity = measure(motion, unchanged(40), 2.0, 20)
    plan = make_plan(activity, [10, 20, 30], 120, 40, PARTS)
    assert [section.first for section in plan.sections] == [0, 5, 10, 15]
    means = [np.mean([bar.density for bar in section.bars]) for section in plan.sections]
    assert means == sorted(means)
    assert means[-1] - means[0] >= 3


def test_a_still_video_has_no_ups_and_downs() -> None:
    activity = measure(track([0.0] * 500, 40), unchanged(40), 2.0, 20)
    plan = make_plan(activity, [], 120, 40, PARTS)
    assert len({bar.density for bar in plan.bars[:-1]}) == 1


def test_ten_hours_are_too_long() -> None:
    with pytest.raises(UsageError, match="too long"):
        bar_count(15 * 3600, 120)
