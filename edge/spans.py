"""Arithmetic of half-open intervals (start, end): seconds as floats or fractions, or frame indices."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from operator import itemgetter
from typing import Protocol, TypeVar

NumberT = TypeVar("NumberT", int, float, Fraction)


class HasTimes(Protocol):
    """Anything with a start and an end: a span, a word, a caption."""

    @property
    def start(self) -> float:
        """Start in seconds."""

    @property
    def end(self) -> float:
        """End in seconds."""


def intervals(items: Iterable[HasTimes]) -> list[tuple[float, float]]:
    """Return the (start, end) of each item.

    >>> from edge.vocabulary import Span
    >>> intervals([Span(0.5, 2.0)])
    [(0.5, 2.0)]
    """
    return [(item.start, item.end) for item in items]


def merge(
    intervals: Iterable[tuple[NumberT, NumberT]], gap: NumberT | int = 0
) -> list[tuple[NumberT, NumberT]]:
    """Return the union of intervals in order; intervals at most `gap` apart become one.

    >>> merge([(5, 6), (0, 2), (2, 3)])
    [(0, 3), (5, 6)]
    >>> merge([(0, 2), (3, 4)], gap=1)
    [(0, 4)]
    """
    union: list[tuple[NumberT, NumberT]] = []
    for start, end in sorted(intervals):
        if union and start - union[-1][1] <= gap:
            union[-1] = union[-1][0], max(union[-1][1], end)
        else:
            union.append((start, end))
    return union


def subtract(
    interval: tuple[NumberT, NumberT], holes: Sequence[tuple[NumberT, NumberT]]
) -> Iterator[tuple[NumberT, NumberT]]:
    """Yield the parts of an interval that no hole covers; holes are sorted and disjoint (see `merge`).

    >>> list(subtract((0, 9), [(2, 3), (8, 12)]))
    [(0, 2), (3, 8)]
    """
    start, end = interval
    for index in range(bisect_right(holes, start, key=itemgetter(1)), len(holes)):
        first, last = holes[index]
        if first >= end:
            break
        if start < first:
            yield start, first
        start = last
    if start < end:
        yield start, end
