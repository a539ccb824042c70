"""RMS level of every frame of a recording, incrementally."""

from __future__ import annotations

import numpy as np

from edge.arrays import Floats
from edge.networks.pooling import GrowingArray

SILENCE_DB = -120.0
"""Level of digital silence in dBFS."""


class FrameLevels:
    """Levels in dBFS of consecutive frames of `size` samples; 0 dBFS is the RMS of a square wave."""

    def __init__(self, size: int) -> None:
        self._frame = np.zeros(size, np.float32)
        self._filled = 0
        self._levels = GrowingArray((), np.float32)

    @property
    def levels_db(self) -> Floats:
        """Return the levels float32[n] of all frames so far."""
        return self._levels.array

    def accept(self, samples: Floats) -> None:
        """Measure the frames that samples float32[n] complete."""
        size = len(self._frame)
        if self._filled:
            samples = self._fill(samples)
            if self._filled < size:
                return
            self.finish()
        whole = len(samples) // size * size
        self._add(samples[:whole].reshape(-1, size))
        self._fill(samples[whole:])

    def finish(self) -> None:
        """Measure the last, shorter frame."""
        if self._filled:
            self._add(self._frame[None, : self._filled])
            self._filled = 0

    def _fill(self, samples: Floats) -> Floats:
        """Complete the frame at hand with samples as far as they go; return the rest."""
        taken = samples[: len(self._frame) - self._filled]
        self._frame[self._filled : self._filled + len(taken)] = taken
        self._filled += len(taken)
        return samples[len(taken) :]

    def _add(self, frames: Floats) -> None:
        power = np.einsum("ij,ij->i", frames, frames, dtype=np.float32) / np.float32(max(1, frames.shape[1]))
        self._levels.append(10 * np.log10(np.maximum(power, np.float32(10 ** (SILENCE_DB / 10)))))
