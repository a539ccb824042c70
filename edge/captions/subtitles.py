"""Write captions as SubRip, WebVTT and ASS files with pysubs2.

pysubs2 formats the files, but it parses a caption's text as ASS and would interpret tags in it. So each
writer here escapes the text for its own format first (`edge.text.markup`).

To add a format: write a function from a caption's lines to the text in the file, like `srt_text`, and a
writer, like `write_srt`, and add it to `edge.captions.files.WRITERS`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path

from edge.captions.karaoke import Spoken, ass_tags, marked, replace_marks, vtt_tags
from edge.errors import UsageError
from edge.text.grid import on_grid
from edge.text.lines import display_lines
from edge.text.markup import MARK, ass_text, srt_text, vtt_text
from edge.vocabulary import Caption

_SHIELD = str.maketrans({"\\": "\x1a", "{": "\x1b"})
_UNSHIELD = str.maketrans({"\x1a": "\\", "\x1b": "{"})
"""pysubs2 is given control characters for tag characters; plain text has no control characters left."""

_NUMBER = re.compile(r"^\d+\n(?=\d+:\d\d:\d\d,\d+ --> )", re.M)
"""Number of a caption in SubRip; the text that follows has no timestamps."""


def write_srt(captions: Sequence[Caption], path: Path) -> None:
    """Write SubRip (.srt): to 1 ms, below 100 hours.

    SubRip has no escapes, and players disagree on what is a tag. An invisible WORD JOINER is inserted into
    everything that any of them parses: `<i>`, `&amp;`, `-->`, `\\N`, a second timestamp in a line, and a last
    line that is only a number. This does not help for text in braces, which all players built on libass or
    VSFilter hide. Braces become full-width ones, which all players show and which compatibility
    normalization (NFKC) turns back.
    """
    _write(captions, path, "srt", per_second=1000, hours=100, text_of=srt_text)


def append_srt(captions: Sequence[Caption], path: Path, first: int) -> None:
    """Append captions to a SubRip file, numbered from `first` on; see `write_srt`."""
    numbers = count(first)
    text = _formatted(captions, "srt", per_second=1000, hours=100, text_of=srt_text)
    with path.open("ab") as file:
        file.write(_NUMBER.sub(lambda _: f"{next(numbers)}\n", text).encode())


def write_vtt(captions: Sequence[Caption], path: Path, *, karaoke: bool = False) -> None:
    """Write WebVTT (.vtt): to 1 ms, below 100 hours. `&`, `<`, `>` are written as `&amp;`, `&lt;`, `&gt;`.

    With `karaoke` a timestamp tag precedes each word that begins after the caption.

    A second timestamp in a line and a last line that is only a number get a WORD JOINER, as in SubRip: the
    format allows them, but readers made for SubRip misparse them.
    """
    timed = _vtt_karaoke if karaoke else None
    _write(captions, path, "vtt", per_second=1000, hours=100, text_of=vtt_text, timed=timed)


def write_ass(captions: Sequence[Caption], path: Path, *, karaoke: bool = False) -> None:
    r"""Write Advanced SubStation Alpha (.ass): to 10 ms, below 10 hours.

    `{` is written `\{{}`: libass shows the brace, and VSFilter at least hides no text. A WORD JOINER is
    inserted after a backslash that would begin `\N`, `\n`, `\h` or an escaped brace.
    With `karaoke` a tag `{\kN}` precedes each word; N are the hundredths of a second until the next one.
    """
    timed = _ass_karaoke if karaoke else None
    _write(captions, path, "ass", per_second=100, hours=10, text_of=ass_text, timed=timed)


def _vtt_karaoke(text: str, spoken: Spoken) -> str:
    return replace_marks(text, vtt_tags(spoken, text))


def _ass_karaoke(text: str, spoken: Spoken) -> str:
    return replace_marks(text, ass_tags(spoken))


def _write(
    captions: Sequence[Caption],
    path: Path,
    format_: str,
    *,
    per_second: int,
    hours: int,
    text_of: Callable[[list[str]], str],
    timed: Callable[[str, Spoken], str] | None = None,
) -> None:
    """Write a subtitle file; see `_formatted`."""
    text = _formatted(captions, format_, per_second=per_second, hours=hours, text_of=text_of, timed=timed)
    path.write_bytes(text.encode())


def _formatted(
    captions: Sequence[Caption],
    format_: str,
    *,
    per_second: int,
    hours: int,
    text_of: Callable[[list[str]], str],
    timed: Callable[[str, Spoken], str] | None = None,
) -> str:
    """Return the text of a subtitle file; `timed` adds the times of words to a text with marks.

    Raises UsageError beyond the format's largest timestamp.
    """
    import pysubs2  # noqa: PLC0415 - only needed for subtitles

    ms = 1000 // per_second
    subtitles = pysubs2.SSAFile()
    # The values that FFmpeg uses for captions without a style: 42 columns fit the width.
    subtitles.info.update({"PlayResX": "384", "PlayResY": "288"})
    subtitles.styles["Default"].fontsize = 16.0
    for start, end, caption in on_grid(captions, per_second):
        if end >= hours * 3600 * per_second:
            raise UsageError(
                f"a caption ends at {caption.end:.3f} s; .{format_} holds less than {hours} hours"
            )
        lines = display_lines(caption.text)
        text = text_of(marked(lines, caption) if timed else lines)
        if timed and MARK in text:
            text = timed(text, (start, end, caption))
        shielded = text.translate(_SHIELD)
        subtitles.append(pysubs2.SSAEvent(start=start * ms, end=end * ms, text=shielded))
    options = {"header_notice": ""} if format_ == "ass" else {"keep_ssa_tags": True}
    return str(subtitles.to_string(format_, **options)).translate(_UNSHIELD)
