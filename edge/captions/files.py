"""Write captions as subtitles, lyrics, tables and plain text.

`write_captions` chooses the format by the file's suffix. To add one: write a function from captions and a
path, and add it to `WRITERS`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from os import PathLike
from pathlib import Path

from edge import schema
from edge.captions.karaoke import lrc_stamp, lrc_tags, marked, replace_marks
from edge.captions.subtitles import write_ass, write_srt, write_vtt
from edge.captions.transcribe import caption_document
from edge.errors import UsageError
from edge.files import whole_file
from edge.text.grid import on_grid
from edge.text.lines import plain_line, plain_lines
from edge.text.markup import JOINER, MARK
from edge.vocabulary import Caption

_LRC_TIME = re.compile(r"<(?=\d)")


def write_lrc(captions: Sequence[Caption], path: Path, *, karaoke: bool = False) -> None:
    """Write LRC lyrics (.lrc): the start of each line, to 10 ms; with `karaoke` that of each word too.

    Then a WORD JOINER keeps players of the enhanced form from taking a time in the text for one of a word.
    """
    lines = []
    for start, end, caption in on_grid(captions, 100):
        text = plain_line(caption.text)
        if karaoke:
            (text,) = marked([text], caption)
            text = _LRC_TIME.sub(rf"<{JOINER}", text)
        if MARK in text:
            text = replace_marks(text, lrc_tags((start, end, caption)))
        lines.append(f"[{lrc_stamp(start)}]{text}\n")
    _write(path, lines)


def write_txt(captions: Sequence[Caption], path: Path) -> None:
    """Write plain text (.txt): one line per caption, without times."""
    _write(path, (f"{plain_line(caption.text)}\n" for _, _, caption in on_grid(captions, 1000)))


def write_tsv(captions: Sequence[Caption], path: Path) -> None:
    """Write a table (.tsv) with a header: start and end in milliseconds, and the text."""
    rows = (
        f"{start}\t{end}\t{plain_line(caption.text)}\n" for start, end, caption in on_grid(captions, 1000)
    )
    _write(path, ("start\tend\ttext\n", *rows))


def write_json(captions: Sequence[Caption], path: Path) -> None:
    """Write JSON (.json): the `captions` list of `edge caption --json`, with word timestamps."""
    rows = [schema.to_dict(caption_document(caption)) for caption in captions]
    document = {"schema": schema.VERSION, "captions": rows}
    path.write_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


WRITERS: dict[str, Callable[[Sequence[Caption], Path], None]] = {
    ".srt": write_srt,
    ".vtt": write_vtt,
    ".ass": write_ass,
    ".lrc": write_lrc,
    ".json": write_json,
    ".txt": write_txt,
    ".tsv": write_tsv,
}
"""Writer by file suffix."""

KARAOKE_WRITERS: dict[str, Callable[[Sequence[Caption], Path], None]] = {
    ".vtt": partial(write_vtt, karaoke=True),
    ".ass": partial(write_ass, karaoke=True),
    ".lrc": partial(write_lrc, karaoke=True),
    ".json": write_json,
}
"""Writer of the times of words by file suffix. JSON always has them."""


def check_captions(path: str | PathLike[str], *, karaoke: bool = False) -> None:
    """Raise UsageError if captions, or the times of words with `karaoke`, cannot be written so."""
    suffix = Path(path).suffix.lower()
    if suffix not in WRITERS:
        raise UsageError(f"{path}: captions are written as {', '.join(WRITERS)}")
    if karaoke and suffix not in KARAOKE_WRITERS:
        raise UsageError(f"{path}: {suffix} has no times of words; use {', '.join(KARAOKE_WRITERS)}")


def write_captions(
    captions: Iterable[Caption], path: str | PathLike[str], *, karaoke: bool = False, force: bool = False
) -> None:
    """Write captions as .srt, .vtt, .ass, .lrc, .json, .txt or .tsv (UTF-8), whole or not at all.

    With `karaoke` players highlight each word when it begins: `{\\k}` tags in .ass, timestamp tags in .vtt,
    the enhanced form of .lrc; .json always has the times of words. A caption whose words are not known, or
    do not spell its text, is written plain.

    Times are rounded once to the format's grid, 1 ms (ASS and LRC 10 ms); captions are sorted, and touching
    ones stay touching. Text is shown literally, never parsed as markup, in lines of at most 42 columns
    (`display_lines`). Captions without text are dropped. Raises UsageError for an unknown suffix, for karaoke
    in a format without it, for a caption that does not start before it ends and for one beyond the format's
    largest timestamp; OutputError.
    """
    check_captions(path, karaoke=karaoke)
    writers = KARAOKE_WRITERS if karaoke else WRITERS
    shown = [caption for caption in captions if plain_lines(caption.text)]
    with whole_file(Path(path), force=force) as draft:
        writers[Path(path).suffix.lower()](shown, draft)


def _write(path: Path, lines: Iterable[str]) -> None:
    path.write_text("".join(lines), encoding="utf-8", errors="replace")
