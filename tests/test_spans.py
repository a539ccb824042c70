"""Arithmetic of stretches against the cells of a grid."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from edge.spans import merged, outside
from edge.vocabulary import Span

CELLS = 40

spans = st.builds(
    lambda first, count: Span(first, first + count), st.integers(0, CELLS - 1), st.integers(1, 12)
)
lists = st.lists(spans, max_size=8)


def cells(found: Iterable[Span]) -> set[int]:
    """Every unit of time that the spans cover."""
    return {cell for span in found for cell in range(round(span.start), round(span.end))}


@given(lists)
def test_what_is_merged_covers_the_same_in_order_and_nowhere_touches(some: list[Span]) -> None:
    found = merged(some)
    assert cells(found) == cells(some)
    assert all(one.end < other.start for one, other in pairwise(found))
    assert merged(found) == found
    assert merged(reversed(some)) == found


@given(spans, lists)
def test_what_is_outside_is_all_that_no_other_covers(span: Span, others: list[Span]) -> None:
    for others_in_order in (sorted(others), merged(others)):
        found = list(outside(span, others_in_order))
        assert cells(found) == cells([span]) - cells(others)
        assert all(one.end < other.start for one, other in pairwise(found))


@given(lists)
def test_inside_and_outside_make_the_whole(some: list[Span]) -> None:
    whole = Span(0, CELLS + 12)
    gaps = list(outside(whole, merged(some)))
    assert merged([*gaps, *some]) == [whole]
    assert all(gap.overlap(one) == 0 for gap in gaps for one in some)


def test_nothing_merges_to_nothing_and_hides_nothing() -> None:
    span = Span(1.5, 2.5)
    assert merged([]) == []
    assert list(outside(span, [])) == [span]
    assert list(outside(span, [Span(0, 1.5), Span(2.5, 3)])) == [span]
    assert list(outside(span, [Span(0, 9)])) == []
