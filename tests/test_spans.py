"""Arithmetic of intervals against the cells of a grid, in every kind of number."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.spans import merge, subtract

CELLS = 40
Interval = tuple[int, int]

intervals = st.builds(
    lambda first, count: (first, first + count), st.integers(0, CELLS - 1), st.integers(1, 12)
)
lists = st.lists(intervals, max_size=8)


def cells(found: Iterable[Interval]) -> set[int]:
    """Every unit that the intervals cover."""
    return {cell for start, end in found for cell in range(start, end)}


@given(lists)
def test_a_union_covers_the_same_in_order_and_nowhere_touches(some: list[Interval]) -> None:
    found = merge(some)
    assert cells(found) == cells(some)
    assert all(one[1] < other[0] for one, other in pairwise(found))
    assert merge(found) == found
    assert merge(reversed(some)) == found


@given(lists, st.integers(0, 5))
def test_a_gap_is_bridged_and_a_wider_one_is_not(some: list[Interval], gap: int) -> None:
    found = merge(some, gap)
    assert all(other[0] - one[1] > gap for one, other in pairwise(found))
    assert cells(found) >= cells(some)
    assert merge(merge(some), gap) == found


@given(intervals, lists)
def test_a_difference_is_all_that_no_hole_covers(interval: Interval, holes: list[Interval]) -> None:
    found = list(subtract(interval, merge(holes)))
    assert cells(found) == cells([interval]) - cells(holes)
    assert all(one[1] < other[0] for one, other in pairwise(found))


@given(lists)
def test_fractions_and_floats_give_what_integers_give(some: list[Interval]) -> None:
    exact = merge((Fraction(start), Fraction(end)) for start, end in some)
    rounded = merge((float(start), float(end)) for start, end in some)
    assert [(float(start), float(end)) for start, end in exact] == rounded == merge(some)
    left = list(subtract((Fraction(0), Fraction(50)), exact))
    assert [(float(start), float(end)) for start, end in left] == list(subtract((0.0, 50.0), rounded))


def test_nothing_merges_to_nothing_and_takes_nothing() -> None:
    assert merge([]) == []
    assert list(subtract((1.5, 2.5), [])) == [(1.5, 2.5)]
    assert list(subtract((1.5, 2.5), [(0.0, 1.5), (2.5, 3.0)])) == [(1.5, 2.5)]
    assert list(subtract((1.5, 2.5), [(0.0, 9.0)])) == []
    with pytest.raises(TypeError):
        merge([None])  # type: ignore[list-item]
