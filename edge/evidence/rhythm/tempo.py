"""Tempo of a recording from place to place: how onsets repeat after a beat, its parts and multiples.

Each window gives every tempo a score: linear in the autocorrelations of onsets and of changes of harmony at
multiples of the beat, plus a prior; that of the better of two meters counts. The path of the best scores is
followed, so that the tempo drifts, or becomes another one where the music does. The weights are those of a
logistic regression on rendered music: the templates in `models_quantized` with composed melodies, and POP909
and Nottingham of the training pack.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge.arrays import Floats
from edge.evidence.rhythm.onsets import FRAME_S

TEMPOS: NDArray[np.float64] = np.exp(np.linspace(np.log(40), np.log(240), 400))
"""Tempos that are compared, in beats per minute."""

BEATS: NDArray[np.float64] = 60 / TEMPOS / FRAME_S
"""Their beats in frames."""

MULTIPLES = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0)
"""Distances, in beats, at which onsets are compared."""

HARMONY_MULTIPLES = (1.0, 2.0, 4.0, 8.0)
"""Distances, in beats, at which changes of harmony are compared."""

WEIGHTS: Final[NDArray[np.float64]] = np.array([
    [
        1.94, 1.75, 1.01, 1.06, 0.40, 0.44, -0.04, -0.05,
        0.74, 0.79, 0.41, 0.47, 0.13, 0.24, -0.07, -0.04,
        -0.41, 0.90, 1.21, 0.96,
    ],
    [
        0.18, 3.58, -1.16, 1.50, 3.55, 0.12, 0.38, -0.71,
        0.00, -0.37, -0.88, -1.06, 0.20, -0.73, -0.38, -0.60,
        -1.41, -2.15, -2.55, -3.29,
    ],
])  # fmt: skip
"""Weights of onsets in all bands, in the low ones, and of harmony at these, in double and triple meter."""

TRIPLE = -1.98
"""Score of triple meter before anything is known."""

ALIKE, ALIKE_COST = 0.7, 40.0
"""Autocorrelation over half a beat from which on the half is a beat itself, and the cost of the rest."""

USUAL, OCTAVES = 115.0, 0.55
"""Center of the prior in beats per minute, and its deviation in octaves."""

WINDOW, STEP = 2800, 1000
"""Frames of a window and between windows."""

LAGS = 1210
"""Frames over which onsets are compared: eight beats of the slowest tempo."""

AROUND = 50
"""Frames on either side whose mean is subtracted from onsets."""

DRIFT, JUMP = 0.5, 8.0
"""Cost of a change of tempo by 1 %, and of one to any other, from one window to the next."""

CLEAR, CLEAR_SHORT = 0.12, 1.0
"""Clarity that a pulse needs: the first, and the second divided by the seconds in which it is measured."""

ODDS = 6.0
"""What may be believed of the meter before bars are looked for, in nats."""

SURE = 0.7
"""Clarity of a strong pulse."""


def pulses(onsets: Floats) -> Floats:
    """Return onsets float32[n, 2] compressed, and only as far as they rise above the mean around them."""
    if not len(onsets):
        return onsets
    roots = np.sqrt(onsets)
    sums = np.concatenate([np.zeros((1, 2)), np.cumsum(roots, axis=0, dtype=np.float64)])
    at = np.arange(len(roots))
    first, end = np.maximum(at - AROUND, 0), np.minimum(at + AROUND + 1, len(roots))
    mean = (sums[end] - sums[first]) / (end - first)[:, None]
    return np.asarray(np.maximum(roots - mean, 0), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class LocalTempos:
    """Tempo of w windows of a recording, which overlap."""

    middles: NDArray[np.float64]
    """float64[w]: middle of each window in frames."""
    tempos: NDArray[np.float64]
    """float64[w]: beats per minute."""
    triple: NDArray[np.float64]
    """float64[w]: by how much triple meter scores more than double meter."""
    clarities: NDArray[np.float64]
    """float64[w]: mean autocorrelation of onsets over one, two and four beats."""
    needed: NDArray[np.float64]
    """float64[w]: clarity that windows as long as these need to have a pulse."""
    weights: NDArray[np.float64]
    """float64[w]: sum of the onset strength in each window."""

    def periods(self, count: int) -> Floats:
        """Return the length of a beat in frames at each of `count` frames, float32."""
        between = np.interp(np.arange(count), self.middles, np.log(60 / FRAME_S / self.tempos))
        return np.asarray(np.exp(between), np.float32)

    def clear(self, frames: NDArray[np.floating]) -> NDArray[np.bool_]:
        """Return whether there is a pulse at each of these frames, bool[n]."""
        return np.asarray(np.interp(frames, self.middles, self.clarities - self.needed) >= 0)

    @property
    def triple_odds(self) -> float:
        """Logarithm of the odds of triple meter, at most `ODDS` either way."""
        return float(np.clip(np.average(self.triple, weights=self.weights + 1e-9), -ODDS, ODDS))

    @property
    def strength(self) -> float:
        """How regular and clear the pulse is, 0 to 1: the windows' mean, weighted by their onsets."""
        low, high = self.needed / 2, np.maximum(SURE, self.needed + CLEAR)
        each = np.clip((self.clarities - low) / (high - low), 0, 1)
        return float((each * self.weights).sum() / max(self.weights.sum(), 1e-9))


def local_tempos(pulse: Floats, harmony: Floats, harmony_s: float) -> LocalTempos:
    """Return the tempo in windows from place to place.

    `pulse` float32[n, 2] is what `pulses` returns, `harmony` float32[m] how much the harmony changes every
    `harmony_s` seconds.
    """
    starts = range(0, max(1, len(pulse) - WINDOW + STEP), STEP)
    ends = [min(start + WINDOW, len(pulse)) for start in starts]
    scores, repeats = zip(
        *(_scores(pulse, harmony, start, harmony_s / FRAME_S) for start in starts), strict=True
    )
    meters = np.stack(scores)
    path = _path(meters.max(axis=1))
    double, triple = meters[np.arange(len(path)), :, path].T
    return LocalTempos(
        middles=np.array([(start + end) / 2 for start, end in zip(starts, ends, strict=True)]),
        tempos=TEMPOS[path],
        triple=triple - double,
        clarities=np.array([_clarity(one, BEATS[state]) for one, state in zip(repeats, path, strict=True)]),
        needed=np.array([
            CLEAR + CLEAR_SHORT / max(0.1, (end - start) * FRAME_S)
            for start, end in zip(starts, ends, strict=True)
        ]),
        weights=np.array([pulse[start:end, 0].sum() for start, end in zip(starts, ends, strict=True)]),
    )  # fmt: skip


def _clarity(repeats: NDArray[np.float64], beat: float) -> float:
    """Return the mean of the highest autocorrelations within a frame of one, two and four beats."""
    at = np.add.outer(beat * np.array([1, 2, 4]), (-1, 0, 1))
    return float(np.interp(at, np.arange(len(repeats)), repeats).max(axis=1).mean())


def autocorrelation(values: NDArray[np.floating], lags: int) -> NDArray[np.float64]:
    """Return the autocorrelations of columns [n, c] at lags 0 to `lags` - 1, float64[lags, c], 1 at 0.

    Lags at which little is compared are close to 0.
    """
    count = len(values)
    size = 1 << (count + lags - 1).bit_length()
    spectra = np.fft.rfft(values - values.mean(axis=0), size, axis=0)
    products = np.fft.irfft(np.abs(spectra) ** 2, axis=0)[:lags].astype(np.float64)
    compared = np.maximum(count - np.arange(lags), count / 4) / count
    return np.asarray(products / compared[:, None] / np.maximum(products[0], 1e-9))


def _scores(
    pulse: Floats, harmony: Floats, start: int, ratio: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the scores of the window from frame `start`, and autocorrelations of its onsets.

    Scores float64[2, tempos] are those in double and in triple meter.
    """
    window, repeats = pulse[start : start + WINDOW], np.zeros((LAGS, 2))
    if len(window):
        repeats = autocorrelation(window, LAGS)
    changes, similar = harmony[int(start / ratio) : int((start + WINDOW) / ratio)], np.zeros((2, 1))
    if len(changes):
        similar = autocorrelation(changes[:, None], int(LAGS / ratio) + 2)
    known = np.concatenate([
        _at(repeats[:, 0], MULTIPLES, BEATS),
        _at(repeats[:, 1], MULTIPLES, BEATS),
        _at(similar[:, 0], HARMONY_MULTIPLES, BEATS / ratio),
    ])  # fmt: skip
    prior = -0.5 * (np.log2(TEMPOS / USUAL) / OCTAVES) ** 2 - ALIKE_COST * np.maximum(known[0] - ALIKE, 0)
    return WEIGHTS @ known + prior + np.array([[0.0], [TRIPLE]]), repeats[:, 0]


def _at(
    repeats: NDArray[np.float64], multiples: tuple[float, ...], beats: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return autocorrelations at multiples of each beat, float64[multiples, tempos]."""
    return np.asarray(np.interp(np.multiply.outer(multiples, beats), np.arange(len(repeats)), repeats))


def _path(scores: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the states of the best path through scores float64[windows, tempos]."""
    percent = 100 * np.abs(np.log(TEMPOS[:, None] / TEMPOS))
    cost = np.minimum(DRIFT * percent, JUMP)
    best, before = scores[0], np.zeros(scores.shape, np.int64)
    for window in range(1, len(scores)):
        reached = best - cost
        before[window] = reached.argmax(axis=1)
        best = reached.max(axis=1) + scores[window]
    path = np.zeros(len(scores), np.int64)
    path[-1] = best.argmax()
    for window in range(len(scores) - 1, 0, -1):
        path[window - 1] = before[window, path[window]]
    return path
