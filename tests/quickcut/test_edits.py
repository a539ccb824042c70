"""Plans that people edit: items of a file, ranges that stay, ranges that go."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.errors import InputError, OutputError, UsageError
from edge.quickcut.clean import CleanPlan
from edge.quickcut.edits import edit_plan, write_plan
from edge.spans import intervals
from edge.vocabulary import Span
from tests.makers import RATE_HZ, Shot, talk_from_script
from tools.sound.wave import write_wav

SCRIPT = "[2.0] We um start here. [3.0] And we go on. [2.5] That was all."


@pytest.fixture
def plan(tmp_path: Path) -> CleanPlan:
    talk = talk_from_script(SCRIPT)
    write_wav(tmp_path / "talk.wav", np.zeros(round(talk.duration_s * RATE_HZ), np.float32), RATE_HZ)
    return Shot(tmp_path / "talk.wav", talk).plan()


def changed(plan: CleanPlan, file: Path, **changes: bool) -> Path:
    """A file of the plan in which items of a kind are removed, or not."""
    write_plan(plan, file)
    document: dict[str, Any] = json.loads(file.read_text())
    for item in document["items"]:
        item["remove"] = changes.get(item["kind"], item["remove"])
    file.write_text(json.dumps(document))
    return file


def test_a_plan_comes_back_as_it_was_written(plan: CleanPlan, tmp_path: Path) -> None:
    write_plan(plan, tmp_path / "plan.json")
    again = edit_plan(plan, tmp_path / "plan.json")
    assert [item.remove for item in again.items] == [item.remove for item in plan.items]
    assert np.allclose(intervals(again.cuts), intervals(plan.cuts), atol=0.001)
    with pytest.raises(OutputError, match="already exists"):
        write_plan(plan, tmp_path / "plan.json")
    assert edit_plan(plan) == plan


def test_what_a_file_says_is_done(plan: CleanPlan, tmp_path: Path) -> None:
    assert len(plan.cuts) == 4
    blanks_stay = edit_plan(plan, changed(plan, tmp_path / "a.json", blank=False))
    assert len(blanks_stay.cuts) == 1
    assert blanks_stay.kept_s == pytest.approx(plan.duration_s - 0.3, abs=0.1)
    speech_goes = edit_plan(plan, changed(plan, tmp_path / "b.json", speech=True))
    assert speech_goes.kept_s == 0


def test_ranges_stay_and_go(plan: CleanPlan) -> None:
    kept = edit_plan(plan, keep=[Span(0, 3.0)])
    assert kept.cuts == tuple(cut for cut in plan.cuts if cut.start > 3.0)
    assert [item.remove for item in kept.items[:1]] == [False]
    gone = edit_plan(plan, keep=[Span(0, 3)], cut=[Span(1.0, 1.5), Span(10, 99)])
    assert gone.cuts[0] == Span(1.0, 1.5)
    assert gone.cuts[-1].end == plan.duration_s
    assert gone.kept_s + sum(cut.seconds for cut in gone.cuts) == pytest.approx(plan.duration_s)
    with pytest.raises(UsageError, match="a range begins at 99 s"):
        edit_plan(plan, cut=[Span(99, 100)])


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("", "is no plan"),
        ("{}", "is no plan"),
        ('{"schema": 1, "items": 3}', "is no plan"),
        ("order", "out of order"),
        ("kind", "is no plan"),
        ("long", "of another recording"),
    ],
)
def test_files_that_are_no_plans_are_refused(
    plan: CleanPlan, tmp_path: Path, content: str, what: str
) -> None:
    file = tmp_path / "plan.json"
    write_plan(plan, file)
    document = json.loads(file.read_text())
    if content == "order":
        document["items"].reverse()
    elif content == "kind":
        document["items"][0]["kind"] = "song"
    elif content == "long":
        document["items"][-1]["end"] += 60
    file.write_text(json.dumps(document) if content.isalpha() else content)
    with pytest.raises(InputError, match=what):
        edit_plan(plan, file)
    with pytest.raises(InputError, match="does not exist"):
        edit_plan(plan, tmp_path / "none.json")
