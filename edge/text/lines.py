"""Break the text of captions into lines that fit the video frame."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from itertools import accumulate, pairwise

LINE_COLUMNS = 42
"""Maximum line width: the limit of most broadcasters and streaming services; wide characters take 2."""

_LINE_END = re.compile("\r\n|[\n\r\v\f\x85\u2028\u2029]")
_UNSHOWN = re.compile("[\0-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ufdd0-\ufdef\ufffe\uffff]")
"""Control characters and the non-characters that XML forbids."""

_TIGHT = (
    "\u2e80-\u303f\u3041-\u312f\u31a0-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uff60\uffe0-\uffe6"
    "\U00020000-\U0003ffff"
)
"""Characters of scripts without spaces: a line may break on either side of each. Korean has spaces."""
_OPENERS = r"(\[{‘“«‹「『（［｛〈《【〔〖〘〚｢"  # noqa: RUF001 - not mistaken
_OPENING = rf"{_OPENERS}<\"'＄￥＃$¥#"  # noqa: RUF001
_CLOSERS = r")\]}’”»›」』）］｝〉》】〕〗〙〛｣!?:;%、。，．！？：；％"  # noqa: RUF001
_CLOSING = rf"{_CLOSERS}>\"',.…‥—～〜·・ーぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ々〻ゝゞヽヾ"  # noqa: RUF001
"""No line begins with a closer or ends with an opener, even beside a space (as in French); between characters
of scripts without spaces the longer lists apply (the main rules of JIS X 4051 and GB/T 15834)."""
_BREAK = re.compile(
    rf"(?<![{_OPENERS}])[ \u1680\u2000-\u2006\u2008-\u200a\u205f\u3000]++(?![{_CLOSERS}])|(?<=\u200b)"
    rf"|(?:(?<=[{_TIGHT}])|(?=[{_TIGHT}]))(?<![{_OPENING}])(?![{_CLOSING}\s])(?<!\s)"
)


def plain_lines(text: str) -> list[str]:
    r"""Split a text at its line ends, and remove characters that a format or player cannot show.

    CR, CRLF, VT, FF, NEL and the Unicode separators end a line; a tab becomes a space; other control
    characters and non-characters are dropped; a lone surrogate becomes U+FFFD; lines are stripped and blank
    lines dropped. Everything else (bidi controls, joiners, combining marks) stays.

    >>> plain_lines("one\r\n\n two\tthree ")
    ['one', 'two three']
    """
    text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    text = _UNSHOWN.sub("", _LINE_END.sub("\n", text).replace("\t", " "))
    return [line for line in (line.strip() for line in text.split("\n")) if line]


def plain_line(text: str) -> str:
    r"""Return the text as one line, for names and markers.

    >>> plain_line("one\ntwo")
    'one two'
    """
    return " ".join(plain_lines(text))


def display_lines(text: str, width: int = LINE_COLUMNS) -> list[str]:
    """Break a text into lines of at most `width` columns, as few as possible and about equally long.

    Lines break at spaces (which are removed) and beside characters of scripts without spaces, never before
    closing punctuation or after opening punctuation. The text's own line ends stay. A word that is too long
    stays whole in a line of its own.

    >>> display_lines("The quick brown fox jumps over the lazy dog and runs.")
    ['The quick brown fox jumps', 'over the lazy dog and runs.']
    """
    return [part for line in plain_lines(text) for part in _wrapped(line, width)]


def _wrapped(line: str, width: int) -> list[str]:
    ends = [0, *accumulate(map(_width, line))]  # columns before each character
    if ends[-1] <= width:
        return [line]
    breaks = [found.span() for found in _BREAK.finditer(line) if _may_break(line, *found.span())]
    stops = [(0, 0), *breaks, (len(line), len(line))]
    pieces = [(left[1], right[0]) for left, right in pairwise(stops) if left[1] < right[0]]

    def filled(limit: int) -> list[tuple[int, int]]:
        lines = pieces[:1]
        for start, end in pieces[1:]:
            first, _ = lines[-1]
            if ends[end] - ends[first] <= limit:
                lines[-1] = first, end
            else:
                lines.append((start, end))
        return lines

    fewest = len(filled(width))
    balanced = 1 + bisect_left(range(1, width), -fewest, key=lambda limit: -len(filled(limit)))
    return [line[start:end] for start, end in filled(balanced)]


def _width(character: str) -> int:
    if character.isascii():
        return 1
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def columns(text: str) -> int:
    """Return the width of a text in columns: East Asian wide characters take two, combining ones none.

    >>> columns("abc"), columns("\u4f60\u597d")
    (3, 4)
    """
    return sum(map(_width, text))


def _may_break(line: str, start: int, end: int) -> bool:
    """Return False beside an invisible joiner or bidi control, and before a combining mark."""
    before, after = line[start - 1 : start] or " ", line[end : end + 1] or " "
    following = unicodedata.category(after)
    glued = following == "Cf" or (unicodedata.category(before) == "Cf" and before != "\u200b")
    return following[0] != "M" and not (start == end and glued)
