"""Detect filled pauses that no word covers: "um", "uh", "嗯", which recognizers omit from the text.

A sustained vowel or hum keeps its spectrum; syllables do not. So an audible span between words is a filled
pause if its spectrum hardly changes, in any language.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from itertools import zip_longest

import numpy as np
from edge_kernels.mel import Mel, slaney

from edge.arrays import Floats
from edge.evidence.speech.level import sounding
from edge.evidence.speech.word_times import GRID_S, evened
from edge.spans import intervals, merge, subtract
from edge.vocabulary import Span, Word

HOP_S = 0.01
"""Seconds between spectra."""
MIN_FILLED_PAUSE_S, MAX_FILLED_PAUSE_S = 0.18, 1.5
"""Length of a filled pause in seconds: anything shorter is the end of a word, anything longer is singing or a
machine."""

LOUD, BREAK_S = 0.35, 0.05
"""Minimum level of a filled pause (see `edge.evidence.speech.level.speech_level`), and the longest break in
it in seconds."""

SOUNDING = 3.0
"""Frames this far below the loudest (natural logarithm of power: 13 dB) are ignored."""

UNSTEADY = 1.46
"""Upper limit of the standard deviation of the spectral shape plus its mean change in 40 ms (natural
logarithm, mean over bands). All of 13 filled pauses in recordings of spontaneous speech are below."""


WRITTEN_FOR = {"en": frozenset({"a", "oh", "you", "um", "uh", "ah"})}
"""Words that recognizers write for an isolated filled pause, by language."""
ALIGNED_TO = {"en": frozenset({"i", "i'm"})}
"""Words that begin a sentence and are aligned to the filled pause before it, by language."""

SOON_S = 1.0
"""A word that was aligned to a filled pause is followed by another within so many seconds of it."""


def filled_pauses(
    samples: Floats,
    rate_hz: int,
    level: Floats,
    words: Sequence[Word],
    language: str = "",
) -> list[Span]:
    """Return the filled pauses in speech float32[n], in seconds from its first sample.

    `words` are the words recognized in it, `level` is its `speech_level`. An audible span with nothing but
    words that may stand for a filled pause in the `language` (BCP 47) is considered as a whole.
    """
    doubtful = WRITTEN_FOR.get(language, frozenset()) | ALIGNED_TO.get(language, frozenset())
    candidates: list[Span] = []
    for audible in sounding(level, above=LOUD, pause_s=BREAK_S):
        inside = [word for word in words if word.start < audible.end and audible.start < word.end]
        real = any(_plain(word) not in doubtful for word in inside)
        holes = merge(intervals(inside)) if real else []
        bare = [Span(*part) for part in subtract((audible.start, audible.end), holes)]
        candidates += [part for part in bare if MIN_FILLED_PAUSE_S <= part.seconds <= MAX_FILLED_PAUSE_S]
    return [part for part in candidates if is_steady(_part(samples, rate_hz, part), rate_hz)]


def corrected(words: Sequence[Word], pauses: Sequence[Span], language: str) -> list[Word]:
    """Return the words without those that stand for a filled pause; one aligned to it begins after it."""
    written_for = WRITTEN_FOR.get(language, frozenset())
    aligned_to = ALIGNED_TO.get(language, frozenset())
    kept: list[Word] = []
    for word, after in zip_longest(words, words[1:]):
        covered = any(span.start <= (word.start + word.end) / 2 < span.end for span in pauses)
        if not covered or _plain(word) not in written_for | aligned_to:
            kept.append(word)
        elif _plain(word) in aligned_to and after and after.start - word.end < SOON_S:
            kept.append(replace(word, start=max(word.start, after.start - GRID_S), end=after.start))
    return list(evened(kept))


def _plain(word: Word) -> str:
    return word.text.strip(".,!?-").lower()


def is_steady(samples: Floats, rate_hz: int) -> bool:
    """Return whether the spectrum of float32[n] hardly changes while it is audible."""
    frames = _mel(rate_hz)(samples)
    if not len(frames):
        return False
    level = frames.mean(axis=1)
    frames = frames[level > level.max() - SOUNDING]
    if len(frames) < round(MIN_FILLED_PAUSE_S / HOP_S / 2):
        return False
    shape = frames - frames.mean(axis=1, keepdims=True)
    drift = float(shape.std(axis=0).mean())
    change = float(np.abs(shape[4:] - shape[:-4]).mean()) if len(shape) > 4 else 0.0
    return drift + change < UNSTEADY


def _part(samples: Floats, rate_hz: int, span: Span) -> Floats:
    """Return a span of the samples with half a window more on both sides."""
    margin = _mel(rate_hz).options.window // 2
    first, stop = round(span.start * rate_hz) - margin, round(span.end * rate_hz) + margin
    return samples[max(first, 0) : stop]


@cache
def _mel(rate_hz: int) -> Mel:
    n_fft = 1 << round(rate_hz * 0.032 - 1).bit_length()
    return Mel(slaney(rate_hz, n_fft, round(HOP_S * rate_hz), n_mels=32))
