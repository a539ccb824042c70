"""Bring audio to one level, so that how loud a recording is does not change what is recognized in it.

    blocks -> windows of 12 s -> gain by the loudest seconds so far -> frame labels
    chunk of speech -> gain by its loudest fifth -> recognizer

At the recording's own level, labels near their threshold and words that are in doubt change with the gain.
"""

from __future__ import annotations

import numpy as np

from edge.arrays import Floats
from edge.evidence.labels import FrameLabels
from edge.media import AudioBlock
from edge.networks.segmenter import CHUNK_S, Segmenter

LEVEL_DB = -20.0
"""Level in dBFS of the loud part. Labels are as often right at -30 to -14 dBFS as at the recordings' own
levels, and of spoken digits the fewest come out wrong here."""

QUIETEST_DB = -80.0
"""Level in dBFS below which nothing is amplified: digital silence and dither."""

FRAME_S = 0.03
"""Seconds of a frame whose level is measured."""

LOUD_SHARE, LOUD_S = 0.2, 3.0
"""The loud part is this share of the audio, or so many seconds of it if that is less."""


def leveled(samples: Floats, rate_hz: int) -> Floats:
    """Scale a chunk of speech float32[n] so that the loudest fifth of it has `LEVEL_DB`."""
    power = np.sort(_powers(samples, round(FRAME_S * rate_hz)))
    return samples * _gain(power[len(power) - _loud(len(power), len(power)) :])


class LeveledLabels(FrameLabels):
    """Collector of frame labels of audio that is brought to one level: that of the loudest seconds so far.

    They are available up to 12 s later than those of `FrameLabels`.
    """

    def __init__(self, segmenter: Segmenter) -> None:
        super().__init__(segmenter)
        self._window = round(CHUNK_S * self.rate_hz)
        self._frame = round(FRAME_S * self.rate_hz)
        self._waiting: list[Floats] = []
        self._frames_so_far, self._loudest = 0, np.zeros(0, np.float32)

    def accept(self, block: AudioBlock) -> None:
        """Label the windows that a block completes; see `Collector`."""
        self._waiting.append(block.samples)
        if sum(map(len, self._waiting)) >= self._window:
            whole = np.concatenate(self._waiting)
            full = len(whole) // self._window * self._window
            for window in whole[:full].reshape(-1, self._window):
                self._label(window)
            self._waiting = [whole[full:]]

    def finish(self) -> None:
        """Label the remaining samples; see `Collector`."""
        self._label(np.concatenate([np.zeros(0, np.float32), *self._waiting]))
        self._waiting = []
        super().finish()

    def _label(self, window: Floats) -> None:
        powers = _powers(window, self._frame)
        self._frames_so_far += len(powers)
        most = round(LOUD_S / FRAME_S)
        self._loudest = np.sort(np.concatenate([self._loudest, powers]))[-most:]
        loud = self._loudest[len(self._loudest) - _loud(self._frames_so_far, most) :]
        super().accept(AudioBlock(window * _gain(loud), self.samples))


def _loud(count: int, most: int) -> int:
    """Return how many of `count` frames are the loud part, `most` at most."""
    return min(max(1, int(LOUD_SHARE * count)), most, count)


def _powers(samples: Floats, frame: int) -> Floats:
    """Return the power float32[frames] of the whole frames of samples float32[n]."""
    frames = samples[: len(samples) // frame * frame].reshape(-1, frame)
    return np.asarray(np.einsum("ij,ij->i", frames, frames) / frame, np.float32)


def _gain(powers: Floats) -> np.float32:
    """Return the factor that brings the mean of powers float32[n] to `LEVEL_DB`."""
    power = float(powers.mean()) if len(powers) else 0.0
    if power < 10 ** (QUIETEST_DB / 10):
        return np.float32(1)
    return np.float32(10 ** (LEVEL_DB / 20) / np.sqrt(power))
