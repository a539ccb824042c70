"""Escape the lines of a caption for subtitle formats, so that players show the text and parse none of it.

Text without anything that a player could interpret as markup is unchanged. A `MARK` may precede words; it is
escaped around, and replaced by a tag of the format afterwards. To add a format, write a function from lines
to the text in the file, like `srt_text`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from edge.text.lines import plain_lines

MARK = "\x1c"
"""Stands before a word. Plain text has no control characters."""

JOINER = "\u2060"
"""WORD JOINER: no width, no glyph, no line break. Inside a tag it keeps players from parsing the tag."""

_ASS_BACKSLASH = re.compile(rf"\\(?=[Nnh{{}}{MARK}])")
_TIMESTAMP = re.compile(rf"(:\d{{1,2}})({MARK}?[.,]\d)")
_LAST_NUMBER = re.compile(rf"(\n *{MARK}?\d+)$")
_SRT_TAG = re.compile(r"<(?=\s*(?:[/!?]\s*)?[A-Za-z])|&(?=#?\w{1,31};)|--(?=>)")
_DRAWING = re.compile(r"\{[^}]*\\p[1-9][^}]*\}[^{]*")
_OVERRIDE = re.compile(r"\\([{}])|\{[^}]*\}")
_FULL_WIDTH = str.maketrans("{}", "\uff5b\uff5d")


def srt_text(lines: Sequence[str]) -> str:
    """Return lines of plain text for SubRip."""
    return untagged(_SRT_TAG.sub(rf"\g<0>{JOINER}", _unnumbered(lines)))


def untagged(text: str) -> str:
    """Return text in which players built on libass or VSFilter find no tags, although the format has none."""
    if "{" in text.rpartition("}")[0]:
        text = text.translate(_FULL_WIDTH)
    return _ASS_BACKSLASH.sub(rf"\g<0>{JOINER}", text)


def vtt_text(lines: Sequence[str]) -> str:
    """Return lines of plain text for WebVTT."""
    text = _unnumbered(lines)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def ass_text(lines: Sequence[str]) -> str:
    """Return lines of plain text for ASS."""
    return r"\N".join(_ASS_BACKSLASH.sub(rf"\g<0>{JOINER}", line).replace("{", r"\{{}") for line in lines)


def _unnumbered(lines: Sequence[str]) -> str:
    """Join lines so that no reader takes one for a timing line, or the last for the next caption's number."""
    kept = (_TIMESTAMP.sub(rf"\1{JOINER}\2", x) if _has_stamps(x) else x for x in lines)
    return _LAST_NUMBER.sub(rf"\1{JOINER}", "\n".join(kept))


def _has_stamps(line: str) -> bool:
    """Return whether a timestamp in the text would be the second of its line, or beside those of words."""
    return len(_TIMESTAMP.findall(line)) > (MARK not in line)


def lines_of_ass(text: str) -> list[str]:
    r"""Return the lines that libass shows of the text of an event: without tags, and what they hide.

    >>> lines_of_ass(r"{\i1}one{\i0}\Ntwo \{three")
    ['one', 'two {three']
    """
    shown = _DRAWING.sub("", text)
    shown = _OVERRIDE.sub(lambda found: found[1] or "", shown)
    return plain_lines(shown.replace(r"\N", "\n").replace(r"\n", " ").replace(r"\h", " ").replace("\0", ""))
