"""Output files appear complete or not at all, whatever goes wrong while they are written."""

from __future__ import annotations

from pathlib import Path

import pytest
from av.container import OutputContainer

from edge.errors import InputError, OutputError
from edge.media import cut
from edge.media.write import render
from edge.media.write.encode import Track, video_track
from edge.media.write.plan import RenderPlan
from edge.vocabulary import Span

from .conftest import Film
from .makers import Recipe, measure

PLAIN = Recipe()


def test_an_existing_file_is_kept_unless_forced(film: Film, tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_text("precious")
    with pytest.raises(OutputError, match="already exists"):
        cut(film("plain.mp4", PLAIN), Span(1, 2), path)
    assert path.read_text() == "precious"
    cut(film("plain.mp4", PLAIN), Span(1, 2), path, force=True)
    assert len(measure(path).numbers) == 25
    assert [file.name for file in tmp_path.iterdir()] == ["a.mp4"]


def test_folders_are_made_on_the_way(film: Film, tmp_path: Path) -> None:
    assert cut(film("plain.mp4", PLAIN), Span(1, 2), tmp_path / "x" / "y" / "a.m4a").path.stat().st_size > 0


def test_a_folder_that_cannot_be_written_is_an_output_error(film: Film, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written"):
        cut(film("plain.mp4", PLAIN), Span(1, 2), tmp_path / "file" / "a.mp4")


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.wav", "a.m4a"])
@pytest.mark.parametrize("copy", [False, True])
def test_a_full_disk_is_named_and_nothing_is_left(
    film: Film, small_disk: Path, name: str, copy: bool
) -> None:
    if copy and name in {"a.wav", "a.m4a"}:
        pytest.skip("nothing to copy there, or too little to fill the disk")
    with pytest.raises(OutputError, match="no space left") as caught:
        cut(film("plain.mp4", PLAIN), Span(0, 4), small_disk / name, copy=copy)
    assert caught.value.path == small_disk / name
    assert [file.name for file in small_disk.iterdir()] == ["filler"]


def test_an_interrupt_leaves_nothing_behind(
    film: Film, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = 0

    def interrupted(plan: RenderPlan, out: OutputContainer) -> Track:
        nonlocal steps
        for step in video_track(plan, out):
            steps += 1
            if steps == 30:
                raise KeyboardInterrupt
            yield step

    monkeypatch.setattr(render, "video_track", interrupted)
    with pytest.raises(KeyboardInterrupt):
        cut(film("plain.mp4", PLAIN), Span(0, 4), tmp_path / "a.mp4")
    assert steps == 30
    assert list(tmp_path.iterdir()) == []


def test_a_source_that_cannot_be_read_is_not_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("no film")
    with pytest.raises(InputError):
        cut(tmp_path / "text.mp4", Span(0, 1), tmp_path / "a.mp4")
    assert not (tmp_path / "a.mp4").exists()
