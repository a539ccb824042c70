"""Spans: what they refuse and what they measure."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.vocabulary import LABELS, Span

spans = st.tuples(st.floats(0, 1e5), st.floats(0.01, 1e4)).map(lambda pair: Span(pair[0], pair[0] + pair[1]))


@pytest.mark.parametrize(("start", "end"), [(-1, 2), (2, 2), (3, 2), (float("nan"), 2), (1, float("nan"))])
def test_a_span_goes_forward_from_zero_on(start: float, end: float) -> None:
    with pytest.raises(ValueError, match="a span needs"):
        Span(start, end)


@given(spans, spans)
def test_overlap_and_iou_are_symmetric_and_bounded(a: Span, b: Span) -> None:
    assert a.overlap(b) == b.overlap(a) <= min(a.seconds, b.seconds) + 1e-6
    assert 0 <= a.iou(b) <= 1 + 1e-9
    assert a.iou(a) == pytest.approx(1)


def test_the_order_of_labels_is_the_order_of_every_confidence_array() -> None:
    assert LABELS == ("singing", "speaking", "music", "other")
