"""Onset strength: how much louder the bands of a sound become, 100 times per second."""

from __future__ import annotations

import numpy as np
from edge_kernels.mel import Mel, MelOptions, MelStream, Scale

from edge.arrays import Floats
from edge.networks.pooling import GrowingArray

RATE_HZ = 16_000
"""Sample rate that is analyzed."""

HOP = 160
"""Samples between frames."""

FRAME_S = HOP / RATE_HZ
"""Seconds between frames."""

WINDOW = 512
"""Samples of a frame."""

BANDS = 40
"""Mel bands."""

LOW_BANDS = 4
"""Bands of bass and bass drum, up to about 200 Hz."""

BACK = 2
"""Frames between those that are compared."""

CHUNK = 8 * RATE_HZ
"""Samples that are analyzed at a time."""

OPTIONS = MelOptions(RATE_HZ, WINDOW, WINDOW, HOP, BANDS, 30.0, scale_kind=Scale.SLANEY, offset=1e-4)
"""Spectrum; the offset of a logarithm lies about 60 dB below a full scale."""


class OnsetStream:
    """Onset strength of samples, incrementally: 16 bits for each of two bands and 10 ms.

    Frame f compares the spectrum around sample f * `HOP` with that `BACK` frames before. Each band is
    compared with the loudest of itself and its two neighbors before, so that vibrato and glides are no
    onsets. Before the first sample is silence.
    """

    def __init__(self) -> None:
        self._mel = MelStream(Mel(OPTIONS))
        self._mel.accept(np.zeros(WINDOW // 2, np.float32))
        self._before = np.full((BACK, BANDS), np.log(OPTIONS.offset), np.float32)
        self._blocks, self._held = list[Floats](), 0
        self._onsets = GrowingArray((2,), np.float16)

    @property
    def onsets(self) -> Floats:
        """Return float32[n, 2]: onset strength of all bands and of the low ones, of all frames so far."""
        return self._onsets.array.astype(np.float32)

    def accept(self, samples: Floats) -> None:
        """Process the next samples float32[n]; those that are not finite count as silence."""
        self._blocks.append(samples)
        self._held += len(samples)
        if self._held >= CHUNK:
            self._analyze()

    def finish(self) -> None:
        """Process the remaining samples and half a window after them."""
        self._blocks.append(np.zeros(WINDOW // 2, np.float32))
        self._analyze()

    def _analyze(self) -> None:
        samples = np.concatenate(self._blocks)
        self._blocks, self._held = [], 0
        self._mel.accept(finite(samples))
        self._add(self._mel.get())

    def _add(self, bands: Floats) -> None:
        if not len(bands):
            return
        joined = np.concatenate([self._before, bands])
        reference = joined[: len(bands)].copy()
        np.maximum(reference[:, 1:], joined[: len(bands), :-1], out=reference[:, 1:])
        np.maximum(reference[:, :-1], joined[: len(bands), 1:], out=reference[:, :-1])
        rise = np.maximum(bands - reference, 0)
        self._onsets.append(
            np.stack([rise.mean(axis=1), rise[:, :LOW_BANDS].mean(axis=1)], axis=1).astype(np.float16)
        )
        self._before = joined[-BACK:]


def finite(samples: Floats) -> Floats:
    """Return the samples with 0 for those that are not finite."""
    return samples if np.isfinite(samples).all() else np.nan_to_num(samples, posinf=0, neginf=0)
