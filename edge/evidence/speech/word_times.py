"""Times of words: in order, inside their audio, and none faster than anyone speaks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from edge.vocabulary import Span, Word

GRID_S = 0.01
"""Seconds per frame of the alignment."""

SHORTEST_S = 0.01
"""Minimum length of a word in seconds."""

BRIEF_S, BRIEF_LETTERS = 0.015, 4
"""A word lasts at least so many seconds a letter, of so many letters."""

FASTEST, FASTEST_S = 4, 0.3
"""Nobody speaks more words in fewer seconds: such times are wrong."""

Times = tuple[float, float]
"""Start and end in seconds."""


def is_rushed(words: Sequence[Word]) -> bool:
    """Return whether words follow each other faster than anyone speaks."""
    last = range(max(0, len(words) - FASTEST + 1))
    return any(words[first + FASTEST - 1].end - words[first].start < FASTEST_S for first in last)


def moved(word: Word, by_s: float) -> Word:
    """Return the word shifted by `by_s` seconds."""
    return replace(word, start=word.start + by_s, end=word.end + by_s)


def evened(words: Sequence[Word]) -> tuple[Word, ...]:
    """Divide the time of words that are too short anew, with the longer neighbor that they touch."""
    whole = list(words)
    for at, word in enumerate(words):
        if whole[at].end - whole[at].start >= BRIEF_S * min(len(word.text), BRIEF_LETTERS):
            continue
        beside = [n for n in (at - 1, at) if 0 <= n < len(whole) - 1 and _touch(whole[n], whole[n + 1])]
        if beside:
            first = max(beside, key=lambda n: whole[n + 1].end - whole[n].start)
            one, other = whole[first], whole[first + 1]
            share = len(one.text) / (len(one.text) + len(other.text))
            middle = one.start + share * (other.end - one.start)
            whole[first : first + 2] = replace(one, end=middle), replace(other, start=middle)
    return tuple(whole)


def _touch(one: Word, other: Word) -> bool:
    return other.start - one.end < 2 * GRID_S


def _filled(tokens: Sequence[str], spans: Sequence[Times | None], length_s: float) -> list[Times]:
    """Divide the time between neighbors among the tokens without times, by their lengths."""
    filled: list[Times] = []
    first = 0
    while first < len(spans):
        if (known := spans[first]) is not None:
            filled.append(known)
            first += 1
            continue
        stop = first
        while stop < len(spans) and spans[stop] is None:
            stop += 1
        begin = filled[-1][1] if filled else 0.0
        after = spans[stop] if stop < len(spans) else None
        room = max((after[0] if after else length_s) - begin, 0.0)
        lengths = [len(token) for token in tokens[first:stop]]
        edges = np.cumsum([0, *lengths]) / sum(lengths) * room + begin
        filled += [(float(start), float(end)) for start, end in pairwise(edges)]
        first = stop
    return filled


def in_order(tokens: Sequence[str], spans: Sequence[Times | None], length_s: float) -> tuple[Word, ...]:
    """Return words whose times increase and lie in [0, length_s]."""
    least = min(SHORTEST_S, length_s / max(1, len(tokens)))
    latest = [max(0.0, length_s - left * least) for left in range(len(tokens), -1, -1)]  # leaves room for all
    words: list[Word] = []
    for number, (token, span) in enumerate(zip(tokens, _filled(tokens, spans, length_s), strict=True)):
        start = min(max(span[0], words[-1].end if words else 0.0), latest[number])
        words.append(Word(start, min(max(span[1], start + least), latest[number + 1]), token))
    return tuple(words)


def shared_out(texts: Sequence[str], audible: Sequence[Span], length_s: float) -> tuple[Word, ...]:
    """Return words that share the audible spans, or else all of `length_s`, by their numbers of letters."""
    spans = [(span.start, min(span.end, length_s)) for span in audible] or [(0.0, length_s)]
    known = np.cumsum([0.0, *(end - start for start, end in spans)])
    edges = np.cumsum([0, *map(len, texts)]) / max(1, sum(map(len, texts))) * known[-1]
    words = list[Word]()
    for text, first, last in zip(texts, edges, edges[1:], strict=False):
        one = min(int(np.searchsorted(known, first, "right")) - 1, len(spans) - 1)
        other = min(max(one, int(np.searchsorted(known, last, "left")) - 1), len(spans) - 1)
        start, end = spans[one][0] + first - known[one], spans[other][0] + last - known[other]
        words.append(Word(float(start), float(end), text))
    return tuple(words)
