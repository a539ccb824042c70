"""The audio front end of a model: what the samples become before the network sees them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from kernels.mel import Mel, MelOptions, MelStream

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class FrontEnd:
    """Log-mel parameters as a manifest states them; see `kernels.mel` for the formula.

    A frame is centred on the `hop` samples that it stands for.
    """

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

    @property
    def lead(self) -> int:
        """Samples that the first frame needs before the first sample."""
        return (self.window - self.hop) // 2

    @cached_property
    def mel(self) -> Mel:
        """Samples to the network's input: (ln(power + floor) - mean) / scale."""
        return Mel(self._options(logarithm=True))

    @cached_property
    def power(self) -> Mel:
        """Samples to mel power, which training mixes before it takes the logarithm."""
        return Mel(self._options(logarithm=False))

    def stream(self) -> MelStream:
        """The network's input frame by frame, from silence before the first sample on."""
        stream = MelStream(self.mel)
        stream.accept(np.zeros(self.lead, np.float32))
        return stream

    def normalise(self, power: Floats) -> Floats:
        """What `mel` does after the filters: the network's input from mel power, of the same shape."""
        return np.asarray((np.log(power + np.float32(self.floor)) - self.mean) / self.scale, np.float32)

    def _options(self, *, logarithm: bool) -> MelOptions:
        return MelOptions(
            rate_hz=self.rate_hz, n_fft=self.n_fft, window=self.window, hop=self.hop, n_mels=self.n_mels,
            low_hz=self.low_hz, high_hz=self.high_hz, logarithm=logarithm, offset=self.floor, floor=0.0,
            mean=self.mean, scale=self.scale,
        )  # fmt: skip
