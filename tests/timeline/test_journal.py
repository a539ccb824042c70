"""The journal: what was done comes back, whatever happens to the process, the disk or the file."""

from __future__ import annotations

import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from fractions import Fraction
from hashlib import blake2b
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.errors import InputError, OutputError, UsageError
from edge.timeline.actions import (
    Action,
    Apply,
    Delete,
    EditState,
    EditText,
    Insert,
    Move,
    Passage,
    Remove,
    Restore,
    Split,
    Transcribe,
    Trim,
)
from edge.timeline.editor import Editor
from edge.timeline.journal import Journal
from edge.timeline.timeline import Clip, Timeline
from edge.vocabulary import Caption, Word

FRAME = Fraction(1001, 24000)
A = Path("/media/100% \udce4 录音.mp4")
"""With a byte that is no UTF-8."""
CAPTION = Caption(
    0.1, 2.3, 'So "um" 好', (Word(0.1, 0.7, "So"), Word(0.7, 1 / 3 + 1, '"um"'), Word(2, 2.3, "好"))
)
UM = Passage.of(A, CAPTION.words[1])
WHERE = Passage.of(A, CAPTION)
FIRST = EditState.of(
    Timeline.of([Clip(A, FRAME, Fraction(3)), Clip(A, Fraction(1), Fraction(9))]), {A: [CAPTION]}
)


def history(editor: Editor) -> tuple[list[EditState], int]:
    """Every state that undo and redo lead to, and the place among them; nothing is recorded any more."""
    editor.record, behind = None, 0
    while editor.can_undo:
        editor.undo()
        behind += 1
    states = [editor.state]
    while editor.can_redo:
        editor.redo()
        states.append(editor.state)
    return states, behind


EDITS: list[Callable[[Editor], None]] = [
    lambda editor: editor.do(Split(Fraction(1, 3))),
    lambda editor: editor.do(Remove((UM,))),
    lambda editor: editor.do(EditText(WHERE, "So\n好")),
    lambda editor: editor.undo(),
    lambda editor: editor.redo(),
    lambda editor: editor.do(Apply()),
    lambda editor: editor.do(Trim(0, FRAME, 2 * FRAME), coalesce="drag"),
    lambda editor: editor.do(Trim(0, FRAME, 3 * FRAME), coalesce="drag"),
    lambda editor: editor.undo(),
    lambda editor: editor.do(Insert(Clip(A, Fraction(0), FRAME), 0)),
]
"""Each kind of entry; one line of the journal each."""


def after_each_edit(editor: Editor) -> Iterator[EditState]:
    for edit in EDITS:
        edit(editor)
        yield editor.state


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "edit.journal"


@pytest.fixture
def written(path: Path) -> tuple[Path, list[EditState]]:
    """A journal, and the state after each of its lines."""
    journal = Journal.create(path, FIRST)
    return path, [FIRST, *after_each_edit(journal.editor)]


numbers = st.integers(0, 4)
times = st.fractions(0, 9, max_denominator=90_000)
actions: st.SearchStrategy[Action] = st.one_of(
    st.builds(Split, times | st.floats(0, 9)),
    st.builds(Trim, numbers, times, times),
    st.builds(Move, numbers, numbers),
    st.builds(Delete, numbers),
    st.builds(Insert, st.builds(lambda a, b: Clip(A, a, a + b + FRAME), times, times), st.none() | numbers),
    st.sampled_from([Remove((UM,)), Restore((UM,)), Apply(), Transcribe(A, ()), Transcribe(A, (CAPTION,))]),
    st.builds(EditText, st.just(WHERE), st.none() | st.text()),
)
steps = st.tuples(actions, st.sampled_from([None, "drag"])) | st.sampled_from(["undo", "redo", "crash"])


@settings(max_examples=60, deadline=None)
@given(st.lists(steps, max_size=25))
def test_an_edit_comes_back_with_every_undo_and_redo(sequence: list[tuple[Action, str | None] | str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        journal, plain = Journal.create(Path(folder) / "j", FIRST), Editor(FIRST)
        crashes = 0
        for step in sequence:
            if step == "crash":
                journal, crashes = Journal.open(journal.path), crashes + 1
                continue
            outcomes = [attempt(editor, step, crashes) for editor in (journal.editor, plain)]
            assert outcomes[0] == outcomes[1]
            assert journal.editor.state == plain.state
        journal = Journal.open(journal.path)
        assert journal.lost == 0
        assert history(journal.editor) == history(plain)


def attempt(editor: Editor, step: tuple[Action, str | None] | str, crashes: int) -> str:
    """What became of it. A gesture does not outlast a crash."""
    try:
        match step:
            case "undo":
                editor.undo()
            case "redo":
                editor.redo()
            case (action, gesture):
                editor.do(action, gesture and f"{gesture} {crashes}")
    except UsageError as error:
        return str(error)
    return "done"


def test_the_first_state_is_written_whole(path: Path) -> None:
    first = EditState(FIRST.timeline, FIRST.original, frozenset({UM}), {WHERE: "So 好"})
    Journal.create(path, first)
    assert Journal.open(path).editor.state == first


def test_a_drag_goes_on_after_no_crash(path: Path) -> None:
    journal = Journal.create(path, FIRST)
    for count in range(2, 102):
        journal.editor.do(Trim(0, FRAME, count * FRAME), coalesce="drag")
    journal = Journal.open(path)
    assert journal.editor.state.timeline.clips[0].length == 100 * FRAME
    journal.editor.do(Trim(0, FRAME, 2 * FRAME), coalesce="drag")
    editor = Journal.open(path).editor
    assert [state.timeline.clips[0].length for state in history(editor)[0]] == [
        3 - FRAME,
        100 * FRAME,
        FRAME,
    ]


@pytest.mark.slow
def test_cut_off_anywhere_it_comes_back_up_to_the_last_whole_line(
    written: tuple[Path, list[EditState]],
) -> None:
    path, states = written
    content = path.read_bytes()
    for size in range(len(content)):
        path.write_bytes(content[:size])
        whole = content[:size].count(b"\n")
        if not whole:
            with pytest.raises(InputError, match=r"edit\.journal: is not a journal of an edit"):
                Journal.open(path)
            continue
        journal = Journal.open(path)
        assert journal.editor.state == states[whole - 1]
        assert journal.lost == size - content.rfind(b"\n", 0, size) - 1
        if size % 5 == 0:
            journal.editor.do(Delete(0))
            again = Journal.open(path)
            assert (again.editor.state, again.lost, journal.trouble) == (journal.editor.state, 0, None)


@pytest.mark.slow
def test_a_changed_byte_is_noticed_wherever_it_is(written: tuple[Path, list[EditState]]) -> None:
    path, states = written
    content = path.read_bytes()
    random_ = random.Random(7)
    for at in range(len(content)):
        damaged = bytearray(content)
        damaged[at] ^= random_.randrange(1, 256)
        path.write_bytes(damaged)
        line = content.count(b"\n", 0, at)
        if line == 0:
            with pytest.raises(InputError, match=r"edit\.journal: is not a journal of an edit"):
                Journal.open(path)
        else:
            assert Journal.open(path).editor.state == states[line - 1]


def test_a_missing_doubled_or_swapped_line_ends_the_edit_there(written: tuple[Path, list[EditState]]) -> None:
    path, states = written
    lines = path.read_bytes().splitlines(keepends=True)
    for changed in (
        [*lines[:3], *lines[4:]],
        [*lines[:3], *lines[2:]],
        [*lines[:3], lines[4], lines[3], *lines[5:]],
    ):
        path.write_bytes(b"".join(changed))
        assert Journal.open(path).editor.state == states[2]


def line(before: bytes, content: bytes) -> bytes:
    return blake2b(before + content, digest_size=8).hexdigest().encode() + b" " + content + b"\n"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is not a journal"),
        (b"\n", "is not a journal"),
        (bytes(range(256)) * 99, "is not a journal"),
        (b'{"schema":1}\n', "is not a journal"),
        (line(b"", b'{"schema":2,"tracks":[]}'), "schema 2; only schema 1 can be read"),
        (line(b"", b'{"schema":1}'), "is not a journal"),
        (line(b"", b"\xff"), "is not a journal"),
    ],
)
def test_what_is_no_journal_of_ours_is_an_error_and_stays_as_it_is(
    path: Path, content: bytes, why: str
) -> None:
    path.write_bytes(content)
    with pytest.raises(InputError, match=rf"edit\.journal: .*{why}"):
        Journal.open(path)
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    "entry",
    [
        b'{"type":"Redone"}',
        b'{"type":"Burnt"}',
        b'{"type":"Done","action":{"type":"Delete","index":9},"joins":false}',
        b'{"type":"Done","action":{"type":"Split","at":"1/0"},"joins":false}',
    ],
)
def test_a_sound_line_that_cannot_be_done_is_an_error_that_names_it(path: Path, entry: bytes) -> None:
    Journal.create(path, FIRST)
    content = path.read_bytes()
    path.write_bytes(content + line(content[:16], entry))
    with pytest.raises(InputError, match=r"edit\.journal: line 2 cannot be replayed"):
        Journal.open(path)


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(InputError, match="cannot be read"):
            Journal.open(path)


def test_a_full_disk_loses_nothing_in_memory_and_is_made_up_for(path: Path) -> None:
    journal, plain = Journal.create(path, FIRST), Editor(FIRST)
    edits = zip(after_each_edit(journal.editor), after_each_edit(plain), strict=True)
    next(edits)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    old = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 30, hard))
    try:
        for _ in range(4):
            next(edits)
            assert isinstance(journal.trouble, OutputError)
            assert "cannot be written: file too large; the edit is in memory only" in str(journal.trouble)
            assert journal.editor.state == plain.state
        during = Journal.open(path)
        assert during.lost == 30
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, old)
    for _ in edits:
        assert journal.trouble is None
        assert Journal.open(path).editor.state == plain.state
    assert history(Journal.open(path).editor) == history(plain)


def test_a_journal_that_is_gone_for_a_while_is_made_up_for(path: Path) -> None:
    journal = Journal.create(path, FIRST)
    away = path.rename(path.with_name("away"))
    journal.editor.do(Delete(0))
    assert "edit.journal: cannot be written: no such file" in str(journal.trouble)
    away.rename(path)
    journal.flush()
    assert journal.trouble is None
    assert Journal.open(path).editor.state == journal.editor.state != FIRST


def test_what_another_program_wrote_is_left_alone(path: Path) -> None:
    one, two = Journal.create(path, FIRST), Journal.open(path)
    two.editor.do(Delete(1))
    one.editor.do(Split(Fraction(1)))
    assert "another program changed it" in str(one.trouble)
    assert Journal.open(path).editor.state == two.editor.state
    path.write_bytes(b"")
    two.editor.do(Split(Fraction(1)))
    assert "another program changed it" in str(two.trouble)


def test_a_mended_journal_is_no_longer_open_to_others(written: tuple[Path, list[EditState]]) -> None:
    path, _ = written
    path.write_bytes(path.read_bytes()[:-1])
    one = Journal.open(path)
    one.editor.do(Delete(0))
    two = Journal.open(path)
    two.editor.do(Delete(0))
    one.editor.do(Split(Fraction(1)))
    assert "another program changed it" in str(one.trouble)
    assert Journal.open(path).editor.state == two.editor.state


@pytest.mark.parametrize("when", ["before", "after"])
def test_what_an_interrupt_stops_is_not_done(path: Path, monkeypatch: pytest.MonkeyPatch, when: str) -> None:
    journal = Journal.create(path, FIRST)
    sync = os.fsync

    def interrupted(file: int) -> None:
        if when == "after":
            sync(file)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", interrupted)
        with pytest.raises(KeyboardInterrupt):
            journal.editor.do(Delete(0))
    assert journal.editor.state is FIRST
    journal.editor.do(Split(Fraction(1)))
    assert history(Journal.open(path).editor) == history(journal.editor)


def test_what_could_not_be_read_back_is_not_done(path: Path) -> None:
    journal = Journal.create(path, FIRST)
    unwritable: list[Action] = [
        EditText(WHERE, "\ud800"),
        Transcribe(A, (Caption(float("nan"), 1.0, "x"),)),
        Transcribe(A, [CAPTION]),  # type: ignore[arg-type]
        Insert(Clip("a.mp4", Fraction(0), Fraction(1))),  # type: ignore[arg-type]
        Move("1", 0),  # type: ignore[arg-type]
    ]
    for action in unwritable:
        with pytest.raises((UsageError, TypeError)):
            journal.editor.do(action)
    journal.editor.do(Transcribe(A, (Caption(np.float64(0.1), np.float32(0.7), "x"),)))  # type: ignore[arg-type]
    journal.editor.do(Delete(0))
    assert journal.trouble is None
    assert Journal.open(path).editor.state == journal.editor.state


def test_a_journal_appears_whole_and_replaces_none(path: Path, tmp_path: Path) -> None:
    Journal.create(path, FIRST).editor.do(Delete(0))
    before = path.read_bytes()
    with pytest.raises(OutputError, match="already exists"):
        Journal.create(path, FIRST)
    with pytest.raises(UsageError, match="cannot hold it"):
        Journal.create(path, EditState(Timeline(), {}, texts={WHERE: "\ud800"}), force=True)
    with pytest.raises(OutputError, match="cannot be written"):
        Journal.create(path / "below", FIRST)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
    journal = Journal.create(path, FIRST, force=True)
    assert Journal.open(path).editor.state == FIRST
    journal.discard()
    journal.editor.do(Delete(0))
    assert not path.exists()
    assert journal.trouble is None


WRITER = """
import os, sys
from fractions import Fraction
from pathlib import Path
from edge.timeline.actions import Transcribe, Trim
from edge.timeline.journal import Journal
from edge.vocabulary import Caption

journal = Journal.open(Path(sys.argv[1]))
editor, media = journal.editor, Path("/b")
captions = [Caption(float(n), n + 0.5, "what was said") for n in range(400)]
count = int(editor.state.timeline.clips[0].trim_out) - 3
while journal.trouble is None:
    count += 1
    if count % 25 == 0:
        editor.do(Transcribe(media, (Caption(0.0, 1.0, str(count)), *captions)), coalesce=str(count))
    editor.do(Trim(0, Fraction(1), Fraction(3 + count)), coalesce=str(count))
    os.write(1, b"%d\\n" % count)
"""


@pytest.mark.slow
def test_killed_at_any_moment_it_loses_the_last_action_at_most(path: Path) -> None:
    Journal.create(path, EditState.of(Timeline.of([Clip(A, Fraction(0), Fraction(3))]), {}))
    random_ = random.Random(3)
    for _ in range(10):
        command = [sys.executable, "-c", WRITER, str(path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as writer:
            assert writer.stdout is not None
            told = [writer.stdout.readline() for _ in range(random_.randrange(100, 500))]
            writer.kill()
            told += writer.stdout.read().splitlines(keepends=True)
        said = max(int(each) for each in told if each.endswith(b"\n"))
        editor = Journal.open(path).editor
        recovered = int(editor.state.timeline.clips[0].trim_out) - 3
        assert said <= recovered <= said + 1
        assert len(history(editor)[0]) - 1 - recovered in (0, 1), "a count is a step, whole or begun"
