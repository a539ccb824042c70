"""Features and alignment of speech with hidden Markov models whose states are mixtures of Gaussians."""

from __future__ import annotations

import numpy as np

from edge_kernels.native.entry import NULL, OK, SIZE, entry, inline, part
from edge_kernels.native.lanes import WIDTH, after, lane, load, missing, spread, store, where
from edge_kernels.native.maths import exp, log
from edge_kernels.native.products import total

f32, f64, i32 = np.float32, np.float64, np.int32
LARGEST = 1 << 24
"""Frames, nodes, senones, at most."""
STATES = 3
"""States of a node."""
IMPOSSIBLE = f32(-1e30)
"""Log-probability of what cannot be."""
PEAK_DECAY, MASKED = f32(0.85), f32(0.2)
"""Share of a peak that is left after a frame, and share of it that what it masks becomes."""
RISE, FALL = f32(0.005), f32(0.5)
"""Share of a frame that a lower envelope takes on, where the frame is above and below it."""
NEW = f32(0.3)
"""Share of a frame in the smoothed power."""
GAIN = f32(20)
"""Largest change of a band."""
NEAR = 4
"""Bands on both sides over which gains are averaged."""


@inline
def _enveloped(value, envelope):
    share = RISE if value >= envelope else FALL
    return envelope + share * (value - envelope)


@entry
def denoise(bands, frames, count, scratch):
    """Frame by frame: track the noise as a lower envelope, subtract it, mask what follows a peak."""
    if missing(bands, scratch):
        return NULL
    if not (0 <= frames <= LARGEST and 1 <= count <= LARGEST):
        return SIZE
    power, noise, floor = scratch, after(scratch, count), after(scratch, 2 * count)
    peak, gain = after(scratch, 3 * count), after(scratch, 4 * count)
    for n in range(count if frames else 0):
        power[n] = bands[n]
        noise[n] = bands[n] / GAIN
        floor[n] = bands[n] / GAIN
        peak[n] = f32(0)
    for frame in range(frames):
        row = after(bands, frame * count)
        for n in range(count):
            power[n] += NEW * (row[n] - power[n])
            noise[n] = _enveloped(power[n], noise[n])
            signal = max(power[n] - noise[n], f32(1))
            floor[n] = _enveloped(signal, floor[n])
            peak[n] *= PEAK_DECAY
            kept = peak[n] * MASKED if signal < PEAK_DECAY * peak[n] else signal
            peak[n] = max(peak[n], signal)
            kept = max(kept, floor[n])
            gain[n] = max(kept / power[n], f32(1) / GAIN) if kept < GAIN * power[n] else GAIN
        for n in range(count):
            low, high = max(n - NEAR, 0), min(n + NEAR, count - 1)
            sums = f32(0)
            for near in range(low, high + 1):
                sums += gain[near]
            row[n] *= sums / f32(high - low + 1)
    return OK


@part
def _log_densities(x, size, gaussians, densities, out):
    """Sums over the values x of x (a x + b), plus a constant; returns the largest."""
    constants = after(gaussians, 2 * size * densities)
    highest = spread(IMPOSSIBLE)
    for k in range(0, densities, WIDTH):
        sums = load(constants, k)
        for d in range(size):
            slope = load(gaussians, 2 * d * densities + k) * x[d]
            sums = sums + (slope + load(gaussians, (2 * d + 1) * densities + k)) * x[d]
        store(out, k, sums)
        highest = where(sums > highest, sums, highest)
    best = lane(highest, 0)
    for k in range(1, WIDTH):
        best = max(best, lane(highest, k))
    return best


@part
def _densities(x, streams, size, gaussians, codebooks, densities, needed, floor, out, best):
    """Densities of the needed codebooks, over the largest of their stream."""
    stride = (2 * size + 1) * densities
    for stream in range(streams):
        best[stream] = IMPOSSIBLE
    for book in range(codebooks):
        if needed[book] == 0:
            continue
        for stream in range(streams):
            at = book * streams + stream
            highest = _log_densities(
                after(x, stream * size), size, after(gaussians, at * stride), densities,
                after(out, at * densities),
            )  # fmt: skip
            best[stream] = max(best[stream], highest)
    for book in range(codebooks):
        if needed[book] == 0:
            continue
        for stream in range(streams):
            first = (book * streams + stream) * densities
            for k in range(first, first + densities, WIDTH):
                value = load(out, k) - best[stream]
                store(out, k, exp(where(value > floor, value, spread(floor))))


@part
def _mixture(densities, weights, streams, count):
    """Log of the product over the streams of the weighted sums of densities."""
    product = f32(1)
    for stream in range(streams):
        sums = spread(f32(0))
        for k in range(stream * count, (stream + 1) * count, WIDTH):
            sums = sums + load(densities, k) * load(weights, k)
        product *= total(sums)
    return lane(log(spread(product)), 0)


@inline
def _is_graph(books, states, nodes, firsts, nexts, codebooks, senones):
    """Whether all indexes are within their limits."""
    for arc in range(firsts[nodes]):
        if not 0 <= nexts[arc] < nodes:
            return False
    for node in range(nodes):
        if not 0 <= books[node] < codebooks or not 0 <= firsts[node] <= firsts[node + 1]:
            return False
        for state in range(STATES):
            if not 0 <= states[node * STATES + state] < senones:
                return False
    return True


@entry
def phone_path(
    features, frames, streams, size, gaussians, codebooks, densities, floor, weights, senones, books, states,
    moves, nodes, firsts, nexts, costs, begins, ends, beam, path, score, trace, numbers, scratch,
):  # fmt: skip
    """Viterbi search, frame by frame; mixtures are computed only for nodes that are reached."""
    if missing(features, gaussians, weights, books, states, moves, firsts, nexts, costs, begins, ends):
        return NULL
    if missing(path, score, trace, numbers, scratch):
        return NULL
    if not (1 <= frames <= LARGEST and 1 <= nodes <= LARGEST and 1 <= senones <= LARGEST):
        return SIZE
    if not (1 <= streams <= LARGEST and 1 <= size <= LARGEST and 1 <= codebooks <= LARGEST):
        return SIZE
    if not 16 <= densities <= LARGEST or densities % 16 != 0:
        return SIZE
    if not _is_graph(books, states, nodes, firsts, nexts, codebooks, senones):
        return SIZE
    needed, origins, stamps = numbers, after(numbers, codebooks), after(numbers, codebooks + nodes)
    tokens, entries = scratch, after(scratch, STATES * nodes)
    values, best = after(entries, nodes), after(entries, nodes + senones)
    mixed = after(best, streams)
    for senone in range(senones):
        stamps[senone] = i32(-1)
    _begin(nodes, begins, entries, origins, tokens)
    sums, per_book, highest = f64(0), streams * densities, IMPOSSIBLE
    for frame in range(frames):
        for book in range(codebooks):
            needed[book] = i32(0)
        for node in range(nodes):
            if _is_reached(tokens, entries, node):
                needed[books[node]] = i32(1)
        row = after(features, frame * streams * size)
        _densities(row, streams, size, gaussians, codebooks, densities, needed, floor, mixed, best)
        highest = IMPOSSIBLE
        for node in range(nodes):
            trace[frame * nodes + node] = i32(0)
            if not _is_reached(tokens, entries, node):
                continue
            token, move = after(tokens, node * STATES), after(moves, node * 2 * STATES)
            come = origins[node] << i32(2)
            for state in range(STATES - 1, -1, -1):
                senone = states[node * STATES + state]
                if stamps[senone] != frame:
                    stamps[senone] = i32(frame)
                    book = after(mixed, books[node] * per_book)
                    values[senone] = _mixture(book, after(weights, senone * per_book), streams, densities)
                stay = token[state] + move[2 * state]
                enter = token[state - 1] + move[2 * state - 1] if state else entries[node]
                if enter > stay:
                    stay = enter
                    come |= i32(state)
                elif state == 0:
                    come &= i32(3)
                token[state] = max(stay + values[senone], IMPOSSIBLE)
                highest = max(highest, token[state])
            entries[node] = IMPOSSIBLE
            trace[frame * nodes + node] = come
        if highest <= IMPOSSIBLE:
            break
        sums += f64(highest)
        for node in range(nodes):
            _pass_on(tokens, node, highest, beam, moves, firsts, nexts, costs, entries, origins)
    if highest <= IMPOSSIBLE:
        for frame in range(frames):
            path[frame] = i32(-1)
        score[0] = f64(IMPOSSIBLE)
        return OK
    _best_path(frames, nodes, tokens, moves, ends, trace, path, score)
    score[0] += sums
    return OK


@inline
def _begin(nodes, begins, entries, origins, tokens):
    for node in range(nodes):
        entries[node], origins[node] = begins[node], i32(0)
        for state in range(STATES):
            tokens[node * STATES + state] = IMPOSSIBLE


@inline
def _is_reached(tokens, entries, node):
    at = node * STATES
    reached = max(tokens[at], tokens[at + 1], tokens[at + 2], entries[node])
    return reached > IMPOSSIBLE


@inline
def _pass_on(tokens, node, highest, beam, moves, firsts, nexts, costs, entries, origins):
    """Make tokens relative to the best, drop those below the beam, and enter the next nodes."""
    at = node * STATES
    for state in range(STATES):
        token = tokens[at + state] - highest
        tokens[at + state] = token if token > -beam else IMPOSSIBLE
    leaving = tokens[at + STATES - 1] + moves[2 * at + 2 * STATES - 1]
    if leaving > -beam:
        for arc in range(firsts[node], firsts[node + 1]):
            entry_score, other = leaving + costs[arc], nexts[arc]
            if entry_score > entries[other]:
                entries[other] = entry_score
                origins[other] = i32(node + 1)


@inline
def _best_path(frames, nodes, tokens, moves, ends, trace, path, score):
    """Follow the trace back from the best node at the end; -1 in all frames if none was reached."""
    best, node = IMPOSSIBLE, -1
    for other in range(nodes):
        last = other * STATES + STATES - 1
        value = tokens[last] + moves[2 * last + 1] + ends[other]
        if value > best:
            best, node = value, other
    score[0] = f64(best)
    state = STATES - 1
    for frame in range(frames - 1, -1, -1):
        path[frame] = i32(node)
        if node < 0:
            continue
        come = trace[frame * nodes + node]
        if state == 0:
            if come >> i32(2):
                node, state = (come >> i32(2)) - 1, STATES - 1
        elif come & i32(state):
            state -= 1
