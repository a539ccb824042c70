"""Loudness of a recording, in the pass that collects other evidence."""

from __future__ import annotations

from edge.media import AudioBlock
from edge.media.loudness import LoudnessMeter


class LoudnessCollector:
    """Collector of the integrated loudness of the mono mix; see `LoudnessMeter`."""

    def __init__(self, rate_hz: int) -> None:
        self.rate_hz = rate_hz
        self.result: float
        """In LUFS, -inf for silence; set by `finish`."""
        self._meter = LoudnessMeter(rate_hz, 1, peaks=False)

    def accept(self, block: AudioBlock) -> None:
        """Measure one block; see `Collector`."""
        self._meter.accept(block.samples[None])

    def finish(self) -> None:
        """Set `result`; see `Collector`."""
        self.result = self._meter.integrated_lufs
