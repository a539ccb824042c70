"""Outputs appear complete or not at all."""

from __future__ import annotations

import errno
import threading
from pathlib import Path

import pytest

from edge.errors import OutputError
from edge.files import refuse_unwritable, whole_file, whole_folder


def test_a_file_appears_only_when_it_is_complete(tmp_path: Path) -> None:
    target = tmp_path / "new" / "song.wav"
    with whole_file(target) as draft:
        draft.write_text("half")
        assert draft.suffix == ".wav"
        assert not target.exists()
    assert target.read_text() == "half"
    assert list(target.parent.iterdir()) == [target]


@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt])
def test_a_failure_leaves_nothing(tmp_path: Path, failure: type[BaseException]) -> None:
    def fail() -> None:
        with whole_file(tmp_path / "song.wav") as draft:
            draft.write_text("half")
            raise failure

    with pytest.raises(failure):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_what_was_there_stays_until_the_new_file_is_complete(tmp_path: Path) -> None:
    target = tmp_path / "song.wav"
    target.write_text("old")
    with pytest.raises(OutputError, match="already exists"), whole_file(target):
        pass
    with whole_file(target, force=True) as draft:
        draft.write_text("new")
        assert target.read_text() == "old"
    assert target.read_text() == "new"


def test_a_folder_appears_whole_and_a_failure_keeps_the_old_one(tmp_path: Path) -> None:
    target = tmp_path / "model"

    def write(text: str, failure: type[BaseException] | None = None) -> None:
        with whole_folder(target, force=True) as draft:
            (draft / "file").write_text(text)
            if failure:
                raise failure

    write("old")
    for failure in (ValueError, KeyboardInterrupt):
        with pytest.raises(failure):
            write("half", failure)
        assert (target / "file").read_text() == "old"
    with pytest.raises(OutputError, match="already exists"), whole_folder(target):
        pass
    with pytest.raises(OutputError, match="no space left"), whole_folder(target, force=True):
        raise OSError(errno.ENOSPC, "")
    write("new")
    assert (target / "file").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_two_writers_do_not_share_a_draft(tmp_path: Path) -> None:
    drafts: list[Path] = []

    def write(text: str) -> None:
        with whole_file(tmp_path / "song.wav", force=True) as draft:
            drafts.append(draft)
            draft.write_text(text)

    writers = [threading.Thread(target=write, args=(str(n),)) for n in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(set(drafts)) == 8
    assert [p.name for p in tmp_path.iterdir()] == ["song.wav"]


def test_a_folder_that_cannot_be_is_refused_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    refuse_unwritable(tmp_path / "new" / "newer")
    with pytest.raises(OutputError, match="is a file"):
        refuse_unwritable(tmp_path / "file" / "new")


def test_a_name_that_cannot_be_written_says_why(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(OutputError, match="cannot be written"),
        whole_file(tmp_path / "file" / "song.wav") as draft,
    ):
        draft.write_text("x")


@pytest.mark.parametrize("name", ["y" * 251 + ".mp4", "\N{CJK UNIFIED IDEOGRAPH-6B4C}" * 83 + ".mp4"])
def test_a_name_may_be_as_long_as_a_file_system_allows(tmp_path: Path, name: str) -> None:
    target = tmp_path / name
    with whole_file(target) as draft:
        draft.write_text("song")
    assert target.read_text() == "song"
    with whole_folder(tmp_path / f"z{name[1:]}") as folder:
        (folder / "file").touch()
    with (
        pytest.raises(OutputError, match=r"name has 2\d\d bytes, of at most 255; choose a shorter one"),
        whole_file(target.with_stem(f"{target.stem}abcd")),
    ):
        pytest.fail("the work began")
