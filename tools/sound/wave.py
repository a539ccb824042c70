"""Samples to a WAV file."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np

from tools.sound.signals import Samples


def write_wav(path: Path, samples: Samples, rate_hz: int) -> None:
    """Write float32[n], full scale +-1, as 16-bit mono."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes((samples.clip(-1, 1) * 32767).astype("<i2").tobytes())


def read_wav(path: Path) -> Samples:
    """The samples of a 16-bit mono WAV file, float32[n]."""
    with wave.open(str(path), "rb") as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32) / np.float32(32768)
