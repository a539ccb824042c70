"""Rules of writing systems: scripts without spaces, joining words, ends of sentences and clauses."""

from __future__ import annotations

import re
from collections.abc import Iterable

IDEOGRAPHIC = re.compile(
    "[\u2e80-\u2fdf\u3005-\u3007\u3041-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff]"
)
"""Chinese characters and Japanese kana: no spaces between words; each character is treated as a word."""

WIDE_PUNCTUATION = "\u3001\u3002\uff0c\uff01\uff1f\uff1a\uff1b\u2026\uff09\u300d\u300f\u300b\u201d\uff5e"
"""Punctuation that is joined to the preceding word without a space."""

SENTENCE_END = re.compile(
    r"[.!?\u3002\uff01\uff1f\u2026\uff0e\u0964\u061f]+[\"'\u201d\u2019)\]\u300d\u300f\uff09]*$"
)
"""Punctuation that ends a sentence, with closing quotes and brackets after it."""
CLAUSE_END = re.compile(r"[,;:\uff0c\u3001\uff1b\uff1a\u061b\u060c\u2013\u2014-][\"'\u201d\u2019)]*$")
"""Punctuation that ends a clause, with closing quotes and brackets after it."""

ABBREVIATIONS = frozenset(
    {
        "mr", "mrs", "ms", "dr", "prof", "st", "sr", "jr", "vs", "etc", "inc", "ltd", "co", "corp", "no",
        "vol", "fig", "e.g", "i.e", "a.m", "p.m", "u.s", "u.k",
    }
)  # fmt: skip
"""Words after which a full stop seldom ends a sentence."""


def is_ideographic(text: str) -> bool:
    """Return whether the text has a character of a script without spaces.

    >>> is_ideographic("\u4f60\u597d"), is_ideographic("hello")
    (True, False)
    """
    return IDEOGRAPHIC.search(text) is not None


def joined(words: Iterable[str]) -> str:
    """Join words with spaces, except between characters of scripts without spaces.

    >>> joined(["Hello", "world."])
    'Hello world.'
    """
    text = ""
    for word in words:
        tight = (
            not text
            or not word
            or (_is_tight(text[-1]) and _is_tight(word[0]))
            or word[0] in WIDE_PUNCTUATION
        )
        text += word if tight else f" {word}"
    return text


def ends_sentence(word: str) -> bool:
    """Return whether the punctuation of a word ends a sentence; that of abbreviations and initials does not.

    >>> ends_sentence("done."), ends_sentence("Dr."), ends_sentence("J.")
    (True, False, False)
    """
    if not SENTENCE_END.search(word):
        return False
    bare = word.rstrip("\"')]\u201d\u2019")
    if not bare.endswith(".") or bare.endswith(".."):
        return True
    stem = bare[:-1].lower().lstrip("\"'([\u201c\u2018")
    initial = len(stem) == 1 and stem.isalpha() and stem != "i"
    return stem not in ABBREVIATIONS and not initial


def ends_clause(word: str) -> bool:
    """Return whether the punctuation of a word ends a clause.

    >>> ends_clause("first,"), ends_clause("first")
    (True, False)
    """
    return CLAUSE_END.search(word) is not None


def _is_tight(character: str) -> bool:
    return is_ideographic(character) or character in WIDE_PUNCTUATION
