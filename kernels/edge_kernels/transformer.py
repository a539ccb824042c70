"""Transformer decoders: products with uint8 weights, and a whole step of the network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_kernels.arrays import Floats
from edge_kernels.library import call

_PADDING = 32
"""Floats of scratch memory for rows that are computed in whole vectors."""


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """A matrix of uint8 codes that share a scale and a zero: value = (code - zero) * scale."""

    codes: NDArray[np.uint8]
    """uint8[k, n], contiguous."""
    scale: float
    """Difference of the values of two codes."""
    zero: int
    """Code of 0."""

    def row(self, index: int) -> Floats:
        """Return the values of a row, float32[n]."""
        steps: Floats = self.codes[index].astype(np.float32) - np.float32(self.zero)
        return steps * np.float32(self.scale)


@dataclass(frozen=True, slots=True, eq=False)
class Attention:
    """Weights of an attention, each [w, w]."""

    query: Weights
    """Of the queries."""
    key: Weights
    """Of the keys."""
    value: Weights
    """Of the values."""
    output: Weights
    """Of what the heads return together."""


@dataclass(frozen=True, slots=True, eq=False)
class DecoderLayer:
    """Weights of a layer, for vectors of w values."""

    own: Attention
    """Self attention."""
    cross: Attention
    """Attention to what is decoded."""
    wide: Weights
    """[w, 2 m]: values and their gates."""
    narrow: Weights
    """[m, w]."""
    gains: Floats
    """float32[3, w]: of the norms before self attention, cross attention and `wide`."""
    wide_bias: Floats
    """float32[2 m]."""
    narrow_bias: Floats
    """float32[w]."""


def project(x: Floats, weights: Weights) -> Floats:
    """Multiply rows with a matrix: x float32[rows, k], weights [k, n] -> float32[rows, n].

    Activations are not rounded, so all processors agree to float32. Raises ValueError if shapes differ.

    >>> weights = Weights(np.array([[2, 4]], np.uint8), scale=0.5, zero=2)
    >>> project(np.ones((1, 1), np.float32), weights).tolist()
    [[0.0, 1.0]]
    """
    size, width = weights.codes.shape
    if x.ndim != 2 or x.shape[1] != size:
        raise ValueError(f"{list(x.shape)} times [{size}, {width}] does not fit")
    out = np.empty((len(x), width), np.float32)
    call("project", x, len(x), size, weights.codes, width, weights.scale, weights.zero, out)
    return out


def scores(x: Floats, weights: Weights) -> Floats:
    """Return the dot products of a vector with each row: x float32[n], weights [k, n] -> float32[k].

    Raises ValueError if shapes differ.
    """
    rows, size = weights.codes.shape
    if x.shape != (size,):
        raise ValueError(f"a vector of {list(x.shape)} does not fit rows of {size}")
    out = np.empty(rows, np.float32)
    call("scores", x, size, weights.codes, rows, weights.scale, weights.zero, out)
    return out


class Decoder:
    """A Transformer decoder with rotary positions and gated layers, one step at a time. See `edge_kernels.h`.

    `heads` divide the w values of a vector; in each of them the first 2 * len(frequencies) are turned in
    pairs by step * frequencies[pair] radians. `last_gains` float32[w] are those of the norm at the end.
    Raises ValueError if shapes differ.
    """

    def __init__(
        self, layers: Sequence[DecoderLayer], last_gains: Floats, *, heads: int, frequencies: Floats
    ) -> None:
        self._cross = [layer.cross for layer in layers]
        self._heads, self._frequencies = heads, frequencies
        self.width, self.inner = len(last_gains), layers[0].narrow.codes.shape[0] if layers else 0
        if self.width % heads or 2 * len(frequencies) > self.width // heads:
            raise ValueError(f"{heads} heads of {len(frequencies)} pairs do not divide {self.width} values")
        for layer in layers:
            _check(layer, self.width, self.inner)
        used = [weights for layer in layers for weights in _in_order(layer)]
        self._codes = np.concatenate([weights.codes.ravel() for weights in used])
        self._scales = np.array([weights.scale for weights in used], np.float32)
        self._zeros = np.array([weights.zero for weights in used], np.int32)
        rows = [part.ravel() for x in layers for part in (x.gains, x.wide_bias, x.narrow_bias)]
        self._floats = np.concatenate([*rows, last_gains]).astype(np.float32)

    def start(self, encoded: Floats, room: int) -> Decoding:
        """Start to decode float32[rows, w] in at most `room` steps. Raises ValueError without rows."""
        if encoded.ndim != 2 or not len(encoded) or room < 1:
            raise ValueError(f"there is nothing to decode in {list(encoded.shape)}, {room} steps")
        keys = np.stack([project(encoded, attention.key) for attention in self._cross])
        values = np.stack([project(encoded, attention.value) for attention in self._cross])
        return Decoding(self, keys, values, room)

    def run(self, x: Floats, step: int, *memory: Floats) -> None:
        """Run one step on x float32[w], in place; `memory` is that of `Decoding`."""
        keys, values, cross_keys, cross_values, scratch = memory
        angles = step * self._frequencies.astype(np.float64)
        turns = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
        call(
            "decoder_step", x, len(keys), self._heads, self.width // self._heads, self.inner,
            self._codes, self._scales, self._zeros, self._floats, turns, turns.size, step, keys.shape[1],
            keys, values, cross_keys.shape[1], cross_keys, cross_values, scratch,
        )  # fmt: skip


class Decoding:
    """The steps of a `Decoder` so far."""

    def __init__(self, decoder: Decoder, cross_keys: Floats, cross_values: Floats, room: int) -> None:
        self._decoder, self._cross = decoder, (cross_keys, cross_values)
        layers, rows, width = cross_keys.shape
        self._keys, self._values = (np.zeros((layers, room, width), np.float32) for _ in range(2))
        size = 3 * width + 2 * decoder.inner + max(room, rows) + _PADDING
        self._scratch = np.empty(size, np.float32)
        self._step = 0

    def step(self, embedding: Floats) -> Floats:
        """Give the embedding of the next token, float32[w]; return the decoder's output, float32[w].

        Raises KernelError after `room` steps, ValueError for another shape.
        """
        x = np.array(embedding, np.float32)
        if x.shape != (self._decoder.width,):
            raise ValueError(f"an embedding has {self._decoder.width} values, not {list(x.shape)}")
        self._decoder.run(x, self._step, self._keys, self._values, *self._cross, self._scratch)
        self._step += 1
        return x


def _check(layer: DecoderLayer, width: int, inner: int) -> None:
    """Raise ValueError if the weights of a layer have other shapes."""
    square, wide, narrow = (width, width), (width, 2 * inner), (inner, width)
    matrices = [*_in_order(layer), layer.cross.key, layer.cross.value]
    expected = [*[square] * 6, wide, narrow, square, square]
    for weights, shape in zip(matrices, expected, strict=True):
        if weights.codes.shape != shape or weights.codes.dtype != np.uint8:
            raise ValueError(f"weights of {list(weights.codes.shape)} where {list(shape)} are needed")
    rows = [layer.gains.shape, layer.wide_bias.shape, layer.narrow_bias.shape]
    if rows != [(3, width), (2 * inner,), (width,)]:
        raise ValueError(f"gains and biases of {rows} do not fit {width} and {inner} values")


def _in_order(layer: DecoderLayer) -> tuple[Weights, ...]:
    """Return the weights in the order of the kernel."""
    own, cross = layer.own, layer.cross
    return (
        own.query, own.key, own.value, own.output, cross.query, cross.output, layer.wide, layer.narrow
    )  # fmt: skip
