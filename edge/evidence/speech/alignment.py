"""Forced alignment of English text to audio with the phone models of pocketsphinx.

    text -> spoken words (numbers spelled) -> phones (dictionary, else by letters) -> aligned, 10 ms grid

The first attempt requires all words of the text and nothing else. If it fails, words may be skipped; skipped
words share the time between their neighbors. If a word is long, filled pauses are allowed between words,
because recognizers omit them from the text; words beside one that is found are taken from this attempt.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np

from edge.arrays import Floats
from edge.errors import require
from edge.evidence.speech.spoken import READINGS, spoken_words, text_tokens
from edge.evidence.speech.word_times import GRID_S, Times, evened, in_order, is_rushed
from edge.spans import merge
from edge.vocabulary import Word

RATE_HZ = 16_000
"""Sample rate of the phone models."""
SOUNDS = {
    "tch": "CH", "sch": "SH", "igh": "AY", "eau": "OW", "ough": "AO",
    "ch": "CH", "sh": "SH", "th": "TH", "ph": "F", "wh": "W", "ck": "K", "ng": "NG", "qu": "K W", "kn": "N",
    "wr": "R", "ee": "IY", "ea": "IY", "oo": "UW", "ou": "AW", "ow": "OW", "oi": "OY", "oy": "OY", "ai": "EY",
    "ay": "EY", "au": "AO", "aw": "AO", "ar": "AA R", "er": "ER", "ir": "ER", "or": "AO R", "ur": "ER",
    "a": "AE", "b": "B", "c": "K", "d": "D", "e": "EH", "f": "F", "g": "G", "h": "HH", "i": "IH", "j": "JH",
    "k": "K", "l": "L", "m": "M", "n": "N", "o": "AA", "p": "P", "q": "K", "r": "R", "s": "S", "t": "T",
    "u": "AH", "v": "V", "w": "W", "x": "K S", "y": "IY", "z": "Z",
}  # fmt: skip
"""Approximate phones of letter groups, for words outside the dictionary: accurate enough for alignment."""

FILLED_PAUSES = ("uh", "um")
"""Filled pauses that are allowed between words."""

FILLED_PAUSE_COST = 0.02
"""Probability of a filled pause between two words."""

LEFT_OUT, LEFT_OUT_COST = 4, 1e-3
"""Maximum number of consecutive words that may be skipped, and the probability of skipping them.

The decoder rarely chains two skips, and with skips of ten words takes five times as long; anything less
likely than 1e-4 lies outside its beam.
"""

WORD_S, PHONE_S = 0.35, 0.14
"""A word longer than the first plus the second per phone, in seconds, may include something else."""

FILLED_S = 0.2
"""Shortest filled pause in seconds that is believed."""

_LETTERS = re.compile("|".join(sorted(SOUNDS, key=len, reverse=True)))


@dataclass(frozen=True, slots=True)
class Alignment:
    """The words of a text with their times."""

    words: tuple[Word, ...]
    """In order and disjoint; seconds from the first sample."""
    is_certain: bool
    """Whether all words were found, nowhere faster than anyone speaks."""


@dataclass(frozen=True, slots=True)
class _Decoded:
    """What the decoder found, in order: words and filled pauses with their times."""

    spoken: tuple[tuple[str, Times], ...]

    def times(self, words: list[str], *, leave_out: bool = False) -> list[Times | None] | None:
        """Return the times of the words, None for those that were left out; None if others are missing."""
        path: list[Times | None] = []
        for name, times in self.spoken:
            while leave_out and len(path) < len(words) and words[len(path)] != name:
                path.append(None)
            if len(path) < len(words) and words[len(path)] == name:
                path.append(times)
            elif name not in FILLED_PAUSES:
                return None
        if len(path) < len(words) and not leave_out:
            return None
        return [*path, *[None] * (len(words) - len(path))]

    def fillers(self, words: list[str]) -> list[Times]:
        """Return the filled pauses between the words; those that touch are one."""
        at, spans = 0, []
        for name, times in self.spoken:
            if at < len(words) and words[at] == name:
                at += 1
            else:
                spans.append(times)
        return merge(spans, GRID_S)


class Aligner:
    """English phone models and dictionary of pocketsphinx.

    Raises MissingExtraError if pocketsphinx is not installed.
    """

    def __init__(self) -> None:
        require("pocketsphinx", "times of words", "captions")
        require("num2words", "times of numbers", "captions")
        import pocketsphinx  # noqa: PLC0415 - an extra

        models = Path(pocketsphinx.get_model_path("en-us"))
        self._dictionary = b"\n" + (models / "cmudict-en-us.dict").read_bytes()
        # Without its dictionary the decoder is 30 MB smaller; words are added when needed. The search for a
        # best path through a lattice takes forever where one word is repeated forty times.
        self._decoder: Any = pocketsphinx.Decoder(
            hmm=str(models / "en-us"), lm=None, dict=None, samprate=RATE_HZ, bestpath=False, loglevel="FATAL"
        )

    def align(self, samples: Floats, text: str) -> Alignment:
        """Return the words of `text` with their times in seconds from the first of `samples` float32[n], 16
        kHz.

        Words are separated by spaces and keep their punctuation. All of them are returned, in order, disjoint
        and inside the samples (if there is room for 10 ms each).
        """
        tokens = text_tokens(text)
        length_s = len(samples) / RATE_HZ
        readings: list[list[list[str]]] = []
        for reading in READINGS:
            spoken = [spoken_words(token, reading) for token in tokens]
            readings += [spoken] if spoken not in readings else []
        spans, score = max((self._spans(spoken, samples) for spoken in readings), key=itemgetter(1))
        words = evened(in_order(tokens, spans, length_s))
        return Alignment(words, is_certain=score > -math.inf and not is_rushed(words))

    def _spans(self, spoken: list[list[str]], samples: Floats) -> tuple[list[Times | None], float]:
        """Return the times of tokens, given their spoken words, and the score of the alignment."""
        path, score = self._laid([word for words in spoken for word in words], samples)
        return _gathered(spoken, path), score

    def _laid(self, words: list[str], samples: Floats) -> tuple[list[Times | None], float]:
        """Return the times of spoken words and their log score, which is -infinity if words are missing."""
        untimed: list[Times | None] = [None] * len(words)
        if not words or len(samples) < RATE_HZ // 20:
            return untimed, -math.inf
        for word in {*words, *FILLED_PAUSES}:
            self._learn(word)
        pulse = (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()
        path = self._decoded(words, pulse).times(words)
        if path is None:
            return self._decoded(words, pulse, leave_out=True).times(
                words, leave_out=True
            ) or untimed, -math.inf
        score = float(self._decoder.hyp().best_score)
        if any(self._is_long(word, times) for word, times in zip(words, path, strict=True)):
            path = _without_fillers(path, self._decoded(words, pulse, hesitate=True), words)
        return path, score

    def _is_long(self, word: str, times: Times | None) -> bool:
        phones = self._decoder.lookup_word(word).count(" ") + 1
        return times is not None and times[1] - times[0] > WORD_S + PHONE_S * phones

    def _decoded(
        self, words: list[str], pulse: bytes, *, hesitate: bool = False, leave_out: bool = False
    ) -> _Decoded:
        """Return the best path through the words in order; it is empty if none was found."""
        arcs: list[tuple[Any, ...]] = [(at, at + 1, 1.0, word) for at, word in enumerate(words)]
        if hesitate:
            arcs += [
                (at, at, FILLED_PAUSE_COST, name) for at in range(len(words) + 1) for name in FILLED_PAUSES
            ]
        if leave_out:
            for left_out in range(1, LEFT_OUT + 1):
                last = len(words) - left_out
                arcs += [(at, at + left_out, LEFT_OUT_COST) for at in range(last + 1)]
        decoder = self._decoder
        try:
            decoder.add_fsg("text", decoder.create_fsg("text", 0, len(words), arcs))
            decoder.activate_search("text")
            decoder.start_utt()
            try:
                decoder.process_raw(pulse, full_utt=True)
            finally:
                decoder.end_utt()
            segments = list(decoder.seg() or ())
        except RuntimeError:
            return _Decoded(())
        return _Decoded(
            tuple(
                (segment.word.split("(")[0], (segment.start_frame * GRID_S, (segment.end_frame + 1) * GRID_S))
                for segment in segments
                if segment.word[0] not in "<[("
            )
        )

    def _learn(self, word: str) -> None:
        """Add the pronunciations of a word to the decoder."""
        if self._decoder.lookup_word(word) is not None:
            return
        known = self._pronunciations(word) or [" ".join(SOUNDS[part] for part in _LETTERS.findall(word))]
        for number, phones in enumerate(known, 1):
            self._decoder.add_word(word if number == 1 else f"{word}({number})", phones, False)
        # The decoder applies additions when it creates its next search.

    def _pronunciations(self, word: str) -> list[str]:
        pronunciations = []
        start = self._dictionary.find(f"\n{word} ".encode())
        while start >= 0:
            end = self._dictionary.find(b"\n", start + 1)
            pronunciations.append(self._dictionary[start + 1 : end].decode().split(" ", 1)[1].strip())
            start = self._dictionary.find(f"\n{word}({len(pronunciations) + 1}) ".encode())
        return pronunciations


def _without_fillers(path: list[Times | None], hesitating: _Decoded, words: list[str]) -> list[Times | None]:
    """Take the times of words that overlap a filled pause from the path that has it."""
    other = hesitating.times(words)
    if other is None:
        return path
    fillers = [span for span in hesitating.fillers(words) if span[1] - span[0] >= FILLED_S]
    return [
        new if old and any(old[0] < end and start < old[1] for start, end in fillers) else old
        for old, new in zip(path, other, strict=True)
    ]


def _gathered(spoken: Sequence[Sequence[str]], path: Sequence[Times | None]) -> list[Times | None]:
    """Return the times of tokens, given those of their spoken words."""
    spans: list[Times | None] = []
    first = 0
    for words in spoken:
        known = [times for times in path[first : first + len(words)] if times]
        spans.append((known[0][0], known[-1][1]) if known else None)
        first += len(words)
    return spans
