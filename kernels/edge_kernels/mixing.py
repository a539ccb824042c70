"""Filters, loudness, true peaks, a limiter, reverberation: of float32[channels, n], in blocks of any size."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edge_kernels.arrays import Floats, floats, positive
from edge_kernels.library import call, library

Doubles = NDArray[np.float64]

TAPS = 48
"""Samples that a point between two samples is computed from."""

LEAST = 16
"""Samples of the shortest block that the kernel of true peaks takes."""


class Biquads:
    """Biquads in series; what they remember goes on from block to block."""

    def __init__(self, coefficients: ArrayLike, channels: int) -> None:
        """`coefficients` are [sections, 5]: b0, b1, b2, a1, a2. Raises ValueError for other shapes."""
        self._coefficients = sections(coefficients)
        self._state = np.zeros((positive(channels, "channels", 1), len(self._coefficients), 2))

    def __call__(self, samples: ArrayLike) -> Floats:
        """Return the next block, float32[channels, n], filtered. Raises TypeError, ValueError."""
        samples = block(samples, len(self._state))
        out = np.empty_like(samples)
        call(
            "biquads", samples, *samples.shape, self._coefficients, len(self._coefficients), out, self._state
        )
        return out


class MeanSquares:
    """Mean squares of filtered steps of equal length; what is not a whole step waits for the next block."""

    def __init__(self, coefficients: ArrayLike, channels: int, step: int) -> None:
        """`coefficients` as of `Biquads`, `step` in samples. Raises ValueError."""
        self._coefficients = sections(coefficients)
        self._channels, self._step = positive(channels, "channels", 1), positive(step, "step", 1)
        self._state = np.zeros(1 + channels * (1 + 2 * len(self._coefficients)))

    def __call__(self, samples: ArrayLike) -> Doubles:
        """Return float64[steps, channels], of steps that end in this block. Raises TypeError, ValueError."""
        samples = block(samples, self._channels)
        out = np.empty((samples.shape[1] // self._step + 1, self._channels))
        filters = self._coefficients, len(self._coefficients)
        return out[: call("mean_squares", samples, *samples.shape, *filters, self._step, out, self._state)]


class TruePeaks:
    """The largest magnitude of any channel at each sample and at three points up to the next."""

    def __init__(self, channels: int) -> None:
        """Begin after silence. Raises ValueError."""
        self._before = np.zeros((positive(channels, "channels", 1), TAPS - 1), np.float32)

    def __call__(self, samples: ArrayLike) -> Floats:
        """Return float32[n], late by `TAPS` / 2 samples. Raises TypeError, ValueError."""
        samples = block(samples, len(self._before))
        count = samples.shape[1]
        after = np.zeros((len(samples), max(0, LEAST - count)), np.float32)
        joined = np.concatenate((self._before, samples, after), axis=1)
        self._before = joined[:, count : count + TAPS - 1].copy()
        out = np.empty(max(LEAST, count), np.float32)
        call("true_peaks", joined, len(joined), len(out), _between(), TAPS, out)
        return out[:count]

    def rest(self) -> Floats:
        """Return what `TAPS` / 2 samples of silence would, float32[TAPS / 2]; the stream may go on."""
        before = self._before
        out = self(np.zeros((len(before), TAPS // 2), np.float32))
        self._before = before
        return out


class Limiter:
    """Holds true peaks below a ceiling by a smooth gain that is the same for all channels."""

    def __init__(self, channels: int, rate_hz: float, ceiling: float = 1.0) -> None:
        """Look ahead 5 ms, and recover with a time constant of 80 ms. Raises ValueError."""
        if not ceiling > 0 or not rate_hz >= 1000:
            raise ValueError(f"a limiter needs a ceiling > 0 and a rate >= 1000 Hz, not {ceiling}, {rate_hz}")
        window = int(0.005 * rate_hz)
        self._ceiling, self._window = ceiling, window
        self._release = float(np.exp(-1 / (0.08 * rate_hz)))
        self._peaks, self._last = TruePeaks(channels), np.zeros(1, np.float32)
        self._gains = np.zeros(4 * window + 4, np.float32)
        self._waiting = np.zeros((channels, self.delay), np.float32)

    @property
    def delay(self) -> int:
        """Samples by which the output is late."""
        return self._window - 1 + TAPS // 2

    def __call__(self, samples: ArrayLike) -> Floats:
        """Return the next block, limited and late. Raises TypeError, ValueError."""
        samples = block(samples, len(self._waiting))
        raw = np.concatenate((self._last, self._peaks(samples)))
        self._last = raw[-1:]
        peaks = np.maximum(raw[1:], raw[:-1])  # of the points on both sides of a sample
        gains = np.empty_like(peaks)
        call(
            "limiter_gains", peaks, len(peaks), self._ceiling, self._release, self._window, gains, self._gains
        )
        joined = np.concatenate((self._waiting, samples), axis=1)
        self._waiting = joined[:, samples.shape[1] :]
        return joined[:, : samples.shape[1]] * gains


@dataclass(frozen=True, slots=True)
class Room:
    """What reverberation is like."""

    rate_hz: float
    """Samples per second."""
    decay_s: float = 1.8
    """In which it falls by 60 dB."""
    damping_hz: float = 5000.0
    """Above which it falls faster."""
    low_cut_hz: float = 120.0
    """Below which nothing goes in."""
    predelay_s: float = 0.015
    """0 to 0.5."""
    size: float = 1.0
    """0.25 to 2; at 1 the delays are 31 to 73 ms."""
    modulation: float = 4.0
    """0 to 8: by how many samples at 48 kHz four of the delays vary."""


class Reverb:
    """Reverberation alone, without the dry signal, of stereo."""

    def __init__(self, room: Room) -> None:
        """Begin in silence. Raises KernelError for a room outside the ranges."""
        fields = library().interface.structs["edge_reverb_options"]
        values = dataclasses.asdict(room)
        self._options = np.array([tuple(values[name] for name, _ in fields)], fields)
        self._state = np.zeros(call("reverb_size", self._options), np.float32)

    def __call__(self, samples: ArrayLike) -> Floats:
        """Return the next block, float32[2, n], reverberated. Raises TypeError, ValueError."""
        samples = block(samples, 2)
        out = np.empty_like(samples)
        call("reverb", self._options, samples, samples.shape[1], out, self._state)
        return out


def block(samples: ArrayLike, channels: int) -> Floats:
    """Return samples as contiguous float32[channels, n]. Raises TypeError, ValueError for another shape."""
    samples = floats(samples, "samples", 2)
    if len(samples) != channels:
        raise ValueError(f"samples must have {channels} channels, not {len(samples)}")
    return samples


def sections(coefficients: ArrayLike) -> Doubles:
    """Return coefficients as float64[sections, 5]. Raises ValueError for another shape."""
    checked: NDArray[Any] = np.array(coefficients, np.float64, order="C")
    if checked.ndim != 2 or checked.shape[1] != 5 or not len(checked):
        raise ValueError(f"coefficients must be float64[sections, 5], not {list(checked.shape)}")
    return checked


@cache
def _between() -> Floats:
    """Filters for a quarter, a half and three quarters of a sample: a sinc under Kaiser's window."""
    t = np.arange(TAPS)[None] - (TAPS // 2 - 1) - np.array([[0.25], [0.5], [0.75]])
    window = np.i0(4.0 * np.sqrt(1 - (2 * t / (TAPS + 1)) ** 2)) / np.i0(4.0)
    values = np.sinc(t) * window
    return np.ascontiguousarray(values / values.sum(axis=1, keepdims=True), np.float32)
