"""Forced alignment of English text to audio with the phone models of pocketsphinx.

    text -> spoken words (numbers spelled) -> phones (dictionary, else by letters) -> aligned, 10 ms grid

The first attempt requires all words of the text and nothing else. If it fails, words may be skipped; skipped
words share the time between their neighbors. If a word would be too long, filled pauses are allowed between
words, because recognizers omit them from the text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from itertools import pairwise
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np

from edge.arrays import Floats
from edge.errors import require
from edge.text.numbers import numbers_spelled
from edge.vocabulary import Word

RATE_HZ = 16_000
"""Sample rate of the phone models."""
GRID_S = 0.01
"""Seconds per frame of the alignment."""

SHORTEST_S = 0.01
"""Minimum length of a word in seconds."""

SYMBOLS = {
    "%": " percent ", "&": " and ", "+": " plus ", "=": " equals ", "@": " at ", "$": " dollars ",
    "£": " pounds ", "€": " euros ", "°": " degrees ",
}  # fmt: skip
"""Spoken form of symbols."""

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
"""A word longer than the first plus the second per phone, in seconds, probably includes something else."""

Times = tuple[float, float]
"""Start and end in seconds."""

_LETTERS = re.compile("|".join(sorted(SOUNDS, key=len, reverse=True)))


class Aligner:
    """English phone models and dictionary of pocketsphinx.

    Raises MissingExtraError if pocketsphinx is not installed.
    """

    def __init__(self) -> None:
        require("pocketsphinx", "times of words", "captions")
        import pocketsphinx  # noqa: PLC0415 - an extra

        models = Path(pocketsphinx.get_model_path("en-us"))
        self._dictionary = b"\n" + (models / "cmudict-en-us.dict").read_bytes()
        # Without its dictionary the decoder is 30 MB smaller; words are added when needed.
        self._decoder: Any = pocketsphinx.Decoder(
            hmm=str(models / "en-us"), lm=None, dict=None, samprate=RATE_HZ, loglevel="FATAL"
        )

    def align(self, samples: Floats, text: str) -> tuple[Word, ...]:
        """Return the words of `text` with their times in seconds from the first of `samples` float32[n], 16
        kHz.

        Words are separated by spaces and keep their punctuation. All of them are returned, in order, disjoint
        and inside the samples (if there is room for 10 ms each).
        """
        tokens = _tokens(text)
        length_s = len(samples) / RATE_HZ
        readings = [[_spoken(token, by_digits=by_digits) for token in tokens] for by_digits in (False, True)]
        if readings[0] == readings[1]:
            return _in_order(tokens, self._spans(readings[0], samples)[0], length_s)
        spans, _ = max((self._spans(spoken, samples) for spoken in readings), key=itemgetter(1))
        return _in_order(tokens, spans, length_s)

    def _spans(self, spoken: list[list[str]], samples: Floats) -> tuple[list[Times | None], float]:
        """Return the times of tokens, given their spoken words, and the score of the alignment."""
        path, score = self._laid([word for words in spoken for word in words], samples)
        return _gathered(spoken, path), score

    def _laid(self, words: list[str], samples: Floats) -> tuple[list[Times | None], float]:
        """Return the times of spoken words by the strictest method that succeeds, and its log score."""
        untimed: list[Times | None] = [None] * len(words)
        if not words or len(samples) < RATE_HZ // 20:
            return untimed, -math.inf
        for word in {*words, *FILLED_PAUSES}:
            self._learn(word)
        pulse = (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()
        path = self._best(words, pulse)
        if path is None:
            return self._best(words, pulse, leave_out=True) or untimed, -math.inf
        score = float(self._decoder.hyp().best_score)
        if any(self._hides(word, times) for word, times in zip(words, path, strict=True)):
            path = self._best(words, pulse, hesitate=True) or path
        return path, score

    def _hides(self, word: str, times: Times | None) -> bool:
        phones = self._decoder.lookup_word(word).count(" ") + 1
        return times is not None and times[1] - times[0] > WORD_S + PHONE_S * phones

    def _best(
        self, words: list[str], pulse: bytes, *, hesitate: bool = False, leave_out: bool = False
    ) -> list[Times | None] | None:
        """Return the best path through the words in order; None if no path has all of them."""
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
            return None
        spoken = [
            (segment.word.split("(")[0], (segment.start_frame * GRID_S, (segment.end_frame + 1) * GRID_S))
            for segment in segments
            if segment.word[0] not in "<[("
        ]
        return _path(words, spoken, hesitate=hesitate, leave_out=leave_out)

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


def _tokens(text: str) -> list[str]:
    """Split a text at spaces; punctuation that stands alone is joined to the word before."""
    tokens: list[str] = []
    for token in text.split():
        if tokens and not _spoken(token):
            tokens[-1] += f" {token}"
        else:
            tokens.append(token)
    return tokens


def _spoken(token: str, *, by_digits: bool = False) -> list[str]:
    """Return the lower-case words of a token; none for punctuation. `by_digits` reads 42 as "four two"."""
    text = token.lower().replace("\u2019", "'")
    for symbol, word in SYMBOLS.items():
        text = text.replace(symbol, word)
    words = re.sub(r"[^a-z' ]+", " ", numbers_spelled(text, by_digits=by_digits)).split()
    return [word for word in (word.strip("'") for word in words) if word]


def _path(
    words: list[str], spoken: list[tuple[str, Times]], *, hesitate: bool, leave_out: bool
) -> list[Times | None] | None:
    """Return the times of the words in a decoded path; None if words are missing."""
    path: list[Times | None] = []
    for name, times in spoken:
        while leave_out and len(path) < len(words) and words[len(path)] != name:
            path.append(None)
        if len(path) < len(words) and words[len(path)] == name:
            path.append(times)
        elif not hesitate or name not in FILLED_PAUSES:
            return None
    if len(path) < len(words) and not leave_out:
        return None
    return [*path, *[None] * (len(words) - len(path))]


def _gathered(spoken: Sequence[Sequence[str]], path: Sequence[Times | None]) -> list[Times | None]:
    """Return the times of tokens, given those of their spoken words."""
    spans: list[Times | None] = []
    first = 0
    for words in spoken:
        known = [times for times in path[first : first + len(words)] if times]
        spans.append((known[0][0], known[-1][1]) if known else None)
        first += len(words)
    return spans


def _filled(tokens: Sequence[str], spans: Sequence[Times | None], length_s: float) -> list[Times]:
    """Divide the time between neighbors among the tokens without times, by their lengths."""
    filled: list[Times] = []
    first = 0
    while first < len(spans):
        if (known := spans[first]) is not None:
            filled.append(known)
            first += 1
            continue
        stop = first
        while stop < len(spans) and spans[stop] is None:
            stop += 1
        begin = filled[-1][1] if filled else 0.0
        after = spans[stop] if stop < len(spans) else None
        room = max((after[0] if after else length_s) - begin, 0.0)
        lengths = [len(token) for token in tokens[first:stop]]
        edges = np.cumsum([0, *lengths]) / sum(lengths) * room + begin
        filled += [(float(start), float(end)) for start, end in pairwise(edges)]
        first = stop
    return filled


def _in_order(tokens: Sequence[str], spans: Sequence[Times | None], length_s: float) -> tuple[Word, ...]:
    """Return words whose times increase and lie in [0, length_s]."""
    least = min(SHORTEST_S, length_s / max(1, len(tokens)))
    latest = [max(0.0, length_s - left * least) for left in range(len(tokens), -1, -1)]  # leaves room for all
    words: list[Word] = []
    for number, (token, span) in enumerate(zip(tokens, _filled(tokens, spans, length_s), strict=True)):
        start = min(max(span[0], words[-1].end if words else 0.0), latest[number])
        words.append(Word(start, min(max(span[1], start + least), latest[number + 1]), token))
    return tuple(words)
