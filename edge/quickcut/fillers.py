"""Find filler words in a word sequence, in two levels; `languages` lists them."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from edge.quickcut.languages import words_of_language
from edge.quickcut.options import Level
from edge.text.scripts import ends_clause, ends_sentence, is_ideographic
from edge.vocabulary import Word

APART_S = 0.12
"""Minimum pause around a phrase, in seconds, where there is no punctuation."""


@dataclass(frozen=True, slots=True)
class Filler:
    """A filler that covers the words [first, stop)."""

    first: int
    """Index of the first word."""
    stop: int
    """Index after the last word."""
    name: str
    """The filler as it is listed."""


def find_fillers(
    words: Sequence[Word], language: str, level: Level, extra: Collection[str] = ()
) -> Iterator[Filler]:
    """Yield the fillers of a word sequence in order, the longest where several match.

    `extra` words are treated like `LanguageWords.sounds`. In scripts without spaces sounds must also stand
    between pauses or punctuation: 额 is a filler, but also a part of 额度.

    >>> words = [Word(0.0, 0.2, "Um,"), Word(0.4, 0.6, "hello.")]
    >>> [filler.name for filler in find_fillers(words, "en", Level.LIGHT)]
    ['um']
    """
    if level is Level.OFF:
        return
    listed = words_of_language(language)
    names = (*listed.sounds, *extra, *(listed.phrases if level is Level.MEDIUM else ()))
    known = {_plain(name): _most_words(name) for name in names}
    free = {_plain(name) for name in (*listed.sounds, *extra) if not is_ideographic(name)}
    plain = [_plain(word.text) for word in words]
    first = 0
    while first < len(words):
        stops = _ends(plain, first, known)
        fit = [stop for stop in stops if "".join(plain[first:stop]) in free or _apart(words, first, stop)]
        if fit:
            yield Filler(first, fit[-1], "".join(plain[first : fit[-1]]))
        first = fit[-1] if fit else first + 1


def _most_words(name: str) -> int:
    """Return the maximum number of words of a filler: "um" is one, and not the letters "U. M."."""
    return len(name) if is_ideographic(name) else len(name.split())


def _ends(plain: Sequence[str], first: int, known: Mapping[str, int]) -> list[int]:
    """Return where the known fillers end that begin with word `first`."""
    longest = max(map(len, known), default=0)
    ends, text = [], ""
    for stop in range(first + 1, len(plain) + 1):
        text += plain[stop - 1]
        if not plain[stop - 1] or len(text) > longest:
            break
        if stop - first <= known.get(text, 0):
            ends.append(stop)
    return ends


def _apart(words: Sequence[Word], first: int, stop: int) -> bool:
    """Return whether there is a pause or punctuation on both sides of the words [first, stop)."""

    def parted(index: int) -> bool:
        if index in (0, len(words)):
            return True
        before, after = words[index - 1], words[index]
        pause = after.start - before.end >= APART_S
        return pause or ends_clause(before.text) or ends_sentence(before.text)

    return parted(first) and parted(stop)


def _plain(text: str) -> str:
    """Casefold a text and keep letters only, without spaces, so that words can be joined to phrases."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(char for char in folded if char.isalnum() or unicodedata.category(char) in ("Mn", "Lm"))
