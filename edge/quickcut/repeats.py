"""Repeated takes: sentences that say nearly the same as one of their neighbours.

Three measures of each pair, each 0 to 1, after "Quick editing" (Baidu's Duca): characters shared over the
longer length, 1 - Levenshtein distance over the longer length, cosine of the characters that occur. They run
over all sentences at once, see `edge_kernels.text`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from edge_kernels.text import encode, levenshtein_window, similarity_window
from numpy.typing import NDArray

from edge.quickcut.options import RepeatOptions
from edge.text.scripts import IDEOGRAPHIC, is_ideographic

LETTERS = 3
"""Letters that say as much as a Chinese character: an English word of 5 is about a word of 2."""

_MARKS = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class Repeat:
    """A sentence that is said again later."""

    sentence: int
    kept: int
    """The last take, which says it best: one repeats until it is right."""
    score: float
    """Of this sentence and the take that it is most like."""


def find_repeats(texts: Sequence[str], settings: RepeatOptions | None = None) -> list[Repeat]:
    """The sentences of `texts` that a later one repeats, directly or through others, in order."""
    settings = settings or RepeatOptions()
    plain = [_plain(text) for text in texts]
    fit = np.array([_fits(text, settings) for text in plain], bool)
    scores = np.maximum(pair_scores(plain, settings), _false_starts(plain, settings))
    first, offset = np.nonzero(scores >= settings.threshold)
    second = first + offset + 1
    both = fit[first] & fit[np.minimum(second, len(texts) - 1)]
    last = list(range(len(texts)))
    best = dict[int, float]()
    pairs = zip(first[both].tolist(), second[both].tolist(), offset[both].tolist(), strict=True)
    for one, other, column in sorted(pairs, reverse=True):
        last[one] = max(last[one], last[other])
        best[one] = max(best.get(one, 0.0), float(scores[one, column]))
    return [Repeat(one, last[one], best[one]) for one in sorted(best)]


def pair_scores(texts: Sequence[str], settings: RepeatOptions) -> NDArray[np.float32]:
    """Score of each text with the `window` after it, float32[texts, window]; 0 past the end or for empty."""
    if not texts:
        return np.zeros((0, settings.window), np.float32)
    encoded = encode(texts)
    lengths = np.diff(encoded.offsets)
    after = np.arange(len(texts))[:, None] + 1 + np.arange(settings.window)
    longer = np.maximum(lengths[:, None], lengths[np.minimum(after, len(texts) - 1)])
    order = 1 - levenshtein_window(encoded, settings.window) / np.maximum(longer, 1)
    like = similarity_window(encoded, settings.window)
    cosine = like.frequency if settings.frequency else like.presence
    weights = np.array(settings.weights) / sum(settings.weights)
    score = weights[0] * like.overlap + weights[1] * order + weights[2] * cosine
    there = (after < len(texts)) & (longer > 0)
    return np.asarray(np.where(there, score, 0), np.float32)


def _false_starts(texts: Sequence[str], settings: RepeatOptions) -> NDArray[np.float32]:
    """1 - distance / length of each text to the beginning of the longer one after it, else 0.

    In the first column of float32[texts, window]: one who breaks off begins again at once.
    """
    found = np.zeros((len(texts), settings.window), np.float32)
    begun = [at for at, (one, other) in enumerate(pairwise(texts)) if 0 < len(one) <= len(other)]
    if begun:
        pairs = [text for at in begun for text in (texts[at], texts[at + 1][: len(texts[at])])]
        lengths = np.array([len(texts[at]) for at in begun])
        found[begun, 0] = 1 - levenshtein_window(pairs, 1)[::2, 0] / lengths
    return found


def _fits(text: str, settings: RepeatOptions) -> bool:
    """Long enough, and with a letter of the kind that is asked for."""
    weight = len(text) + (LETTERS - 1) * len(IDEOGRAPHIC.findall(text))
    if weight < LETTERS * settings.min_length:
        return False
    return any(one.isalpha() for one in text) if settings.letters == "any" else is_ideographic(text)


def _plain(text: str) -> str:
    """Letters and digits without case: marks and spaces are how a recognizer feels about it."""
    return _MARKS.sub("", unicodedata.normalize("NFKC", text).casefold())
