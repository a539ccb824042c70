"""Arithmetic of stretches of time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from edge.vocabulary import Span


def merged(spans: Iterable[Span]) -> list[Span]:
    """What the spans cover, in order; those that touch or overlap made one."""
    found: list[Span] = []
    for span in sorted(spans):
        if found and span.start <= found[-1].end:
            found[-1] = Span(found[-1].start, max(found[-1].end, span.end))
        else:
            found.append(span)
    return found


def outside(span: Span, others: Sequence[Span]) -> Iterator[Span]:
    """The parts of a span that none of the others covers; those are in order."""
    at = span.start
    for other in others:
        if other.start >= span.end:
            break
        if other.end <= at:
            continue
        if other.start > at:
            yield Span(at, other.start)
        at = other.end
    if at < span.end:
        yield Span(at, span.end)
