"""A talk whose blanks are played faster, and of which a passage is muted."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from edge.errors import InputError, UsageError
from edge.quickcut.clean import as_rendered, clean
from edge.quickcut.clips import clean_clips
from edge.quickcut.edits import edit_plan, write_plan
from edge.quickcut.options import CleanOptions, CutOptions
from edge.vocabulary import Span
from tests.makers import BY_LETTERS, Shot
from tests.media.makers import measure, sound_of
from tests.quickcut.makers import (
    KEPT,
    RATE_HZ,
    assert_captions_fit,
    assert_sound_says_when,
    film,
    sound_file,
    steady,
    talk,
    texts,
    words,
)

FASTER = CutOptions(blank_speed=4.0)


@pytest.fixture(scope="module")
def shot(tmp_path_factory: pytest.TempPathFactory) -> Shot:
    return film(tmp_path_factory.mktemp("ways") / "talk.mp4", talk, steady(talk))


def word(text: str) -> Span:
    found = next(each for each in words(talk.sentences) if each.text == text)
    return Span(found.start, found.end)


@pytest.mark.slow
@pytest.mark.parametrize("smart", [True, False])
def test_blanks_pass_faster_and_everything_else_stays_in_step(
    shot: Shot, smart: bool, tmp_path: Path
) -> None:
    options = CleanOptions(marks=BY_LETTERS.marks, cuts=FASTER, smart=smart)
    removed = shot.plan()
    plan = edit_plan(shot.plan(options), mute=[word("everybody.")], options=FASTER)
    assert len(plan.faster) == 4
    assert {clip.speed for clip in plan.timeline.clips} == {1, 4}
    blanks = sum(span.seconds for span in plan.faster)
    assert plan.kept_s == pytest.approx(removed.kept_s + blanks / 4, abs=1e-6)
    assert all(
        any(cut.start <= span.start and span.end <= cut.end for cut in removed.cuts) for span in plan.faster
    )

    done = clean(plan, tmp_path / "a.mp4", options)
    assert done.how == ("smart" if smart else "encoded")
    assert texts(done.sentences) == ["Good morning", *KEPT[1:]]
    assert_captions_fit(done, Shot(shot.path, talk))
    assert_sound_says_when(done)
    samples, _, _ = sound_of(done.file)
    muted = next(clip for clip in done.plan.timeline.clips if clip.muted)
    assert Span(float(muted.trim_in), float(muted.trim_out)) == word("everybody.")
    inside = samples[round(muted.in_point * RATE_HZ) + 1200 : round(muted.out_point * RATE_HZ) - 1200]
    assert np.abs(inside).max() < 0.001
    got, times = measure(done.file), steady(talk)
    for clip in done.plan.timeline.clips:
        shown = [
            (number, time)
            for number, time in zip(got.numbers, got.times, strict=True)
            if clip.in_point - Fraction(1, 1000) <= time < clip.out_point - Fraction(1, 1000)
        ]
        late = [float(clip.source_at(time) - times[number]) for number, time in shown]
        assert max(map(abs, late), default=0) < (0.001 if clip.speed == 1 else 0.034)
    steps = [float(after - before) for before, after in pairwise(got.times)]
    assert max(steps) < 0.051
    assert min(steps) > 0.016


def test_plans_keep_their_mutes_and_say_what_is_faster(shot: Shot, tmp_path: Path) -> None:
    plan = edit_plan(shot.plan(), mute=[Span(2.0, 2.5), Span(2.4, 3.0)])
    write_plan(plan, tmp_path / "plan.json")
    again = edit_plan(shot.plan(), tmp_path / "plan.json", mute=[Span(9, 9.5)], options=FASTER)
    assert again.muted == (Span(2.0, 3.0), Span(9, 9.5))
    assert [action["action"] for action in again.to_dict()["actions"]] == ["mute"] * 2 + ["speed"] * 4
    assert {action["speed"] for action in again.to_dict()["actions"]} == {1.0, 4.0}
    kept = edit_plan(again, keep=[Span(0, 4)])
    assert [span.end for span in kept.faster] == [span.end for span in again.faster if span.end > 4]
    assert min(span.start for span in kept.faster) == 4
    assert not edit_plan(again, cut=[Span(0, 99)]).timeline.clips
    text = (tmp_path / "plan.json").read_text()
    (tmp_path / "plan.json").write_text(text.replace('"mute"', '"sing"'))
    with pytest.raises(InputError, match="no action 'sing'"):
        edit_plan(plan, tmp_path / "plan.json")
    with pytest.raises(UsageError, match="a range begins at 99 s"):
        edit_plan(plan, mute=[Span(99, 100)])
    for wrong in (1.0, 0.5, 17.0, -4.0, float("nan")):
        with pytest.raises(UsageError, match="times faster"):
            CutOptions(blank_speed=wrong)


def test_a_mute_alone_changes_only_the_sound(tmp_path: Path) -> None:
    found = sound_file(tmp_path / "talk.wav")
    plan = edit_plan(found.plan(), keep=[Span(0, talk.duration_s)], mute=[word("cameras.")])
    assert (plan.cuts, plan.removed_s) == ((), 0)
    done = clean(plan, tmp_path / "a.wav")
    assert done.how == "audio"
    before, after = sound_of(found.path)[0], sound_of(done.file)[0]
    assert len(before) == len(after)
    span = word("cameras.")
    first, last = round(span.start * RATE_HZ), round(span.end * RATE_HZ)
    assert not after[first:last].any()
    ramp = RATE_HZ // 200
    assert np.abs(before - after)[np.r_[480 : first - ramp, last + ramp : len(after) - 480]].max() < 1e-3
    assert "cameras." not in [each.text for each in words(done.sentences)]
    assert [each.text for each in words(as_rendered(plan)[1])] == [
        each.text for each in words(done.sentences)
    ]
    (clip,) = clean_clips(plan, tmp_path / "clips")
    assert np.array_equal(sound_of(clip.file)[0], after)
