"""Parts of a track cover a video, join on bar lines, and cuts meet beats where they can."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.errors import UsageError
from edge.matching.arrange import Arrangement, arrange
from edge.matching.loops import lines_of

from .makers import motion_of, rhythm_of

FRAME_S = 0.04


@st.composite
def cases(draw: st.DrawFn) -> tuple[float, float, float, float, list[float], int]:
    seconds = draw(st.floats(0.5, 400))
    length = draw(st.floats(0.1, 900))
    tempo = draw(st.sampled_from([0.0, 60.0, 97.3, 120.0, 181.0]))
    first = draw(st.floats(0, 5))
    cuts = sorted(draw(st.lists(st.floats(0, 900), max_size=30)))
    return seconds, length, tempo, first, cuts, draw(st.integers(0, 1000))


@settings(max_examples=150, deadline=None)
@given(case=cases())
def test_parts_cover_the_video_inside_the_track_and_join_on_bars(
    case: tuple[float, float, float, float, list[float], int],
) -> None:
    seconds, length, tempo, first, cuts, seed = case
    levels = np.random.default_rng(seed).uniform(-70, -10, int(np.ceil(seconds))).tolist()
    rhythm = rhythm_of(seconds, tempo, first_s=first, levels_db=levels)
    found = arrange(rhythm, motion_of(length, [cut for cut in cuts if cut < length]), length)
    assert found.length_s == pytest.approx(length, abs=FRAME_S)
    assert all(0 <= part.start < part.end <= seconds for part in found.parts)
    assert 0 <= found.fit <= 1
    lines = lines_of(rhythm)
    if len(lines) and len(found.parts) > 1:
        joins = [(one.end, two.start) for one, two in zip(found.parts, found.parts[1:], strict=False)]
        assert all(np.abs(lines - time).min() < 1e-6 for join in joins for time in join)
    if found.drop_s is not None:
        assert 0 <= found.drop_s <= length
    middle = found.between(length / 4, length / 2)
    assert middle.length_s == pytest.approx(length / 4, abs=1e-5 * len(found.parts) + 1e-6)


def test_cuts_meet_beats_and_the_drop_the_biggest_cut() -> None:
    levels = [-30.0] * 32 + [-12.0] * 88
    rhythm = rhythm_of(120, 120, first_s=0.2, levels_db=levels)
    found = arrange(rhythm, motion_of(30, [4, 10, 16, 25], biggest=16), 30)
    assert len(found.parts) == 1
    assert found.cuts_on_beat == 1
    assert found.fit > 0.85
    assert found.drop_s == pytest.approx(16, abs=0.1)
    late = arrange(rhythm, motion_of(30, [4.13, 10.13, 16.13, 25.13], biggest=16.13), 30)
    assert late.cuts_on_beat == 1  # it begins a little later than with a beat
    assert late.drop_s == pytest.approx(16.13, abs=0.1)


def test_what_is_nowhere_near_a_beat_is_no_better_than_chance() -> None:
    cuts = np.cumsum(np.random.default_rng(2).uniform(0.7, 3.1, 60))
    length = float(cuts[-1]) + 1
    fits = {
        tempo: arrange(rhythm_of(length + 0.5, tempo), motion_of(length, cuts.tolist()), length)
        for tempo in (60.0, 120.0, 240.0)
    }
    shares = [found.cuts_on_beat or 0 for found in fits.values()]
    assert shares[0] < 0.45  # dense beats are hit by luck
    assert shares[2] > 0.65
    assert all(abs(found.fit - 0.5) < 0.2 for found in fits.values())
    on_time = arrange(
        rhythm_of(length + 0.5, 60), motion_of(length, np.arange(1, length, 2).tolist()), length
    )
    assert on_time.fit > 0.8


def test_without_cuts_or_beats_a_fit_is_neutral() -> None:
    for rhythm, cuts in ((rhythm_of(60, 100), []), (rhythm_of(60), [3.0, 7.0])):
        found = arrange(rhythm, motion_of(20, cuts), 20)
        assert (found.fit, found.cuts_on_beat) == (0.5, None)
    assert arrange(rhythm_of(60, 100), None, 20).parts[0].start == 0


def test_silence_soft_intros_and_fades_are_not_looped() -> None:
    levels = [-90.0] * 3 + [-40.0] * 8 + [-15.0] * 40 + [-32.0] * 6 + [-90.0] * 3
    found = arrange(rhythm_of(60, 120, first_s=3, levels_db=levels), None, 200)
    assert found.parts[0].start >= 3
    assert all(part.start >= 11 and part.end <= 51 for part in found.parts[1:])
    assert all((part.seconds / 2) % 4 == pytest.approx(0, abs=1e-6) for part in found.parts[1:-1])
    assert len(found.parts) <= 7  # long loops


def test_hours_of_music_are_searched() -> None:
    rng = np.random.default_rng(1)
    rhythm = rhythm_of(10_800, 123, levels_db=rng.uniform(-30, -10, 10_800).tolist())
    found = arrange(rhythm, motion_of(600, np.cumsum(rng.uniform(1, 4, 200)).tolist()), 600)
    assert found.length_s == pytest.approx(600)
    assert found.fit >= 0.45


def test_short_tracks_are_looped_as_they_are() -> None:
    found = arrange(rhythm_of(3), None, 20)
    assert 6 <= len(found.parts) <= 8
    assert all(part.seconds > 2.8 for part in found.parts[1:-1])
    with pytest.raises(UsageError, match=r"0\.5 s"):
        arrange(rhythm_of(0.3), None, 20)
    with pytest.raises(UsageError, match="nothing"):
        Arrangement(found.parts, 0.5, None, None).between(21, 22)
