"""Marks on a recording: what is said, and what is worth removing: blanks, fillers, repeated takes.

Items are disjoint and in order. What is not to be removed for certain stays: a wrong cut is far worse than a
filler that was missed, so a gap in which something sounds is no blank.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise

from edge.errors import UsageError
from edge.evidence.transcript import Captioned
from edge.quickcut.fillers import Level, find_fillers
from edge.quickcut.repeats import RepeatSettings, find_repeats
from edge.spans import merged, outside
from edge.text.scripts import joined
from edge.vocabulary import Span, Word


class Kind(StrEnum):
    """What an item is."""

    SPEECH = "speech"
    BLANK = "blank"
    FILLER = "filler"
    REPEAT = "repeat"


@dataclass(frozen=True)
class MarkSettings:
    """What is marked for removal."""

    level: Level = Level.LIGHT
    """OFF marks nothing; see `Level` for the fillers."""
    blanks: bool = True
    fillers: bool = True
    repeats: bool = True
    blank_s: float = 1.0
    """Silence of this length is a blank."""
    take_pause_s: float = 0.3
    """Between two takes there is a pause of this length, even where they are written as one sentence."""
    extra_fillers: tuple[str, ...] = ()
    """Words of the user that are fillers too."""
    repeat: RepeatSettings = field(default_factory=RepeatSettings)

    def __post_init__(self) -> None:
        if not self.blank_s > 0:
            raise UsageError(f"a blank must last longer than 0 s, got {self.blank_s}")


@dataclass(frozen=True)
class Item:
    """A stretch of the recording and what it is. Seconds."""

    start: float
    end: float
    kind: Kind
    text: str
    remove: bool
    reason: str
    """Why it has this mark; empty for speech."""
    score: float | None = None
    """How sure that is, 0 to 1, where it was measured."""


def mark(found: Captioned, settings: MarkSettings | None = None) -> list[Item]:
    """Every sentence, or its parts around what is marked, and every blank, filler and repeat."""
    settings = settings or MarkSettings()
    spoken = _said(found, settings)
    ends = [item.end for item in spoken]
    for span in found.hesitations:
        at = bisect_right(ends, span.start)
        if at == len(spoken) or spoken[at].start >= span.end:
            spoken.insert(at, _hesitation(span, settings))
            ends.insert(at, span.end)
    voices = [Span(item.start, item.end) for item in spoken]
    silent = outside(Span(0, found.media_s), merged([*voices, *found.sounding, *found.music]))
    blanks = [_blank(span, settings) for span in silent if span.seconds >= settings.blank_s]
    return sorted([*spoken, *blanks], key=lambda item: item.start)


@dataclass(frozen=True)
class _Mark:
    """What a word is a part of; words in a row with the same mark are an item."""

    sentence: int
    kind: Kind = Kind.SPEECH
    first: int = 0
    """The first word of the filler or repeat."""
    reason: str = ""
    score: float | None = None


def _said(found: Captioned, settings: MarkSettings) -> list[Item]:
    """All words as items, in order."""
    words: list[Word] = []
    marks: list[_Mark] = []
    for number, sentence in enumerate(found.sentences):
        whole = Word(sentence.start, sentence.end, sentence.text)
        words += sentence.words or (whole,)
        marks += [_Mark(number)] * (len(words) - len(marks))
    fillers = list(find_fillers(words, found.language, settings.level, settings.extra_fillers))
    for filler in fillers:
        reason = f"the filler {filler.name!r}"
        for at in range(filler.first, filler.stop):
            marks[at] = _Mark(marks[at].sentence, Kind.FILLER, filler.first, reason)
    for part, mark in _repeats(words, marks, settings):
        if marks[part.start].kind is not Kind.REPEAT:
            marks[part.start : part.stop] = [mark] * len(part)
    starts = [
        at
        for at in range(len(words))
        if at == 0 or marks[at] != marks[at - 1] or _parted(words, marks, at, found, settings)
    ]
    parts = pairwise([*starts, len(words)])
    return [_item(words[first:stop], marks[first], settings) for first, stop in parts]


def _parted(
    words: Sequence[Word], marks: Sequence[_Mark], at: int, found: Captioned, settings: MarkSettings
) -> bool:
    """There is a blank before a word, or a hesitation; what is hesitated inside a take is a part of it."""
    start, end = words[at - 1].end, words[at].start
    if end - start >= settings.blank_s:
        return True
    first = bisect_left(found.hesitations, start, key=lambda span: span.start)
    hesitates = first < len(found.hesitations) and found.hesitations[first].end <= end
    return hesitates and marks[at].kind is not Kind.REPEAT


def _repeats(
    words: Sequence[Word], marks: Sequence[_Mark], settings: MarkSettings
) -> Iterator[tuple[range, _Mark]]:
    """Words that are said again: whole sentences, and parts of them between pauses.

    Both, because a take may be one sentence and the next be written as two, or two takes be written as one.
    """
    for pause_s in (math.inf, settings.take_pause_s):
        parts = list(_units(words, marks, pause_s))
        plain = [joined(words[at].text for at in part if marks[at].kind is not Kind.FILLER) for part in parts]
        for repeat in find_repeats(plain, settings.repeat):
            part, kept = parts[repeat.sentence], parts[repeat.kept]
            text = joined(words[at].text for at in kept)
            reason = f"said again at {words[kept.start].start:.2f} s: {text}"
            sentence = marks[part.start].sentence
            yield part, _Mark(sentence, Kind.REPEAT, part.start, reason, repeat.score)


def _units(words: Sequence[Word], marks: Sequence[_Mark], pause_s: float) -> Iterator[range]:
    """Ranges of words that belong to one sentence, with no pause of this length between them."""
    first = 0
    for at in range(1, len(words) + 1):
        if (
            at == len(words)
            or marks[at].sentence != marks[at - 1].sentence
            or words[at].start - words[at - 1].end >= pause_s
        ):
            yield range(first, at)
            first = at


def _item(words: Sequence[Word], mark: _Mark, settings: MarkSettings) -> Item:
    text = joined(word.text for word in words)
    asked = {Kind.FILLER: settings.fillers, Kind.REPEAT: settings.repeats}.get(mark.kind, False)
    remove = asked and settings.level is not Level.OFF
    return Item(words[0].start, words[-1].end, mark.kind, text, remove, mark.reason, mark.score)


def _hesitation(span: Span, settings: MarkSettings) -> Item:
    remove = settings.fillers and settings.level is not Level.OFF
    return Item(span.start, span.end, Kind.FILLER, "", remove, "a sound of hesitation that no word covers")


def _blank(span: Span, settings: MarkSettings) -> Item:
    remove = settings.blanks and settings.level is not Level.OFF
    reason = f"nothing is said for {span.seconds:.1f} s"
    return Item(span.start, span.end, Kind.BLANK, "", remove, reason)
