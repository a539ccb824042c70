"""Products with quantized weights and the steps of a decoder against a twin in float64."""

from __future__ import annotations

import numpy as np
import pytest
from edge_kernels.library import KernelError
from edge_kernels.transformer import Decoder, DecoderLayer, Weights, project, scores
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.kernels.makers import layer, weights

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]


def values(some: Weights) -> Doubles:
    """The matrix that quantized weights stand for."""
    return (some.codes.astype(np.float64) - some.zero) * np.float64(np.float32(some.scale))


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 3), st.integers(1, 70), st.integers(1, 70), st.integers(0, 9))
def test_products_are_those_of_the_values(rows: int, size: int, width: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    some, x = weights(rng, size, width), rng.standard_normal((rows, size)).astype(np.float32)
    np.testing.assert_allclose(project(x, some), x.astype(float) @ values(some), atol=2e-4)
    vector = rng.standard_normal(width).astype(np.float32)
    np.testing.assert_allclose(scores(vector, some), values(some) @ vector.astype(float), atol=2e-4)


class Twin:
    """A decoder as it is written down, with all steps so far at once."""

    def __init__(self, layers: list[DecoderLayer], gains: Floats, heads: int, turns: Floats) -> None:
        self.layers, self.gains, self.heads, self.turns = layers, gains, heads, turns.astype(float)

    def last(self, embeddings: Floats, encoded: Floats) -> Doubles:
        """What the decoder returns after the last of embeddings float32[steps, w]."""
        x = embeddings.astype(float)
        for one in self.layers:
            normal = self.norm(x, one.gains[0])
            query, key, value = (
                normal @ values(part) for part in (one.own.query, one.own.key, one.own.value)
            )
            mixed = self.attend(self.turned(query), self.turned(key), value, causal=True)
            x = x + mixed @ values(one.own.output)
            query = self.norm(x, one.gains[1]) @ values(one.cross.query)
            key, value = (encoded.astype(float) @ values(part) for part in (one.cross.key, one.cross.value))
            x = x + self.attend(query, key, value, causal=False) @ values(one.cross.output)
            wide = self.norm(x, one.gains[2]) @ values(one.wide) + one.wide_bias
            passed, gate = np.split(wide, 2, axis=1)
            x = x + passed * gate / (1 + np.exp(-gate)) @ values(one.narrow) + one.narrow_bias
        last: Doubles = self.norm(x, self.gains)[-1]
        return last

    def norm(self, x: Doubles, gains: Floats) -> Doubles:
        spread = np.sqrt(x.var(axis=1, keepdims=True) + 1e-5)
        normal: Doubles = (x - x.mean(axis=1, keepdims=True)) / spread * gains
        return normal

    def turned(self, x: Doubles) -> Doubles:
        rows = x.reshape(len(x), self.heads, -1).copy()
        pairs = 2 * len(self.turns)
        angles = np.arange(len(x))[:, None, None] * self.turns
        turned = (rows[..., :pairs:2] + 1j * rows[..., 1:pairs:2]) * np.exp(1j * angles)
        rows[..., :pairs:2], rows[..., 1:pairs:2] = turned.real, turned.imag
        return rows.reshape(x.shape)

    def attend(self, query: Doubles, key: Doubles, value: Doubles, *, causal: bool) -> Doubles:
        q, k, v = (x.reshape(len(x), self.heads, -1).transpose(1, 0, 2) for x in (query, key, value))
        logits = q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[2])
        if causal:
            logits = np.where(np.tri(*logits.shape[1:], dtype=np.bool_), logits, -np.inf)
        shares = np.exp(logits - logits.max(axis=2, keepdims=True))
        mixed = shares / shares.sum(axis=2, keepdims=True) @ v
        together: Doubles = mixed.transpose(1, 0, 2).reshape(len(query), -1)
        return together


@pytest.mark.parametrize(
    ("heads", "size", "inner", "pairs", "rows"), [(2, 18, 37, 8, 21), (1, 3, 1, 0, 1), (3, 16, 32, 8, 70)]
)
def test_the_steps_of_a_decoder_are_those_of_its_formula(
    heads: int, size: int, inner: int, pairs: int, rows: int
) -> None:
    rng = np.random.default_rng(size)
    width = heads * size
    layers = [layer(rng, width, inner) for _ in range(2)]
    gains, turns = rng.uniform(0.5, 1.5, width).astype(np.float32), rng.random(pairs).astype(np.float32)
    embeddings = rng.standard_normal((6, width)).astype(np.float32)
    encoded = rng.standard_normal((rows, width)).astype(np.float32)
    twin = Twin(layers, gains, heads, turns)
    decoding = Decoder(layers, gains, heads=heads, frequencies=turns).start(encoded, 6)
    for step in range(6):
        found = decoding.step(embeddings[step])
        np.testing.assert_allclose(found, twin.last(embeddings[: step + 1], encoded), atol=1e-3)
    with pytest.raises(KernelError, match="decoder_step"):
        decoding.step(embeddings[0])


def test_what_does_not_fit_is_refused() -> None:
    rng = np.random.default_rng(0)
    whole, gains = layer(rng, 8, 5), np.ones(8, np.float32)
    turns = np.ones(2, np.float32)
    with pytest.raises(ValueError, match="3 heads of 2 pairs do not divide 8"):
        Decoder([whole], gains, heads=3, frequencies=turns)
    with pytest.raises(ValueError, match=r"\[8, 10\] where \[8, 12\]"):
        Decoder([layer(rng, 8, 6), whole], gains, heads=2, frequencies=turns)
    decoder = Decoder([whole], gains, heads=2, frequencies=turns)
    with pytest.raises(ValueError, match="nothing to decode"):
        decoder.start(np.zeros((0, 8), np.float32), 3)
    with pytest.raises(ValueError, match="an embedding has 8 values"):
        decoder.start(np.zeros((1, 8), np.float32), 3).step(np.zeros(9, np.float32))
    with pytest.raises(ValueError, match="does not fit"):
        project(np.zeros((1, 7), np.float32), whole.wide)
    with pytest.raises(ValueError, match="does not fit"):
        scores(np.zeros(7, np.float32), whole.wide)
