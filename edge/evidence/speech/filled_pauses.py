"""Sounds of hesitation that no word covers: "um", "uh", "嗯" are what recognizers leave out of the text.

A vowel held, or a hum, keeps one spectrum; syllables do not. So of the sounds between words, those whose
spectrum hardly changes are hesitations, in any language.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache

import numpy as np
from edge_kernels.mel import Mel, slaney
from numpy.typing import NDArray

from edge.evidence.speech.level import sounding
from edge.spans import intervals, merge, subtract
from edge.vocabulary import Span, Word

Floats = NDArray[np.float32]

HOP_S = 0.01
MIN_FILLED_PAUSE_S, MAX_FILLED_PAUSE_S = 0.18, 1.5
"""Seconds of a hesitation: shorter is the end of a word, longer is singing, or a machine."""

LOUD, BREAK_S = 0.35, 0.05
"""Hesitations are this loud, see `edge.evidence.speech.level.loudness`, but for breaks shorter than this."""

SOUNDING = 3.0
"""Frames this far below the loudest (natural logarithm of power: 13 dB) are not looked at."""

UNSTEADY = 1.46
"""Most that the shape of the spectrum of a hesitation varies, and changes in 40 ms, together (natural
logarithm, mean over bands). All of 13 in recordings of spontaneous speech are below."""


WRITTEN_FOR = {"en": frozenset({"a", "oh", "you"})}
"""What recognizers of a language write for a hesitation that stands alone."""


def filled_pauses(
    samples: Floats,
    rate_hz: int,
    level: Floats,
    words: Sequence[Word],
    written_for: Collection[str] = (),
) -> list[Span]:
    """Hesitations in a stretch of speech float32[n] with these words in it; seconds from its first sample.

    `level` is their `speech_level`. A sound between pauses is taken as a
    whole where it has no words but some of `written_for`: those then stand for nothing, see `disguised`.
    """
    found: list[Span] = []
    for sound in sounding(level, above=LOUD, pause_s=BREAK_S):
        there = [word for word in words if word.start < sound.end and sound.start < word.end]
        real = any(not disguised(word, written_for) for word in there)
        holes = merge(intervals(there)) if real else []
        bare = [Span(*part) for part in subtract((sound.start, sound.end), holes)]
        found += [part for part in bare if MIN_FILLED_PAUSE_S <= part.seconds <= MAX_FILLED_PAUSE_S]
    return [part for part in found if is_steady(_part(samples, rate_hz, part), rate_hz)]


def disguised(word: Word, written_for: Collection[str]) -> bool:
    """The word may stand for a hesitation."""
    return word.text.strip(".,!?-").lower() in written_for


def is_steady(samples: Floats, rate_hz: int) -> bool:
    """The spectrum of float32[n] hardly changes while it sounds."""
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
    """A span of the samples, and half a window more to both sides."""
    margin = _mel(rate_hz).options.window // 2
    first, stop = round(span.start * rate_hz) - margin, round(span.end * rate_hz) + margin
    return samples[max(first, 0) : stop]


@cache
def _mel(rate_hz: int) -> Mel:
    n_fft = 1 << round(rate_hz * 0.032 - 1).bit_length()
    return Mel(slaney(rate_hz, n_fft, round(HOP_S * rate_hz), n_mels=32))
