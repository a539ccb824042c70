"""Find the words of a caption in its lines, so that a format can say when each begins.

A mark, which no text contains, goes before each word; the text is then escaped as always, and the marks are
replaced by the tags of the format. So tags cannot undo what escaping does, and escaping leaves tags alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from edge.text.clock import vtt_clock
from edge.text.grid import nearest_tick
from edge.text.lines import plain_line
from edge.text.markup import MARK
from edge.vocabulary import Caption

Spoken = tuple[int, int, Caption]
"""Start and end of a caption in ticks, and the caption."""


def marked(lines: Sequence[str], caption: Caption) -> list[str]:
    """Return the lines of a caption with a mark before each of its words.

    They are unchanged unless the words are the text: nothing can be said of words that are not known.
    """
    spelled = "".join("".join(line.split()) for line in lines)
    words = list(_bare(caption))
    if not words or "".join(words) != spelled:
        return list(lines)
    firsts, at = set[int](), 0
    for word in words:
        firsts.add(at)
        at += len(word)
    found, at = list[str](), 0
    for line in lines:
        kept = ""
        for character in line:
            shown = not character.isspace()
            kept += MARK + character if shown and at in firsts else character
            at += shown
        found.append(kept)
    return found


def word_ticks(spoken: Spoken, per_second: int) -> list[int]:
    """Return when each marked word begins, in ticks of 1/`per_second` s: in order, within the caption."""
    start, end, caption = spoken
    ticks, least = list[int](), start
    for word in caption.words:
        if _letters(word.text):
            least = min(max(nearest_tick(word.start, per_second), least), end)
            ticks.append(least)
    return ticks


def replace_marks(text: str, tags: Sequence[str]) -> str:
    """Replace each mark by its tag, in order; text without marks stays as it is."""
    rest = iter(tags)
    return re.sub(MARK, lambda _: next(rest), text)


def ass_tags(spoken: Spoken) -> list[str]:
    r"""Return `{\kN}` for each word: the hundredths until the next one begins, the last until the end.

    They add up to the length of the caption: each begins at a time that was rounded once. A pause belongs to
    the word before it, and one before the first word to an empty syllable.
    """
    start, end, _ = spoken
    ticks = word_ticks(spoken, 100)
    tags = [rf"{{\k{after - at}}}" for at, after in zip(ticks, [*ticks[1:], end], strict=True)]
    if ticks[0] > start:
        tags[0] = rf"{{\k{ticks[0] - start}}}{tags[0]}"
    return tags


def vtt_tags(spoken: Spoken, text: str) -> list[str]:
    """Return `<HH:MM:SS.mmm>` for each word that begins later than what precedes it, else nothing.

    A line with two of them is taken for the times of a caption by readers made for SubRip. There the second
    gets a third, 1 ms before it, at the same place; where there is no room for that, it is left out.
    """
    before, end, _ = spoken
    ticks = word_ticks(spoken, 1000)
    tags, at = list[str](), 0
    for line in text.split("\n"):
        count = line.count(MARK)
        stamps = list[int]()
        for tick in ticks[at : at + count]:
            is_later = before < tick < end
            stamps.append(tick if is_later else -1)
            before = max(before, tick)
        written = [place for place, tick in enumerate(stamps) if tick >= 0]
        added = [_stamp(tick) if tick >= 0 else "" for tick in stamps]
        if len(written) == 2:
            first, second = (stamps[place] for place in written)
            room = second - 1 > first
            added[written[1]] = _stamp(second - 1) + _stamp(second) if room else ""
        tags += added
        at += count
    return tags


def lrc_tags(spoken: Spoken) -> list[str]:
    """Return `<mm:ss.xx>` for each word."""
    return [f"<{lrc_stamp(tick)}>" for tick in word_ticks(spoken, 100)]


def lrc_stamp(hundredths: int) -> str:
    """Return a time as LRC has it: minutes, seconds and hundredths.

    >>> lrc_stamp(6123)
    '01:01.23'
    """
    return f"{hundredths // 6000:02}:{hundredths // 100 % 60:02}.{hundredths % 100:02}"


def _stamp(ms: int) -> str:
    return f"<{vtt_clock(ms)}>"


def _bare(caption: Caption) -> Iterator[str]:
    """Yield the words without spaces, but not those of nothing else."""
    for word in caption.words:
        if letters := _letters(word.text):
            yield letters


def _letters(text: str) -> str:
    return "".join(plain_line(text).split())
