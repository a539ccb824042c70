"""Find repeated sentences by their letters: those that are similar to one of the next few.

Similarity combines three measures from 0 to 1, after the published description of "Quick editing" (Baidu's
Duca): characters in common over the longer length, 1 - Levenshtein distance over the longer length, and
cosine of the characters present. `edge_kernels.text` computes them for all sentences at once.
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
"""Letters that count as one Chinese character: an English word has about 5, a Chinese word about 2."""

_MARKS = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Repeat:
    """A sentence that a later one repeats."""

    sentence: int
    """Index of the sentence."""
    kept: int
    """Index of the last take, which is kept: speakers repeat until they are satisfied."""
    score: float
    """Score of the sentence and its most similar later take."""


def find_repeats(texts: Sequence[str], options: RepeatOptions | None = None) -> list[Repeat]:
    """Return the sentences that a later one repeats, directly or through others, in order.

    >>> takes = ["We begin with the weather.", "We begin with the weather today.", "Now sports."]
    >>> [(repeat.sentence, repeat.kept) for repeat in find_repeats(takes)]
    [(0, 1)]
    """
    options = options or RepeatOptions()
    plain = [plain_text(text) for text in texts]
    fit = np.array([is_long_enough(text, options) for text in plain], bool)
    scores = np.maximum(pair_scores(plain, options), _false_starts(plain, options))
    first, offset = np.nonzero(scores >= options.threshold)
    second = first + offset + 1
    both = fit[first] & fit[np.minimum(second, len(texts) - 1)]
    last = list(range(len(texts)))
    best = dict[int, float]()
    pairs = zip(first[both].tolist(), second[both].tolist(), offset[both].tolist(), strict=True)
    for earlier, later, column in sorted(pairs, reverse=True):
        last[earlier] = max(last[earlier], last[later])
        best[earlier] = max(best.get(earlier, 0.0), float(scores[earlier, column]))
    return [Repeat(sentence, last[sentence], best[sentence]) for sentence in sorted(best)]


def pair_scores(texts: Sequence[str], options: RepeatOptions) -> NDArray[np.float32]:
    """Return the score of each text with the `window` texts after it, float32[texts, window].

    Scores are 0 past the end and for two empty texts.
    """
    if not texts:
        return np.zeros((0, options.window), np.float32)
    encoded = encode(texts)
    lengths = np.diff(encoded.offsets)
    after = np.arange(len(texts))[:, None] + 1 + np.arange(options.window)
    longer = np.maximum(lengths[:, None], lengths[np.minimum(after, len(texts) - 1)])
    order = 1 - levenshtein_window(encoded, options.window) / np.maximum(longer, 1)
    like = similarity_window(encoded, options.window)
    cosine = like.frequency if options.frequency else like.presence
    weights = np.array(options.weights) / sum(options.weights)
    score = weights[0] * like.overlap + weights[1] * order + weights[2] * cosine
    exists = (after < len(texts)) & (longer > 0)
    return np.asarray(np.where(exists, score, 0), np.float32)


def _false_starts(texts: Sequence[str], options: RepeatOptions) -> NDArray[np.float32]:
    """Return 1 - distance / length of each text to the beginning of the next, if that is longer, else 0.

    In the first column of float32[texts, window]: a false start is repeated at once.
    """
    scores = np.zeros((len(texts), options.window), np.float32)
    begun = [index for index, (text, after) in enumerate(pairwise(texts)) if 0 < len(text) <= len(after)]
    if begun:
        pairs = [text for index in begun for text in (texts[index], texts[index + 1][: len(texts[index])])]
        lengths = np.array([len(texts[index]) for index in begun])
        scores[begun, 0] = 1 - levenshtein_window(pairs, 1)[::2, 0] / lengths
    return scores


def is_long_enough(text: str, options: RepeatOptions) -> bool:
    """Return whether a plain text is long enough to repeat, and has a letter of the required kind."""
    weight = len(text) + (LETTERS - 1) * len(IDEOGRAPHIC.findall(text))
    if weight < LETTERS * options.min_length:
        return False
    return any(char.isalpha() for char in text) if options.letters == "any" else is_ideographic(text)


def plain_text(text: str) -> str:
    """Casefold a text and keep letters and digits only; recognizers place punctuation and spaces freely."""
    return _MARKS.sub("", unicodedata.normalize("NFKC", text).casefold())
