"""Features and alignment of speech with hidden Markov models whose states are mixtures of Gaussians."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edge_kernels.arrays import Floats
from edge_kernels.library import call

Ints = NDArray[np.int32]
"""Indexes, int32."""

STATES = 3
"""States of a node: it lasts as many frames at least."""


def denoise(bands: ArrayLike) -> Floats:
    """Return powers float32[frames, bands] with less steady noise. See `edge_kernels.h`.

    >>> denoise(np.ones((1, 2))).round(2).tolist()
    [[1.0, 1.0]]
    """
    out = np.array(bands, np.float32)
    if out.ndim != 2:
        raise ValueError(f"bands are float32[frames, bands], not {list(out.shape)}")
    call("denoise", out, *out.shape, np.empty(5 * out.shape[1], np.float32))
    return out


@dataclass(frozen=True, slots=True, eq=False)
class Gaussians:
    """Codebooks of Gaussians with diagonal covariances, over streams of features."""

    table: Floats
    """float32[codebooks, streams, 2 * size + 1, densities]: slope and offset of each value; constants."""
    floor: float
    """Lowest natural log of a density, relative to the best of its stream in a frame."""

    @classmethod
    def of(cls, means: ArrayLike, variances: ArrayLike, floor: float) -> Gaussians:
        """Prepare means and variances, float[codebooks, streams, densities, size]; 16 k densities.

        Raises ValueError for other shapes and for variances that are not positive.
        """
        m, v = np.asarray(means, np.float64), np.asarray(variances, np.float64)
        if m.ndim != 4 or m.shape != v.shape or m.shape[2] % 16 or 0 in m.shape:
            raise ValueError(f"means of {list(m.shape)} and variances of {list(v.shape)} make no codebooks")
        if not (np.isfinite(m).all() and (v > 0).all()):
            raise ValueError("variances must be positive, means finite")
        terms = np.stack([-0.5 / v, m / v], axis=-1).reshape(*m.shape[:3], -1)
        constants = -0.5 * (m**2 / v + np.log(2 * np.pi * v)).sum(axis=-1, keepdims=True)
        table = np.concatenate([terms, constants], axis=-1).swapaxes(-1, -2)
        return cls(np.ascontiguousarray(table, np.float32), floor)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Codebooks, streams, values of a stream, densities."""
        books, streams, rows, densities = self.table.shape
        return books, streams, rows // 2, densities


@dataclass(frozen=True, slots=True, eq=False)
class PhoneGraph:
    """Nodes, each a hidden Markov model of three states without skips, and what may follow them."""

    books: Ints
    """int32[nodes]: codebook of each node."""
    states: Ints
    """int32[nodes, 3]: senones, rows of the weights."""
    moves: Floats
    """float32[nodes, 3, 2]: log-probabilities of staying in a state and of leaving it."""
    begins: Floats
    """float32[nodes]: log-probabilities at the begin; -1e30 for none."""
    ends: Floats
    """float32[nodes]: log-probabilities at the end."""
    arcs: Sequence[tuple[int, int, float]]
    """Node, next node, log-probability."""


def phone_path(
    features: Floats, gaussians: Gaussians, weights: Floats, graph: PhoneGraph, beam: float
) -> tuple[Ints, float]:
    """Return the most likely path, the node of each frame, and its log-probability. See `edge_kernels.h`.

    features float32[frames, streams * size]; weights float32[senones, streams, densities]. All nodes are -1
    if the end cannot be reached. Raises ValueError for arrays that do not fit each other.
    """
    books, streams, size, densities = gaussians.shape
    nodes, frames = len(graph.books), len(features)
    fits = graph.states.shape == (nodes, STATES) and graph.moves.shape == (nodes, STATES, 2)
    if not fits or not graph.begins.shape == graph.ends.shape == (nodes,):
        raise ValueError(f"the arrays of a graph do not fit its {nodes} nodes")
    if features.shape != (frames, streams * size) or weights.shape[1:] != (streams, densities):
        raise ValueError(f"features of {list(features.shape)}, weights of {list(weights.shape)} do not fit")
    path, score = np.full(frames, -1, np.int32), np.full(1, -np.inf)
    if not frames or not nodes:
        return path, -np.inf
    arcs = sorted(graph.arcs)
    froms, nexts = (np.array([arc[end] for arc in arcs], np.int32) for end in (0, 1))
    if arcs and not 0 <= froms[0] <= froms[-1] < nodes:
        raise ValueError(f"arcs leave nodes {froms[0]} to {froms[-1]} of {nodes}")
    firsts = np.searchsorted(froms, np.arange(nodes + 1)).astype(np.int32)
    costs = np.array([cost for _, _, cost in arcs], np.float32)
    call(
        "phone_path", features, frames, streams, size, gaussians.table, books, densities, gaussians.floor,
        weights, len(weights), graph.books, graph.states, graph.moves, nodes, firsts, nexts, costs,
        graph.begins, graph.ends, beam, path, score, np.empty((frames, nodes), np.int32),
        np.empty(books + nodes + len(weights), np.int32),
        np.empty(4 * nodes + len(weights) + streams * (1 + books * densities), np.float32),
    )  # fmt: skip
    return path, float(score[0]) if path[0] >= 0 else -np.inf
