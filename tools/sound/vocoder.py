"""The WORLD vocoder (Morise et al. 2016): speech as pitch, spectral envelope and aperiodicity, and back."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from functools import cache
from importlib.machinery import PathFinder
from types import ModuleType

import numpy as np
import numpy.typing as npt

from tools.sound.signals import RATE_HZ, Samples

Frames = npt.NDArray[np.float64]
"""One value per frame [t], or one spectrum per frame [t, bins]."""

FRAME_MS = 5.0
FRAMES_PER_S = 200.0


@dataclass(frozen=True)
class Speech:
    """WORLD's view of a voice, a frame every 5 ms."""

    f0_hz: Frames
    """[t], 0 where unvoiced."""
    spectrum: Frames
    """Power envelope [t, bins]."""
    aperiodicity: Frames
    """0 (a tone) to 1 (noise) [t, bins]."""

    def level_db(self, low_hz: float = 0.0, high_hz: float = RATE_HZ / 2) -> Frames:
        """Level within a band per frame [t], smoothed over 25 ms."""
        first, last = (round(hz / (RATE_HZ / 2) * self.spectrum.shape[1]) for hz in (low_hz, high_hz))
        return smooth(10 * np.log10(self.spectrum[:, first:last].mean(axis=1) + 1e-14), 5)

    def at(self, places: Frames) -> Speech:
        """The frames at fractional places; voiced where the place's whole frame is."""
        low = places.astype(np.int64)
        high = np.minimum(low + 1, len(self.f0_hz) - 1)
        part = (places - low)[:, None]
        return Speech(
            self.f0_hz[low],
            self.spectrum[low] * (1 - part) + self.spectrum[high] * part,
            self.aperiodicity[low] * (1 - part) + self.aperiodicity[high] * part,
        )


@cache
def world() -> ModuleType:
    """WORLD's extension module, loaded past pyworld's `__init__`.

    That imports pkg_resources for a version string, and setuptools no longer ships it (from 81 on).
    """
    package = importlib.util.find_spec("pyworld")
    inside = package and PathFinder.find_spec("pyworld.pyworld", package.submodule_search_locations)
    if not inside or not inside.loader:
        raise ImportError("singing needs the pyworld package: pip install pyworld")
    module = importlib.util.module_from_spec(inside)
    inside.loader.exec_module(module)
    return module


def analyse(x: Samples) -> Speech:
    """WORLD's analysis, about 30 times faster than real time (DIO; Harvest alone would be 5 times)."""
    wave = x.astype(np.float64) + 1e-6 * np.sin(np.arange(len(x)))  # digital silence upsets D4C
    rough, times = world().dio(wave, RATE_HZ, frame_period=FRAME_MS)
    f0_hz = world().stonemask(wave, rough, times, RATE_HZ)
    spectrum = world().cheaptrick(wave, f0_hz, times, RATE_HZ)
    aperiodicity = world().d4c(wave, f0_hz, times, RATE_HZ)
    # D4C doubts DIO's voicing, rightly: it marks an "h" or "z" that DIO took for a vowel as all noise
    return Speech(np.where(aperiodicity.mean(axis=1) < 0.9, f0_hz, 0.0), spectrum, aperiodicity)


def synthesize(speech: Speech) -> Samples:
    """The audio of the frames."""
    spectrum = np.ascontiguousarray(speech.spectrum)
    wave = world().synthesize(speech.f0_hz, spectrum, speech.aperiodicity, RATE_HZ, FRAME_MS)
    return wave.astype(np.float32)  # type: ignore[no-any-return]


def smooth(x: Frames, frames: int) -> Frames:
    """Moving average; the ends repeat."""
    wide = np.pad(x, (frames // 2, frames - 1 - frames // 2), mode="edge")
    return np.convolve(wide, np.full(frames, 1.0 / frames), mode="valid")
