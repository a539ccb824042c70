"""Phones of English words: from the dictionary of pocketsphinx, else by their letters."""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import lru_cache
from pathlib import Path

import numpy as np

SOUNDS = {
    "tch": "CH", "sch": "SH", "igh": "AY", "eau": "OW", "ough": "AO",
    "ch": "CH", "sh": "SH", "th": "TH", "ph": "F", "wh": "W", "ck": "K", "ng": "NG", "qu": "K W", "kn": "N",
    "wr": "R", "ee": "IY", "ea": "IY", "oo": "UW", "ou": "AW", "ow": "OW", "oi": "OY", "oy": "OY", "ai": "EY",
    "ay": "EY", "au": "AO", "aw": "AO", "ar": "AA R", "er": "ER", "ir": "ER", "or": "AO R", "ur": "ER",
    "a": "AE", "b": "B", "c": "K", "d": "D", "e": "EH", "f": "F", "g": "G", "h": "HH", "i": "IH", "j": "JH",
    "k": "K", "l": "L", "m": "M", "n": "N", "o": "AA", "p": "P", "q": "K", "r": "R", "s": "S", "t": "T",
    "u": "AH", "v": "V", "w": "W", "x": "K S", "y": "IY", "z": "Z",
}  # fmt: skip
"""Approximate phones of letter groups, for words outside the dictionary: accurate enough for alignment."""

_LETTERS = re.compile("|".join(sorted(SOUNDS, key=len, reverse=True)))


class Pronunciations:
    """A dictionary in CMU's format: lines `word phones...` and `word(2) phones...`, sorted by word.

    Raises OSError if it cannot be read.
    """

    def __init__(self, dictionary: Path) -> None:
        self._lines = dictionary.read_bytes()  # searched as it is: parsed, it takes 30 MB
        ends = np.flatnonzero(np.frombuffer(self._lines, np.uint8) == ord("\n"))
        self._starts = np.concatenate([[0], ends + 1]).astype(np.int32)
        self.of = lru_cache(4096)(self._of)

    def _of(self, word: str) -> tuple[tuple[str, ...], ...]:
        """Return all pronunciations of a lower-case word of letters and apostrophes; never none."""
        wanted = word.encode()
        found: list[tuple[str, ...]] = []
        for at in range(bisect_left(self._starts, wanted, key=self._word), len(self._starts)):
            if self._word(self._starts[at]) != wanted:
                break
            end = self._lines.find(b"\n", self._starts[at])
            found.append(tuple(self._lines[self._starts[at] : end].decode().split()[1:]))
        return tuple(found) or (by_letters(word),)

    def _word(self, start: int) -> bytes:
        """Return the word of a line without the number of its pronunciation."""
        return self._lines[start : self._lines.find(b" ", start)].split(b"(")[0]


def by_letters(word: str) -> tuple[str, ...]:
    """Return approximate phones of a word outside the dictionary.

    >>> by_letters("quash")
    ('K', 'W', 'AE', 'SH')
    """
    return tuple(phone for part in _LETTERS.findall(word) for phone in SOUNDS[part].split())
