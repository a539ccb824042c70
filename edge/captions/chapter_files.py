"""Write chapters as files: in YouTube's form, as WebVTT and as JSON.

To add a format, write a function from chapters to text and add it to `WRITERS`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from os import PathLike
from pathlib import Path

from edge import schema
from edge.captions.chapters import Chapter
from edge.captions.files import write_captions
from edge.errors import UsageError
from edge.files import whole_file
from edge.text.clock import whole_clock
from edge.vocabulary import Caption

MIN_CHAPTERS = 3
"""YouTube ignores a list with fewer."""


def youtube_text(chapters: Sequence[Chapter]) -> str:
    """Return lines like `0:00 Title`, as they are pasted into the description of a video.

    >>> print(youtube_text([Chapter(0.0, 61.5, "One"), Chapter(61.5, 4000.0, "Two")]), end="")
    0:00 One
    1:01 Two
    """
    return "".join(f"{whole_clock(int(one.start))} {one.title}\n" for one in chapters)


def _json_text(chapters: Sequence[Chapter]) -> str:
    rows = [
        {"start": schema.seconds(one.start), "end": schema.seconds(one.end), "title": one.title}
        for one in chapters
    ]
    document = {"schema": schema.VERSION, "chapters": rows}
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _write_txt(chapters: Sequence[Chapter], path: Path) -> None:
    path.write_text(youtube_text(chapters), encoding="utf-8")


def _write_json(chapters: Sequence[Chapter], path: Path) -> None:
    path.write_text(_json_text(chapters), encoding="utf-8")


def _write_vtt(chapters: Sequence[Chapter], path: Path) -> None:
    write_captions([Caption(one.start, one.end, one.title) for one in chapters], path)


WRITERS: dict[str, Callable[[Sequence[Chapter], Path], None]] = {
    ".txt": _write_txt,
    ".json": _write_json,
    ".vtt": _write_vtt,
}
"""Writer by file suffix."""


def check_chapters(path: str | PathLike[str]) -> None:
    """Raise UsageError if chapters cannot be written with this suffix."""
    if Path(path).suffix.lower() not in WRITERS:
        raise UsageError(f"{path}: chapters are written as {', '.join(WRITERS)}")


def write_chapter_list(chapters: Sequence[Chapter], path: str | PathLike[str], *, force: bool = False) -> str:
    """Write chapters as .txt (`0:00 Title`, as YouTube takes them), .json or .vtt; return a note, or "".

    The note says that YouTube ignores a list that is too short. Raises UsageError for an unknown suffix,
    OutputError.
    """
    check_chapters(path)
    with whole_file(Path(path), force=force) as draft:
        WRITERS[Path(path).suffix.lower()](chapters, draft)
    is_short = Path(path).suffix.lower() == ".txt" and len(chapters) < MIN_CHAPTERS
    what = f"YouTube shows no fewer than {MIN_CHAPTERS} chapters; these are {len(chapters)}"
    return what if is_short else ""
