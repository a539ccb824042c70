"""Editing: a timeline, the captions of its recordings and what is to go, changed by actions, with undo.

Marking a caption, a word or a blank for removal changes the marks only. The timeline without what is marked
is made when it is asked for (`Editor.timeline`), and once for any number of marks.

To add an action: write a struct, enter it in `Action`, and say in `applied` what it does. The journal knows
all of `Action`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from fractions import Fraction
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import TypeAlias

from msgspec import Struct

from edge.errors import UsageError
from edge.text.scripts import IDEOGRAPHIC
from edge.timeline.timeline import Clip, Timeline
from edge.vocabulary import Caption, Span, Word

_UNIT = re.compile(rf"{IDEOGRAPHIC.pattern}|(?:(?!{IDEOGRAPHIC.pattern})\S)+")
"""What texts are compared by: words, and characters of scripts without spaces."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of a recording, in its seconds: where a caption, a word or a blank is."""

    media: Path
    start: float
    end: float

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end < math.inf:
            raise UsageError(f"a passage needs 0 <= start < end, got [{self.start}, {self.end})")

    @classmethod
    def of(cls, media: Path, item: Caption | Word | Span) -> Passage:
        """Where something of a recording is."""
        return cls(media, item.start, item.end)


Transcript: TypeAlias = "Mapping[Path, tuple[Caption, ...]]"
"""The captions of each recording, in its seconds."""


@dataclass(frozen=True)
class EditState:
    """All that an editor knows. Nothing in it is ever changed: actions make new states."""

    timeline: Timeline
    """As it was arranged, with what is marked still in it: actions count its clips."""
    original: Transcript = field(default_factory=dict)
    """What was recognized."""
    removed: frozenset[Passage] = frozenset()
    """Marked for removal."""
    texts: Mapping[Passage, str] = field(default_factory=dict)
    """What was written in place of a caption's text; the caption is known by where it is."""

    @classmethod
    def of(cls, timeline: Timeline, captions: Mapping[Path, Iterable[Caption]]) -> EditState:
        """Where editing begins: a timeline and the captions of its recordings."""
        return cls(timeline, {media: tuple(each) for media, each in captions.items()})

    @property
    def transcript(self) -> Transcript:
        """The captions with their texts as edited; `place` puts them on a timeline."""
        edited = {passage.media for passage in self.texts}
        return {
            media: tuple(self._edited(media, caption) for caption in captions)
            if media in edited
            else captions
            for media, captions in self.original.items()
        }

    def without_removed(self) -> Timeline:
        """The timeline with what is marked cut out, wherever it is shown."""
        spans: dict[Path, list[tuple[float, float]]] = {}
        for passage in self.removed:
            spans.setdefault(passage.media, []).append((passage.start, passage.end))
        return self.timeline.without(spans) if spans else self.timeline

    def _edited(self, media: Path, caption: Caption) -> Caption:
        text = self.texts.get(Passage.of(media, caption))
        return caption if text is None else reworded(caption, text)


class Split(Struct, frozen=True, tag=True):
    """Make two clips of the one shown at a time of the arranged timeline, seconds."""

    at: Fraction


class Trim(Struct, frozen=True, tag=True):
    """Show [trim_in, trim_out) of a clip's recording instead, seconds."""

    index: int
    trim_in: Fraction
    trim_out: Fraction


class Move(Struct, frozen=True, tag=True):
    """Take a clip out and put it in as number `to`."""

    index: int
    to: int


class Delete(Struct, frozen=True, tag=True):
    """Take a clip out."""

    index: int


class Insert(Struct, frozen=True, tag=True):
    """Put a clip before the one that has this index; without an index at the end."""

    clip: Clip
    index: int | None = None


class Apply(Struct, frozen=True, tag=True):
    """Cut what is marked out of the arranged timeline, and clear the marks."""


class Remove(Struct, frozen=True, tag=True):
    """Mark captions, words or blanks for removal; the timeline stays as it is."""

    passages: tuple[Passage, ...]


class Restore(Struct, frozen=True, tag=True):
    """Take marks for removal away again, each as it was made."""

    passages: tuple[Passage, ...]


class EditText(Struct, frozen=True, tag=True):
    """Write a text in place of a caption's; None is the recognized one again."""

    caption: Passage
    """Where the caption is."""
    text: str | None


class Transcribe(Struct, frozen=True, tag=True):
    """Give a recording its captions, in its seconds, instead of those it had."""

    media: Path
    captions: tuple[Caption, ...]


Arrangement: TypeAlias = Split | Trim | Move | Delete | Insert
"""What changes the timeline alone; each raises UsageError where the timeline's method does."""

Action: TypeAlias = Arrangement | Apply | Remove | Restore | EditText | Transcribe
"""All that can be done, and undone."""


def applied(action: Action, state: EditState) -> EditState:
    """The state after an action. Raises UsageError if it cannot be done."""
    match action:
        case Remove(passages):
            return replace(state, removed=state.removed.union(passages))
        case Restore(passages):
            return replace(state, removed=state.removed.difference(passages))
        case EditText(passage, text):
            return replace(state, texts=_texts(state, passage, text))
        case Transcribe(media, captions):
            return replace(state, original={**state.original, media: captions})
        case Apply():
            return replace(state, timeline=state.without_removed(), removed=frozenset())
        case _:
            return replace(state, timeline=_arranged(action, state.timeline))


def _arranged(action: Arrangement, timeline: Timeline) -> Timeline:
    match action:
        case Split(at):
            return timeline.split(at)
        case Trim(index, trim_in, trim_out):
            return timeline.trim(index, trim_in, trim_out)
        case Move(index, to):
            return timeline.move(index, to)
        case Delete(index):
            return timeline.delete(index)
        case Insert(clip, before):
            return timeline.insert(clip, before)


def _texts(state: EditState, at: Passage, text: str | None) -> dict[Passage, str]:
    captions = state.original.get(at.media, ())
    caption = next((one for one in captions if (one.start, one.end) == (at.start, at.end)), None)
    if caption is None:
        raise UsageError(f"no caption of {at.media} lasts from {at.start} s to {at.end} s")
    texts = {**state.texts, at: caption.text if text is None else text}
    if texts[at] == caption.text:
        del texts[at]
    return texts


@lru_cache(maxsize=1024)
def reworded(caption: Caption, text: str) -> Caption:
    """The caption with another text, whose words have the times of those that they stand in for.

    Words that stayed show which; several that stand in for one are one. Where no word of the new text stands
    in for an old one, nothing has the old one's time.
    """
    old = [(unit, number) for number, word in enumerate(caption.words) for unit in _UNIT.findall(word.text)]
    new = list(_UNIT.finditer(text)) if old else []
    stands_for: list[int] = []
    matcher = SequenceMatcher(None, [unit for unit, _ in old], [unit.group() for unit in new], autojunk=False)
    for _, i, i_end, j, j_end in matcher.get_opcodes():
        for step in range(j_end - j):
            at = i + step * (i_end - i) // (j_end - j) if i < i_end else max(i - 1, 0)
            stands_for.append(old[at][1])
    words = []
    for number, group in groupby(zip(stands_for, new, strict=True), key=itemgetter(0)):
        units = [unit for _, unit in group]
        words.append(replace(caption.words[number], text=text[units[0].start() : units[-1].end()]))
    return replace(caption, text=text, words=tuple(words))
