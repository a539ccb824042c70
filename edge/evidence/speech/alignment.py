"""Forced alignment of English text to audio with the phone models that pocketsphinx carries.

    text -> spoken words (numbers spelled, in all usual readings) -> phones (dictionary, else by letters)
    samples -> features -> the most likely path through the phones, 10 ms grid

The first attempt requires all words of the text and nothing else. If it fails, words may be skipped; skipped
words share the time between their neighbors. If a word is long, filled pauses are allowed between words,
because recognizers omit them from the text; words beside one that is found are taken from this attempt.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from edge.arrays import Floats
from edge.errors import ModelError, require
from edge.evidence.speech.phone_graph import Spoken, most_likely
from edge.evidence.speech.pronunciation import Pronunciations
from edge.evidence.speech.spoken import READINGS, spoken_words, text_tokens
from edge.evidence.speech.word_times import GRID_S, Times, evened, in_order, is_rushed
from edge.networks.phone_models import CENTER_S, RATE_HZ, PhoneModels
from edge.spans import merge
from edge.vocabulary import Word

FILLED_PAUSES = ("uh", "um")
"""Filled pauses that are allowed between words."""

FILLED_PAUSE_COST = 6.5 * math.log(0.02)
"""Log-probability of a filled pause between two words."""

LEFT_OUT, LEFT_OUT_COST = 4, 6.5 * math.log(1e-3)
"""Maximum number of consecutive words that may be skipped, and the log-probability of skipping them."""

WORD_S, PHONE_S = 0.35, 0.14
"""A word longer than the first plus the second per phone, in seconds, may include something else."""

FILLED_S = 0.2
"""Shortest filled pause in seconds that is believed."""

LEAST_FIT = -14.0
"""Lowest mean log-probability of a frame of a text that was said: mostly -10 to -12; less for other words."""

FILLER = -1
"""What owns a filled pause in place of a token."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """The words of a text with their times."""

    words: tuple[Word, ...]
    """In order and disjoint; seconds from the first sample."""
    is_certain: bool
    """Whether all words were found, sound like themselves, and are nowhere faster than anyone speaks."""


@dataclass(frozen=True, slots=True)
class _Found:
    """Times of the tokens (None if left out) and of filled pauses; mean log-probability of a frame."""

    tokens: list[Times | None]
    fillers: list[Times]
    fit: float


class Aligner:
    """English phone models and dictionary of pocketsphinx.

    Raises MissingExtraError if pocketsphinx is not installed, ModelError if its files are damaged.
    """

    def __init__(self) -> None:
        require("pocketsphinx", "times of words", "captions")
        require("num2words", "times of numbers", "captions")
        folder = _package() / "model" / "en-us"
        self._models = PhoneModels(folder / "en-us")
        try:
            self._pronunciations = Pronunciations(folder / "cmudict-en-us.dict")
        except OSError as error:
            raise ModelError(folder, f"no dictionary of pocketsphinx can be read: {error}") from None

    def align(self, samples: Floats, text: str) -> Alignment:
        """Return the words of `text` with their times in seconds from the first of `samples` float32[n], 16
        kHz.

        Words are separated by spaces and keep their punctuation. All of them are returned, in order, disjoint
        and inside the samples (if there is room for 10 ms each).
        """
        tokens = text_tokens(text)
        readings = [_readings(token) for token in tokens]
        features = self._models.features(samples)
        found = self._found(features, readings)
        fit = found.fit if found else -math.inf
        if found is None:
            found = self._found(features, readings, leave_out=True)
            spans = found.tokens if found else [None] * len(tokens)
        elif fit < LEAST_FIT or any(map(self._is_long, readings, found.tokens)):
            other = self._found(features, readings, hesitate=True) or found
            fit = max(fit, other.fit)
            spans = _without_fillers(found.tokens, other)
        else:
            spans = found.tokens
        words = evened(in_order(tokens, spans, len(samples) / RATE_HZ))
        return Alignment(words, is_certain=fit >= LEAST_FIT and not is_rushed(words))

    def _is_long(self, ways: Sequence[Sequence[str]], times: Times | None) -> bool:
        phones = [sum(len(self._pronunciations.of(word)[0]) for word in way) for way in ways]
        return times is not None and times[1] - times[0] > WORD_S + PHONE_S * max(phones, default=0)

    def _found(
        self,
        features: Floats,
        readings: Sequence[Sequence[Sequence[str]]],
        *,
        hesitate: bool = False,
        leave_out: bool = False,
    ) -> _Found | None:
        """Return the times of the tokens, given their readings; None if there are none."""
        words, owners, joints = self._laid_out(readings)
        if not words:
            return None
        skips: dict[tuple[int, int], float] = {}
        if hesitate:
            loops = [(joint, name) for joint in sorted(set(joints)) for name in FILLED_PAUSES]
            words += [Spoken(at, at, self._pronunciations.of(name), FILLED_PAUSE_COST) for at, name in loops]
            owners += [FILLER] * len(loops)
        if leave_out:
            for left_out in range(1, LEFT_OUT + 1):
                ends = zip(joints, joints[left_out:], strict=False)
                skips |= {(one, other): LEFT_OUT_COST for one, other in ends if one != other}
        path = most_likely(self._models, features, words, skips)
        if path.score == -math.inf:
            return None
        tokens: list[Times | None] = [None] * len(readings)
        fillers: list[Times] = []
        for word, first, stop in path.spoken:
            times, token = (CENTER_S + first * GRID_S, CENTER_S + stop * GRID_S), owners[word]
            if token == FILLER:
                fillers.append(times)
            else:
                known = tokens[token]
                tokens[token] = (known[0], times[1]) if known else times
        return _Found(tokens, merge(fillers, GRID_S), path.score / len(features))

    def _laid_out(
        self, readings: Sequence[Sequence[Sequence[str]]]
    ) -> tuple[list[Spoken], list[int], list[int]]:
        """Return all words of all readings, the token of each, and the joints between the tokens."""
        words, owners, joints = list[Spoken](), list[int](), [0]
        for token, ways in enumerate(readings):
            start = joints[-1]
            end = start + 1 + sum(len(way) - 1 for way in ways) if ways else start
            between = start
            for way in ways:
                stops = [*range(between + 1, between + len(way)), end]
                for word, one, other in zip(way, [start, *stops], stops, strict=False):
                    words.append(Spoken(one, other, self._pronunciations.of(word)))
                    owners.append(token)
                between += len(way) - 1
            joints.append(end)
        return words, owners, joints


def _package() -> Path:
    """Return the folder of pocketsphinx: its files are read, its code is not needed."""
    found = find_spec("pocketsphinx")
    return Path(found.origin).parent if found and found.origin else Path()


def _readings(token: str) -> list[list[str]]:
    """Return the ways to say a token, each once; none for punctuation."""
    ways: list[list[str]] = []
    for reading in READINGS:
        words = spoken_words(token, reading)
        ways += [words] if words and words not in ways else []
    return ways


def _without_fillers(spans: list[Times | None], other: _Found) -> list[Times | None]:
    """Take the times of words that overlap a filled pause from the path that has it."""
    fillers = [span for span in other.fillers if span[1] - span[0] >= FILLED_S]
    return [
        new if old and any(old[0] < end and start < old[1] for start, end in fillers) else old
        for old, new in zip(spans, other.tokens, strict=True)
    ]
