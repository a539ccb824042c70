"""The text encoder that ships: what lies near what, and that any text has a vector."""

from __future__ import annotations

import numpy as np
import pytest

from edge.networks.text_encoder import TextEncoder

pytest.importorskip("tokenizers")


@pytest.fixture(scope="module")
def encoder() -> TextEncoder:
    return TextEncoder()


@pytest.mark.parametrize(
    ("text", "near", "far"),
    [
        ("kitten", "cat", "guitar"),
        ("playing the guitar", "music", "cooking"),
        ("baking a cake", "kitchen", "football"),
        ("My puppy at the beach - part 2", "dog", "motorcycle"),
        ("sailing boat", "sea", "office"),
        ("selfie", "photo", "volcano"),
        ("snowboarding", "skiing", "piano"),
        ("toddler", "child", "motorcycle"),
        ("choir", "singing", "carpentry"),
        ("weding dance", "wedding", "guitar"),
        ("swiming pool", "pool", "truck"),
        ("motorcyle ride", "motorbike", "wedding"),
        ("IMG_0042_sunset", "sunset", "keyboard"),
    ],
)
def test_what_means_the_same_is_near(encoder: TextEncoder, text: str, near: str, far: str) -> None:
    given, one, other = encoder.encode([text, near, far])
    assert given @ one > given @ other + 0.1


def test_case_and_accents_do_not_matter(encoder: TextEncoder) -> None:
    plain, written = encoder.encode(["cafe creme", "Café CRÈME"])
    np.testing.assert_array_equal(plain, written)


def test_any_text_has_a_vector_of_length_one_that_is_its_own(encoder: TextEncoder) -> None:
    texts = [
        "", " ", "cat", "qzxv wkjq", "\U0001f600\U0001f431", "\u732b\u548c\u72d7", "\u0391\u03b8\u03ae\u03bd",
        "\x00\ufffd\u202e", "#", "[PAD] [PAD]", "cat " * 2500, "x" * 10_000,
    ]  # fmt: skip
    vectors = encoder.encode(texts)
    assert vectors.shape == (len(texts), 384)
    assert np.isfinite(vectors).all()
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    for text, vector in zip(texts, vectors, strict=True):
        np.testing.assert_array_equal(encoder.encode([text])[0], vector)


def test_the_folder_is_small_and_says_how_good_it_is(encoder: TextEncoder) -> None:
    folder = encoder.folder
    assert sum(file.stat().st_size for file in folder.path.iterdir()) < 4_000_000
    accuracy = folder.manifest.accuracy
    assert accuracy is not None
    for name in ("cosine", "recall_at_10", "spearman"):
        assert accuracy["int8"][name] > accuracy["float"][name] - 0.01
