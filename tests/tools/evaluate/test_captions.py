"""Captions and quick cut on recordings that nothing was tuned on, and how they are composed and scored."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from edge.models.packages import packaged
from edge.quickcut.marks import Item, Kind
from edge.vocabulary import Span
from tools.evaluate import captions, quickcut
from tools.evaluate.pack import RATE_HZ
from tools.evaluate.talks import another_take, phrases, silence, talks

recognizer_needed = pytest.mark.skipif(
    not packaged(), reason="moonshine-voice is not installed: it has wheels for Linux on x86-64 only"
)


def test_talks_are_reproducible_and_their_truth_is_inside(eval_pack: Path) -> None:
    (first,), (again,), (other,) = (talks(eval_pack, 1, seed=seed) for seed in (3, 3, 4))
    rng = np.random.default_rng(0)
    assert first.truth == again.truth != other.truth
    np.testing.assert_array_equal(np.concatenate(first.pieces), np.concatenate(again.pieces))
    edges = [edge for _, span in first.truth for edge in (span.start, span.end)]
    assert edges == sorted(edges)
    assert edges[-1] <= first.seconds == pytest.approx(len(first.sound(rng)) / RATE_HZ)


def test_phrases_have_no_pause_inside_and_takes_are_alike_but_not_the_same() -> None:
    rng = np.random.default_rng(1)
    voice = [rng.normal(0, 0.1, RATE_HZ * seconds).astype(np.float32) for seconds in (2, 3)]
    found = phrases(np.concatenate([silence(1), voice[0], silence(0.6), voice[1], silence(1)]))
    assert [round(len(one) / RATE_HZ) for one in found] == [2, 3]
    take = another_take(voice[0], rng)
    assert 0.7 < len(take) / len(voice[0]) < 1.1
    assert len(take) != len(voice[0])


def test_an_item_is_found_if_it_covers_half_and_only_once() -> None:
    truth = [(Kind.BLANK, Span(0, 2)), (Kind.BLANK, Span(10, 12)), (Kind.FILLER, Span(4, 5))]
    items = [
        Item(0.1, 2.2, Kind.BLANK, "", True, ""),
        Item(4.0, 5.0, Kind.BLANK, "", True, ""),
        Item(10.0, 12.0, Kind.BLANK, "", False, ""),
    ]
    counts: Counter[tuple[Kind, str]] = Counter()
    errors = quickcut.score(Kind.BLANK, items, truth, counts)
    assert [(error["what"], error["start"]) for error in errors] == [("missed", 10), ("wrong", 4.0)]
    assert dict(counts) == {(Kind.BLANK, "found"): 1, (Kind.BLANK, "true"): 2, (Kind.BLANK, "marked"): 2}


def test_the_parts_of_one_take_are_one_repeat() -> None:
    parts = [Item(1, 3, Kind.REPEAT, "a", True, ""), Item(3.5, 6, Kind.REPEAT, "b", True, "")]
    counts: Counter[tuple[Kind, str]] = Counter()
    assert quickcut.score(Kind.REPEAT, parts, [(Kind.REPEAT, Span(1, 6))], counts) == []


@recognizer_needed
def test_captions_reach_their_targets(eval_pack: Path) -> None:
    result = captions.evaluate(eval_pack)
    assert result["wer"] <= 0.15
    assert result["long_wer"] <= result["engine_wer"] + 0.02
    assert result["false_words_per_minute"] <= 0.5
    assert result["word_start_s"] <= 0.05
    assert result["word_end_s"] <= 0.05
    assert result["peak_mb"] <= 350
    assert result["boundaries"] >= 100
    for utterances in pairwise(result["utterances"]):
        assert utterances[0]["wer"] >= utterances[1]["wer"]


@recognizer_needed
def test_quick_cut_reaches_its_targets(eval_pack: Path) -> None:
    result = quickcut.evaluate(eval_pack, count=6)
    for kind in ("blank", "filler", "repeat"):
        assert result[kind]["true"] >= 8
        assert result[kind]["precision"] >= 0.85  # of so few, one or two more may be wrong elsewhere
        assert result[kind]["recall"] >= 0.75
    assert result["lost"] <= 0.1
    assert result["drift_s"] <= 0.02
