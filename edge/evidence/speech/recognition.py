"""A stretch of speech to words that are believed, on the recording's clock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edge.errors import UsageError
from edge.evidence.speech.chunks import Chunk, Listener, chunks
from edge.evidence.speech.filled_pauses import WRITTEN_FOR, disguised, hesitations
from edge.evidence.speech.level import joined_runs, loudness, runs, sounding
from edge.evidence.speech.recognizers import Heard, Recognizer
from edge.evidence.transcript import Loudness, Settings
from edge.networks.segmenter import Segmenter
from edge.spans import outside
from edge.vocabulary import LABELS, Label, Span, Word

Floats = NDArray[np.float32]

ROOM_S = 0.2
"""Seconds around speech that is recognised once more."""

RUSH, RUSH_S = 4, 0.3
"""So many words in less than so many seconds cannot be; then what has no word may be theirs."""

SCRAP_S = 0.1
"""Less sound than this at the end of a word, beyond a silence, may be a neighbour's."""

SHORTEST_S = 0.03
"""No word is trimmed to less."""

SPOKEN = 0.25
"""Confidence of speaking of a hesitation; a steady noise beside speech has less."""

MUSIC_S = 2.0
"""Shorter music is a jingle at most."""


@dataclass(frozen=True)
class Said:
    """What was recognised in a chunk. Times are seconds of the recording."""

    words: tuple[Word, ...]
    language: str
    log_probability: float
    loudness: Loudness
    hesitations: tuple[Span, ...]


def recognize(
    blocks: Iterable[Floats], listener: Listener, recognizer: Recognizer, settings: Settings
) -> Iterator[Said]:
    """What is said, chunk by chunk, as blocks float32[n] at the listener's rate arrive.

    Raises UsageError if the recogniser takes another rate.
    """
    refuse_other_rates(listener, recognizer)
    for chunk in chunks(blocks, listener, settings.speech):
        yield said(chunk, recognizer, settings)


def refuse_other_rates(listener: Listener, recognizer: Recognizer) -> None:
    """Both hear the same samples. Raises UsageError where they cannot."""
    if listener.rate_hz != recognizer.rate_hz:
        model, rate_hz = recognizer.folder.manifest.id, recognizer.rate_hz
        raise UsageError(f"{model} hears {rate_hz} Hz; here it must be {listener.rate_hz} Hz")


def said(chunk: Chunk, recognizer: Recognizer, settings: Settings) -> Said:
    """What is said in a chunk, on the recording's clock, without what is not to be believed.

    Recognisers skip what they take for a slip, above all a sentence that is said twice. So what sounds for
    long and has no word is recognised once more, by itself.
    """
    rate_hz = recognizer.rate_hz
    loud = loudness(chunk.samples, rate_hz)
    voiced = sounding(loud)
    heard = recognizer.recognize(chunk.samples)
    words = list(trimmed(believable(heard, settings), voiced))
    missed = [part for span in voiced for part in outside(span, _spans(words))] if plausible(words) else []
    for part in missed:
        if part.seconds >= settings.missed_s:
            begin = max(0, round((part.start - ROOM_S) * rate_hz))
            again = recognizer.recognize(chunk.samples[begin : round((part.end + ROOM_S) * rate_hz)])
            more = [moved(word, begin / rate_hz) for word in believable(again, settings)]
            words += trimmed(_within(more, part), voiced)
    words.sort(key=lambda word: word.start)
    zero = chunk.start / rate_hz
    written_for = WRITTEN_FOR.get(heard.language, frozenset())
    unsaid = hesitations(chunk.samples, rate_hz, loud, words, written_for)
    words = [word for word in words if not (disguised(word, written_for) and _covered(word, unsaid))]
    return Said(
        tuple(moved(word, zero) for word in words),
        heard.language,
        heard.log_probability,
        Loudness(zero, loud.astype(np.float16)),
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
        if sounds and sounds[-1][1] - sounds[0][0] >= SHORTEST_S:
            yield replace(word, start=sounds[0][0], end=sounds[-1][1])
        else:
            yield word


def _within(words: Iterable[Word], part: Span) -> Iterator[Word]:
    """The words that lie in a part for the most, cut to it: the others were heard before."""
    for word in words:
        if part.start < (word.start + word.end) / 2 < part.end:
            yield replace(word, start=max(word.start, part.start), end=min(word.end, part.end))


def _length(part: tuple[float, float]) -> float:
    return part[1] - part[0]


def moved(word: Word, by_s: float) -> Word:
    """The word so much later."""
    return replace(word, start=word.start + by_s, end=word.end + by_s)


def _covered(word: Word, spans: Iterable[Span]) -> bool:
    return any(span.start <= (word.start + word.end) / 2 < span.end for span in spans)


def _spans(words: Iterable[Word]) -> list[Span]:
    return [Span(word.start, word.end) for word in words]


def believable(heard: Heard, settings: Settings) -> tuple[Word, ...]:
    """The words of a chunk: none if the recogniser was not sure, loops said once."""
    if heard.log_probability < settings.doubt:
        return ()
    return _without_loops(heard.words, settings.loops)


def _without_loops(words: tuple[Word, ...], loops: int) -> tuple[Word, ...]:
    texts = [word.text.strip(".,!?").lower() for word in words]
    at = 0
    while at < len(texts):
        for length in range(1, (len(texts) - at) // loops + 1):
            turns = 1
            phrase = texts[at : at + length]
            while texts[at + turns * length : at + (turns + 1) * length] == phrase:
                turns += 1
            if turns >= loops:
                stop = at + turns * length
                return (*words[: at + length], *_without_loops(words[stop:], loops))
        at += 1
    return words


class Ear:
    """A segmenter that remembers what it heard, frame by frame."""

    def __init__(self, segmenter: Segmenter) -> None:
        self._segmenter = segmenter
        self._heard: list[NDArray[np.float16]] = []
        self.rate_hz, self.frame_s = segmenter.rate_hz, segmenter.frame_s

    def confidences(self, blocks: Iterable[Floats], *, chunk_s: float) -> Iterator[Floats]:
        """See `Listener`."""
        for rows in self._segmenter.confidences(blocks, chunk_s=chunk_s):
            self._heard.append(rows.astype(np.float16))
            yield rows

    def speaking(self, span: Span) -> float:
        """Mean confidence that somebody speaks."""
        first, stop = int(span.start / self.frame_s), int(np.ceil(span.end / self.frame_s))
        return float(self._rows[first:stop, LABELS.index(Label.SPEAKING)].mean())

    @property
    def music(self) -> list[Span]:
        """Stretches of music or singing of `MUSIC_S` at least, but for breaks that are shorter."""
        musical = self._rows[:, [LABELS.index(Label.SINGING), LABELS.index(Label.MUSIC)]].sum(axis=1) > 0.5
        width = round(MUSIC_S / self.frame_s)
        found = joined_runs(runs(musical), width)
        return [Span(a * self.frame_s, b * self.frame_s) for a, b in found if b - a >= width]

    @property
    def _rows(self) -> NDArray[np.float16]:
        self._heard = [np.concatenate([np.zeros((0, len(LABELS)), np.float16), *self._heard])]
        return self._heard[0]
