"""Find repeated takes by their words: the same content words again, by the same voice, with nothing between.

    units of words -> content words -> aligned -> differences and voices compared in the audio -> takes

Another content word, number or name makes another sentence, however alike the two are; articles and the like
do not. Where recognized words differ a little, the audio decides whether they were the same.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from operator import itemgetter
from typing import Protocol

from edge.quickcut.languages import LanguageWords, words_of_language
from edge.quickcut.options import RepeatOptions
from edge.quickcut.repeats import Repeat, is_long_enough, pair_scores, plain_text
from edge.spans import intervals, merge
from edge.text.numbers import ONES, TENS, numbers_spelled
from edge.text.scripts import ends_sentence, is_ideographic, joined
from edge.vocabulary import Span, Word

OTHER_VOICE = 0.56
"""Distance of two passages from which the same words come from two people."""

SAME_SOUND, SAME_RATIO = 0.45, 1.2
"""Distance, and ratio to that of the whole, up to which passages recognized differently are the same."""

DIFFERENT = 0.5
"""Largest share of its content words in which a take may have been recognized differently."""

BEGUN = 3
"""Fewest content words of a complete sentence that may be the beginning of the next one."""

BROKEN_OFF = 0.6
"""Smallest share of a sentence's content words that a take of its beginning has."""

SHORTER = 0.85
"""A later take that lacks words and is shorter than this share of the earlier one is broken off."""

LONGEST_CUE = 8
"""Most words of a phrase that announces another take."""

CONTEXT_S = 0.05
"""Seconds around words that are compared with them: word times are not exact."""

TAIL_S = 0.2
"""Silence in seconds up to which sound after a unit belongs to it."""

_NUMBERS = {*ONES, *TENS, "hundred", "thousand", "million"}
_EXPANDED = {
    "n't": " not", "'m": " am", "'re": " are", "'ll": " will", "'ve": " have", "'d": " would", "'s": " is",
}  # fmt: skip


class Voices(Protocol):
    """Comparison of passages of the audio, see `edge.evidence.speech.resemblance.Passages`."""

    def distance(self, one: Span, other: Span, parts: tuple[Span, Span] | None = None) -> float:
        """Return the distance of two passages, or of a part of each, 0 to 2."""


@dataclass(frozen=True, slots=True)
class _Token:
    """A content word in the form in which it is compared."""

    text: str
    word: Word


@dataclass(frozen=True, slots=True)
class _Unit:
    """A sentence or phrase."""

    words: Sequence[Word]
    tokens: Sequence[_Token]
    span: Span
    """From where it starts to sound to where it ends, recognized or not."""
    is_cue: bool
    """Whether it announces another take."""

    @property
    def is_complete(self) -> bool:
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


@dataclass(frozen=True, slots=True)
class _Match:
    """What two units have in common, as far as words tell."""

    earlier: int
    """Number of tokens of the earlier unit that the later one covers."""
    later: int
    """Number of tokens of the later unit that the earlier one covers."""
    differences: Sequence[tuple[slice, slice]]
    """Tokens of both that differ."""
    is_doubtful: bool
    """Whether so much of one of them is missing that only the audio tells whether it was said."""


def find_takes(
    units: Sequence[Sequence[Word]],
    language: str = "en",
    options: RepeatOptions | None = None,
    *,
    voices: Voices | None = None,
    sounds: Sequence[Span] = (),
) -> list[Repeat]:
    """Return the units that are takes of another one, in order, each with the one that is kept.

    Units are the words of sentences, or of phrases between pauses, without fillers. The last complete take is
    kept. Nothing is a take of something beyond another unit, unless that is said again as well, or announces
    a restart; then it is returned, too. `voices` compares what `sounds` at the units, in order and disjoint;
    without them words are decisive.

    >>> text = "Open the left door. Open the right door."
    >>> words = [Word(n, n + 1, word) for n, word in enumerate(text.split())]
    >>> find_takes([words[:4], words[4:]])
    []
    """
    options, spoken = options or RepeatOptions(), words_of_language(language)
    spans = _extended([Span(unit[0].start, unit[-1].end) for unit in units], sounds)
    read = [
        _Unit(unit, list(_tokens(unit, spoken, language)), span, _announces(unit, spoken))
        for unit, span in zip(units, spans, strict=True)
    ]
    alike = {
        (at, later): score
        for at in range(len(read))
        for later in range(at + 1, min(at + 1 + options.window, len(read)))
        if (score := _similarity(read[at], read[later], options, voices)) >= options.threshold
    }
    return _kept_takes(read, alike)


def _kept_takes(read: Sequence[_Unit], alike: Mapping[tuple[int, int], float]) -> list[Repeat]:
    """Return the takes among similar pairs: each unit between two takes is said again, too, or is a cue."""
    repeated = {at for pair in alike for at in pair}
    last = list(range(len(read)))
    best: dict[int, float] = {}
    found: dict[int, Repeat] = {}
    for (at, later), score in sorted(alike.items(), reverse=True):
        between = range(at + 1, later)
        if not all(read[one].is_cue or not read[one].tokens or one in repeated for one in between):
            continue
        if _is_broken_off(read[later], read[at]):
            found.setdefault(later, Repeat(later, at, score))
            continue
        last[at] = max(last[at], last[later])
        best[at] = max(best.get(at, 0.0), score)
        for cue in (one for one in between if read[one].is_cue):
            found.setdefault(cue, Repeat(cue, later, 1.0))
    found |= {at: Repeat(at, last[at], score) for at, score in best.items()}
    return [found[at] for at in sorted(found)]


def _is_broken_off(later: _Unit, earlier: _Unit) -> bool:
    """Return whether a later take lacks the end of the earlier one."""
    is_shorter = later.span.seconds < SHORTER * earlier.span.seconds
    return is_shorter and len(later.tokens) < len(earlier.tokens)


def _similarity(earlier: _Unit, later: _Unit, options: RepeatOptions, voices: Voices | None) -> float:
    """Return how similar two units are that may be takes of one sentence, 0 to 1."""
    match = _match(earlier, later)
    return _score(earlier, later, match, options, voices) if match else 0.0


def _match(earlier: _Unit, later: _Unit) -> _Match | None:
    """Align the tokens of two units; return None if their words tell that they are different sentences."""
    one, other = ([token.text for token in unit.tokens] for unit in (earlier, later))
    steps = SequenceMatcher(None, one, other, autojunk=False).get_opcodes()
    if not any(step == "equal" for step, *_ in steps):
        return None
    step, i, j, k, m = steps[-1]
    reach = i if step == "delete" else len(one), min(m, k + j - i) if j > i else k
    begun = earlier.is_complete and len(one) < max(BEGUN, BROKEN_OFF * len(other))
    lacking = reach[0] < len(one) and len(other) < BROKEN_OFF * len(one)
    match = _Match(*reach, [], lacking or (reach[1] < len(other) and begun))
    return _differing(match, steps, one, other)


def _differing(
    match: _Match, steps: Sequence[tuple[str, int, int, int, int]], one: Sequence[str], other: Sequence[str]
) -> _Match | None:
    """Return the match with its differences; None if they are too many, or numbers."""
    differences = []
    for step, i, j, k, m in steps:
        j, m = min(j, match.earlier), min(m, match.later)  # noqa: PLW2901 - the rest is not compared
        fragment = (i + 1, k + 1) == (j, m) == (len(one), m) and _is_fragment(one[i], other[k])
        if step != "equal" and (i < j or k < m) and not fragment:
            differences.append((slice(i, j), slice(k, m)))
    differ = sum(max(part.stop - part.start, rest.stop - rest.start) for part, rest in differences)
    words = (word for part, rest in differences for word in (*one[part], *other[rest]))
    if differ > DIFFERENT * len(one) or any(map(_is_number, words)):
        return None
    return replace(match, differences=differences)


def _score(
    earlier: _Unit, later: _Unit, match: _Match, options: RepeatOptions, voices: Voices | None
) -> float:
    """Return the similarity of two matched units, 0 if the audio tells that they are different."""
    parts = earlier.before(match.earlier), later.before(match.later)
    texts = [plain_text(joined(word.text for word in part)) for part in parts]
    unsure = bool(match.differences) or match.is_doubtful
    if not all(is_long_enough(text, options) for text in texts) or (unsure and voices is None):
        return 0.0
    if voices is not None:
        if match.is_doubtful and not _sound_alike(earlier.span, later.span, voices):
            return 0.0
        one, other = (Span(part[0].start, part[-1].end) for part in parts)
        apart = voices.distance(one, other)
        limit = min(SAME_SOUND, SAME_RATIO * apart)
        pairs = [(earlier.around(part), later.around(rest)) for part, rest in match.differences]
        if apart > OTHER_VOICE or any(voices.distance(one, other, pair) > limit for pair in pairs):
            return 0.0
    return 1.0 if match.differences else float(pair_scores(texts, options)[0, 0])


def _sound_alike(one: Span, other: Span, voices: Voices) -> bool:
    """Return whether two spans are about as long, and the same words, whatever was recognized of them."""
    longer = max(one.seconds, other.seconds)
    return min(one.seconds, other.seconds) >= SHORTER * longer and voices.distance(one, other) <= OTHER_VOICE


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


def _tokens(unit: Sequence[Word], spoken: LanguageWords, language: str) -> Iterator[_Token]:
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
                yield _Token(_stem(plain), word)


def _stem(text: str) -> str:
    """Remove endings that recognizers confuse: plural and past tense."""
    for ending in ("es", "s", "ed", "d"):
        if text.isascii() and len(text) > len(ending) + 2 and text.endswith(ending):
            return _stem(text.removesuffix(ending))
    return text


def _is_fragment(text: str, of: str) -> bool:
    return len(text) >= 2 and len(text) < len(of) and of.startswith(text)


def _is_number(text: str) -> bool:
    return text.isdigit() or text in _NUMBERS


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
