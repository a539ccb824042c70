"""Recognize one chunk of speech; drop unreliable words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from edge.evidence.options import RecognitionOptions
from edge.evidence.speech.chunks import Chunk
from edge.evidence.speech.filled_pauses import corrected, filled_pauses
from edge.evidence.speech.level import SpeechLevel, sounding, speech_level
from edge.evidence.speech.recognizer import RecognitionResult, Recognizer
from edge.evidence.speech.word_times import is_rushed, moved
from edge.spans import intervals, merge, subtract
from edge.vocabulary import Span, Word

ROOM_S = 0.2
"""Seconds around speech without words that are recognized with it."""

SCRAP_S = 0.1
"""An audible part shorter than this at the end of a word, beyond a silence, may belong to its neighbor."""

MIN_WORD_S = 0.03
"""Minimum length of a trimmed word in seconds."""


@dataclass(frozen=True, slots=True)
class ChunkTranscript:
    """Transcript of one chunk. Times are seconds of the recording."""

    words: tuple[Word, ...]
    """In order and disjoint."""
    language: str
    """BCP 47 tag."""
    logprob: float
    """Mean natural log-probability of the recognizer's tokens."""
    level: SpeechLevel
    """Speech level of the chunk."""
    filled_pauses: tuple[Span, ...]
    """Filled pauses that no word covers."""


def recognize_chunk(chunk: Chunk, recognizer: Recognizer, options: RecognitionOptions) -> ChunkTranscript:
    """Recognize one chunk of speech; drop unreliable words. Times are seconds of the recording.

    Recognizers skip speech that seems to be an error, above all a repeated sentence. So long audible parts
    without words are recognized again by themselves.
    """
    rate_hz = recognizer.rate_hz
    level = speech_level(chunk.samples, rate_hz)
    voiced = sounding(level)
    result = recognizer.recognize(chunk.samples) if chunk.final else recognizer.draft(chunk.samples)
    words = list(trimmed(believable(result, options), voiced))
    missed = _without_words(voiced, words) if words and not is_rushed(words) else []
    for part in missed:
        if part.seconds >= options.retry_gap_s:
            begin = max(0, round((part.start - ROOM_S) * rate_hz))
            again = recognizer.recognize(chunk.samples[begin : round((part.end + ROOM_S) * rate_hz)])
            more = [moved(word, begin / rate_hz) for word in believable(again, options)]
            words += trimmed(_within(more, part), voiced)
    words.sort(key=lambda word: word.start)
    zero = chunk.start_sample / rate_hz
    pauses = filled_pauses(chunk.samples, rate_hz, level, words, result.language)
    return ChunkTranscript(
        tuple(moved(word, zero) for word in corrected(words, pauses, result.language)),
        result.language,
        result.logprob,
        SpeechLevel(zero, level.astype(np.float16)),
        tuple(Span(zero + pause.start, zero + pause.end) for pause in pauses),
    )


def trimmed(words: Iterable[Word], voiced: Sequence[Span]) -> Iterator[Word]:
    """Remove the silence that alignment included at the ends of words.

    A word lasts from its first to its last audible part, except parts so short that they may belong to its
    neighbors.
    """
    for word in words:
        parts = [
            (max(word.start, span.start), min(word.end, span.end))
            for span in voiced
            if span.start < word.end and word.start < span.end
        ]
        audible = [part for part in parts if part[1] - part[0] >= SCRAP_S] or sorted(parts, key=_length)[-1:]
        if audible and audible[-1][1] - audible[0][0] >= MIN_WORD_S:
            yield replace(word, start=audible[0][0], end=audible[-1][1])
        else:
            yield word


def _within(words: Iterable[Word], part: Span) -> Iterator[Word]:
    """Yield words mostly inside `part`, clipped to it: the others were recognized before."""
    for word in words:
        if part.start < (word.start + word.end) / 2 < part.end:
            yield replace(word, start=max(word.start, part.start), end=min(word.end, part.end))


def _length(part: tuple[float, float]) -> float:
    return part[1] - part[0]


def _without_words(voiced: Iterable[Span], words: Iterable[Word]) -> list[Span]:
    covered = merge(intervals(words))
    return [Span(*part) for span in voiced for part in subtract((span.start, span.end), covered)]


def believable(result: RecognitionResult, options: RecognitionOptions) -> tuple[Word, ...]:
    """Return the reliable words of a result: none below the threshold, loops once, no mere symbols."""
    if result.logprob < options.logprob_threshold:
        return ()
    words = tuple(word for word in result.words if any(map(str.isalnum, word.text)))  # not "♪♪"
    return _without_repetitions(words, options.max_repetitions)


def _without_repetitions(words: tuple[Word, ...], max_repetitions: int) -> tuple[Word, ...]:
    texts = [word.text.strip(".,!?").lower() for word in words]
    first = 0
    while first < len(texts):
        for length in range(1, (len(texts) - first) // max_repetitions + 1):
            turns = 1
            phrase = texts[first : first + length]
            while texts[first + turns * length : first + (turns + 1) * length] == phrase:
                turns += 1
            if turns >= max_repetitions:
                stop = first + turns * length
                return (*words[: first + length], *_without_repetitions(words[stop:], max_repetitions))
        first += 1
    return words
