"""Find the tags of a library that a text names, and choose those that say what it is about."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

import numpy as np

from edge.arrays import Floats
from edge.tagging.library import TagLibrary
from edge.tagging.names import folded

LONGEST = 4
"""Words of the longest tag that is looked for."""

ENDINGS = {"ies": "y", "ches": "ch", "shes": "sh", "xes": "x", "sses": "ss", "ss": "ss", "s": ""}
"""Ending of an English plural -> of its singular; the first that fits counts."""

MIN_FIT = 0.2
"""Cosine of a keyword's place and the rest of what is named, or shown, from which it belongs to that."""


def named_tags(lines: Iterable[str], library: TagLibrary) -> Counter[str]:
    """Return the tags of the library that the lines name, with how often; of nested ones the longest counts.

    Case and English plurals do not count. Scripts without spaces between words are not searched.
    """
    found: Counter[str] = Counter()
    for line in lines:
        words = re.findall(r"[^\W_]+", folded(line))
        start = 0
        while start < len(words):
            row, length = _longest(words[start : start + LONGEST], library.rows)
            if row is not None:
                found[library.names[row]] += 1
            start += length
    return found


def keywords(named: Mapping[str, int], library: TagLibrary, place: Floats | None, count: int) -> list[str]:
    """Choose up to `count` of the named tags: those that are named often, or near to what else is named.

    Words that mean nothing here, "can" or "back", are named once and far from the rest. `place` float32[size]
    is that of the video without its texts, which counts like a tag; None if there is nothing else.
    """
    names = sorted(named)
    if not names:
        return []
    counts = np.array([named[name] for name in names], np.float32)
    weights, places = np.log1p(counts), library.vectors(names)
    center = weights @ places + (0 if place is None else np.log(2) * place)
    rest = center - (weights - np.log(counts))[:, None] * places  # naming a tag once says nothing for it
    fits = np.einsum("ns,ns->n", places, rest) / np.maximum(np.linalg.norm(rest, axis=1), 1e-9)
    best = np.argsort(-weights * fits, kind="stable")[:count]
    return [names[index] for index in best if fits[index] >= MIN_FIT]


def singular(word: str) -> str:
    """Return an English word without the ending of its plural.

    >>> singular("boxes"), singular("glass"), singular("bus")
    ('box', 'glass', 'bus')
    """
    for ending, instead in ENDINGS.items():
        if word.endswith(ending):
            stem = word.removesuffix(ending) + instead
            return stem if len(stem) > 2 else word
    return word


def _longest(words: list[str], rows: Mapping[str, int]) -> tuple[int | None, int]:
    """Return the row of the longest tag that the words begin with, and its number of words; None and 1."""
    for length in range(len(words), 0, -1):
        phrase = " ".join(words[:length])
        row = rows.get(phrase, rows.get(singular(phrase)))
        if row is not None:
            return row, length
    return None, 1
