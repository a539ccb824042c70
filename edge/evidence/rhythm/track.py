"""Rhythm tracks: tempo, beats and bars of a recording."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.arrays import Floats


@dataclass(frozen=True, slots=True, eq=False)
class RhythmTrack:
    """Tempo, n beats and m bars of a recording; music without a pulse has no beats."""

    duration_s: float
    """Length of the audio in seconds."""
    tempo: float
    """Beats per minute; 0 without a pulse."""
    strength: float
    """How regular and clear the pulse is, 0 to 1."""
    beats_s: NDArray[np.float64]
    """float64[n]: times of beats in seconds, ascending."""
    downbeats: NDArray[np.int64]
    """int64[m]: indices of the beats that begin bars, ascending."""
    levels_db: Floats
    """float32[seconds]: RMS level of each second in dBFS."""

    def __repr__(self) -> str:
        return f"RhythmTrack({self.duration_s:.1f} s, {self.tempo:.1f} bpm, {len(self.downbeats)} bars)"

    @property
    def bars_s(self) -> NDArray[np.float64]:
        """Times at which bars begin, float64[m]."""
        return self.beats_s[self.downbeats]
