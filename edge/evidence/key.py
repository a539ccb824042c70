"""Musical key of a recording: major or minor, and on which tone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from edge.evidence.chroma import BINS, RATE_HZ, ChromaStream
from edge.media import AudioBlock

Mode = Literal["major", "minor"]
"""Scale of a key."""

MODES: Final[tuple[Mode, ...]] = ("major", "minor")
"""Both."""

TONES: Final = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
"""Names of pitch classes."""

PROFILES: Final[NDArray[np.float64]] = np.array([
    [6.6, 2.0, 3.5, 2.3, 4.6, 4.0, 2.5, 5.2, 2.4, 3.7, 2.3, 3.4],
    [6.5, 2.7, 3.5, 5.4, 2.6, 3.5, 2.5, 5.2, 4.0, 2.7, 4.3, 3.2],
])  # fmt: skip
"""How strong scale degrees are in major and minor, in semitones above the tonic (Shaath, 2011)."""

FIFTH = 0.2
"""What a pitch class gives the one a fifth below, whose overtone it may be."""

SPREAD = 2.0
"""Deviation of the tones of a pitch class from its pitch, in bins of the chroma."""

CONTRAST = 20.0
"""Logit of a key per unit of correlation with its profile."""

TONAL = 0.3
"""Concentration of pitches on a scale of semitones from which on all confidence is given."""


@dataclass(frozen=True, slots=True)
class Key:
    """Key of music."""

    tonic: int
    """Pitch class on which the scale begins: 0 is C, 11 is B."""
    mode: Mode
    """Major or minor."""
    confidence: float
    """How sure it is, 0 to 1."""

    @property
    def name(self) -> str:
        """Name such as `F# minor`."""
        return f"{TONES[self.tonic]} {self.mode}"


class KeyCollector:
    """Collector of the `Key` of a recording; memory does not grow but by 340 kB per hour."""

    rate_hz = RATE_HZ

    def __init__(self) -> None:
        self.chroma = ChromaStream()
        """Chroma of the audio so far."""
        self.result: Key | None
        """Set by `finish`; None if no tone sounds."""

    def accept(self, block: AudioBlock) -> None:
        """Analyze one block; see `Collector`."""
        self.chroma.accept(block.samples)

    def finish(self) -> None:
        """Estimate the key and set `result`."""
        self.chroma.finish()
        self.result = key_of(self.chroma.histogram)


def key_of(histogram: NDArray[np.float64]) -> Key | None:
    """Return the key that fits the loudness of pitches best, float64[`BINS`] from A on; None if all are 0."""
    if not histogram.sum() > 0:
        return None
    classes, concentration = pitch_classes(histogram)
    classes = np.sqrt(classes + FIFTH * np.roll(classes, 5))
    fits = np.stack([
        [np.corrcoef(np.roll(profile, tonic), classes)[0, 1] for tonic in range(12)] for profile in PROFILES
    ])  # fmt: skip
    mode, tonic = np.unravel_index(fits.argmax(), fits.shape)
    shares = np.exp(CONTRAST * (fits - fits.max()))
    return Key(int(tonic), MODES[mode], float(min(1, concentration / TONAL) / shares.sum()))


def pitch_classes(histogram: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Return the loudness of the pitch classes from C on, float64[12], in the tuning of the music.

    The second value, 0 to 1, is how much the pitches concentrate on a scale of semitones.
    """
    bins, step = np.arange(BINS), BINS // 12
    circle = (histogram * np.exp(2j * np.pi * bins / step)).sum() / histogram.sum()
    tuning = np.angle(circle) / (2 * np.pi) * step
    centers = (np.arange(12) + 3) * step + tuning
    distances = (bins - centers[:, None] + BINS / 2) % BINS - BINS / 2
    return np.exp(-0.5 * (distances / SPREAD) ** 2) @ histogram, float(abs(circle))
