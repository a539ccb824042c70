"""Recognize one chunk of speech; drop unreliable words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edge.evidence.options import RecognitionOptions
from edge.evidence.speech.chunks import Chunk
from edge.evidence.speech.filled_pauses import WRITTEN_FOR, disguised, filled_pauses
from edge.evidence.speech.level import SpeechLevel, sounding, speech_level
from edge.evidence.speech.recognizers import RecognitionResult, Recognizer
from edge.spans import intervals, merge, subtract
from edge.vocabulary import Span, Word

Floats = NDArray[np.float32]

ROOM_S = 0.2
"""Seconds around speech that is recognized once more."""

RUSH, RUSH_S = 4, 0.3
"""More words in fewer seconds than anyone speaks: the word times are unreliable."""

SCRAP_S = 0.1
"""Less sound than this at the end of a word, beyond a silence, may be a neighbour's."""

MIN_WORD_S = 0.03
"""No word is trimmed to less."""


@dataclass(frozen=True)
class ChunkTranscript:
    """What was recognized in a chunk. Times are seconds of the recording."""

    words: tuple[Word, ...]
    language: str
    logprob: float
    level: SpeechLevel
    filled_pauses: tuple[Span, ...]


def recognize_chunk(chunk: Chunk, recognizer: Recognizer, options: RecognitionOptions) -> ChunkTranscript:
    """Recognize one chunk of speech; drop unreliable words. Times are the recording's.

    Recognizers skip what they take for a slip, above all a sentence that is said twice. So what is audible
    for long and has no word is recognized once more, by itself.
    """
    rate_hz = recognizer.rate_hz
    level = speech_level(chunk.samples, rate_hz)
    voiced = sounding(level)
    heard = recognizer.recognize(chunk.samples)
    words = list(trimmed(believable(heard, options), voiced))
    missed = _without_words(voiced, words) if plausible(words) else []
    for part in missed:
        if part.seconds >= options.retry_gap_s:
            begin = max(0, round((part.start - ROOM_S) * rate_hz))
            again = recognizer.recognize(chunk.samples[begin : round((part.end + ROOM_S) * rate_hz)])
            more = [moved(word, begin / rate_hz) for word in believable(again, options)]
            words += trimmed(_within(more, part), voiced)
    words.sort(key=lambda word: word.start)
    zero = chunk.start_sample / rate_hz
    written_for = WRITTEN_FOR.get(heard.language, frozenset())
    unsaid = filled_pauses(chunk.samples, rate_hz, level, words, written_for)
    words = [word for word in words if not (disguised(word, written_for) and _covered(word, unsaid))]
    return ChunkTranscript(
        tuple(moved(word, zero) for word in words),
        heard.language,
        heard.logprob,
        SpeechLevel(zero, level.astype(np.float16)),
        tuple(Span(zero + one.start, zero + one.end) for one in unsaid),
    )


def plausible(words: Sequence[Word]) -> bool:
    """There are words, and nowhere are they said faster than anybody speaks: their times are right."""
    last = len(words) - RUSH + 1
    return bool(words) and all(
        words[at + RUSH - 1].end - words[at].start >= RUSH_S for at in range(max(0, last))
    )


def trimmed(words: Iterable[Word], voiced: Sequence[Span]) -> Iterator[Word]:
    """Words without the silence that alignment gave them at their ends.

    A word is from the first to the last of its sounds that is not a mere scrap of a neighbour's.
    """
    for word in words:
        parts = [
            (max(word.start, one.start), min(word.end, one.end))
            for one in voiced
            if one.start < word.end and word.start < one.end
        ]
        sounds = [part for part in parts if part[1] - part[0] >= SCRAP_S] or sorted(parts, key=_length)[-1:]
        if sounds and sounds[-1][1] - sounds[0][0] >= MIN_WORD_S:
            yield replace(word, start=sounds[0][0], end=sounds[-1][1])
        else:
            yield word


def _within(words: Iterable[Word], part: Span) -> Iterator[Word]:
    """Words mostly inside `part`, clipped to it: the others were recognized before."""
    for word in words:
        if part.start < (word.start + word.end) / 2 < part.end:
            yield replace(word, start=max(word.start, part.start), end=min(word.end, part.end))


def _length(part: tuple[float, float]) -> float:
    return part[1] - part[0]


def moved(word: Word, by_s: float) -> Word:
    """The word shifted by `by_s` seconds."""
    return replace(word, start=word.start + by_s, end=word.end + by_s)


def _covered(word: Word, spans: Iterable[Span]) -> bool:
    return any(span.start <= (word.start + word.end) / 2 < span.end for span in spans)


def _without_words(voiced: Iterable[Span], words: Iterable[Word]) -> list[Span]:
    covered = merge(intervals(words))
    return [Span(*part) for span in voiced for part in subtract((span.start, span.end), covered)]


def believable(heard: RecognitionResult, options: RecognitionOptions) -> tuple[Word, ...]:
    """The words of a chunk: none if the recognizer was not sure, loops said once."""
    if heard.logprob < options.logprob_threshold:
        return ()
    return _without_repetitions(heard.words, options.max_repetitions)


def _without_repetitions(words: tuple[Word, ...], max_repetitions: int) -> tuple[Word, ...]:
    texts = [word.text.strip(".,!?").lower() for word in words]
    at = 0
    while at < len(texts):
        for length in range(1, (len(texts) - at) // max_repetitions + 1):
            turns = 1
            phrase = texts[at : at + length]
            while texts[at + turns * length : at + (turns + 1) * length] == phrase:
                turns += 1
            if turns >= max_repetitions:
                stop = at + turns * length
                return (*words[: at + length], *_without_repetitions(words[stop:], max_repetitions))
        at += 1
    return words
