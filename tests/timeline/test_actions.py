"""The editor: every way through do, undo and redo against a plain list of states."""

from __future__ import annotations

import random
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from edge.errors import OutputError, UsageError
from edge.timeline.actions import (
    Action,
    Apply,
    Delete,
    EditState,
    EditText,
    Insert,
    MergeCaptions,
    Move,
    Passage,
    Remove,
    Restore,
    Split,
    SplitCaption,
    Transcribe,
    Trim,
    applied,
)
from edge.timeline.editor import Done, Editor, Entry, Redone, Undone
from edge.timeline.timeline import Clip, Timeline
from edge.timeline.wording import reworded
from edge.vocabulary import Caption, Span, Word

FRAME = Fraction(1001, 24000)
A, B = Path("/media/a.mp4"), Path("/media/b.mp4")


def said(*texts: str) -> tuple[Caption, ...]:
    """Captions of three words a second, the first at 1 s."""
    captions = []
    for second, text in enumerate(texts, start=1):
        words = [
            Word(second + n * 0.25, second + n * 0.25 + 0.2, each) for n, each in enumerate(text.split())
        ]
        captions.append(Caption(words[0].start, words[-1].end, text, tuple(words)))
    return tuple(captions)


SAID = said("So um hello.", "What we make", "is er good")
WORDS = [Passage.of(A, word) for caption in SAID for word in caption.words]
FIRST = EditState.of(Timeline.of([Clip(A, Fraction(0), Fraction(5)), Clip(B, FRAME, 50 * FRAME)]), {A: SAID})

seconds = st.integers(0, 150).map(lambda n: n * FRAME)
clips = st.builds(
    lambda media, start, frames: Clip(media, start, start + frames * FRAME),
    st.sampled_from([A, B]),
    seconds,
    st.integers(1, 40),
)
passages = st.lists(st.sampled_from(WORDS), max_size=3).map(tuple)
said_passages = st.sampled_from([*SAID]).map(lambda caption: Passage.of(A, caption))
actions: st.SearchStrategy[Action] = st.one_of(
    st.builds(Split, seconds),
    st.builds(Trim, st.integers(0, 4), seconds, seconds),
    st.builds(Move, st.integers(0, 4), st.integers(0, 4)),
    st.builds(Delete, st.integers(0, 4)),
    st.builds(Insert, clips, st.none() | st.integers(0, 4)),
    st.builds(Remove, passages),
    st.builds(Restore, passages),
    st.builds(EditText, said_passages, st.none() | st.text(max_size=9)),
    st.builds(Transcribe, st.just(B), st.sampled_from([(), SAID])),
    st.builds(
        SplitCaption, said_passages, st.sampled_from([word.start for one in SAID for word in one.words])
    ),
    st.builds(MergeCaptions, said_passages),
    st.just(Apply()),
)


class Editing(RuleBasedStateMachine):
    """An editor beside a list of states and the place in it; and one that only replays what was recorded."""

    def __init__(self) -> None:
        super().__init__()
        self.entries: list[Entry] = []
        self.editor = Editor(FIRST, self.entries.append)
        self.states, self.at = [FIRST], 0
        self.gesture: str | None = None

    @rule(action=actions, coalesce=st.sampled_from([None, None, "drag", "other"]))
    def do(self, action: Action, coalesce: str | None) -> None:
        try:
            state = applied(action, self.states[self.at])
        except UsageError:
            with pytest.raises(UsageError):
                self.editor.do(action, coalesce)
            return
        self.editor.do(action, coalesce)
        if state == self.states[self.at]:
            return
        self.at += coalesce is None or coalesce != self.gesture
        self.states[self.at :] = [state]
        self.gesture = coalesce

    @rule()
    def undo(self) -> None:
        if self.at:
            self.editor.undo()
            self.at, self.gesture = self.at - 1, None
        else:
            with pytest.raises(UsageError, match="nothing to undo"):
                self.editor.undo()

    @rule()
    def redo(self) -> None:
        if self.at + 1 < len(self.states):
            self.editor.redo()
            self.at, self.gesture = self.at + 1, None
        else:
            with pytest.raises(UsageError, match="nothing to redo"):
                self.editor.redo()

    @precondition(lambda self: self.at)
    @rule()
    def undo_all(self) -> None:
        while self.editor.can_undo:
            self.editor.undo()
        self.at, self.gesture = 0, None
        assert self.editor.state is FIRST

    @invariant()
    def is_where_the_model_is(self) -> None:
        assert self.editor.state == self.states[self.at]
        assert self.editor.can_undo == (self.at > 0)
        assert self.editor.can_redo == (self.at + 1 < len(self.states))

    @invariant()
    def shows_what_is_not_removed(self) -> None:
        shown = {word.text for caption in self.editor.captions for word in caption.words}
        gone = {word.text for word in SAID[0].words if Passage.of(A, word) in self.editor.state.removed}
        if not self.editor.state.texts and B not in self.editor.state.original:
            assert not shown & gone

    def teardown(self) -> None:
        replayed = Editor(FIRST)
        for entry in self.entries:
            replayed.replay(entry)
        steps = [self.states[self.at]]
        while replayed.can_undo:
            replayed.undo()
            steps.append(replayed.state)
        assert steps == self.states[self.at :: -1]
        while replayed.can_redo:
            replayed.redo()
        assert replayed.state == self.states[-1]


Editing.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestEditing = Editing.TestCase


def test_a_drag_is_one_step() -> None:
    editor = Editor(FIRST)
    for frame in range(1, 101):
        editor.do(Trim(0, frame * FRAME, Fraction(5)), coalesce="drag 1")
    editor.do(Trim(0, Fraction(1), Fraction(5)), coalesce="drag 2")
    editor.undo()
    assert editor.state.timeline.clips[0].trim_in == 100 * FRAME
    editor.undo()
    assert editor.state is FIRST
    editor.redo()
    editor.do(Trim(0, Fraction(2), Fraction(5)), coalesce="drag 1")
    editor.undo()
    assert editor.state.timeline.clips[0].trim_in == 100 * FRAME, "a drag does not go on after undo"


def test_what_changes_nothing_is_no_step_and_leaves_redo() -> None:
    entries: list[Entry] = []
    editor = Editor(FIRST, entries.append)
    editor.do(Remove((WORDS[1],)))
    editor.undo()
    for nothing in (
        Restore((WORDS[1],)),
        Move(1, 1),
        Split(Fraction(5)),
        Trim(0, Fraction(0), Fraction(5)),
        Apply(),
    ):
        editor.do(nothing, coalesce="drag")
    assert (editor.can_undo, editor.can_redo) == (False, True)
    editor.do(Delete(0), coalesce="drag")
    assert entries == [Done(Remove((WORDS[1],))), Undone(), Done(Delete(0))]


def test_removing_changes_marks_only_and_the_timeline_is_made_once() -> None:
    editor = Editor(FIRST)
    editor.do(Remove((WORDS[1],)))
    editor.do(Remove((WORDS[7], Passage.of(A, Span(4.0, 5.0)))))
    assert editor.state.timeline is FIRST.timeline
    shown = editor.timeline
    assert editor.timeline is shown
    assert [clip.media for clip in shown.clips] == [A, A, A, B]
    assert [caption.text for caption in editor.captions] == ["So hello.", "What we make", "is good"]
    editor.do(Apply())
    assert (editor.state.timeline, editor.timeline, editor.state.removed) == (shown, shown, frozenset())
    editor.undo()
    editor.do(Restore((WORDS[1],)))
    assert [caption.text for caption in editor.captions] == ["So um hello.", "What we make", "is good"]


def test_the_recognized_text_comes_back() -> None:
    editor = Editor(FIRST)
    where = Passage.of(A, SAID[0])
    editor.do(EditText(where, "So um hallo!"))
    editor.do(EditText(where, ""))
    assert editor.captions[0].text == ""
    assert editor.state.original[A] == SAID
    editor.do(EditText(where, None))
    assert editor.state == FIRST
    with pytest.raises(UsageError, match=r"no caption of /media/a\.mp4 lasts from 1"):
        editor.do(EditText(Passage(A, 1.0, 1.1), "x"))


def test_captions_are_split_and_merged_with_their_edited_texts() -> None:
    editor = Editor(FIRST)
    where = Passage.of(A, SAID[0])
    editor.do(EditText(where, "So um hallo!"))
    editor.do(SplitCaption(where, SAID[0].words[2].start))
    first, second = editor.state.original[A][:2]
    assert (first.text, second.text) == ("So um", "hallo!")
    assert (first.end, second.start) == (SAID[0].words[1].end, SAID[0].words[2].start)
    editor.do(MergeCaptions(Passage.of(A, first)))
    assert editor.state.original[A][0] == Caption(
        SAID[0].start, SAID[0].end, "So um hallo!", (*first.words, *second.words)
    )
    for _ in range(3):
        editor.undo()
    assert editor.state == FIRST
    with pytest.raises(UsageError, match="no word of the caption but the first begins at"):
        editor.do(SplitCaption(where, SAID[0].start))
    with pytest.raises(UsageError, match="no caption after the last one"):
        editor.do(MergeCaptions(Passage.of(A, SAID[-1])))


def test_an_edited_sentence_loses_its_filler_like_any_other() -> None:
    editor = Editor(FIRST)
    editor.do(EditText(Passage.of(A, SAID[0]), "So um Hallo you!"))
    assert editor.captions[0].text == "So um Hallo you!"
    editor.do(Remove((WORDS[1],)))
    assert editor.captions[0].text == "So Hallo you!"


@pytest.mark.parametrize(
    ("words", "text", "expected"),
    [
        ("we go home", "we  go homes", ["we", "go", "homes"]),
        ("we um go home", "we go home", ["we", "go", "home"]),
        ("we go home", "we go back home", ["we", "go back", "home"]),
        ("we go home", "totally other", ["totally", "other"]),
        ("我们 今天", "我门今天去", ["我门", "今天去"]),
        ("we go", "  ", []),
        ("we go", "", []),
    ],
)
def test_words_of_an_edited_text_keep_their_times(words: str, text: str, expected: list[str]) -> None:
    [caption] = said(words)
    edited = reworded(caption, text)
    assert edited.text == text
    assert [word.text for word in edited.words] == expected
    times = {(word.start, word.end) for word in caption.words}
    assert {(word.start, word.end) for word in edited.words} <= times


@given(
    st.lists(st.text("ab 我。", min_size=1, max_size=4), min_size=1, max_size=6),
    st.text("abc 我们。", max_size=20),
)
def test_an_edited_caption_is_as_sound_as_before(texts: Sequence[str], text: str) -> None:
    words = tuple(Word(n, n + 0.5, each) for n, each in enumerate(texts))
    edited = reworded(Caption(0.0, 9.0, "x", words), text)
    starts = [word.start for word in edited.words]
    assert starts == sorted(set(starts))
    if "".join(texts).strip():
        assert "".join("".join(word.text for word in edited.words).split()) == "".join(text.split())


def test_what_cannot_be_recorded_is_not_done() -> None:
    def record(entry: Entry) -> None:
        if entry != Done(Delete(0)):
            raise OutputError("journal", "cannot be written")

    editor = Editor(FIRST, record)
    editor.do(Delete(0), coalesce="drag")
    state = editor.state
    with pytest.raises(OutputError):
        editor.do(Delete(0), coalesce="drag")
    with pytest.raises(OutputError):
        editor.undo()
    assert editor.state is state
    assert (editor.can_undo, editor.can_redo) == (True, False)


def test_a_replay_that_does_not_fit_is_refused() -> None:
    editor = Editor(FIRST)
    for entry in (Done(Delete(0), joins=True), Undone(), Redone(), Done(Delete(7))):
        with pytest.raises(UsageError):
            editor.replay(entry)
    assert editor.state is FIRST


def test_a_passage_needs_a_length() -> None:
    for start, end in ((1.0, 1.0), (-1.0, 1.0), (0.0, float("inf")), (float("nan"), 1.0)):
        with pytest.raises(UsageError, match="start < end"):
            Passage(A, start, end)


def test_a_long_session_goes_all_the_way_back() -> None:
    editor, random_ = Editor(FIRST), random.Random(1)
    for _ in range(2000):
        editor.do(Trim(0, random_.randrange(100) * FRAME, 5 + random_.randrange(1, 9999) * FRAME))
    while editor.can_undo:
        editor.undo()
    assert editor.state is FIRST
