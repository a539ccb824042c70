"""Detect filled pauses that no word covers: "um", "uh", "嗯", which recognizers omit from the text.

A sustained vowel or hum keeps its spectrum; syllables do not. So an audible span between words is a filled
pause if its spectrum hardly changes, in any language, and is dark: breath is steady, too, but bright.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from itertools import zip_longest

import numpy as np
from edge_kernels.mel import Mel, MelOptions, slaney
from numpy.typing import NDArray

from edge.arrays import Floats
from edge.evidence.speech.level import sounding
from edge.evidence.speech.word_times import GRID_S, evened
from edge.spans import intervals, merge, subtract
from edge.vocabulary import Span, Word

HOP_S = 0.01
"""Seconds between spectra."""
MIN_FILLED_PAUSE_S, MAX_FILLED_PAUSE_S = 0.25, 1.5
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

DARK, DARK_HZ = 1.0, (150.0, 1500.0)
"""Minimum of how far a frequency range is above what is higher (natural logarithm of power, mean over bands):
vowels and hums are 1.4 to 6.4, breath between fluent sentences is -2 to 0.5."""

OWN_S = 0.3
"""Anything shorter, in seconds, belongs to the word that follows without a break or was aligned to it."""

WRITTEN_FOR = {"en": frozenset({"a", "oh", "you", "um", "uh", "ah"})}
"""Words that recognizers write for an isolated filled pause, by language."""
ALIGNED_TO = {"en": frozenset({"i", "i'm", "the"})}
"""Words that begin a phrase and are aligned to the filled pause before it, by language."""

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
    aligned_to = ALIGNED_TO.get(language, frozenset())
    doubtful = aligned_to | WRITTEN_FOR.get(language, frozenset())
    found: list[Span] = []
    for audible in sounding(level, above=LOUD, pause_s=BREAK_S):
        inside = [word for word in words if word.start < audible.end and audible.start < word.end]
        real = any(_plain(word) not in doubtful for word in inside)
        own = any(_plain(word) in aligned_to for word in inside)
        holes = merge(intervals(inside)) if real else []
        for part in (Span(*bare) for bare in subtract((audible.start, audible.end), holes)):
            least = OWN_S if own or part.end < audible.end else MIN_FILLED_PAUSE_S
            if least <= part.seconds <= MAX_FILLED_PAUSE_S:
                sound = _part(samples, rate_hz, part)
                found += [part] if is_steady(sound, rate_hz) and is_dark(sound, rate_hz) else []
    return found


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
    frames = frames[_is_audible(frames)]
    if len(frames) < round(MIN_FILLED_PAUSE_S / HOP_S / 2):
        return False
    shape = frames - frames.mean(axis=1, keepdims=True)
    drift = float(shape.std(axis=0).mean())
    change = float(np.abs(shape[4:] - shape[:-4]).mean()) if len(shape) > 4 else 0.0
    return drift + change < UNSTEADY


def is_dark(samples: Floats, rate_hz: int) -> bool:
    """Return whether float32[n] is, while it is audible, louder in the range of vowels than above it."""
    audible = _is_audible(_mel(rate_hz)(samples))
    low, high = (float(mel(samples)[audible].mean()) for mel in _ranges(rate_hz))
    return low - high > DARK


def _is_audible(frames: Floats) -> NDArray[np.bool_]:
    """Return which spectra [n, bands] are no more than `SOUNDING` below the loudest."""
    level = frames.mean(axis=1)
    return np.asarray(level > level.max(initial=-np.inf) - SOUNDING)


def _part(samples: Floats, rate_hz: int, span: Span) -> Floats:
    """Return a span of the samples with half a window more on both sides."""
    margin = _mel(rate_hz).options.window // 2
    first, stop = round(span.start * rate_hz) - margin, round(span.end * rate_hz) + margin
    return samples[max(first, 0) : stop]


@cache
def _mel(rate_hz: int) -> Mel:
    return Mel(slaney(rate_hz, _n_fft(rate_hz), round(HOP_S * rate_hz), n_mels=32))


@cache
def _ranges(rate_hz: int) -> tuple[Mel, Mel]:
    """Return the bands inside `DARK_HZ`, and those above, on the frames of `_mel`."""
    n_fft, hop = _n_fft(rate_hz), round(HOP_S * rate_hz)
    low, high = (DARK_HZ, (DARK_HZ[1], rate_hz / 2))
    one, other = (MelOptions(rate_hz, n_fft, n_fft, hop, 8, *ends) for ends in (low, high))
    return Mel(one), Mel(other)


def _n_fft(rate_hz: int) -> int:
    return 1 << round(rate_hz * 0.032 - 1).bit_length()
