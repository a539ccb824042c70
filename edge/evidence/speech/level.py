"""Speech level every 10 ms: where voices are audible, where they pause, where to cut."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from edge_kernels.labels import runs as label_runs
from edge_kernels.mel import Mel, MelOptions, Norm
from numpy.typing import NDArray

from edge.arrays import Floats
from edge.spans import merge
from edge.vocabulary import Span

Frames = list[tuple[int, int]]
"""Half-open ranges of frames."""

LEVEL_S = 0.01
"""Seconds per value of a level."""

VOICE_HZ = (200.0, 4000.0)
"""Frequency band in which voices are far above most noise: rumble lies below, hiss above."""

RANGE_DB = 40.0
"""Dynamic range: anything this far below the peak counts as silence."""

PAUSE_S = 0.2
"""Minimum length of a pause in seconds: shorter silences are parts of words (the closures of p, t and k)."""


@dataclass(frozen=True, slots=True, eq=False)
class SpeechLevel:
    """Level of a speech chunk, see `speech_level`."""

    start: float
    """Start of the chunk in seconds of the recording."""
    values: NDArray[np.float16]
    """float16[n]: one value every `LEVEL_S`."""


def speech_level(samples: Floats, rate_hz: int) -> Floats:
    """Return the level of speech float32[n] every `LEVEL_S`: 0 in its pauses, 1 at its peak.

    Energy of the voice band in dB, normalized to the range of the chunk itself, which should therefore
    contain both speech and pauses; level 0 is at most 40 dB below the peak.
    """
    level = _levels(samples, rate_hz)
    if not len(level):
        return level
    loud, quiet = (float(np.quantile(level, share)) for share in (0.95, 0.05))
    quiet = min(max(quiet, loud - RANGE_DB), loud - 1.0)
    return np.asarray((level - quiet) / (loud - quiet), np.float32)


def sounding(level: Floats, *, above: float = 0.25, pause_s: float = PAUSE_S) -> list[Span]:
    """Return spans of at least 30 ms above a level; silences shorter than `pause_s` are included."""
    loud = merge(runs(level > above), round(pause_s / LEVEL_S) - 1)
    return [Span(first * LEVEL_S, stop * LEVEL_S) for first, stop in loud if stop - first >= 3]


def quietest_sample(samples: Floats, shortest: int, rate_hz: int) -> int:
    """Return the sample to cut at: the middle of the quietest 0.2 s after `shortest` samples."""
    level = _levels(samples, rate_hz)
    width = round(PAUSE_S / LEVEL_S)
    means = np.convolve(level, np.full(width, 1 / width), "valid")
    begin = min(round(shortest / rate_hz / LEVEL_S), len(means) - 1)
    return round((begin + int(means[begin:].argmin()) + width / 2) * LEVEL_S * rate_hz)


def _levels(samples: Floats, rate_hz: int) -> Floats:
    """Return the energy of the voice band in dB (arbitrary reference) every `LEVEL_S`."""
    mel = _bands(rate_hz)
    margin = (mel.options.window - mel.options.hop) // 2
    power = mel(np.pad(samples, margin)).sum(axis=1)
    return np.asarray(10 * np.log10(power + 1e-10), np.float32)


@cache
def _bands(rate_hz: int) -> Mel:
    hop = round(LEVEL_S * rate_hz)
    n_fft = 1 << (3 * hop - 1).bit_length()
    options = MelOptions(rate_hz, n_fft, n_fft, hop, 16, *VOICE_HZ, logarithm=False, norm=Norm.PEAK)
    return Mel(options)


def runs(true: NDArray[np.bool_]) -> Frames:
    """Return the runs of true in bool[n] as half-open ranges."""
    return [(int(first), int(stop)) for first, stop in label_runs(true.astype(np.int32), 1)]
