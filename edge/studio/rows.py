"""The rows of the page: captions with their words, and what lies between them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import Any

from edge.quickcut.clean import CleanPlan
from edge.quickcut.marks import Item, Kind
from edge.vocabulary import Caption, Word


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


class RowMaker:
    """Makes the rows of a plan's captions as they are edited; rows that stay the same are made once."""

    def __init__(self, plan: CleanPlan) -> None:
        self._wordless = [item for item in plan.items if not item.text]
        self._spoken = [item for item in plan.items if item.text]
        self._starts = [item.start for item in self._spoken]
        self._made: dict[Caption, tuple[list[bool], Row]] = {}

    def rows(self, captions: Sequence[Caption], removed: Container[tuple[float, float]]) -> tuple[Row, ...]:
        """Return the rows of edited captions and of the items between them, in order of time."""
        rows, at, wordless, made = list[Row](), 0, self._wordless, self._made
        self._made = {}
        for caption in captions:
            while at < len(wordless) and wordless[at].start < caption.start:
                rows.append(_between(wordless[at], removed))
                at += 1
            inside = []
            while at < len(wordless) and wordless[at].end <= caption.end:
                inside.append(wordless[at])
                at += 1
            units: list[Word | Item] = [*caption.words, *inside]
            gone = [(one.start, one.end) in removed for one in units]
            known = made.get(caption)
            row = known[1] if known and known[0] == gone else self._caption(caption, units, gone)
            self._made[caption] = gone, row
            rows.append(row)
        rows += [_between(item, removed) for item in wordless[at:]]
        return tuple(rows)

    def _caption(self, caption: Caption, units: Sequence[Word | Item], gone: Sequence[bool]) -> Row:
        pieces = [
            Piece(one.start, one.end, one.text, *self._mark(one), removed)
            for one, removed in zip(units, gone, strict=True)
        ]
        pieces.sort(key=lambda piece: piece.start)
        every = bool(gone) and all(gone)
        return Row(caption.start, caption.end, Kind.SPEECH.value, caption.text, every, tuple(pieces))

    def _mark(self, one: Word | Item) -> tuple[str, str]:
        """Return kind and reason of a word or an item."""
        if isinstance(one, Item):
            return one.kind.value, one.reason
        index = bisect_right(self._starts, one.start) - 1
        item = self._spoken[index] if index >= 0 else None
        return (item.kind.value, item.reason) if item and one.start < item.end else (Kind.SPEECH.value, "")


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


def _between(item: Item, removed: Container[tuple[float, float]]) -> Row:
    return Row(item.start, item.end, item.kind.value, item.reason, (item.start, item.end) in removed)
