"""Write chapters as files: for players, for YouTube, for FFmpeg, and as cue sheets.

To add a format, write a function from chapters and the recording's name to text, and add it to `WRITERS`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from os import PathLike
from pathlib import Path

from edge import schema
from edge.errors import UsageError
from edge.files import whole_file
from edge.text.clock import vtt_clock, whole_clock
from edge.text.grid import nearest_tick, on_grid
from edge.text.lines import plain_line, plain_lines
from edge.text.markup import vtt_text
from edge.vocabulary import Caption, Chapter

MIN_CHAPTERS = 3
"""YouTube ignores a list with fewer."""

_SPECIAL = re.compile(r"([=;#\\\n])")
"""Characters that FFmpeg's metadata files escape."""


def youtube_text(chapters: Sequence[Chapter], _: str = "") -> str:
    """Return lines like `0:00 Title`, as they are pasted into the description of a video.

    The first one is at 0:00, as YouTube requires.

    >>> print(youtube_text([Chapter(0.0, 61.5, "One"), Chapter(61.5, 4000.0, "Two")]), end="")
    0:00 One
    1:01 Two
    """
    rows = [(int(one.start), plain_line(one.title)) for one in chapters]
    if not rows or rows[0][0] > 0:
        rows.insert(0, (0, "Intro"))
    return "".join(f"{whole_clock(start)} {title}\n" for start, title in rows)


def ffmetadata_text(chapters: Sequence[Chapter], _: str = "") -> str:
    """Return metadata: `ffmpeg -i talk.mp4 -i c.ffmeta -map_metadata 1 -codec copy out.mp4` adds it."""
    lines = [";FFMETADATA1"]
    for one in chapters:
        start, end = nearest_tick(one.start, 1000), nearest_tick(one.end, 1000)
        title = _SPECIAL.sub(r"\\\1", one.title)
        lines += ["[CHAPTER]", "TIMEBASE=1/1000", f"START={start}", f"END={end}", f"title={title}"]
    return "\n".join([*lines, ""])


def cue_text(chapters: Sequence[Chapter], media: str) -> str:
    """Return a cue sheet with a track for each chapter; times are minutes:seconds:frames of 1/75 s."""
    kind = {".mp3": "MP3", ".aiff": "AIFF"}.get(Path(media).suffix.lower(), "WAVE")
    lines = [f'FILE "{_quotable(media)}" {kind}']
    for number, one in enumerate(chapters, 1):
        frames = nearest_tick(one.start, 75)
        time = f"{frames // 4500:02}:{frames // 75 % 60:02}:{frames % 75:02}"
        lines += [f"  TRACK {number:02} AUDIO", f'    TITLE "{_quotable(one.title)}"', f"    INDEX 01 {time}"]
    return "\n".join([*lines, ""])


def json_text(chapters: Sequence[Chapter], _: str = "") -> str:
    """Return a JSON document with a list `chapters`."""
    rows = [
        {"start": schema.seconds(one.start), "end": schema.seconds(one.end), "title": one.title}
        for one in chapters
    ]
    document = {"schema": schema.VERSION, "chapters": rows}
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def webvtt_text(chapters: Sequence[Chapter], _: str = "") -> str:
    """Return WebVTT for a `<track kind="chapters">`."""
    timed = on_grid((Caption(one.start, one.end, one.title) for one in chapters), 1000)
    cues = (
        f"{vtt_clock(start)} --> {vtt_clock(end)}\n{vtt_text(plain_lines(one.text))}\n"
        for start, end, one in timed
    )
    return "\n".join(["WEBVTT\n", *cues])


def _quotable(text: str) -> str:
    return plain_line(text).replace('"', "'")


WRITERS: dict[str, Callable[[Sequence[Chapter], str], str]] = {
    ".txt": youtube_text,
    ".ffmeta": ffmetadata_text,
    ".cue": cue_text,
    ".json": json_text,
    ".vtt": webvtt_text,
}
"""Function from chapters and the name of the recording to text, by file suffix."""


def check_chapters(path: str | PathLike[str]) -> None:
    """Raise UsageError if chapters cannot be written with this suffix."""
    if Path(path).suffix.lower() not in WRITERS:
        raise UsageError(f"{path}: chapters are written as {', '.join(WRITERS)}")


def write_chapter_list(
    chapters: Iterable[Chapter],
    path: str | PathLike[str],
    *,
    media: str | PathLike[str] | None = None,
    force: bool = False,
) -> str:
    """Write chapters by the suffix of `path`; return a note, or "".

    The suffix is .txt (`0:00 Title`, as YouTube takes them), .ffmeta (FFmpeg), .cue, .json or .vtt. `media`
    is the recording that a cue sheet names; without it that has the name of the sheet. The note says that
    YouTube ignores a list that is too short. Raises UsageError for an unknown suffix, OutputError.
    """
    check_chapters(path)
    path, chapters = Path(path), list(chapters)
    text = WRITERS[path.suffix.lower()](chapters, Path(media or path.with_suffix(".wav")).name)
    with whole_file(path, force=force) as draft:
        draft.write_text(text, encoding="utf-8", errors="surrogateescape")
    shown = text.count("\n")
    is_short = path.suffix.lower() == ".txt" and shown < MIN_CHAPTERS
    return f"YouTube shows no fewer than {MIN_CHAPTERS} chapters; these are {shown}" if is_short else ""
