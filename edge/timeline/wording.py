"""Change the words of captions: other words at the same times, one caption as two, two as one."""

from __future__ import annotations

import re
from dataclasses import replace
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import groupby
from operator import itemgetter

from edge.errors import UsageError
from edge.text.scripts import IDEOGRAPHIC, joined
from edge.text.sentences import caption_of
from edge.vocabulary import Caption

_UNIT = re.compile(rf"{IDEOGRAPHIC.pattern}|(?:(?!{IDEOGRAPHIC.pattern})\S)+")
"""Units by which texts are compared: words, and characters of scripts without spaces."""


@lru_cache(maxsize=1024)
def reworded(caption: Caption, text: str) -> Caption:
    """Return the caption with a new text, whose words take the times of the words that they replace.

    Unchanged words align the two texts (`difflib.SequenceMatcher`). Several new words that replace one old
    word become one; the time of an old word that nothing replaces is dropped.
    """
    old = [(unit, number) for number, word in enumerate(caption.words) for unit in _UNIT.findall(word.text)]
    new = list(_UNIT.finditer(text)) if old else []
    stands_for: list[int] = []
    matcher = SequenceMatcher(None, [unit for unit, _ in old], [unit.group() for unit in new], autojunk=False)
    for _, i, i_end, j, j_end in matcher.get_opcodes():
        for step in range(j_end - j):
            index = i + step * (i_end - i) // (j_end - j) if i < i_end else max(i - 1, 0)
            stands_for.append(old[index][1])
    words = []
    for number, group in groupby(zip(stands_for, new, strict=True), key=itemgetter(0)):
        units = [unit for _, unit in group]
        words.append(replace(caption.words[number], text=text[units[0].start() : units[-1].end()]))
    return replace(caption, text=text, words=tuple(words))


def split_caption(caption: Caption, at: float) -> tuple[Caption, Caption]:
    """Return a caption as two: the second begins with the word at `at` seconds. Raises UsageError."""
    starts = [word.start for word in caption.words]
    if at not in starts[1:]:
        raise UsageError(f"no word of the caption but the first begins at {at} s")
    index = starts.index(at)
    return caption_of(caption.words[:index]), caption_of(caption.words[index:])


def merged_captions(first: Caption, second: Caption) -> Caption:
    """Return two captions that follow each other as one."""
    text = joined((first.text, second.text))
    return Caption(first.start, second.end, text, (*first.words, *second.words))
