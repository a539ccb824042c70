"""The end of a mix: a gain, and a limiter that keeps true peaks below a ceiling."""

from __future__ import annotations

import numpy as np
from edge_kernels.mixing import Limiter

from edge.arrays import Floats
from edge.errors import UsageError


class Master:
    """Applies a gain and limits a stereo stream; what comes out is as long as what went in, and not late."""

    def __init__(self, gain_db: float, ceiling_dbtp: float = -1.0, rate_hz: int = 48_000) -> None:
        """Begin a stream. Raises UsageError for a ceiling outside -40 to 0 dBTP, or a gain beyond 60 dB."""
        if not -40 <= ceiling_dbtp <= 0 or not abs(gain_db) <= 60 or rate_hz < 8000:
            raise UsageError(
                f"a master has a ceiling of -40 to 0 dBTP and up to 60 dB, not {ceiling_dbtp} and {gain_db}"
            )
        self._gain = np.float32(10 ** (gain_db / 20))
        self._limiter = Limiter(2, rate_hz, 10 ** (ceiling_dbtp / 20))
        self._late = self._limiter.delay

    def process(self, samples: Floats) -> Floats:
        """Return what is ready after the next samples, both float32[2, n]; 5 ms are held back until `flush`.

        Raises UsageError for another shape.
        """
        if samples.ndim != 2 or len(samples) != 2:
            raise UsageError(f"samples must be float32[2, n], not {list(samples.shape)}")
        out = self._limiter(samples * self._gain)
        skipped = min(self._late, out.shape[1])
        self._late -= skipped
        return out[:, skipped:]

    def flush(self) -> Floats:
        """Return the rest, float32[2, n]; the stream is over."""
        return self.process(np.zeros((2, self._limiter.delay), np.float32))
