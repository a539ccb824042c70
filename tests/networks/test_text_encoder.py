"""Texts as vectors: one text, one vector, whatever stands beside it."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from edge.errors import MissingRuntimeError, ModelError
from edge.models.folder import open_folder
from edge.models.frontend import Tokens
from edge.models.store import builtin_root
from edge.networks.text_encoder import TextEncoder
from tests.tools.importers.makers import minilm
from tools.convert.folder import rewrite
from tools.importers import minilm as importer
from tools.importers.install import Target
from tools.importers.sources import open_source

TEXTS = ["a dog", "the cats", "rain street rain", "", "words that nobody knows"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An encoder with random weights."""
    source = open_source(importer.PACKAGE, minilm(tmp_path))
    return importer.run(source, Target(tmp_path, "texts"), quantized=True, data=None).path


def test_vectors_have_length_one_and_do_not_depend_on_their_neighbours(folder: Path) -> None:
    encoder = TextEncoder(folder)
    vectors = encoder.encode(TEXTS)
    assert vectors.shape == (5, encoder.size) == (5, 32)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    for vector, text in zip(vectors, TEXTS, strict=True):
        np.testing.assert_array_equal(vector, encoder.encode([text])[0])
    assert encoder.encode([]).shape == (0, 32)


def test_case_does_not_matter_and_words_do(folder: Path) -> None:
    same, upper, other = TextEncoder(folder).encode(["a dog", "A DOG", "a cat"])
    np.testing.assert_array_equal(same, upper)
    assert np.abs(same - other).max() > 0.01


def test_a_long_text_is_cut(folder: Path) -> None:
    short = open_folder(folder)
    rewrite(short, front_end=Tokens(tokenizer="tokenizer.json", max_tokens=8))
    long, cut = TextEncoder(folder).encode(["dog " * 500, "dog " * 6])
    np.testing.assert_array_equal(long, cut)


def test_what_is_missing_is_named_with_its_extra(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(MissingRuntimeError, match=r"needs tokenizers.*edgereel\[text\]"):
        TextEncoder(folder)


def test_other_models_are_refused(folder: Path) -> None:
    with pytest.raises(ModelError, match="expected a sentence-encoder model, found segmenter"):
        TextEncoder(builtin_root() / "segmenter")
    good = open_folder(folder)
    rewrite(good, parameters={"size": 31})
    with pytest.raises(ModelError, match="its network has other shapes"):
        TextEncoder(folder)
    rewrite(good, parameters={})
    with pytest.raises(ModelError, match="missing required field `size`"):
        TextEncoder(folder)
    rewrite(good, {"tokenizer.json": b"{}"}, parameters={"size": 32})
    with pytest.raises(ModelError, match="is not a tokenizer"):
        TextEncoder(folder)
