"""Marks on a recording: what is said, and what is worth removing: blanks, fillers, repeated takes.

Items are disjoint and in order. What is not to be removed for certain stays: a wrong cut is far worse than a
filler that was missed, so a gap in which something sounds is no blank.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from edge.captions.fillers import Filler, Level, find_fillers
from edge.captions.recording import Captioned
from edge.captions.repeats import Repeat, RepeatSettings, find_repeats
from edge.captions.text import joined
from edge.errors import UsageError
from edge.spans import merged, outside
from edge.vocabulary import Caption, Span, Word


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
    extra_fillers: tuple[str, ...] = ()
    """Words of the user that are fillers too."""
    repeat: RepeatSettings = field(default_factory=RepeatSettings)

    def __post_init__(self) -> None:
        if self.blank_s <= 0:
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
    spoken = list(_spoken(found, settings))
    voices = [Span(item.start, item.end) for item in spoken]
    silent = outside(Span(0, found.media_s), merged([*voices, *found.sounding, *found.music]))
    blanks = [_blank(span, settings) for span in silent if span.seconds >= settings.blank_s]
    return sorted([*spoken, *blanks], key=lambda item: item.start)


def _spoken(found: Captioned, settings: MarkSettings) -> Iterator[Item]:
    """Sentences and hesitations: repeats whole, other sentences in parts around what is marked in them."""
    fillers = [
        list(find_fillers(sentence.words, found.language, settings.level, settings.extra_fillers))
        for sentence in found.sentences
    ]
    said = [_without(sentence, there) for sentence, there in zip(found.sentences, fillers, strict=True)]
    repeats = {one.sentence: one for one in find_repeats(said, settings.repeat)}
    unsaid = deque(_hesitation(span, settings) for span in found.hesitations)
    for number, (sentence, there) in enumerate(zip(found.sentences, fillers, strict=True)):
        while unsaid and unsaid[0].start < sentence.start:
            yield unsaid.popleft()
        inside = []
        while unsaid and unsaid[0].start < sentence.end:
            inside.append(unsaid.popleft())
        if number in repeats:
            yield _repeat(sentence, repeats[number], found.sentences, settings)
        else:
            yield from _parts(sentence, there, inside, settings)
    yield from unsaid


def _without(sentence: Caption, fillers: Sequence[Filler]) -> str:
    """The sentence without its fillers."""
    gone = {at for one in fillers for at in range(one.first, one.stop)}
    if not gone:
        return sentence.text
    return joined(word.text for at, word in enumerate(sentence.words) if at not in gone)


def _repeat(sentence: Caption, repeat: Repeat, sentences: Sequence[Caption], settings: MarkSettings) -> Item:
    kept = sentences[repeat.kept]
    reason = f"said again at {kept.start:.2f} s: {kept.text}"
    remove = settings.repeats and settings.level is not Level.OFF
    return Item(sentence.start, sentence.end, Kind.REPEAT, sentence.text, remove, reason, repeat.score)


def _parts(
    sentence: Caption, fillers: Sequence[Filler], unsaid: Sequence[Item], settings: MarkSettings
) -> Iterator[Item]:
    """A sentence as items of speech, parted by its fillers, hesitations and long pauses."""
    if not sentence.words:
        yield Item(sentence.start, sentence.end, Kind.SPEECH, sentence.text, False, "")
        return
    marked = [_filler(sentence.words[one.first : one.stop], settings) for one in fillers]
    gone = {at for one in fillers for at in range(one.first, one.stop)}
    left = [word for at, word in enumerate(sentence.words) if at not in gone]
    held: list[Word] = []
    parts: list[Word | Item] = [*left, *marked, *unsaid]
    for one in sorted(parts, key=lambda part: part.start):
        if held and (isinstance(one, Item) or one.start - held[-1].end >= settings.blank_s):
            yield _speech(held)
            held = []
        if isinstance(one, Item):
            yield one
        else:
            held.append(one)
    if held:
        yield _speech(held)


def _speech(words: Sequence[Word]) -> Item:
    text = joined(word.text for word in words)
    return Item(words[0].start, words[-1].end, Kind.SPEECH, text, False, "")


def _filler(words: Sequence[Word], settings: MarkSettings) -> Item:
    text = joined(word.text for word in words)
    reason = f"the filler {text.strip('.,!?')!r}"
    return Item(words[0].start, words[-1].end, Kind.FILLER, text, settings.fillers, reason)


def _hesitation(span: Span, settings: MarkSettings) -> Item:
    remove = settings.fillers and settings.level is not Level.OFF
    return Item(span.start, span.end, Kind.FILLER, "", remove, "a sound of hesitation that no word covers")


def _blank(span: Span, settings: MarkSettings) -> Item:
    remove = settings.blanks and settings.level is not Level.OFF
    reason = f"nothing is said for {span.seconds:.1f} s"
    return Item(span.start, span.end, Kind.BLANK, "", remove, reason)
