"""Compare two spoken passages: is the second one another take of the first, by the same voice?

Cepstra of both are aligned by dynamic time warping (Sakoe and Chiba 1978). The mean distance along the best
path is about 0.3 for a sentence that is said again, 0.43 if in another mood, and 0.6 for other words or by
another voice.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from edge_kernels.mel import Mel, slaney
from numpy.typing import NDArray

from edge.arrays import Floats
from edge.media.read.audio import decode_spans
from edge.media.read.recording import Recording
from edge.vocabulary import Span

RATE_HZ = 16_000
"""Sample rate of the audio that is compared."""

HOP_S, BANDS, CEPSTRA = 0.02, 32, 13
"""Seconds between spectra, mel bands, and cepstral coefficients, the first of which is left out."""

SILENCE = 6.5
"""Frames this far below the loudest (natural logarithm of power: 28 dB) at both ends are left out."""

SLOPE_WEIGHT = 1.5
"""Weight of the change of the cepstra against the cepstra."""


class Passages:
    """The passages of a recording, decoded when they are compared."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._known: dict[Span, Floats] = {}

    def distance(self, one: Span, other: Span, parts: tuple[Span, Span] | None = None) -> float:
        """Return the distance of two passages, or of a part of each, 0 to 2; infinity if one is silent.

        Raises InputError, NoAudioError.
        """
        part, other_part = parts or (one, other)
        return distance(self._cepstra(one, part), self._cepstra(other, other_part))

    def _cepstra(self, span: Span, part: Span) -> Floats:
        """Return the audible rows of a part of a passage."""
        if span not in self._known:
            (samples,) = decode_spans(self._recording, [(span.start, span.end)], rate_hz=RATE_HZ)
            self._known[span] = cepstra(samples)
        first, stop = (round((time - span.start) / HOP_S) for time in (part.start, part.end))
        rows = self._known[span][max(0, first) : max(first + 1, stop)]
        return rows[rows.any(axis=1)]


def cepstra(samples: Floats) -> Floats:
    """Return a unit vector every `HOP_S` of speech at 16 kHz, float32[n, 25]; silent ends are zeros.

    Normalized in mean and variance over the passage, and so independent of level and microphone.
    """
    mel = _mel()(samples)
    vectors = np.zeros((len(mel), 2 * CEPSTRA - 1), np.float32)
    level = mel.mean(axis=1)
    loud = np.flatnonzero(level > level.max(initial=-np.inf) - SILENCE)
    if len(loud) < 2:
        return vectors
    audible = slice(loud[0], loud[-1] + 1)
    rows = mel[audible] @ _cosines()
    rows = (rows - rows.mean(axis=0)) / (rows.std(axis=0) + 1e-6)
    both = np.concatenate([rows[:, 1:], SLOPE_WEIGHT * np.gradient(rows, axis=0)], axis=1)
    vectors[audible] = both / (np.linalg.norm(both, axis=1, keepdims=True) + 1e-6)
    return vectors


def distance(one: Floats, other: Floats) -> float:
    """Return the mean cosine distance of unit vectors [n, k] and [m, k] along the best path of warping.

    A diagonal step counts twice, so that all paths have n + m steps. Computed by antidiagonals.
    """
    n, m = len(one), len(other)
    if not n or not m:
        return float("inf")
    cost = np.full((n, n + m - 1), np.inf, np.float32)  # column i + j: an antidiagonal
    for i in range(n):
        cost[i, i : i + m] = 1 - other @ one[i]
    before, last = np.full(n, np.inf, np.float32), np.full(n, np.inf, np.float32)
    last[0] = 2 * cost[0, 0]
    for column in range(1, n + m - 1):
        here = cost[:, column]
        best = last + here
        best[1:] = np.minimum(best[1:], np.minimum(last[:-1] + here[1:], before[:-1] + 2 * here[1:]))
        before, last = last, best
    return float(last[-1]) / (n + m)


@cache
def _mel() -> Mel:
    return Mel(slaney(RATE_HZ, 512, round(HOP_S * RATE_HZ), BANDS))


@cache
def _cosines() -> NDArray[np.float32]:
    """Return the matrix [bands, cepstra] of the discrete cosine transform."""
    at = (np.arange(BANDS) + 0.5)[:, None] * np.arange(CEPSTRA) * (np.pi / BANDS)
    return np.asarray(np.cos(at) * np.sqrt(2 / BANDS), np.float32)
