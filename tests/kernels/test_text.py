"""Edit distances and similarity of lists of texts against their twins and against rapidfuzz."""

from __future__ import annotations

import random

import numpy as np
import pytest
from edge_kernels import text
from edge_kernels.library import KernelError, call
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cpdist

from tests.kernels import twins
from tests.kernels.makers import random_texts

ANY_TEXTS = st.lists(st.text(max_size=150), max_size=12)
ALIKE = st.lists(st.text(alphabet="ab啊🎵", max_size=140), max_size=12)


@settings(max_examples=80, deadline=None)
@given(ANY_TEXTS | ALIKE, st.integers(0, 9))
def test_a_window_of_distances_equals_the_twin(texts: list[str], window: int) -> None:
    found = text.levenshtein_window(texts, window)
    assert found.shape == (len(texts), window)
    for i, row in enumerate(found):
        for d, distance in enumerate(row):
            j = i + 1 + d
            assert distance == (twins.levenshtein(texts[i], texts[j]) if j < len(texts) else -1)


@settings(max_examples=50, deadline=None)
@given(ALIKE, ALIKE)
def test_all_distances_equal_the_twin(texts: list[str], others: list[str]) -> None:
    expected = [[twins.levenshtein(a, b) for b in others] for a in texts]
    np.testing.assert_array_equal(
        text.levenshtein_all(texts, others), np.array(expected, np.int32).reshape(len(texts), len(others))
    )
    alone = text.levenshtein_all(texts)
    assert alone.shape == (len(texts), len(texts))
    np.testing.assert_array_equal(alone, alone.T)
    assert (np.diagonal(alone) == 0).all()


@pytest.mark.slow
def test_a_million_pairs_equal_rapidfuzz() -> None:
    texts, window = random_texts(50_000, 1), 20
    assert max(map(len, texts)) >= 5000
    found = text.levenshtein_window(texts, window)
    pairs = 0
    for d in range(1, window + 1):
        theirs = cpdist(texts[:-d], texts[d:], scorer=Levenshtein.distance, dtype=np.int32)
        np.testing.assert_array_equal(found[:-d, d - 1], theirs)
        pairs += len(theirs)
    assert pairs >= 999_000


@pytest.mark.slow
def test_two_texts_of_5000_characters() -> None:
    rng = random.Random(3)
    a = "".join(rng.choices("今天天气 very好😀", k=5000))
    b = "".join(c for c in a if rng.random() > 0.05) + "end"
    assert text.levenshtein_window([a, b], 1)[0, 0] == twins.levenshtein(a, b)


def test_a_line_of_a_million_characters_is_compared_or_refused() -> None:
    assert text.levenshtein_window(["a" * 999_999 + "b", "ab"], 1)[0, 0] == 999_998
    every = "".join(map(chr, range(0x4E00, 0x9E00)))
    with pytest.raises(ValueError, match=r"a text of 1024000 characters is too long to compare \(20482 "):
        text.levenshtein_window([every * 50, "ab"], 1)


@settings(max_examples=80, deadline=None)
@given(ANY_TEXTS | ALIKE, st.integers(0, 6))
def test_similarity_equals_the_twin(texts: list[str], window: int) -> None:
    near, every = text.similarity_window(texts, window), text.similarity_all(texts)
    for name, index in (("overlap", 0), ("presence", 1), ("frequency", 2)):
        full = np.array([[twins.similarity(a, b)[index] for b in texts] for a in texts], np.float64)
        np.testing.assert_allclose(
            getattr(every, name), full.reshape(len(texts), len(texts)), atol=1e-6, err_msg=name
        )
        for i, row in enumerate(getattr(near, name)):
            expected = [full[i, i + 1 + d] if i + 1 + d < len(texts) else -1 for d in range(window)]
            np.testing.assert_allclose(row, expected, atol=1e-6, err_msg=name)


def test_lone_surrogates_and_nulls_are_characters() -> None:
    assert text.levenshtein_window(["a\ud800b", "a\x00b"], 1)[0, 0] == 1


def test_texts_encoded_once_serve_every_measure() -> None:
    encoded = text.encode(["abc", "abd", "xyz"])
    assert (len(encoded), encoded.alphabet) == (3, 7)
    np.testing.assert_array_equal(text.levenshtein_window(encoded, 2), [[1, 3], [3, -1], [-1, -1]])
    assert text.similarity_window(encoded, 1).overlap[0, 0] == pytest.approx(2 / 3)


@pytest.mark.parametrize("texts", [[], [""], ["", "", ""], ["a"]])
def test_nothing_to_compare(texts: list[str]) -> None:
    assert (text.levenshtein_window(texts, 4) <= 0).all()
    assert text.levenshtein_all(texts).sum() == 0
    assert (text.similarity_all(texts).frequency == 1).all()


def test_contradictory_arrays_are_refused() -> None:
    ids, out = np.array([0, 1, 2, 3], np.int32), np.zeros(8, np.int32)
    scratch = np.zeros(1000, np.uint64)

    def distances(offsets: list[int], alphabet: int) -> None:
        call("levenshtein_window", ids, np.array(offsets, np.int64), 2, alphabet, 0, 2, 1, out, scratch)

    distances([0, 2, 4], 4)
    for offsets, alphabet in (([0, 2, 4], 3), ([0, 3, 2], 4), ([-1, 2, 4], 4)):
        with pytest.raises(KernelError, match="contradict"):
            distances(offsets, alphabet)
    with pytest.raises(KernelError, match="outside its range"):
        distances([0, 2, 4], -1)


def test_arrays_made_by_hand_are_checked() -> None:
    ids, offsets = np.array([0, 1, 1], np.int32), np.array([0, 1, 3], np.int64)
    assert text.levenshtein_window(text.Texts(ids, offsets, 2), 1)[0, 0] == 2
    with pytest.raises(ValueError, match="offsets must end within the 3 ids"):
        text.Texts(ids, offsets + 1, 2)
    with pytest.raises(ValueError, match="offsets must end within the 3 ids"):
        text.Texts(ids, offsets[:0], 2)
    with pytest.raises(
        TypeError, match="kernel levenshtein_window: ids must be a contiguous array of int32_t"
    ):
        text.levenshtein_window(text.Texts(ids.astype(np.int64), offsets, 2), 1)
    with pytest.raises(TypeError, match="ids must be a contiguous array of int32_t"):
        text.similarity_window(text.Texts(np.repeat(ids, 2)[::2], offsets, 2), 1)


def test_a_window_below_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="window must be at least 0, not -1"):
        text.levenshtein_window(["a"], -1)
