"""Chroma: how strong the twelve pitch classes are, four times per second, and all pitches together."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.arrays import Floats
from edge.evidence.rhythm.onsets import finite
from edge.networks.pooling import GrowingArray

RATE_HZ = 16_000
"""Sample rate that is analyzed."""

DOWN = 8
"""Spectra are those of the samples at `RATE_HZ / DOWN`."""

WINDOW, HOP = 1024, 512
"""Samples of a frame and between frames, at the lower rate: 512 and 256 ms."""

HOP_S = HOP * DOWN / RATE_HZ
"""Seconds between frames."""

CHUNK = 32 * HOP * DOWN
"""Samples that are analyzed at a time, so that results do not depend on the sizes of blocks."""

BINS = 120
"""Bins of an octave in the sum of all frames: 10 cents each."""

TAPS = 64
"""Of the low-pass filter before samples are left out; it passes up to `HIGH_HZ`."""

PRODUCTS = 2048
"""Columns of a matrix product: for more, BLAS starts threads, which cost more than they save."""

LOW_HZ, HIGH_HZ = 75.0, 650.0
"""Frequencies of the peaks that count: bass and chords more than melodies and overtones."""

QUIET = 1e-4
"""Amplitude of a sine below which a peak does not count."""


class ChromaStream:
    """Chroma of samples, incrementally, from the peaks of spectra; frame f is centered at f * `HOP_S` s.

    Memory does not grow with the length, but for 12 numbers of 16 bits a frame.
    """

    def __init__(self) -> None:
        at = np.arange(TAPS) - (TAPS - 1) / 2
        taps = np.sinc(at / DOWN) * np.hamming(TAPS)
        self._taps = (taps / taps.sum()).astype(np.float32).reshape(TAPS // DOWN, DOWN)
        self._window = np.hanning(WINDOW + 1)[:-1].astype(np.float32)
        self._window /= self._window.sum() / 2
        hertz = np.arange(WINDOW // 2 + 1) * RATE_HZ / DOWN / WINDOW
        self._first, self._last = (int(np.searchsorted(hertz, edge)) for edge in (LOW_HZ, HIGH_HZ))
        self._blocks = [np.zeros(TAPS // 2 + DOWN * WINDOW // 2, np.float32)]
        self._held = len(self._blocks[0])
        self._low = np.zeros(0, np.float32)
        self._frames = GrowingArray((12,), np.float16)
        self.histogram = np.zeros(BINS)
        """float64[`BINS`]: strength of pitches from A on, modulo octaves; every frame with sound counts 1.

        Here as in `frames` the strength of a tone is the square root of its amplitude.
        """

    @property
    def frames(self) -> Floats:
        """Return float32[n, 12]: strength of A, A sharp and so on in each frame; rows have length 1 or 0."""
        return self._frames.array.astype(np.float32)

    def accept(self, samples: Floats) -> None:
        """Process the next samples float32[n]; those that are not finite count as silence."""
        self._blocks.append(samples)
        self._held += len(samples)
        if self._held >= CHUNK + TAPS:
            held = np.concatenate(self._blocks)
            while len(held) >= CHUNK + TAPS:
                self._analyze(held[: CHUNK + TAPS - DOWN])
                held = held[CHUNK:]
            self._blocks, self._held = [held.copy()], len(held)

    def finish(self) -> None:
        """Process the remaining samples and half a window after them."""
        self.accept(np.zeros(DOWN * WINDOW // 2 + TAPS // 2, np.float32))
        held = np.concatenate(self._blocks)
        if len(held) >= TAPS:
            self._analyze(held)

    def _analyze(self, samples: Floats) -> None:
        self._low = np.concatenate([self._low, self._filtered(finite(samples))])
        frames = (len(self._low) - WINDOW) // HOP + 1
        if frames > 0:
            windows = np.lib.stride_tricks.sliding_window_view(self._low, WINDOW)[::HOP][:frames]
            spectra = np.fft.rfft(windows * self._window)[:, self._first - 1 : self._last + 1]
            self._add(np.sqrt(spectra.real**2 + spectra.imag**2))
            self._low = self._low[frames * HOP :]

    def _filtered(self, samples: Floats) -> Floats:
        """Return samples at the lower rate: products of rows and parts of the filter, added diagonally."""
        rows = len(samples) // DOWN
        parts = np.ascontiguousarray(samples[: rows * DOWN].reshape(rows, DOWN).T)
        products = np.empty((len(self._taps), rows), np.float32)
        for start in range(0, rows, PRODUCTS):
            np.matmul(
                self._taps, parts[:, start : start + PRODUCTS], out=products[:, start : start + PRODUCTS]
            )
        count = rows - len(products) + 1
        out = products[0, :count].copy()
        for part in range(1, len(products)):
            out += products[part, part : part + count]
        return np.asarray(out, np.float32)

    def _add(self, spectra: Floats) -> None:
        frames = len(spectra)
        frame, pitch, amplitude = self._peaks(spectra)
        below = np.floor(pitch).astype(np.int64)
        above = pitch - below
        weight = np.sqrt(amplitude)
        chroma = np.bincount(frame * 12 + below % 12, weight * (1 - above), 12 * frames)
        chroma = chroma + np.bincount(frame * 12 + (below + 1) % 12, weight * above, 12 * frames)
        chroma = chroma.reshape(frames, 12)
        self._frames.append(
            (chroma / np.maximum(np.linalg.norm(chroma, axis=1, keepdims=True), 1e-9)).astype(np.float16)
        )
        total = np.bincount(frame, weight, frames)
        bins = np.floor(pitch * (BINS / 12) + 0.5).astype(np.int64) % BINS
        self.histogram += np.bincount(bins, weight / total[frame], BINS)

    def _peaks(self, spectra: Floats) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
        """Return frames, pitches in semitones above A, and amplitudes of all peaks."""
        middle = spectra[:, 1:-1]
        frame, at = np.nonzero((middle > spectra[:, :-2]) & (middle >= spectra[:, 2:]) & (middle > QUIET))
        before, here, after = (spectra[frame, at + shift].astype(np.float64) + 1e-9 for shift in (0, 1, 2))
        before, top, after = np.log(before), np.log(here), np.log(after)
        offset = np.clip((before - after) / (2 * (before - 2 * top + after) - 1e-9), -0.5, 0.5)
        hertz = (at + self._first + offset) * (RATE_HZ / DOWN / WINDOW)
        return frame, 12 * np.log2(hertz / 440), here


def harmony_changes(frames: Floats) -> Floats:
    """Return how much the harmony changes at each frame, float32[n], 0 to 1, for chroma float32[n, 12]."""
    changes = np.zeros(len(frames), np.float32)
    changes[1:-1] = 1 - np.einsum("ij,ij->i", frames[2:], frames[:-2])
    silent = np.abs(frames).max(axis=1, initial=0) == 0
    changes[1:-1][silent[2:] | silent[:-2]] = 0
    return changes
