"""Units of speech as takes are compared: their words, content words and the audio around them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter

from edge.quickcut.languages import LanguageWords, words_of_language
from edge.quickcut.repeats import plain_text
from edge.spans import intervals, merge
from edge.text.numbers import ONES, TENS, numbers_spelled
from edge.text.scripts import ends_sentence, is_ideographic
from edge.vocabulary import Span, Word

LONGEST_CUE, REST = 8, 2
"""Most words of a phrase that announces another take, and of the rest of one that was broken off."""

CONTEXT_S = 0.05
"""Seconds around words that are compared with them: word times are not exact."""

TAIL_S = 0.2
"""Silence in seconds up to which sound after a unit belongs to it."""

_NUMBERS = {*ONES, *TENS, "hundred", "thousand", "million"}
_EXPANDED = {
    "n't": " not", "'m": " am", "'re": " are", "'ll": " will", "'ve": " have", "'d": "", "'s": " is",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Token:
    """A content word in the form in which it is compared."""

    text: str
    """Stem, in lower case."""
    word: Word
    """The word that it is, or is part of."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A sentence or phrase."""

    words: Sequence[Word]
    """At least one."""
    tokens: Sequence[Token]
    """Content words."""
    span: Span
    """From where it starts to sound to where it ends, recognized or not."""
    is_cue: bool
    """Whether it announces another take, or is the rest of one that was broken off."""

    @property
    def is_complete(self) -> bool:
        """Return whether punctuation ends it."""
        text = self.words[-1].text
        return ends_sentence(text) and not text.endswith(("..", "\u2026"))

    def before(self, token: int) -> Sequence[Word]:
        """Return the words before a token, at least one."""
        if token >= len(self.tokens):
            return self.words
        return self.words[: max(1, self.words.index(self.tokens[token].word))]

    def around(self, part: slice) -> Span:
        """Return the span of tokens; of none, that between their neighbors."""
        tokens = self.tokens[part]
        if tokens:
            start, end = tokens[0].word.start, tokens[-1].word.end
        else:
            start = self.tokens[part.start - 1].word.end if part.start else self.words[0].start
            last = part.start == len(self.tokens)
            end = self.words[-1].end if last else self.tokens[part.start].word.start
        return Span(max(0.0, start - CONTEXT_S), max(end, start) + CONTEXT_S)


def read_units(units: Sequence[Sequence[Word]], language: str, sounds: Sequence[Span]) -> list[Unit]:
    """Return sentences or phrases, none of which is empty, in the form in which they are compared.

    `sounds` are the audible spans of the recording, in order and disjoint.
    """
    spoken = words_of_language(language)
    spans = _extended([Span(unit[0].start, unit[-1].end) for unit in units], sounds)
    read: list[Unit] = []
    for unit, span in zip(units, spans, strict=True):
        is_rest = bool(read) and len(unit) <= REST and unit[0].start - read[-1].words[-1].end <= CONTEXT_S
        tokens = list(_tokens(unit, spoken, language))
        read.append(Unit(unit, tokens, span, is_rest or _announces(unit, spoken)))
    return read


def together(one: Unit, other: Unit) -> Unit:
    """Return two units that follow each other as one."""
    words, tokens = [*one.words, *other.words], [*one.tokens, *other.tokens]
    return Unit(words, tokens, Span(one.span.start, other.span.end), is_cue=False)


def is_number(text: str) -> bool:
    """Return whether a content word is a number, in digits or words."""
    return text.isdigit() or text in _NUMBERS


def _extended(spans: Sequence[Span], sounds: Sequence[Span]) -> Iterator[Span]:
    """Yield spans, in order and disjoint, with the sound around them up to their neighbors."""
    joined_up = merge(intervals(sounds), TAIL_S)
    for at, span in enumerate(spans):
        low = spans[at - 1].end if at else 0.0
        high = spans[at + 1].start if at + 1 < len(spans) else float("inf")
        first = bisect_left(joined_up, span.start, key=itemgetter(1))
        around = (sound for sound in joined_up[first:] if sound[0] < span.end)
        parts = [(max(start, low), min(end, high)) for start, end in around]
        yield Span(min([span.start, *(a for a, _ in parts)]), max([span.end, *(b for _, b in parts)]))


def _tokens(unit: Sequence[Word], spoken: LanguageWords, language: str) -> Iterator[Token]:
    """Yield the content words of a unit, one of ideographic scripts for each character."""
    light = {plain_text(word) for word in (*spoken.light, *spoken.sounds)}
    for word in unit:
        text = word.text.casefold().replace("\u2019", "'")
        if language.startswith("en"):
            for short, full in _EXPANDED.items():
                text = text.replace(short, full)
            text = numbers_spelled(text)
        for part in text.split():
            plain = plain_text(part)
            if plain and plain not in light:
                yield Token(_stem(plain), word)


def _stem(text: str) -> str:
    """Remove endings that recognizers confuse: plural and past tense."""
    for ending in ("es", "s", "ed", "d"):
        if text.isascii() and len(text) > len(ending) + 2 and text.endswith(ending):
            return _stem(text.removesuffix(ending))
    return text


def _announces(unit: Sequence[Word], spoken: LanguageWords) -> bool:
    """Return whether a unit announces another take."""
    words = [plain_text(word.text) for word in unit]
    text = f" {' '.join(words)} "
    phrases = [[plain_text(part) for part in phrase.split()] for phrase in spoken.restarts]
    said = any(f" {' '.join(phrase)} " in text for phrase in phrases)
    written_together = any(
        is_ideographic(phrase[0]) and "".join(phrase) in "".join(words) for phrase in phrases
    )
    return len(words) <= LONGEST_CUE and (said or written_together)
