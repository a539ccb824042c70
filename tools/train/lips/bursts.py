"""Bursts of training before augmentation, and the parts of clips that they are cut from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.arrays import Floats
from tools.train.lips.corpus import RATE, Clip

UNKNOWN = -1.0
"""Truth that is not learned from."""
ALIVE = 0.02
"""Least standard deviation of the opening of lips that talk: below, a talker pauses."""
CHANGE = 0.01
"""Least mean change of the opening in 100 ms: 95 % of the talkers change by more than 0.016."""
Positions = NDArray[np.float64]


@dataclass(frozen=True)
class Burst:
    """Frames of one face, 10 a second, before augmentation."""

    clip: Clip
    positions: Positions
    """float64[t]: places in the clip; between two frames both are blended."""
    producing: float
    """1 if the lips produce speech or song, 0 if not, or `UNKNOWN`."""
    sound: Floats
    """float32[t, 5]."""
    fits: float
    """1 if the sound is that of the lips, 0 if not, or `UNKNOWN`."""
    motion: str = ""
    """What the augmentation is to do: "chew", "smile", "turn" the head, or nothing."""

    @property
    def opening(self) -> Floats:
        """How far the lips are open, float32[t]."""
        every = np.arange(len(self.clip.opening))
        return np.interp(self.positions, every, self.clip.opening).astype(np.float32)

    @property
    def alive(self) -> bool:
        """Whether the lips open and close as those of a talker do who does not pause."""
        opening = self.opening
        return bool(opening.std() > ALIVE and np.abs(np.diff(opening)).mean() > CHANGE)


@dataclass(frozen=True)
class Stretch:
    """A part of a clip with one label, frames [start, stop)."""

    clip: Clip
    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start


def stretches(clips: Sequence[Clip], label: str, shortest: int = 20) -> dict[str, list[Stretch]]:
    """The parts of clips with a label and a visible face, by group."""
    found: dict[str, list[Stretch]] = {}
    for clip in clips:
        for span in clip.listed.spans:
            start, stop = round(span.start_s * RATE), min(round(span.end_s * RATE), len(clip.seen))
            if span.label == label and stop - start >= shortest and clip.seen[start:stop].all():
                stretch = Stretch(clip, start, stop)
                found.setdefault(clip.listed.group, []).append(stretch)
    return found
