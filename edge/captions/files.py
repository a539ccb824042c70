"""Write captions as subtitles, lyrics, tables and plain text.

`write_captions` chooses the format by the file's suffix. To add one: write a function from captions and a
path, and add it to `WRITERS`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from os import PathLike
from pathlib import Path

from edge import schema
from edge.captions.subtitles import write_ass, write_srt, write_vtt
from edge.captions.transcribe import caption_document
from edge.errors import UsageError
from edge.files import whole_file
from edge.text.grid import on_grid
from edge.text.lines import plain_line, plain_lines
from edge.vocabulary import Caption


def write_lrc(captions: Sequence[Caption], path: Path) -> None:
    """Write LRC lyrics (.lrc): the start of each line, to 10 ms."""
    lines = []
    for start, _, caption in on_grid(captions, 100):
        lines.append(
            f"[{start // 6000:02}:{start // 100 % 60:02}.{start % 100:02}]{plain_line(caption.text)}\n"
        )
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


def check_captions(path: str | PathLike[str]) -> None:
    """Raise UsageError if captions cannot be written with this suffix."""
    if Path(path).suffix.lower() not in WRITERS:
        raise UsageError(f"{path}: captions are written as {', '.join(WRITERS)}")


def write_captions(captions: Iterable[Caption], path: str | PathLike[str], *, force: bool = False) -> None:
    """Write captions as .srt, .vtt, .ass, .lrc, .json, .txt or .tsv (UTF-8), whole or not at all.

    Times are rounded once to the format's grid, 1 ms (ASS and LRC 10 ms); captions are sorted, and touching
    ones stay touching. Text is shown literally, never parsed as markup, in lines of at most 42 columns
    (`display_lines`). Captions without text are dropped. Raises UsageError for an unknown suffix, for a
    caption that does not start before it ends and for one beyond the format's largest timestamp; OutputError.
    """
    check_captions(path)
    shown = [caption for caption in captions if plain_lines(caption.text)]
    with whole_file(Path(path), force=force) as draft:
        WRITERS[Path(path).suffix.lower()](shown, draft)


def _write(path: Path, lines: Iterable[str]) -> None:
    path.write_text("".join(lines), encoding="utf-8", errors="replace")
