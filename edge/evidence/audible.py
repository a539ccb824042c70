"""Find where a recording sounds: what rises above its own noise floor, whatever it is.

    blocks -> power of 20 bands every 50 ms -> noise floor of each band -> level above the floor -> spans

The floor of a band is a low quantile of its level within `FLOOR_S`, so hum, hiss and traffic that go on
belong to it, and a machine, a dog or a faint voice does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
from edge_kernels.mel import Mel, MelOptions, MelStream, Norm
from numpy.typing import NDArray

from edge.arrays import Floats
from edge.evidence.speech.level import runs
from edge.networks.pooling import GrowingArray
from edge.spans import merge
from edge.vocabulary import Span

STEP_S = 0.05
"""Seconds per value of the level."""

BANDS, LOW_HZ = 20, 80.0
"""Number of mel bands, and lower end of the first: below there is rumble."""

FLOOR_S, FLOOR_STEP_S, FLOOR_SHARE = 300.0, 30.0, 0.1
"""Seconds of audio whose quietest share is the noise floor, seconds between its values, and that share."""

LOUD_SHARE, LOUD_S = 0.05, 3.0
"""The loud level is exceeded in this share of a recording, or in so many seconds of it if that is less."""

MASKED_DB = 15.0
"""The floor is at least this far below the loud level: a machine as loud as speech is no silence."""

GATED_DB = 45.0
"""The same where pauses are digital silence: the quietest sound may be speech then."""

INAUDIBLE_DB = 53.0
"""The floor is at most this far below the loud level."""

DIGITAL_DB, BELOW_LOUD_DB, SILENCE_DB = (-105.0, -90.0), 65.0, -130.0
"""Total level in dBFS below which there is digital silence or dither: so far below the loud level, within
these limits. Level of a silent band."""

HANN_POWER = 3 / 8
"""Mean of the squared window."""

AUDIBLE_DB, VOICED_DB = 6.0, 4.0
"""Level above the floor from which anything is audible, and from which a voice is, where labels say that
there is one. Steady noise stays below 4."""

CLICK_DB = 15.0
"""Level above the floor from which sound of one step is audible; other sound lasts two steps at least."""

JOIN_S = 0.15
"""Pauses shorter than this, in seconds, belong to the sound around them."""


class AudibleCollector:
    """Measure the level of audio above its noise floor: `accept` samples, then `spans`."""

    def __init__(self, rate_hz: int) -> None:
        mel = _bands(rate_hz)
        self._stream = MelStream(mel)
        self._padding = np.zeros(mel.options.window, np.float32)
        self._full_scale = np.float32(mel.options.n_fft * mel.options.window * HANN_POWER / 2)
        self._levels = GrowingArray((BANDS,), np.float16)

    def accept(self, samples: Floats) -> None:
        """Measure samples float32[n] that follow the previous ones."""
        self._stream.accept(samples)
        power = self._stream.get(self._stream.ready // 2 * 2).reshape(-1, 2, BANDS).mean(axis=1)
        self._levels.append(10 * np.log10(power / self._full_scale + np.float32(10 ** (SILENCE_DB / 10))))

    def finish(self) -> None:
        """Measure the rest, which is shorter than a window."""
        self.accept(self._padding)

    def spans(self, voiced: NDArray[np.bool_], frame_s: float) -> list[Span]:
        """Return what is audible, in order and disjoint.

        `voiced` bool[frames], with `frame_s` seconds each, is where labels say that somebody speaks or sings:
        there, less is audible.
        """
        above = above_floor(self._levels.array)
        at = np.minimum(((np.arange(len(above)) + 0.5) * (STEP_S / frame_s)).astype(int), len(voiced) - 1)
        limit = np.where(voiced[at] if len(voiced) else False, VOICED_DB, AUDIBLE_DB)
        return list(_spans(above, limit))


def above_floor(levels: NDArray[np.floating]) -> Floats:
    """Return the level above the noise floor in dB, float32[n], of band levels in dBFS [n, bands].

    The mean of the bands' powers, each relative to its own floor: noise is flat, and so a voice that is faint
    in hum, or a whistle in one band, is audible.
    """
    if not len(levels):
        return np.zeros(0, np.float32)
    step, reach = round(FLOOR_STEP_S / STEP_S), round(FLOOR_S / 2 / STEP_S)
    total = np.concatenate([_total_db(levels[at : at + step]) for at in range(0, len(levels), step)])
    louder = min(int(LOUD_SHARE * len(total)), round(LOUD_S / STEP_S))
    loud = float(np.partition(total, -1 - louder)[-1 - louder])
    above = np.empty(len(levels), np.float32)
    for start in range(0, len(levels), step):
        near = slice(max(0, start + step // 2 - reach), start + step // 2 + reach)
        part = levels[start : start + step].astype(np.float32) - _floor(levels[near], total[near], loud)
        above[start : start + step] = 10 * np.log10((10 ** (part / 10)).mean(axis=1))
    return above


def _floor(levels: NDArray[np.floating], total: Floats, loud: float) -> Floats:
    """Return the noise floor float32[bands] of levels [n, bands], of which digital silence is no part."""
    digital = float(np.clip(loud - BELOW_LOUD_DB, *DIGITAL_DB))
    sounding = total > digital
    if not sounding.any():
        return np.full(BANDS, digital, np.float32)
    floor = np.quantile(levels[sounding].astype(np.float32), FLOOR_SHARE, axis=0)
    floor = np.maximum(floor, loud - INAUDIBLE_DB - 10 * np.log10(BANDS))
    masked_db = GATED_DB if sounding.mean() < 1 - FLOOR_SHARE else MASKED_DB
    return np.asarray(floor - max(0.0, float(_total_db(floor)) - (loud - masked_db)), np.float32)


def _total_db(levels: NDArray[np.floating]) -> Floats:
    return np.asarray(10 * np.log10((10 ** (levels.astype(np.float32) / 10)).sum(axis=-1)), np.float32)


def _spans(above: Floats, limit: Floats) -> Iterator[Span]:
    """Yield the spans in which a level exceeds its limit."""
    for first, stop in merge(runs(above > limit), round(JOIN_S / STEP_S) - 1):
        if stop - first > 1 or above[first] > CLICK_DB:
            yield Span(first * STEP_S, stop * STEP_S)


@cache
def _bands(rate_hz: int) -> Mel:
    """Return the power of mel bands, every half step."""
    hop = round(STEP_S / 2 * rate_hz)
    n_fft = 1 << (2 * hop - 1).bit_length()
    return Mel(MelOptions(rate_hz, n_fft, 2 * hop, hop, BANDS, LOW_HZ, logarithm=False, norm=Norm.PEAK))
