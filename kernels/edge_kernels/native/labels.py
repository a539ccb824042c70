"""Scans over the labels and confidences of consecutive segments or frames."""

from __future__ import annotations

import numpy as np

from edge_kernels.native.entry import NULL, OK, SIZE, entry, inline, part
from edge_kernels.native.lanes import after, as_floats, missing

f32 = np.float32


@entry
def label_runs(labels, count, label, min_run, runs):
    """Runs in the order in which they end."""
    if missing(labels, runs):
        return np.int64(-NULL)
    if count < 0 or min_run < 1:
        return np.int64(-SIZE)
    found, start = np.int64(0), np.int64(0)
    for i in range(count + 1):
        if i == count or labels[i] != label:
            if i - start >= min_run:
                runs[2 * found], runs[2 * found + 1] = start, i
                found += 1
            start = np.int64(i + 1)
    return found


@part
def _within(runs, run_count, count):
    """Whether runs are in order, not empty, and inside the segments."""
    before = np.int64(0)
    for r in range(run_count):
        if not before <= runs[2 * r] < runs[2 * r + 1] <= count:
            return False
        before = runs[2 * r + 1]
    return True


@entry
def label_bridge(weights, count, limit, runs, run_count):
    """Each run joins the last one kept, or is kept."""
    if missing(weights, runs):
        return np.int64(-NULL)
    if count < 0 or run_count < 0 or not _within(runs, run_count, count):
        return np.int64(-SIZE)
    kept = np.int64(0)
    for r in range(run_count):
        if kept > 0:
            total = 0.0
            for i in range(runs[2 * kept - 1], runs[2 * r]):
                total += np.float64(weights[i])
            if total <= np.float64(limit):
                runs[2 * kept - 1] = runs[2 * r + 1]
                continue
        runs[2 * kept], runs[2 * kept + 1] = runs[2 * r], runs[2 * r + 1]
        kept += 1
    return kept


@entry
def label_extend(labels, count, over, until, edge_counts, runs, run_count, whole):
    """Walk out at both ends of each run."""
    if missing(labels, runs, whole):
        return NULL
    if count < 0 or run_count < 0 or not _within(runs, run_count, count):
        return SIZE
    for r in range(run_count):
        first, stop = runs[2 * r], runs[2 * r + 1]
        while first > 0 and labels[first - 1] == over:
            first -= 1
        if not (labels[first - 1] == until if first > 0 else edge_counts != 0):
            first = runs[2 * r]
        while stop < count and labels[stop] == over:
            stop += 1
        if not (labels[stop] == until if stop < count else edge_counts != 0):
            stop = runs[2 * r + 1]
        whole[2 * r], whole[2 * r + 1] = first, stop
    return OK


@inline
def _best(confidences, labels):
    """The first of the largest; NaN is never it."""
    best = np.int64(0)
    for k in range(1, labels):
        if confidences[k] > confidences[best]:
            best = np.int64(k)
    return best


@entry
def label_joint(former, latter, joints, labels, outside, inside):
    """The first of the joints with the largest sum."""
    if missing(former, latter):
        return np.int64(-NULL)
    if joints < 0 or not 1 <= labels <= 31:
        return np.int64(-SIZE)
    chosen, largest = np.int64(joints), f32(-np.inf)
    for j in range(joints):
        before, behind = after(former, j * labels), after(latter, j * labels)
        a, b = _best(before, labels), _best(behind, labels)
        total = before[a] + behind[b]
        if outside >> a & 1 and inside >> b & 1 and total > largest:
            chosen, largest = np.int64(j), total
    return chosen


@entry
def change_point(inside, count):
    """A cut one value later multiplies the likelihood by (1 - p) / p of that value: no logarithm is needed.

    The product so far is odds * 2^(512 scale), odds from 2^-256 to 2^256.
    """
    if missing(inside):
        return np.int64(-NULL)
    if count < 0:
        return np.int64(-SIZE)
    odds, scale, best, best_scale, at = 1.0, np.int64(0), 1.0, np.int64(0), np.int64(0)
    for i in range(count):
        p = min(max(np.float64(inside[i]), 1e-4), 1 - 1e-4)
        odds *= (1 - p) / p
        if odds > 2.0**256:
            odds, scale = odds * 2.0**-512, scale + 1
        elif odds < 2.0**-256:
            odds, scale = odds * 2.0**512, scale - 1
        if scale > best_scale or (scale == best_scale and odds > best):
            best, best_scale, at = odds, scale, np.int64(i + 1)
    return at


@entry
def viterbi(scores, frames, states, transitions, initial, path, scratch):
    """Scores of the best path into each state, and where it came from; then backwards."""
    if missing(scores, transitions, initial, path, scratch):
        return NULL
    if frames < 0 or not 1 <= states <= 1 << 20:
        return SIZE
    best, coming = as_floats(scratch), as_floats(after(scratch, states))
    origins = after(scratch, 2 * states)
    for k in range(states):
        best[k] = initial[k]
    for f in range(frames):
        score, origin = after(scores, f * states), after(origins, f * states)
        for k in range(states):
            origin[k] = np.int32(0 if f else k)
            coming[k] = best[0] + transitions[k] if f else best[k]
        if f:
            for source in range(1, states):
                row = after(transitions, source * states)
                for k in range(states):
                    value = best[source] + row[k]
                    if value > coming[k]:
                        coming[k], origin[k] = value, np.int32(source)
        most = f32(-np.inf)
        for k in range(states):
            best[k] = coming[k] + score[k]
            most = max(most, best[k])
        if abs(most) < np.inf:  # differences are what counts; kept small, they keep their digits
            for k in range(states):
                best[k] -= most
    state = np.int32(0)
    for k in range(1, states):
        if best[k] > best[state]:
            state = np.int32(k)
    for f in range(frames - 1, -1, -1):
        path[f] = state
        state = origins[f * states + state]
    return OK
