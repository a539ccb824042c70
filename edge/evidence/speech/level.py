"""How loud voices are, moment by moment: what sounds, what is a pause, where it is quietest."""

from __future__ import annotations

from functools import cache

import numpy as np
from edge_kernels.labels import runs as label_runs
from edge_kernels.mel import Mel, MelOptions, Norm
from numpy.typing import NDArray

from edge.vocabulary import Span

Floats = NDArray[np.float32]
Spans = list[tuple[int, int]]
"""Half-open stretches of frames."""

LEVEL_S = 0.01
"""Seconds per level when pauses are looked for."""

VOICE_HZ = (200.0, 4000.0)
"""Where voices are far above most noise: rumble lies below, hiss above."""

RANGE_DB = 40.0
"""What is this far below the loudest is silence."""

PAUSE_S = 0.2
"""What a pause is at least: shorter silences are parts of words (stops before p, t and k)."""


def loudness(samples: Floats, rate_hz: int) -> Floats:
    """How loud voices are in a stretch of speech float32[n], every `LEVEL_S`: 0 its pauses, 1 its loudest.

    Judged by the stretch itself, so it should hold some of both; a pause is 40 dB below the loudest at most.
    """
    level = _levels(samples, rate_hz)
    if not len(level):
        return level
    loud, quiet = (float(np.quantile(level, share)) for share in (0.95, 0.05))
    quiet = min(max(quiet, loud - RANGE_DB), loud - 1.0)
    return np.asarray((level - quiet) / (loud - quiet), np.float32)


def sounding(loudness: Floats, *, above: float = 0.25, pause_s: float = PAUSE_S) -> list[Span]:
    """Stretches of at least 30 ms that are louder than `above`; shorter silences than `pause_s` are sound."""
    loud = joined_runs(runs(loudness > above), round(pause_s / LEVEL_S))
    return [Span(first * LEVEL_S, stop * LEVEL_S) for first, stop in loud if stop - first >= 3]


def quietest(samples: Floats, shortest: int, rate_hz: int) -> int:
    """Where to cut: the middle of the quietest fifth of a second after `shortest` samples."""
    level = _levels(samples, rate_hz)
    width = round(PAUSE_S / LEVEL_S)
    means = np.convolve(level, np.full(width, 1 / width), "valid")
    begin = min(round(shortest / rate_hz / LEVEL_S), len(means) - 1)
    return round((begin + int(means[begin:].argmin()) + width / 2) * LEVEL_S * rate_hz)


def _levels(samples: Floats, rate_hz: int) -> Floats:
    """Decibels, from an arbitrary zero, every `LEVEL_S`: of the frequencies that voices fill."""
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


def runs(true: NDArray[np.bool_]) -> Spans:
    """Stretches of true in bool[n]."""
    return [(int(first), int(stop)) for first, stop in label_runs(true.astype(np.int32), 1)]


def joined_runs(spans: Spans, gap: int) -> Spans:
    """Stretches with less than `gap` between them made one."""
    joined: Spans = []
    for first, stop in spans:
        if joined and first - joined[-1][1] < gap:
            joined[-1] = joined[-1][0], stop
        else:
            joined.append((first, stop))
    return joined
