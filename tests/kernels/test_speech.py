"""Noise reduction and Viterbi search against the same written in NumPy, in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from edge_kernels.arrays import Floats
from edge_kernels.library import KernelError
from edge_kernels.speech import Gaussians, PhoneGraph, denoise, phone_path
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kernels.makers import phones

FLOOR = -6.0


def denoised(bands: Any) -> Any:
    out = np.array(bands, float)
    power, noise, floor, peak = out[0].copy(), out[0] / 20, out[0] / 20, np.zeros(out.shape[1])

    def follow(value: Any, envelope: Any) -> Any:
        return envelope + np.where(value >= envelope, 0.005, 0.5) * (value - envelope)

    for row in out:
        power = power + 0.3 * (row - power)
        noise = follow(power, noise)
        signal = np.maximum(power - noise, 1)
        floor = follow(signal, floor)
        peak = 0.85 * peak
        kept = np.maximum(np.where(signal < 0.85 * peak, 0.2 * peak, signal), floor)
        peak = np.maximum(peak, signal)
        gain = np.clip(kept / power, 1 / 20, 20)
        row[:] = [row[n] * gain[max(0, n - 4) : n + 5].mean() for n in range(len(gain))]
    return out


@pytest.mark.parametrize("bands", [1, 3, 25])
def test_noise_is_reduced_as_written(bands: int) -> None:
    rng = np.random.default_rng(bands)
    powers = rng.gamma(0.4, 1e5, (300, bands)) * np.repeat(rng.choice([0.001, 1], 30), 10)[:, None]
    np.testing.assert_allclose(denoise(powers), denoised(powers), rtol=2e-3)


def test_steady_noise_is_reduced_and_what_rises_above_it_stays() -> None:
    noise = np.full((400, 25), 1e4)
    noise[300:310] *= 1e3
    found = denoise(noise)
    assert found[299].max() < 0.25e4
    assert found[305].min() > 0.4e7


def log_densities(features: Floats, means: Any, variances: Any) -> Any:
    """[frames, codebooks, streams, densities]."""
    x = features.reshape(len(features), 1, means.shape[1], 1, means.shape[3]).astype(float)
    return -0.5 * ((x - means) ** 2 / variances + np.log(2 * np.pi * variances)).sum(axis=-1)


def best_path(logs: Any, weights: Floats, graph: PhoneGraph) -> tuple[list[int], float]:
    """Every state at every time: the beam is as wide as can be."""
    nodes = len(graph.books)
    costs = np.full((nodes, nodes), -1e30)
    for one, other, cost in graph.arcs:
        costs[one, other] = max(costs[one, other], cost)
    stay, leave = graph.moves[..., 0].astype(float), graph.moves[..., 1].astype(float)
    token = np.full((nodes, 3), -1e30)
    come = list[Any]()
    for frame, densities in enumerate(logs):
        ways = (token[:, 2] + leave[:, 2])[:, None] + costs
        entry = ways.max(axis=0) if frame else graph.begins.astype(float)
        enter = np.stack([entry, token[:, 0] + leave[:, 0], token[:, 1] + leave[:, 1]], axis=1)
        come.append((enter > token + stay, ways.argmax(axis=0)))
        reached = graph.books[(token.max(axis=1) > -1e29) | (entry > -1e29)]
        if not len(reached):
            return [], -1e30
        best = densities[reached].max(axis=(0, 2))
        relative = np.exp(np.maximum(densities - best[:, None], FLOOR))[graph.books]
        mixed = np.log((relative[:, None] * weights[graph.states]).sum(axis=-1)).sum(axis=-1)
        token = np.maximum(enter, token + stay) + mixed
    final = token[:, 2] + leave[:, 2] + graph.ends
    node, state, path = int(final.argmax()), 2, list[int]()
    for moved, origin in reversed(come):
        path.append(node)
        if moved[node, state]:
            node, state = (int(origin[node]), 2) if state == 0 else (node, state - 1)
    return path[::-1], float(final.max())


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(3, 30), st.integers(1, 7))
def test_the_path_is_the_most_likely_one(seed: int, frames: int, nodes: int) -> None:
    rng = np.random.default_rng(seed)
    means, variances, weights, graph = phones(rng, nodes)
    features = rng.standard_normal((frames, 10)).astype(np.float32)
    wanted, expected = best_path(log_densities(features, means, variances), weights, graph)
    path, score = phone_path(features, Gaussians.of(means, variances, FLOOR), weights, graph, 1e6)
    if expected < -1e29:
        assert (path == -1).all()
        assert score == -np.inf
    else:
        assert score == pytest.approx(expected, abs=1e-2)
        assert path.tolist() == wanted


def test_a_beam_that_is_too_narrow_finds_nothing_or_a_worse_path() -> None:
    rng = np.random.default_rng(3)
    means, variances, weights, graph = phones(rng, 6)
    features = rng.standard_normal((40, 10)).astype(np.float32)
    gaussians = Gaussians.of(means, variances, FLOOR)
    scores = [phone_path(features, gaussians, weights, graph, beam)[1] for beam in (0.1, 3, 1e6)]
    assert scores == sorted(scores)


def test_what_does_not_fit_is_refused() -> None:
    rng = np.random.default_rng(3)
    means, variances, weights, graph = phones(rng, 3)
    features = rng.standard_normal((9, 10)).astype(np.float32)
    gaussians = Gaussians.of(means, variances, FLOOR)
    with pytest.raises(ValueError, match="do not fit"):
        phone_path(features[:, :9], gaussians, weights, graph, 10)
    with pytest.raises(ValueError, match="no codebooks"):
        Gaussians.of(means[:, :, :5], variances[:, :, :5], FLOOR)
    with pytest.raises(ValueError, match="positive"):
        Gaussians.of(means, variances * 0, FLOOR)
    graph.states[1, 1] = 99
    with pytest.raises(KernelError, match="phone_path"):
        phone_path(features, gaussians, weights, graph, 10)
    assert phone_path(features[:0], gaussians, weights, graph, 10)[1] == -np.inf
