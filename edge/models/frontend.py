"""The audio front end of a model: what the samples become before the network sees them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from kernels.mel import MelTables, mel_power, mel_tables

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class FrontEnd:
    """Log-mel parameters as a manifest states them; see `kernels.mel` for the formula."""

    rate_hz: int
    """Sample rate that the network was trained at."""
    n_fft: int
    window: int
    """Samples under the Hann window."""
    hop: int
    """Samples between frames."""
    n_mels: int
    low_hz: float
    high_hz: float
    floor: float
    """Added to the power before the logarithm."""
    mean: float
    """Subtracted from the natural logarithm."""
    scale: float
    """Divides the result."""

    @cached_property
    def tables(self) -> MelTables:
        """Kernel tables, computed once."""
        return mel_tables(
            rate_hz=self.rate_hz,
            n_fft=self.n_fft,
            window=self.window,
            hop=self.hop,
            n_mels=self.n_mels,
            low_hz=self.low_hz,
            high_hz=self.high_hz,
        )

    def normalise(self, power: Floats) -> Floats:
        """Network input from mel power, same shape: (ln(power + floor) - mean) / scale."""
        scaled: Floats = np.log(power + np.float32(self.floor))
        scaled -= np.float32(self.mean)
        scaled /= np.float32(self.scale)
        return scaled


class MelStream:
    """Samples in, mel power frames out, whatever the sizes of the pieces; equal to one batch call."""

    def __init__(self, front_end: FrontEnd) -> None:
        self._tables = front_end.tables
        self._rest = np.zeros(self._tables.lead, np.float32)

    def accept(self, samples: Floats) -> Floats:
        """Take the next float32[n] samples; return the float32[frames, n_mels] that they complete."""
        self._rest = np.concatenate([self._rest, samples])
        power = mel_power(self._rest, self._tables)
        self._rest = self._rest[len(power) * self._tables.hop :]
        return power

    def finish(self, frames: int) -> Floats:
        """The last `frames` frames, with silence after the last sample; the stream ends."""
        hop, window = self._tables.hop, len(self._tables.window)
        needed = max(0, (frames - 1) * hop + window) if frames else 0
        rest = np.zeros(needed, np.float32)
        rest[: min(needed, len(self._rest))] = self._rest[:needed]
        return mel_power(rest, self._tables)[:frames]
