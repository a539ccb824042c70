"""Times of words that nobody could speak are corrected."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.evidence.speech.alignment import Aligner
from edge.evidence.speech.anchors import align_by_pieces
from edge.evidence.speech.word_times import evened, is_rushed
from edge.vocabulary import Word
from tests.evidence.makers import off_by, said


def words(*ends: float) -> list[Word]:
    return [Word(start, end, "word") for start, end in pairwise((0.0, *ends))]


def test_four_words_in_a_fifth_of_a_second_are_too_many() -> None:
    assert is_rushed(words(0.05, 0.1, 0.15, 0.2))
    assert is_rushed(words(1.0, 1.05, 1.1, 1.15, 1.2))
    assert not is_rushed(words(0.1, 0.2, 0.3, 0.4))
    assert not is_rushed(words(0.05, 0.1, 0.15))


def test_a_word_of_10_ms_takes_time_from_its_longer_neighbor() -> None:
    one, other, last = evened([Word(0.0, 0.6, "saying"), Word(0.6, 0.61, "a"), Word(0.8, 0.9, "bunch")])
    assert (one.start, last) == (0.0, Word(0.8, 0.9, "bunch"))
    assert one.end == other.start == pytest.approx(0.61 * 6 / 7)
    alone = [Word(0.0, 0.01, "a"), Word(0.5, 0.9, "bunch")]
    assert evened(alone) == tuple(alone)
    assert evened([]) == ()


@given(st.lists(st.tuples(st.floats(0, 0.3), st.floats(0.01, 0.5), st.text("ab", min_size=1, max_size=9))))
def test_evened_words_stay_in_order(parts: list[tuple[float, float, str]]) -> None:
    given_words, at = list[Word](), 0.0
    for pause, seconds, text in parts:
        given_words.append(Word(at + pause, at + pause + seconds, text))
        at += pause + seconds
    found = evened(given_words)
    assert [word.text for word in found] == [word.text for word in given_words]
    assert all(word.start < word.end for word in found)
    assert all(one.end <= other.start + 1e-9 for one, other in pairwise(found))
    if found:
        assert (found[0].start, found[-1].end) == (given_words[0].start, given_words[-1].end)


def test_pieces_are_anchors_of_a_text_that_is_wrong_in_its_middle() -> None:
    pytest.importorskip("pocketsphinx")
    tokens = ("good", "evening", "everybody", "welcome", "to", "the", "river", "hall")
    sound, truth = said(*tokens, pause_s=0.25)
    texts = iter(["good evening everybody welcome", "to the river hall"])
    wrong = "good evening everybody come along with me to the river hall"
    found = align_by_pieces(Aligner(), sound, wrong, lambda part: next(texts, ""))
    assert [word.text for word in found] == wrong.split()
    assert all(one.end <= other.start + 1e-9 for one, other in pairwise(found))
    ends = (*found[:3], *found[-2:])
    assert max(off_by(ends, [*truth[:3], *truth[-2:]])) < 0.15
