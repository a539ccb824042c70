"""Mel spectra and cepstra: log-mel, Kaldi's filter bank, MFCC.

`edge_kernels.h` has the formula; `slaney`, `kaldi_fbank` and `mfcc` return the settings of other libraries.
"""

from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from edge_kernels.arrays import Floats, floats, positive
from edge_kernels.library import KernelError, call, library


class Window(IntEnum):
    """Window functions of `n` samples."""

    HANN = 0
    """1/2 - 1/2 cos(2 pi i / n): periodic, like torch and librosa."""
    HAMMING = 1
    """0.54 - 0.46 cos(2 pi i / (n - 1))."""
    POVEY = 2
    """(1/2 - 1/2 cos(2 pi i / (n - 1)))^0.85, Kaldi's default."""


class Scale(IntEnum):
    """Mel scale, and the axis over which the filters are triangular."""

    HTK = 0
    """2595 log10(1 + f / 700), triangles over hertz."""
    SLANEY = 1
    """Linear below 1 kHz, logarithmic above (Auditory Toolbox, librosa's default), triangles over hertz."""
    KALDI = 2
    """HTK's scale, triangles over mel."""
    SPHINX = 3
    """HTK's scale, ends of the triangles on the nearest bins of the transform."""


class Norm(IntEnum):
    """Normalization of the triangles."""

    PEAK = 0
    """Peak 1."""
    AREA = 1
    """2 / width in hertz: area 1 (librosa's "slaney")."""
    MEAN = 2
    """Weights of sum 1, so that a band is a mean; a triangle between two bins takes the nearest."""


@dataclass(frozen=True)
class MelOptions:
    """Steps of the transform of a frame, in order; the defaults give the log of a mean power."""

    rate_hz: float
    """Sample rate."""
    n_fft: int
    """Points of the Fourier transform: a power of two, 32 to 16384."""
    window: int
    """Samples of a frame, 2 to `n_fft`."""
    hop: int
    """Samples from one frame to the next, 1 to 65536."""
    n_mels: int
    """Bands, 1 to 512."""
    low_hz: float = 0.0
    """Lower end of the first band."""
    high_hz: float | None = None
    """Upper end of the last band; half the rate if None."""
    window_kind: Window = Window.HANN
    """Window function."""
    remove_mean: bool = False
    """Subtract each frame's mean."""
    preemphasis: float = 0.0
    """x[n] - preemphasis * x[n - 1], within each frame."""
    magnitude: bool = False
    """Magnitudes instead of powers."""
    scale_kind: Scale = Scale.HTK
    """Mel scale."""
    norm: Norm = Norm.MEAN
    """Normalization of the filters."""
    logarithm: bool = True
    """Return (ln(max(band + offset, floor)) - mean) / scale instead of the band itself."""
    offset: float = 0.0
    """Added before the logarithm."""
    floor: float = 1e-10
    """Lower limit before the logarithm."""
    mean: float = 0.0
    """Subtracted from the logarithm."""
    scale: float = 1.0
    """Divisor of the result."""
    coefficients: int = 0
    """Cepstral coefficients from an orthonormal DCT-II; 0 for the bands."""
    lifter: float = 0.0
    """Multiply coefficient j by 1 + lifter / 2 sin(pi j / lifter); 0 for none."""


def slaney(rate_hz: float = 16_000, n_fft: int = 512, hop: int = 160, n_mels: int = 64) -> MelOptions:
    """Return librosa's filters, with the natural logarithm; frames are not padded (`center=False`)."""
    return MelOptions(rate_hz, n_fft, n_fft, hop, n_mels, scale_kind=Scale.SLANEY, norm=Norm.AREA)


def kaldi_fbank(rate_hz: float = 16_000, n_mels: int = 80, low_hz: float = 20.0) -> MelOptions:
    """Return Kaldi's log filter bank, 25 ms every 10 ms, no dither, for samples in the 16-bit range."""
    window = round(rate_hz / 40)
    return MelOptions(
        rate_hz, 1 << (window - 1).bit_length(), window, round(rate_hz / 100), n_mels, low_hz,
        window_kind=Window.POVEY, remove_mean=True, preemphasis=0.97, scale_kind=Scale.KALDI, norm=Norm.PEAK,
        floor=float(np.finfo(np.float32).eps),
    )  # fmt: skip


def mfcc(
    rate_hz: float = 16_000, coefficients: int = 13, n_mels: int = 26, lifter: float = 0.0
) -> MelOptions:
    """Return MFCC of 25 ms every 10 ms: pre-emphasis, Hamming window, power, mel filters, log, DCT-II.

    The steps are those of US 12,394,226 B2, figure 5.
    """
    window = round(rate_hz / 40)
    return MelOptions(
        rate_hz, 1 << (window - 1).bit_length(), window, round(rate_hz / 100), n_mels,
        window_kind=Window.HAMMING, preemphasis=0.97, norm=Norm.PEAK, coefficients=coefficients,
        lifter=lifter,
    )  # fmt: skip


def sphinx() -> MelOptions:
    """Return the bands of CMU Sphinx's models, for pre-emphasised samples at 16 kHz in the 16-bit range."""
    return MelOptions(
        16_000, 512, 410, 160, 25, 130, 6800, window_kind=Window.HAMMING, scale_kind=Scale.SPHINX,
        norm=Norm.AREA, logarithm=False,
    )  # fmt: skip


class Mel:
    """A transform with precomputed tables; thread-safe.

    Raises ValueError for options outside the ranges documented in `MelOptions`.
    """

    def __init__(self, options: MelOptions) -> None:
        self.options = options
        self._plan = _plan(options)

    @cached_property
    def width(self) -> int:
        """Number of values in a frame."""
        return self.options.coefficients or self.options.n_mels

    def frames(self, count: int) -> int:
        """Return the number of complete frames in `count` samples."""
        return max(0, (count - self.options.window) // self.options.hop + 1)

    def __call__(self, samples: ArrayLike, *, threads: int = 1) -> Floats:
        """Transform samples float32[n] to all complete frames float32[frames, width].

        Frame f covers samples [f * hop, f * hop + window). A frame that contains NaN or infinity becomes NaN
        or infinity, its neighbors do not. Raises TypeError, ValueError.
        """
        samples = floats(samples, "samples")
        frames, options = self.frames(len(samples)), self.options
        out = np.empty((frames, self.width), np.float32)
        share = -(-frames // positive(threads, "threads", 1))
        starts = range(0, frames, -(-share // 64) * 64) if frames else range(0)
        if len(starts) <= 1:
            self._fill(samples, out)
            return out
        shares = []
        for start in starts:
            part = out[start : start + starts.step]
            first = start * options.hop
            shares.append((samples[first : first + (len(part) - 1) * options.hop + options.window], part))
        with ThreadPoolExecutor(len(shares) - 1) as pool:
            others = [pool.submit(self._fill, *share) for share in shares[1:]]
            self._fill(*shares[0])
            for other in others:
                other.result()
        return out

    def _fill(self, samples: Floats, out: Floats) -> None:
        scratch = np.empty(call("mel_scratch_size", self._plan), np.float32)
        call("mel", self._plan, samples, len(samples), out, scratch)


class MelStream:
    """Transform samples incrementally, with bitwise the same frames as a single call of `Mel`."""

    def __init__(self, mel: Mel) -> None:
        self._mel = mel
        self._held = np.zeros(0, np.float32)
        self._between = 0  # following samples that no frame covers, if the hop is wider than the window

    def accept(self, samples: ArrayLike) -> None:
        """Append samples float32[n]."""
        samples = floats(samples, "samples")
        self._held = np.concatenate([self._held, samples[self._between :]])
        self._between = max(0, self._between - len(samples))

    @property
    def ready(self) -> int:
        """Number of frames that are complete."""
        return self._mel.frames(len(self._held))

    def get(self, frames: int | None = None) -> Floats:
        """Return the next frames float32[frames, width], by default all that are ready.

        Raises ValueError if fewer are ready.
        """
        frames = self.ready if frames is None else positive(frames, "frames")
        if frames > self.ready:
            raise ValueError(f"{frames} frames asked for, {self.ready} ready")
        if frames == 0:
            return np.zeros((0, self._mel.width), np.float32)
        options = self._mel.options
        out = self._mel(self._held[: (frames - 1) * options.hop + options.window])
        self._between = max(0, frames * options.hop - len(self._held))
        self._held = self._held[frames * options.hop :]
        return out


def _plan(options: MelOptions) -> Floats:
    fields = library().interface.structs["edge_mel_options"]
    values = dataclasses.asdict(options)
    if options.high_hz is None:
        values["high_hz"] = options.rate_hz / 2
    try:
        given = np.array(tuple(values[name] for name, _ in fields), np.dtype(fields))
        plan = np.empty(call("mel_plan_size", given), np.float32)
    except (KernelError, OverflowError) as error:
        raise ValueError(f"an option is outside its range: {options}") from error
    call("mel_plan", given, plan)
    return plan
