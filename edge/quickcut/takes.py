"""Find repeated takes by their words: the same content words again, by the same voice, with nothing between.

    units of words -> content words -> aligned -> differences and voices compared in the audio -> takes

Another content word, number or name makes another sentence, however alike the two are; articles and the like
do not. Where recognized words differ a little, the audio decides whether they were the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Protocol

from edge.quickcut.options import RepeatOptions
from edge.quickcut.repeats import Repeat, is_long_enough, pair_scores, plain_text
from edge.quickcut.units import Unit, is_number, read_units, together
from edge.text.scripts import joined
from edge.vocabulary import Span, Word

OTHER_VOICE = 0.56
"""Distance of two passages from which the same words come from two people."""

SAME_SOUND, SAME_RATIO, SURELY_SAME = 0.45, 1.2, 0.25
"""Distance, and ratio to that of the whole, up to which passages recognized differently are the same; up to
the last, whatever the ratio."""

DIFFERENT = 0.5
"""Largest share of its content words in which a take may have been recognized differently."""

BEGUN = 3
"""Fewest content words of a complete sentence that may be the beginning of the next one."""

BROKEN_OFF = 0.6
"""Smallest share of a sentence's content words that a take of its beginning has."""

SHORTER = 0.85
"""A later take that lacks words and is shorter than this share of the earlier one is broken off."""


class Voices(Protocol):
    """Comparison of passages of the audio, see `edge.evidence.speech.resemblance.Passages`."""

    def distance(self, one: Span, other: Span, parts: tuple[Span, Span] | None = None) -> float:
        """Return the distance of two passages, or of a part of each, 0 to 2."""


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


@dataclass(frozen=True, slots=True)
class _Similar:
    """How similar a later unit is."""

    score: float
    is_broken_off: bool
    """Whether it lacks the end of the earlier one."""


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
    options, read = options or RepeatOptions(), read_units(units, language, sounds)
    alike = {
        (at, later): found
        for at in range(len(read))
        for later in range(at + 1, min(at + 1 + options.window, len(read)))
        if (found := _similar(read[at], read[later:], options, voices))
    }
    return _kept_takes(read, alike)


def _kept_takes(read: Sequence[Unit], alike: Mapping[tuple[int, int], _Similar]) -> list[Repeat]:
    """Return the takes among similar pairs: each unit between two takes is said again, too, or is a cue."""
    repeated = {at for pair in alike for at in pair}
    last = list(range(len(read)))
    best: dict[int, float] = {}
    found: dict[int, Repeat] = {}
    for at, later in sorted(alike, reverse=True):
        score = alike[at, later].score
        between = range(at + 1, later)
        if not all(read[one].is_cue or not read[one].tokens or one in repeated for one in between):
            continue
        if alike[at, later].is_broken_off:
            found.setdefault(later, Repeat(later, at, score))
            continue
        last[at] = max(last[at], last[later])
        best[at] = max(best.get(at, 0.0), score)
        for cue in (one for one in between if read[one].is_cue):
            found.setdefault(cue, Repeat(cue, later, 1.0))
    found |= {at: Repeat(at, last[at], score) for at, score in best.items()}
    return [found[at] for at in sorted(found)]


def _similar(
    earlier: Unit, rest: Sequence[Unit], options: RepeatOptions, voices: Voices | None
) -> _Similar | None:
    """Return how similar a unit is to the first of later ones, or to the first ones together; None if not."""
    later = rest[0]
    match = _match(earlier, later)
    score = _score(earlier, later, match, options, voices) if match else 0.0
    lacks_words = len(later.tokens) < len(earlier.tokens)
    if score >= options.threshold:
        return _Similar(score, lacks_words and later.span.seconds < SHORTER * earlier.span.seconds)
    if len(rest) > 1 and lacks_words:
        return _similar(earlier, [together(later, rest[1]), *rest[2:]], options, voices)
    return None


def _match(earlier: Unit, later: Unit) -> _Match | None:
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
    if differ > DIFFERENT * len(one) or any(map(is_number, words)):
        return None
    return replace(match, differences=differences)


def _score(earlier: Unit, later: Unit, match: _Match, options: RepeatOptions, voices: Voices | None) -> float:
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
        limit = min(SAME_SOUND, max(SURELY_SAME, SAME_RATIO * apart))
        pairs = [(earlier.around(part), later.around(rest)) for part, rest in match.differences]
        if apart > OTHER_VOICE or any(voices.distance(one, other, pair) > limit for pair in pairs):
            return 0.0
    return 1.0 if match.differences else float(pair_scores(texts, options)[0, 0])


def _sound_alike(one: Span, other: Span, voices: Voices) -> bool:
    """Return whether two spans are about as long, and the same words, whatever was recognized of them."""
    longer = max(one.seconds, other.seconds)
    return min(one.seconds, other.seconds) >= SHORTER * longer and voices.distance(one, other) <= OTHER_VOICE


def _is_fragment(text: str, of: str) -> bool:
    return len(text) >= 2 and len(text) < len(of) and of.startswith(text)
