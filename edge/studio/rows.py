"""The rows of the page: captions with their words, and what lies between them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from edge.quickcut.clean import CleanPlan
from edge.quickcut.marks import Item, Kind
from edge.vocabulary import Caption


@dataclass(frozen=True, slots=True)
class Piece:
    """A word of a caption, or a filled pause between two of its words."""

    start: float
    """Seconds of the recording."""
    end: float
    """Seconds of the recording."""
    text: str
    """The word; empty for a filled pause."""
    kind: str
    """filler, repeat, or speech."""
    reason: str
    """Why it was marked."""
    removed: bool
    """Whether it is marked for removal."""


@dataclass(frozen=True, slots=True)
class Row:
    """A caption, or an item between captions: a blank, a sound or a filled pause."""

    start: float
    """Seconds of the recording."""
    end: float
    """Seconds of the recording."""
    kind: str
    """speech, or the kind of the item."""
    text: str
    """Text of the caption; why the item was marked."""
    removed: bool
    """Whether it is marked for removal; of a caption, whether all of its words are."""
    pieces: tuple[Piece, ...] = ()
    """Words of the caption."""

    def to_list(self) -> list[Any]:
        """Return the row as the page has it."""
        pieces = [(one.start, one.end, one.text, one.kind, one.reason, one.removed) for one in self.pieces]
        return [self.start, self.end, self.kind, self.text, self.removed, pieces]


def rows_of(
    captions: Sequence[Caption], plan: CleanPlan, removed: Container[tuple[float, float]]
) -> tuple[Row, ...]:
    """Return the rows of edited captions and of the items of a plan, in order of time."""
    wordless = [item for item in plan.items if not item.text]
    spoken = _Marks([item for item in plan.items if item.text])
    rows, at = [], 0
    for caption in captions:
        while at < len(wordless) and wordless[at].start < caption.start:
            rows.append(_between(wordless[at], removed))
            at += 1
        inside = []
        while at < len(wordless) and wordless[at].end <= caption.end:
            inside.append(wordless[at])
            at += 1
        rows.append(_caption(caption, inside, spoken, removed))
    rows += [_between(item, removed) for item in wordless[at:]]
    return tuple(rows)


def splice(before: Sequence[Row], after: Sequence[Row]) -> dict[str, Any]:
    """Return what changes rows into others: where, how many go, and which come."""
    first = 0
    while first < min(len(before), len(after)) and before[first] == after[first]:
        first += 1
    last = 0
    while last < min(len(before), len(after)) - first and before[-1 - last] == after[-1 - last]:
        last += 1
    new = after[first : len(after) - last]
    return {"at": first, "delete": len(before) - first - last, "insert": [row.to_list() for row in new]}


class _Marks:
    """Finds the item that a word belongs to."""

    def __init__(self, items: Sequence[Item]) -> None:
        self._items, self._starts = items, [item.start for item in items]

    def of(self, start: float) -> tuple[str, str]:
        """Return kind and reason of the item at a time."""
        index = bisect_right(self._starts, start) - 1
        item = self._items[index] if index >= 0 else None
        return (item.kind.value, item.reason) if item and start < item.end else (Kind.SPEECH.value, "")


def _between(item: Item, removed: Container[tuple[float, float]]) -> Row:
    return Row(item.start, item.end, item.kind.value, item.reason, (item.start, item.end) in removed)


def _caption(
    caption: Caption, inside: Sequence[Item], marks: _Marks, removed: Container[tuple[float, float]]
) -> Row:
    pieces = tuple(sorted(_pieces(caption, inside, marks, removed), key=lambda piece: piece.start))
    gone = bool(pieces) and all(piece.removed for piece in pieces)
    return Row(caption.start, caption.end, Kind.SPEECH.value, caption.text, gone, pieces)


def _pieces(
    caption: Caption, inside: Sequence[Item], marks: _Marks, removed: Container[tuple[float, float]]
) -> Iterator[Piece]:
    for word in caption.words:
        kind, reason = marks.of(word.start)
        yield Piece(word.start, word.end, word.text, kind, reason, (word.start, word.end) in removed)
    for item in inside:
        times = item.start, item.end
        yield Piece(*times, "", item.kind.value, item.reason, times in removed)
