"""Find chapters in a transcript: where the topic changes, preferably where there is a long pause.

sentences -> bags of stems -> cohesion of the text before and after each sentence -> depth of its valleys

After Hearst, "TextTiling: Segmenting Text into Multi-paragraph Subtopic Passages" (1997): a valley is as deep
as cohesion falls into it from the peaks on both sides, here from the highest of a window. Words weigh less
the more sentences they are in, and a pause makes a valley deeper.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from edge.errors import UsageError
from edge.evidence.transcript import Transcript
from edge.text.lines import columns, plain_line
from edge.text.scripts import is_ideographic, joined
from edge.text.stopwords import STOP_WORDS
from edge.vocabulary import Caption, Chapter

TITLE_COLUMNS = 40
"""Widest title."""

_OPEN_ENDS = ".,;:-\uff0c\u3002\uff1b\uff1a\u3001"
"""Punctuation that no title ends with."""
_WORD = re.compile(r"[^\W\d_]+")
_STEM_LETTERS = 6
"""Letters by which words are the same: enough for plurals and tenses of most languages."""
_PAUSE_WEIGHT = 0.25
"""What a pause of `ChapterOptions.pause_s` adds to the depth of a valley, which is 0 to 2; twice at most."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ChapterOptions:
    """Settings of `find_chapters`."""

    min_chapter_s: float = 60.0
    """Minimum length of a chapter, in seconds."""
    window_s: float = 120.0
    """Seconds before and after a sentence whose words are compared, and in which the peaks are."""
    pause_s: float = 4.0
    """Pause that is a long one, in seconds."""
    strictness: float = 1.0
    """Standard deviations above the mean depth of valleys from which a chapter begins."""

    def __post_init__(self) -> None:
        if not (self.min_chapter_s > 0 and self.window_s > 0 and self.pause_s > 0):
            raise UsageError("chapters need min_chapter_s, window_s and pause_s above 0 s")


def find_chapters(transcript: Transcript, options: ChapterOptions | None = None) -> tuple[Chapter, ...]:
    """Return the chapters of a recording in order, from 0 to its end; none if nothing is said.

    They begin with sentences: with those that differ most from what precedes them in their words, and where
    there is a long pause, each `min_chapter_s` after the one before at least.
    """
    options = options or ChapterOptions()
    spoken = [sentence for sentence in transcript.sentences if plain_line(sentence.text)]
    if not spoken:
        return ()
    over = max(transcript.duration_s, spoken[-1].end)
    firsts = [0, *_beginnings(spoken, transcript.language, over, options)]
    starts = [0.0, *(spoken[place].start for place in firsts[1:])]
    return tuple(
        Chapter(start, end, title_of(spoken[place]))
        for place, start, end in zip(firsts, starts, [*starts[1:], over], strict=True)
    )


def title_of(sentence: Caption) -> str:
    """Return the first words of a sentence, of `TITLE_COLUMNS` at most, with "..." if there are more.

    >>> title_of(Caption(0.0, 1.0, "So today we will talk about the history of the bridge."))
    'So today we will talk about the...'
    """
    text = plain_line(sentence.text)
    if columns(text) <= TITLE_COLUMNS:
        return text.rstrip(_OPEN_ENDS)
    words = list(text) if is_ideographic(text) and " " not in text else text.split()
    kept = list[str]()
    while len(kept) < len(words) and columns(joined([*kept, words[len(kept)]])) <= TITLE_COLUMNS - 3:
        kept.append(words[len(kept)])
    if not kept:  # a word as long as a title
        kept = [text[: (TITLE_COLUMNS - 3) // 2]]
    return joined(kept).rstrip(_OPEN_ENDS) + "..."


def _beginnings(spoken: Sequence[Caption], language: str, over: float, options: ChapterOptions) -> list[int]:
    """Return the sentences with which all chapters but the first begin, in order."""
    depths = _depths(spoken, language, options)
    if not len(depths):
        return []
    valleys = depths[depths > 0]
    least = float(valleys.mean() + options.strictness * valleys.std()) if len(valleys) else math.inf
    taken = [0.0, over]
    found = list[int]()
    for gap in np.argsort(-depths, kind="stable"):
        place = int(gap) + 1
        apart = all(abs(spoken[place].start - time) >= options.min_chapter_s for time in taken)
        if depths[gap] >= least and depths[gap] > 0 and apart:
            taken.append(spoken[place].start)
            found.append(place)
    return sorted(found)


def _depths(spoken: Sequence[Caption], language: str, options: ChapterOptions) -> Floats:
    """Return how much the topic changes before each sentence but the first, float64[len(spoken) - 1]."""
    bags = [_stems(sentence, language) for sentence in spoken]
    weights = _weights(bags)
    cohesion = _smooth(
        np.array([_cohesion(spoken, bags, weights, place, options) for place in range(1, len(spoken))])
    )
    starts = np.array([sentence.start for sentence in spoken[1:]])
    firsts = np.searchsorted(starts, starts - options.window_s)
    lasts = np.searchsorted(starts, starts + options.window_s, side="right")
    rises = [
        cohesion[first : place + 1].max() + cohesion[place:last].max() - 2 * cohesion[place]
        for place, (first, last) in enumerate(zip(firsts, lasts, strict=True))
    ]
    pauses = np.array([after.start - before.end for before, after in pairwise(spoken)])
    return np.array(rises) + _PAUSE_WEIGHT * np.clip(pauses / options.pause_s, 0, 2)


def _smooth(values: Floats) -> Floats:
    """Return the mean of each value and its neighbors."""
    if not len(values):
        return values
    around = np.pad(values, 1, mode="edge")
    return np.asarray((around[:-2] + around[1:-1] + around[2:]) / 3)


def _stems(sentence: Caption, language: str) -> Counter[str]:
    """Return how often each stem of a topic's words is in a sentence."""
    stop = STOP_WORDS.get(language.partition("-")[0], frozenset())
    stems = Counter[str]()
    for word in _WORD.findall(sentence.text.lower()):
        parts = list(word) if is_ideographic(word) else [word]
        stems.update(part[:_STEM_LETTERS] for part in parts if part not in stop and _says(part))
    return stems


def _says(word: str) -> bool:
    return len(word) > 2 or is_ideographic(word)


def _weights(bags: Sequence[Counter[str]]) -> dict[str, float]:
    """Return the weight of each stem: none for one that is said once, less the more sentences have it."""
    holding = Counter(stem for bag in bags for stem in bag)
    return {stem: math.log(1 + len(bags) / count) for stem, count in holding.items() if count > 1}


def _cohesion(
    spoken: Sequence[Caption],
    bags: Sequence[Counter[str]],
    weights: dict[str, float],
    place: int,
    options: ChapterOptions,
) -> float:
    """Return the cosine between the words of the windows before and after the start of a sentence, 0 to 1."""
    first, last = place - 1, place
    while first > 0 and spoken[place - 1].end - spoken[first - 1].start <= options.window_s:
        first -= 1
    while last + 1 < len(spoken) and spoken[last + 1].end - spoken[place].start <= options.window_s:
        last += 1
    one, other = Counter[str](), Counter[str]()
    for bag in bags[first:place]:
        one.update(bag)
    for bag in bags[place : last + 1]:
        other.update(bag)
    shared = sum(weights.get(stem, 0.0) ** 2 * one[stem] * other[stem] for stem in one.keys() & other.keys())
    return shared / (_norm(one, weights) * _norm(other, weights) or 1.0)


def _norm(bag: Counter[str], weights: dict[str, float]) -> float:
    return math.sqrt(sum((weights.get(stem, 0.0) * count) ** 2 for stem, count in bag.items()))
