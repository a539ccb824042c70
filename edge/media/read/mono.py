"""Mix two channels to one; where they are opposite, and would cancel out, one of them is used."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

HOP_S: Final = 0.25
"""Seconds between decisions: not longer than half of what is decoded before a range."""
OPPOSITE: Final = 0.01
"""Power of the mean over that of the difference, below which the channels are opposite: -20 dB."""
SILENT: Final = 1e-9
"""Mean power below which nothing is decided."""

Samples = npt.NDArray[np.float32]


class MonoMix:
    """Mixes the samples of a stereo run in one pass.

    Each `HOP_S` of the recording has the mean of its channels, or the left one if the mean is far weaker than
    half of the difference: a channel was wired or coded the other way round. From one to the other is a ramp
    of a hop. Hops are at multiples of `HOP_S` of the recording, so that a range is mixed like the whole.
    """

    def __init__(self, rate_hz: int, first: int) -> None:
        """Begin before the sample with number `first`."""
        self._hop = round(HOP_S * rate_hz)
        self._kept: Samples = np.zeros((0, 2), np.float32)
        self._left = self._hop - first % self._hop
        self._weight: float | None = None
        self._rate_hz = rate_hz
        self.opposite_s = 0.0
        """Seconds of the samples mixed last at which the channels were opposite."""

    def mix(self, stereo: Samples, *, last: bool = False) -> Samples:
        """Add samples float32[n, 2]; return float32[m, 1] of the hops that are whole, at the `last` all."""
        samples = np.concatenate([self._kept, stereo]) if len(self._kept) else stereo
        edges = [0, *range(self._left, len(samples) + 1, self._hop)]
        if last and edges[-1] < len(samples):
            edges.append(len(samples))
        if edges[-1]:
            self._left = self._hop
        self._kept = samples[edges[-1] :].copy()
        self.opposite_s = 0.0
        mixed = (samples[: edges[-1], 0] + samples[: edges[-1], 1]) * np.float32(0.5)
        for begin, end in pairwise(edges):
            self._use_one(samples[begin:end], mixed[begin:end])
        return mixed[:, np.newaxis]

    def _use_one(self, stereo: Samples, mixed: Samples) -> None:
        """Replace a hop's mean by the left channel, or pass over to it, if the channels are opposite."""
        before = self._weight
        mean, half = power(mixed), power((stereo[:, 0] - stereo[:, 1]) * np.float32(0.5))
        if mean + half > SILENT:
            self._weight = float(mean < OPPOSITE * half)
        now = self._weight or 0.0
        start = now if before is None else before
        if start or now:
            self.opposite_s += len(mixed) / self._rate_hz
            mixed[:] += np.linspace(start, now, len(mixed), dtype=np.float32) * (stereo[:, 0] - mixed)


def power(samples: Samples) -> float:
    """Return the mean square of samples float32[n]."""
    return float(np.dot(samples, samples)) / max(len(samples), 1)
