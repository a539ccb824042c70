"""Bars: which beats begin them, from the bass, all onsets and changes of harmony at and around each beat."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge.arrays import Floats

METERS: Final = (3, 4)
"""Beats of a bar."""

WEIGHTS = (
    (-0.31, -0.02, 0.43, -0.25, -0.07),
    (-0.12, -0.23, 0.51, -0.30, -0.09),
    (-0.24, -0.29, 0.58, -0.34, -0.18),
)
"""Weights of onsets, low onsets and changes of harmony at two beats before a beat to two after it.

They are those of a logistic regression, on the same music as those of the tempo.
"""

BIAS = -1.38
"""Logit of an average beat."""

SLIP = 10.0
"""Cost in nats of a bar that is cut short, or of another meter."""

AROUND = 16
"""Beats on either side against which a beat is compared."""

NEAR = 3
"""Frames on either side in which the onset of a beat is looked for."""

GAP = 1.5
"""Distance of two beats, in median ones, from which on a new bar may begin."""


def find_downbeats(
    beats: NDArray[np.float64], evened: Floats, harmony: Floats, triple_odds: float
) -> NDArray[np.int64]:
    """Return the indices of the beats that begin bars, for beats in frames, float64[n].

    `evened` float32[frames, 2] is the evened strength of onsets, `harmony` float32[n] the change of harmony
    at each beat, `triple_odds` the logarithm of the odds of bars of three beats. The best sequence of bars of
    three and four beats is taken; it changes meter only if much speaks for it, or after a gap.
    """
    if not len(beats):
        return np.zeros(0, np.int64)
    nearest = np.clip(np.round(beats).astype(np.int64), 0, len(evened) - 1)
    padded = np.pad(evened, ((NEAR, NEAR), (0, 0)))
    strongest = padded[nearest[:, None] + np.arange(2 * NEAR + 1)].max(axis=1)
    values = _standard(np.concatenate([strongest, harmony[:, None]], axis=1).astype(np.float64))
    beside = np.pad(values, ((2, 2), (0, 0)))
    logits = BIAS + sum(
        beside[shift : shift + len(values)] @ np.array(WEIGHTS)[:, shift] for shift in range(len(WEIGHTS[0]))
    )
    distances = np.diff(beats)
    apart = distances > GAP * np.median(distances) if len(distances) else np.zeros(0, bool)
    return np.flatnonzero(_first_in_bar(logits, np.concatenate([[True], apart]), triple_odds))


def _standard(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return columns less their mean within `AROUND`, over their deviation there."""
    at = np.arange(len(values))
    first, end = np.maximum(at - AROUND, 0), np.minimum(at + AROUND + 1, len(values))
    count = (end - first)[:, None]
    sums, squares = (np.cumsum(np.pad(one, ((1, 0), (0, 0))), axis=0) for one in (values, values**2))
    mean = (sums[end] - sums[first]) / count
    deviation = np.sqrt(np.maximum((squares[end] - squares[first]) / count - mean**2, 1e-6))
    return np.asarray((values - mean) / (deviation + 0.1 * np.abs(mean)))


def _first_in_bar(
    logits: NDArray[np.float64], free: NDArray[np.bool_], triple_odds: float
) -> NDArray[np.bool_]:
    """Return which beats are the first of a bar in the best path; it may go anywhere where it is `free`."""
    place = np.concatenate([np.arange(meter) for meter in METERS])
    start = np.arange(len(place)) - place
    meter = np.repeat(METERS, METERS)
    before = start + (place - 1) % meter
    gains = np.where(place == 0, -np.logaddexp(0, -logits)[:, None], -np.logaddexp(0, logits)[:, None])
    opening = np.where(meter == 3, triple_odds, 0.0)
    best, came = opening + gains[0], np.zeros(gains.shape, np.int64)
    for beat in range(1, len(gains)):
        cost = -opening if free[beat] else SLIP
        onward, other = best[before], int(best.argmax())
        came[beat] = np.where(onward >= best[other] - cost, before, other)
        best = np.maximum(onward, best[other] - cost) + gains[beat]
    state, states = int(best.argmax()), np.zeros(len(gains), np.int64)
    for beat in range(len(gains) - 1, -1, -1):
        states[beat] = state
        state = int(came[beat, state])
    return np.asarray(place[states] == 0)
