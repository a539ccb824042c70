"""Editing state (a timeline, captions, and passages marked for removal) and the actions that change it.

Marking a caption, a word or a blank for removal changes the marks only. The timeline without the marked
passages is computed on demand (`Editor.timeline`), once for any number of marks.

To add an action: write a struct, add it to `Action`, and implement it in `applied`. The journal handles every
type of `Action`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import TypeAlias

from msgspec import Struct

from edge.errors import UsageError
from edge.timeline.timeline import Clip, Timeline
from edge.timeline.wording import merged_captions, reworded, split_caption
from edge.vocabulary import Caption, Span, Word


@dataclass(frozen=True, slots=True)
class Passage:
    """A span of a recording that a caption, a word or a blank covers."""

    media: Path
    """Path of the recording."""
    start: float
    """Seconds of the recording."""
    end: float
    """Seconds of the recording, after `start`."""

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end < math.inf:
            raise UsageError(f"a passage needs 0 <= start < end, got [{self.start}, {self.end})")

    @classmethod
    def of(cls, media: Path, item: Caption | Word | Span) -> Passage:
        """Return the passage that an item of a recording covers."""
        return cls(media, item.start, item.end)


Transcript: TypeAlias = "Mapping[Path, tuple[Caption, ...]]"
"""Captions by recording, in seconds of the recording."""


@dataclass(frozen=True, slots=True)
class EditState:
    """State of an editor. It is immutable: actions make new states."""

    timeline: Timeline
    """The arranged timeline, marked passages included: actions refer to its clips by index."""
    original: Transcript = field(default_factory=dict)
    """Captions as they were recognized."""
    removed: frozenset[Passage] = frozenset()
    """Passages marked for removal."""
    texts: Mapping[Passage, str] = field(default_factory=dict)
    """Edited texts by passage of the caption."""

    @classmethod
    def of(cls, timeline: Timeline, captions: Mapping[Path, Iterable[Caption]]) -> EditState:
        """Return the initial state for a timeline and the captions of its recordings."""
        return cls(timeline, {media: tuple(each) for media, each in captions.items()})

    @property
    def transcript(self) -> Transcript:
        """Return the captions with their edited texts; `place` puts them on a timeline."""
        edited = {passage.media for passage in self.texts}
        return {
            media: tuple(self._edited(media, caption) for caption in captions)
            if media in edited
            else captions
            for media, captions in self.original.items()
        }

    def without_removed(self) -> Timeline:
        """Return the timeline with the marked passages cut out, wherever they are shown."""
        spans: dict[Path, list[tuple[float, float]]] = {}
        for passage in self.removed:
            spans.setdefault(passage.media, []).append((passage.start, passage.end))
        return self.timeline.without(spans) if spans else self.timeline

    def _edited(self, media: Path, caption: Caption) -> Caption:
        text = self.texts.get(Passage.of(media, caption))
        return caption if text is None else reworded(caption, text)


class Split(Struct, frozen=True, tag=True):
    """Split the clip at a time of the arranged timeline in two."""

    at: Fraction
    """Seconds of the timeline."""


class Trim(Struct, frozen=True, tag=True):
    """Show [trim_in, trim_out) of a clip's recording instead."""

    index: int
    """Index of the clip."""
    trim_in: Fraction
    """Seconds of the recording."""
    trim_out: Fraction
    """Seconds of the recording, after `trim_in`."""


class Move(Struct, frozen=True, tag=True):
    """Move a clip to another index."""

    index: int
    """Index of the clip."""
    to: int
    """Index of the clip after the move."""


class Delete(Struct, frozen=True, tag=True):
    """Delete a clip."""

    index: int
    """Index of the clip."""


class Insert(Struct, frozen=True, tag=True):
    """Insert a clip."""

    clip: Clip
    """The clip; its `in_point` is ignored."""
    index: int | None = None
    """Index that the clip gets; None appends it."""


class Apply(Struct, frozen=True, tag=True):
    """Cut the marked passages out of the arranged timeline, and clear the marks."""


class Remove(Struct, frozen=True, tag=True):
    """Mark captions, words or blanks for removal; the timeline stays unchanged."""

    passages: tuple[Passage, ...]
    """Passages to mark."""


class Restore(Struct, frozen=True, tag=True):
    """Clear marks for removal."""

    passages: tuple[Passage, ...]
    """Passages exactly as they were marked."""


class EditText(Struct, frozen=True, tag=True):
    """Replace the text of a caption."""

    caption: Passage
    """Passage of the caption."""
    text: str | None
    """The new text; None restores the recognized one."""


class SplitCaption(Struct, frozen=True, tag=True):
    """Split a caption in two before one of its words."""

    caption: Passage
    """Passage of the caption."""
    at: float
    """Start of the word in seconds of the recording."""


class MergeCaptions(Struct, frozen=True, tag=True):
    """Merge a caption with the next one of its recording."""

    caption: Passage
    """Passage of the first caption."""


class Transcribe(Struct, frozen=True, tag=True):
    """Replace the captions of a recording."""

    media: Path
    """Path of the recording."""
    captions: tuple[Caption, ...]
    """Captions in seconds of the recording."""


Arrangement: TypeAlias = Split | Trim | Move | Delete | Insert
"""Actions that change the timeline only; each raises UsageError where the timeline's method does."""

Captioning: TypeAlias = EditText | SplitCaption | MergeCaptions | Transcribe
"""Actions that change the captions only."""

Action: TypeAlias = Arrangement | Captioning | Apply | Remove | Restore
"""Every action that can be done and undone."""


def applied(action: Action, state: EditState) -> EditState:
    """Return the state after an action. Raises UsageError if it cannot be done."""
    match action:
        case Remove(passages):
            return replace(state, removed=state.removed.union(passages))
        case Restore(passages):
            return replace(state, removed=state.removed.difference(passages))
        case EditText() | SplitCaption() | MergeCaptions() | Transcribe():
            return _recaptioned(action, state)
        case Apply():
            return replace(state, timeline=state.without_removed(), removed=frozenset())
        case _:
            return replace(state, timeline=_arranged(action, state.timeline))


def _recaptioned(action: Captioning, state: EditState) -> EditState:
    match action:
        case EditText(passage, text):
            return replace(state, texts=_texts(state, passage, text))
        case SplitCaption(passage, at):
            return _with_captions(state, passage, 1, lambda captions: split_caption(captions[0], at))
        case MergeCaptions(passage):
            return _with_captions(state, passage, 2, lambda captions: (merged_captions(*captions),))
        case Transcribe(media, captions):
            return replace(state, original={**state.original, media: captions})


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


def _with_captions(
    state: EditState,
    passage: Passage,
    count: int,
    changed: Callable[[Sequence[Caption]], tuple[Caption, ...]],
) -> EditState:
    """Return the state with `count` captions from one on, with their edited texts, replaced by others."""
    captions = state.transcript.get(passage.media, ())
    index = _find(captions, passage)
    if index + count > len(captions):
        raise UsageError("there is no caption after the last one to merge with")
    old, new = captions[index : index + count], changed(captions[index : index + count])
    gone = {Passage.of(passage.media, caption) for caption in old}
    texts = {where: text for where, text in state.texts.items() if where not in gone}
    original = state.original[passage.media]
    kept = (*original[:index], *new, *original[index + count :])
    return replace(state, original={**state.original, passage.media: kept}, texts=texts)


def _find(captions: Sequence[Caption], passage: Passage) -> int:
    """Return the index of the caption at a passage. Raises UsageError if there is none."""
    times = passage.start, passage.end
    for index, caption in enumerate(captions):
        if (caption.start, caption.end) == times:
            return index
    raise UsageError(f"no caption of {passage.media} lasts from {passage.start} s to {passage.end} s")


def _texts(state: EditState, passage: Passage, text: str | None) -> dict[Passage, str]:
    captions = state.original.get(passage.media, ())
    caption = captions[_find(captions, passage)]
    texts = {**state.texts, passage: caption.text if text is None else text}
    if texts[passage] == caption.text:
        del texts[passage]
    return texts
