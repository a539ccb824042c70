"""Captions as they are shown: plain text in lines that fit the video frame."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from itertools import accumulate, pairwise

LINE_COLUMNS = 42
"""Widest line: the limit of most broadcasters and streaming services; wide East Asian characters count 2."""

_LINE_END = re.compile("\r\n|[\n\r\v\f\x85\u2028\u2029]")
_UNSHOWN = re.compile("[\0-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ufdd0-\ufdef\ufffe\uffff]")
"""Control characters and the non-characters that XML forbids."""

_TIGHT = (
    "\u2e80-\u303f\u3041-\u312f\u31a0-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uff60\uffe0-\uffe6"
    "\U00020000-\U0003ffff"
)
"""Scripts without spaces: a line may end on either side of each. Korean has spaces."""
_OPENERS = r"(\[{‘“«‹「『（［｛〈《【〔〖〘〚｢"  # noqa: RUF001 - not mistaken
_OPENING = rf"{_OPENERS}<\"'＄￥＃$¥#"  # noqa: RUF001
_CLOSERS = r")\]}’”»›」』）］｝〉》】〕〗〙〛｣!?:;%、。，．！？：；％"  # noqa: RUF001
_CLOSING = rf"{_CLOSERS}>\"',.…‥—～〜·・ーぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ々〻ゝゞヽヾ"  # noqa: RUF001
"""No line begins with a closer or ends with an opener, be there spaces (as in French); between characters
of scripts without spaces the longer lists hold (the heart of JIS X 4051 and GB/T 15834)."""
_BREAK = re.compile(
    rf"(?<![{_OPENERS}])[ \u1680\u2000-\u2006\u2008-\u200a\u205f\u3000]++(?![{_CLOSERS}])|(?<=\u200b)"
    rf"|(?:(?<=[{_TIGHT}])|(?=[{_TIGHT}]))(?<![{_OPENING}])(?![{_CLOSING}\s])(?<!\s)"
)


def plain_lines(text: str) -> list[str]:
    """The text's own lines, of which every format and every player can show each.

    What is changed: CR, CRLF, VT, FF, NEL and the Unicode separators end a line; a tab is a space; other
    control characters and non-characters are dropped; a lone surrogate is U+FFFD; lines lose the white
    space around them, and blank lines are left out. All else (bidi controls, joiners, marks) stays.
    """
    text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    text = _UNSHOWN.sub("", _LINE_END.sub("\n", text).replace("\t", " "))
    return [line for line in (line.strip() for line in text.split("\n")) if line]


def plain_line(text: str) -> str:
    """The text in one line, as names and markers need it."""
    return " ".join(plain_lines(text))


def display_lines(text: str) -> list[str]:
    """The text in lines of at most `LINE_COLUMNS`, as few as fit and about equally long.

    Lines break at spaces (which then go) and beside the characters of scripts without spaces, never before
    a closing mark or after an opening one. The text's own line ends stay. What cannot be broken, a long
    word, stays whole in a line of its own.
    """
    return [part for line in plain_lines(text) for part in _wrapped(line)]


def _wrapped(line: str) -> list[str]:
    ends = [0, *accumulate(map(_width, line))]  # columns before each character
    if ends[-1] <= LINE_COLUMNS:
        return [line]
    breaks = [found.span() for found in _BREAK.finditer(line) if _may_break(line, *found.span())]
    stops = [(0, 0), *breaks, (len(line), len(line))]
    pieces = [(left[1], right[0]) for left, right in pairwise(stops) if left[1] < right[0]]

    def filled(width: int) -> list[tuple[int, int]]:
        lines = pieces[:1]
        for start, end in pieces[1:]:
            first, _ = lines[-1]
            if ends[end] - ends[first] <= width:
                lines[-1] = first, end
            else:
                lines.append((start, end))
        return lines

    fewest = len(filled(LINE_COLUMNS))
    balanced = 1 + bisect_left(range(1, LINE_COLUMNS), -fewest, key=lambda width: -len(filled(width)))
    return [line[start:end] for start, end in filled(balanced)]


def _width(character: str) -> int:
    if character.isascii():
        return 1
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def columns(text: str) -> int:
    """Return the width of a text in columns: East Asian wide characters take two, combining ones none."""
    return sum(map(_width, text))


def _may_break(line: str, start: int, end: int) -> bool:
    """Not beside an invisible joiner or bidi control, nor before a combining mark."""
    before, after = line[start - 1 : start] or " ", line[end : end + 1] or " "
    following = unicodedata.category(after)
    glued = following == "Cf" or (unicodedata.category(before) == "Cf" and before != "\u200b")
    return following[0] != "M" and not (start == end and glued)
