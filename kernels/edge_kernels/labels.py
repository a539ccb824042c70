"""Scans over labels and confidences of consecutive segments or frames."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import ArrayLike

from edge_kernels.arrays import Indices, Ints, floats, integers, positive
from edge_kernels.library import call


def runs(labels: ArrayLike, label: int, min_run: int = 1) -> Indices:
    """Return the maximal runs of at least `min_run` times `label` in int32[n]: int64[runs, 2], half-open.

    >>> runs([1, 1, 0, 1], 1).tolist()
    [[0, 2], [3, 4]]
    """
    labels = integers(labels, "labels")
    out = np.empty((len(labels) // positive(min_run, "min_run", 1), 2), np.int64)
    return out[: call("label_runs", labels, len(labels), label, min_run, out)]


def bridge(weights: ArrayLike, found: Indices, limit: float) -> Indices:
    """Join runs if the segments between them weigh at most `limit` in all; weights are float32[n].

    >>> bridge([0, 0.4, 0, 0.9, 0], [[0, 1], [2, 3], [4, 5]], 0.5).tolist()
    [[0, 3], [4, 5]]
    """
    weights = floats(weights, "weights")
    joined = _runs(found)
    return joined[: call("label_bridge", weights, len(weights), limit, joined, len(joined))]


def extend(labels: ArrayLike, found: Indices, over: int, until: int, *, edge_counts: bool) -> Indices:
    """Extend runs over adjacent labels `over`, at each end only if `until` follows: int64[runs, 2].

    The edge of the recording counts as `until` if `edge_counts`. Other ends stay unchanged.
    """
    labels = integers(labels, "labels")
    found = _runs(found)
    whole = np.empty_like(found)
    call("label_extend", labels, len(labels), over, until, int(edge_counts), found, len(found), whole)
    return whole


def joint(
    former: ArrayLike, latter: ArrayLike, outside: Collection[int], inside: Collection[int]
) -> int | None:
    """Return the index of the joint that separates an outside before it from an inside after it.

    `former` and `latter` are confidences float32[joints, labels] of the windows before and after each joint.
    A joint qualifies if the best label of the former is one of `outside`, that of the latter one of `inside`.
    Of several the one with the largest sum of the two best confidences is returned, of none None.
    """
    former, latter = floats(former, "former", 2), floats(latter, "latter", 2)
    if former.shape != latter.shape:
        raise ValueError(f"former and latter must have one shape, not {former.shape} and {latter.shape}")
    sets = sum(1 << label for label in set(outside)), sum(1 << label for label in set(inside))
    chosen = call("label_joint", former, latter, *former.shape, *sets)
    return chosen if chosen < len(former) else None


def change_point(inside: ArrayLike) -> int:
    """Return the most likely index, 0 to n, from which on probabilities float32[n] are inside.

    Maximizes the sum of ln(1 - p) before the index and of ln(p) from it on; p is clipped to 1e-4 .. 1 - 1e-4.

    >>> change_point([0.1, 0.2, 0.9, 0.8])
    2
    """
    inside = floats(inside, "inside")
    return call("change_point", inside, len(inside))


def viterbi(scores: ArrayLike, transitions: ArrayLike, initial: ArrayLike | None = None) -> Ints:
    """Return the most likely states int32[frames] (Viterbi 1967), given log probabilities.

    `scores` are float32[frames, states], `transitions` float32[from, to] and `initial` float32[states], by
    default 0; -infinity forbids a state or transition. Of equally likely states the lowest is chosen.
    """
    scores, transitions = floats(scores, "scores", 2), floats(transitions, "transitions", 2)
    frames, states = scores.shape
    if transitions.shape != (states, states):
        raise ValueError(f"transitions must be {states} by {states}, not {transitions.shape}")
    initial = floats(np.zeros(states, np.float32) if initial is None else initial, "initial")
    if len(initial) != states:
        raise ValueError(f"initial must have {states} values, not {len(initial)}")
    path, scratch = np.empty(frames, np.int32), np.empty((frames + 2) * states, np.int32)
    call("viterbi", scores, frames, states, transitions, initial, path, scratch)
    return path


def _runs(found: Indices) -> Indices:
    runs_ = np.array(found, np.int64, order="C")
    if runs_.ndim != 2 or runs_.shape[1] != 2:
        raise ValueError(f"runs must have the shape [n, 2], not {runs_.shape}")
    return runs_
