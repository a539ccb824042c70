"""Write captions as SubRip, WebVTT and ASS files with pysubs2.

pysubs2 formats the files, but it parses a caption's text as ASS and would interpret tags in it. So each
writer here escapes the text for its own format first. Text without anything that a player could interpret as
markup is written unchanged.

To add a format: write a function from a caption's lines to the text in the file, like `_srt_text`, and a
writer, like `write_srt`, and add it to `edge.captions.files.WRITERS`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from edge.errors import UsageError
from edge.text.grid import on_grid
from edge.text.lines import display_lines
from edge.vocabulary import Caption

_JOINER = "\u2060"
"""WORD JOINER: no width, no glyph, no line break. Inside a tag it keeps players from parsing the tag."""

_SHIELD = str.maketrans({"\\": "\x1a", "{": "\x1b"})
_UNSHIELD = str.maketrans({"\x1a": "\\", "\x1b": "{"})
"""pysubs2 is given control characters for tag characters; plain text has no control characters left."""

_ASS_BACKSLASH = re.compile(r"\\(?=[Nnh{}])")
_TIMESTAMP = re.compile(r"(:\d{1,2})([.,]\d)")
_LAST_NUMBER = re.compile(r"(\n *\d+)$")
_SRT_TAG = re.compile(r"<(?=\s*(?:[/!?]\s*)?[A-Za-z])|&(?=#?\w{1,31};)|--(?=>)")
_FULL_WIDTH = str.maketrans("{}", "\uff5b\uff5d")


def write_srt(captions: Sequence[Caption], path: Path) -> None:
    """Write SubRip (.srt): to 1 ms, below 100 hours.

    SubRip has no escapes, and players disagree on what is a tag. An invisible WORD JOINER is inserted into
    everything that any of them parses: `<i>`, `&amp;`, `-->`, `\\N`, a second timestamp in a line, and a last
    line that is only a number. This does not help for text in braces, which all players built on libass or
    VSFilter hide. Braces become full-width ones, which all players show and which compatibility
    normalization (NFKC) turns back.
    """
    _write(captions, path, "srt", per_second=1000, hours=100, text_of=_srt_text)


def write_vtt(captions: Sequence[Caption], path: Path) -> None:
    """Write WebVTT (.vtt): to 1 ms, below 100 hours. `&`, `<`, `>` are written as `&amp;`, `&lt;`, `&gt;`.

    A second timestamp in a line and a last line that is only a number get a WORD JOINER, as in SubRip: the
    format allows them, but readers made for SubRip misparse them.
    """
    _write(captions, path, "vtt", per_second=1000, hours=100, text_of=_vtt_text)


def write_ass(captions: Sequence[Caption], path: Path) -> None:
    r"""Write Advanced SubStation Alpha (.ass): to 10 ms, below 10 hours.

    `{` is written `\{{}`: libass shows the brace, and VSFilter at least hides no text. A WORD JOINER is
    inserted after a backslash that would begin `\N`, `\n`, `\h` or an escaped brace.
    """
    _write(captions, path, "ass", per_second=100, hours=10, text_of=_ass_text)


def _srt_text(lines: list[str]) -> str:
    text = _unnumbered(lines)
    if "{" in text.rpartition("}")[0]:
        text = text.translate(_FULL_WIDTH)
    return _ASS_BACKSLASH.sub(rf"\g<0>{_JOINER}", _SRT_TAG.sub(rf"\g<0>{_JOINER}", text))


def _vtt_text(lines: list[str]) -> str:
    text = _unnumbered(lines)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _ass_text(lines: list[str]) -> str:
    return r"\N".join(_ASS_BACKSLASH.sub(rf"\g<0>{_JOINER}", line).replace("{", r"\{{}") for line in lines)


def _unnumbered(lines: list[str]) -> str:
    """Join lines so that no reader takes one for a timing line, or the last for the next caption's number."""
    kept = (_TIMESTAMP.sub(rf"\1{_JOINER}\2", x) if len(_TIMESTAMP.findall(x)) > 1 else x for x in lines)
    return _LAST_NUMBER.sub(rf"\1{_JOINER}", "\n".join(kept))


def _write(
    captions: Sequence[Caption],
    path: Path,
    format_: str,
    *,
    per_second: int,
    hours: int,
    text_of: Callable[[list[str]], str],
) -> None:
    """Write a subtitle file. Raises UsageError beyond the format's largest timestamp."""
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
        text = text_of(display_lines(caption.text)).translate(_SHIELD)
        subtitles.append(pysubs2.SSAEvent(start=start * ms, end=end * ms, text=text))
    options = {"header_notice": ""} if format_ == "ass" else {"keep_ssa_tags": True}
    written = subtitles.to_string(format_, **options).translate(_UNSHIELD)
    path.write_bytes(written.encode())
