"""Log-mel features beside those that librosa and numpy give for the same parameters, and what they cost.

Runs in a process of its own (`isolated.call`).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import librosa
import numpy as np
from numpy.typing import NDArray

from edge.models.frontend import LogMel
from edge.models.session import Session
from edge.networks.segmenter import Segmenter
from tools.bench.rows import interleaved
from tools.sound.mel import mel_filters
from tools.sound.wave import read_wav

Floats = NDArray[np.float32]
Maker = Callable[[LogMel, Floats], Floats]
"""Samples float32[n] -> normalized log-mel float32[n // hop, n_mels]."""

BLOCK_S = 4
"""Seconds of audio that the audio path hears at once; the peers get the same blocks and no less."""
CHUNK = 1920
"""Mel frames per run of the encoder: 24 s."""


def compare(file: str, minutes: float, rounds: int) -> dict[str, Any]:
    """Seconds per round of ours, librosa and numpy, without and with the network; and how far they differ.

    `error` is the largest difference of the natural log-mel, `flips` the share of frames whose label differs.
    """
    segmenter = Segmenter()
    front, encoder = segmenter.front_end, segmenter.sessions["encoder"]
    sound = read_wav(Path(file))[: int(minutes * 60 * front.rate_hz)]
    mels = {name: maker(front, sound) for name, maker in MAKERS.items()}
    labels = {name: _labels(encoder, mel) for name, mel in mels.items()}
    jobs: dict[str, Callable[[], object]] = {}
    for name, maker in MAKERS.items():
        jobs[name] = _job(maker, front, sound)
        jobs[f"{name} + network"] = _job(maker, front, sound, lambda mel: _labels(encoder, mel))
    return {
        "seconds": interleaved(jobs, rounds),
        "error": {name: float(np.abs(mel - mels["edge"]).max()) * front.scale for name, mel in mels.items()},
        "flips": {name: float(np.mean(found != labels["edge"])) for name, found in labels.items()},
        "sound_s": len(sound) / front.rate_hz,
    }


def _job(
    maker: Maker, front: LogMel, sound: Floats, then: Callable[[Floats], object] = len
) -> Callable[[], object]:
    return lambda: then(maker(front, sound))


def ours(front: LogMel, sound: Floats) -> Floats:
    """The front end of the product, in the blocks of the product."""
    stream, step = front.stream(), BLOCK_S * front.rate_hz
    pieces = []
    for start in range(0, len(sound), step):
        stream.accept(sound[start : start + step])
        pieces.append(stream.get())
    stream.accept(np.zeros(front.window, np.float32))
    missing = len(sound) // front.hop - sum(map(len, pieces))
    return np.concatenate([*pieces, stream.get(missing)])


def by_librosa(front: LogMel, sound: Floats) -> Floats:
    """`librosa.feature.melspectrogram`, block by block, and the logarithm."""
    pieces = [
        librosa.feature.melspectrogram(
            y=block, sr=front.rate_hz, n_fft=front.n_fft, hop_length=front.hop, win_length=front.window,
            window="hann", center=False, power=2.0, n_mels=front.n_mels, fmin=front.low_hz,
            fmax=front.high_hz, htk=True, norm=1,
        ).T
        for block in _padded_blocks(front, sound, front.n_fft)
    ]  # fmt: skip
    return front.normalize(np.concatenate(pieces))


def by_numpy(front: LogMel, sound: Floats) -> Floats:
    """Windows as a view, `numpy.fft.rfft` in single precision, a matrix product, and the logarithm."""
    window = np.hanning(front.window + 1)[:-1].astype(np.float32)
    filters = mel_filters(front.rate_hz, front.n_fft, front.n_mels, front.low_hz, front.high_hz).T
    filters = filters.astype(np.float32)
    pieces = []
    for block in _padded_blocks(front, sound, front.window):
        frames = np.lib.stride_tricks.sliding_window_view(block, front.window)[:: front.hop]
        spectrum = np.fft.rfft(frames * window, front.n_fft)
        pieces.append((spectrum.real**2 + spectrum.imag**2) @ filters)
    return front.normalize(np.concatenate(pieces))


MAKERS: dict[str, Maker] = {"edge": ours, "librosa": by_librosa, "numpy": by_numpy}


def _padded_blocks(front: LogMel, sound: Floats, width: int) -> list[Floats]:
    """Overlapping blocks that hold `BLOCK_S` seconds of frames each, `width` samples a frame."""
    lead = (width - front.hop) // 2
    frames, step = len(sound) // front.hop, BLOCK_S * front.rate_hz // front.hop
    padded = np.pad(sound, (lead, width))
    return [
        padded[first * front.hop : (min(first + step, frames) - 1) * front.hop + width]
        for first in range(0, frames, step)
    ]


def _labels(encoder: Session, mel: Floats) -> NDArray[np.int64]:
    """The label of every encoder frame, chunk by chunk without context."""
    chunks = [mel[start : start + CHUNK] for start in range(0, len(mel), CHUNK)]
    return np.concatenate([encoder.run(chunk[None])[2][0].argmax(axis=1) for chunk in chunks])
