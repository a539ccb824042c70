"""The edit of a page: rows, what changes them, and what stays after a crash."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import msgspec
import numpy as np
import pytest
from hypothesis import given, settings

from edge.errors import InputError, UsageError
from edge.quickcut.clean import plan_clean
from edge.quickcut.edits import decide
from edge.quickcut.options import CleanOptions, MarkOptions
from edge.studio import requests
from edge.studio.rows import Row, splice
from edge.studio.session import Session, open_session
from edge.studio.work import Workshop
from tests.makers import talk_from_script
from tests.media.makers import write_sound

SCRIPT = "so um we begin. [1.5] this is it. ~ [2.0] we go home now. [0.3] we go on."


@pytest.fixture
def session(tmp_path: Path) -> Session:
    talk = talk_from_script(SCRIPT)
    silence = np.zeros(round(talk.duration_s * 8000), np.float32)
    media = write_sound(tmp_path / "talk.wav", silence, 8000)
    return open_session(plan_clean(media, transcript=talk), tmp_path / "edit")


def texts(session: Session) -> list[str]:
    return [row.text for row in session.view.rows if row.kind == "speech"]


def test_rows_are_captions_and_what_lies_between_them(session: Session) -> None:
    kinds = [row.kind for row in session.view.rows]
    assert texts(session) == ["so um we begin.", "this is it.", "we go home now.", "we go on."]
    assert kinds.count("blank") == 2
    words = session.view.rows[0].pieces
    assert [(word.text, word.kind, word.removed) for word in words[:3]] == [
        ("so", "speech", False), ("um", "filler", True), ("we", "speech", False),
    ]  # fmt: skip
    assert session.view.cuts == session.plan.cuts


def test_what_is_removed_is_cut_and_what_is_restored_is_not(session: Session) -> None:
    caption = session.view.rows[0]
    gone = tuple((word.start, word.end) for word in caption.pieces)
    changed = session.edit(requests.Remove(gone))
    assert changed["splice"]["at"] == 0
    assert len(changed["splice"]["insert"]) == 1
    assert session.view.rows[0].removed
    assert session.view.cuts[0].start == 0
    session.edit(requests.KeepAll())
    assert session.view.cuts == ()
    assert session.view.kept_s == pytest.approx(session.plan.duration_s)
    session.edit(requests.Clean())
    assert session.view.cuts == session.plan.cuts
    for _ in range(3):
        session.edit(requests.Undo())
    assert not session.view.rows[0].removed
    with pytest.raises(UsageError, match="nothing to undo"):
        session.edit(requests.Undo())


def test_words_are_corrected_split_and_merged(session: Session) -> None:
    row = session.view.rows[0]
    session.edit(requests.SetText(row.start, row.end, "So, um, we began."))
    assert texts(session)[0] == "So, um, we began."
    assert session.view.rows[0].pieces[1].removed  # a corrected word stays marked
    session.edit(requests.Split(row.start, row.end, row.pieces[2].start))
    assert texts(session)[:2] == ["So, um,", "we began."]
    first = session.view.rows[0]
    session.edit(requests.Merge(first.start, first.end))
    assert texts(session)[0] == "So, um, we began."
    assert session.decided.transcript.sentences[0].text == "So, um, we began."


def test_an_edit_goes_on_after_a_crash_or_begins_anew(session: Session, tmp_path: Path) -> None:
    session.edit(requests.KeepAll())
    row = session.view.rows[0]
    session.edit(requests.SetText(row.start, row.end, "Other words here now."))
    again = open_session(session.plan, session.journal.path)
    assert again.view.rows == session.view.rows
    again.edit(requests.Undo())
    assert texts(again)[0] == "so um we begin."
    with session.journal.path.open("ab") as file:
        file.write(b"torn")
    assert open_session(session.plan, session.journal.path).view.rows == again.view.rows
    fresh = open_session(session.plan, session.journal.path, fresh=True)
    assert fresh.view.cuts == session.plan.cuts
    session.journal.path.write_bytes(b"no journal")
    with pytest.raises(InputError, match="not a journal"):
        open_session(session.plan, session.journal.path)


def test_work_is_stopped_at_the_end_and_leaves_no_file(tmp_path: Path) -> None:
    talk = talk_from_script(SCRIPT + " [1800] we are back.")
    media = write_sound(tmp_path / "long.wav", np.zeros(round(talk.duration_s * 8000), np.float32), 8000)
    options = CleanOptions(marks=MarkOptions(blanks=False))
    session = open_session(plan_clean(media, options, transcript=talk), tmp_path / "edit")
    (tmp_path / "out").mkdir()
    work = Workshop(session, None, tmp_path / "out")
    work.start(requests.Export(".mp3"))
    work.start(requests.Export(".srt"))
    while work.tasks()[0]["state"] != "failed" and not work.tasks()[0]["share"]:
        time.sleep(0.01)
    work.close()
    assert work.tasks()[0]["error"] == "stopped"
    assert work.tasks()[1]["state"] == "waiting"
    assert not list((tmp_path / "out").iterdir())


def test_deciding_what_was_suggested_changes_nothing(session: Session) -> None:
    plan = session.plan
    words = [word for one in plan.transcript.sentences for word in one.words]
    marked = [item for item in plan.items if item.remove]
    removed = {(item.start, item.end) for item in marked if not item.text}
    removed |= {
        (word.start, word.end) for word in words for item in marked if item.start <= word.start < item.end
    }
    assert decide(plan, removed).cuts == plan.cuts
    assert decide(plan, removed).to_dict() == plan.to_dict()


rows = st.lists(st.integers(0, 3).map(lambda at: Row(at, at + 1.0, "blank", "", False)), max_size=8)


@given(rows, rows)
def test_a_splice_turns_one_list_into_the_other(before: list[Row], after: list[Row]) -> None:
    change = splice(before, after)
    shown = [row.to_list() for row in before]
    shown[change["at"] : change["at"] + change["delete"]] = change["insert"]
    assert shown == [row.to_list() for row in after]


NAMES = ["type", "spans", "start", "end", "at", "text", "suffix", "wishes"]
values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=9,
)


@settings(max_examples=300)
@given(st.binary(max_size=200) | values.map(msgspec.json.encode))
def test_other_requests_are_refused(content: bytes) -> None:
    kinds: tuple[Any, ...] = (requests.Edit, requests.Work)
    for kind in kinds:
        try:
            asked = msgspec.json.decode(content, type=kind)
        except msgspec.MsgspecError:
            continue
        assert isinstance(asked, msgspec.Struct)
