"""Phone models of CMU Sphinx: triphones whose states are mixtures of Gaussians ("ptm", phonetically tied).

    samples -> MFCC with less noise, differences, differences of these -> 39 values every 10 ms

The files are those of a folder "en-us" of pocketsphinx 5: `mdef` (the senones of every triphone), `means`,
`variances`, `sendump` (weights of the mixtures) and `transition_matrices`.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
from edge_kernels.mel import Mel, sphinx
from edge_kernels.speech import Gaussians, denoise
from numpy.typing import NDArray

from edge.arrays import Floats
from edge.errors import ModelError

RATE_HZ = 16_000
"""Sample rate."""

PREEMPHASIS = 0.97
"""x[n] - PREEMPHASIS x[n - 1] is transformed."""

COEFFICIENTS, LIFTER = 13, 22
"""Cepstral coefficients, and coefficient j is multiplied by 1 + LIFTER / 2 sin(pi j / LIFTER)."""

STREAMS = 3
"""Cepstra, their differences, and the differences of these: each with its own mixtures."""

QUIETEST = 1e-4
"""Lower limit of the power of a band before the logarithm, of samples in the 16-bit range."""

CENTER_S = (410 - 160) / 2 / RATE_HZ
"""Seconds from the begin of a frame to that of its middle 10 ms."""

UNIT = 1024 * np.log(1.0001)
"""Step of the logarithms in the files."""

FLOOR = -96 * UNIT
"""Lowest log-density relative to the best of a frame: a value that no model expects counts no more."""

LEAST_VARIANCE, LEAST_MOVE = 1e-4, 1e-4
"""Lower limits of variances and of the probabilities of transitions."""

Position = Literal["internal", "begin", "end", "single"]
"""Place of a phone in its word."""

_POSITIONS: tuple[Position, ...] = ("internal", "begin", "end", "single")


class PhoneModels:
    """The phone models of a folder. Raises ModelError if files are missing or damaged."""

    def __init__(self, folder: Path) -> None:
        try:
            names, keys, sequences, self._senones = _definitions(folder / "mdef")
            means, variances = _parameters(folder / "means", 7), _parameters(folder / "variances", 7)
            self.silence: int = names.index("SIL")
            shape = (len(names), STREAMS, -1, COEFFICIENTS)
            variances = np.maximum(variances.reshape(shape), LEAST_VARIANCE)
            self.gaussians = Gaussians.of(means.reshape(shape), variances, float(FLOOR))
            self._weights = _weights(folder / "sendump", self.gaussians.shape[3])
            self.moves = _moves(_parameters(folder / "transition_matrices", 4).reshape(len(names), 3, 4))
            if self._senones.max() >= len(self._weights) or sequences.max() >= len(self._senones):
                raise ValueError("senones without weights")
        except (OSError, ValueError, IndexError) as error:
            raise ModelError(folder, f"no phone models of pocketsphinx can be read: {error}") from None
        order = np.argsort(keys)
        self._keys, self._sequences = keys[order], sequences[order]
        self.phones = {name: number for number, name in enumerate(names)}

    def features(self, samples: Floats) -> Floats:
        """Return float32[frames, 39] of samples float32[n], 16 kHz; cepstra have mean 0."""
        x = np.asarray(samples, np.float32) * np.float32(32_768)
        mel, cosines = _front_end()
        bands = mel(np.concatenate([x[:1], x[1:] - np.float32(PREEMPHASIS) * x[:-1]]))
        if not len(bands):
            return np.empty((0, STREAMS * COEFFICIENTS), np.float32)
        bands = denoise(np.maximum(bands, np.float32(QUIETEST)))
        cepstra = np.log(np.maximum(bands, np.float32(QUIETEST))) @ cosines
        cepstra -= cepstra.mean(axis=0)
        near = np.pad(cepstra, ((3, 3), (0, 0)), mode="edge")
        slope = near[4:] - near[:-4]  # of frames -1 and on
        parts = [cepstra, slope[1:-1], slope[2:] - slope[:-2]]
        return np.ascontiguousarray(np.concatenate(parts, axis=1), np.float32)

    def states(self, phone: int, left: int, right: int, position: Position) -> NDArray[np.int16]:
        """Return the senones int16[3] of a phone between two others.

        A triphone without a model takes that of another place in a word, or that of the phone alone.
        """
        places = _POSITIONS if phone != self.silence else ()
        for place in sorted(places, key=lambda place: place != position):
            key = _key(_POSITIONS.index(place), phone, left, right)
            at = int(np.searchsorted(self._keys, np.int32(key)))  # another type would convert all keys
            if at < len(self._keys) and self._keys[at] == key:
                phone = int(self._sequences[at])
                break
        senones: NDArray[np.int16] = self._senones[phone]  # the first sequences are those of the phones alone
        return senones

    def weights(self, senones: NDArray[np.int16]) -> Floats:
        """Return the weights of the mixtures of senones, float32[n, 3, densities]."""
        table = np.exp(-UNIT * np.arange(256)).astype(np.float32)
        weights: Floats = table[self._weights[senones]]
        return weights


def _key(position: Any, phone: Any, left: Any, right: Any) -> Any:
    return ((position * 64 + phone) * 64 + left) * 64 + right


def _definitions(
    path: Path,
) -> tuple[list[str], NDArray[np.int32], NDArray[np.int32], NDArray[np.int16]]:
    """Return names of phones, keys of triphones, their sequences, and the senones of each sequence."""
    data = path.read_bytes()
    if data[:4] != b"BMDF":
        raise ValueError(f"{path.name} is no binary model definition")
    version, description = np.frombuffer(data, "<i4", 2, 4)
    if version != 1:
        raise ValueError(f"{path.name} has version {version}, not 1")
    at = 12 + int(description)
    phones, models, states, _, _, _, sequences, _, tree, _ = map(int, np.frombuffer(data, "<i4", 10, at))
    if states != 3 or not 0 < phones <= 64:
        raise ValueError(f"{path.name} has {phones} phones of {states} states")
    names = data[at + 40 :].split(b"\0", phones)[:phones]
    at += 40 + sum(len(name) + 1 for name in names)
    at = (at + 3) // 4 * 4 + 8 * tree
    form = np.dtype([("sequence", "<i4"), ("moves", "<i4"), ("place", "u1"), ("context", "u1", 3)])
    table = np.frombuffer(data, form, models, at)
    senones = np.frombuffer(data, "<i2", 3 * sequences, at + form.itemsize * models + 4).reshape(-1, 3)
    if (table["sequence"][:phones] != np.arange(phones)).any():
        raise ValueError(f"{path.name} does not begin with the phones themselves")
    rest = table[phones:]
    context = rest["context"].astype(np.int32)
    keys = _key(rest["place"].astype(np.int32), context[:, 0], context[:, 1], context[:, 2])
    return [name.decode("ascii") for name in names], keys, rest["sequence"].copy(), senones.copy()


def _parameters(path: Path, header: int) -> NDArray[np.float64]:
    """Return the floats of a file of Sphinx, after `header` integers and before its checksum."""
    data = path.read_bytes()
    start = data.find(b"endhdr\n") + 7
    if start < 7 or data[start : start + 4] != b"\x44\x33\x22\x11":
        raise ValueError(f"{path.name} is no little-endian file of parameters")
    start += 4 * (header + 1)
    count = int(np.frombuffer(data, "<i4", 1, start - 4)[0])
    return np.frombuffer(data, "<f4", count, start).astype(np.float64)


def _weights(path: Path, densities: int) -> NDArray[np.uint8]:
    """Return the codes of the weights uint8[senones, streams, densities]."""
    data = path.read_bytes()
    at, text = 0, b""
    while (length := int(np.frombuffer(data, "<i4", 1, at)[0])) > 0:
        text += data[at + 4 : at + 4 + length]
        at += 4 + length
    rows, senones = map(int, np.frombuffer(data, "<i4", 2, at + 4))
    if b"feature_count 3" not in text or b"cluster_count 0" not in text or rows != densities:
        raise ValueError(f"{path.name} has other mixtures than {STREAMS} streams of {densities} bytes")
    codes = np.frombuffer(data, np.uint8, STREAMS * rows * senones, at + 12)
    return np.ascontiguousarray(codes.reshape(STREAMS, rows, senones).transpose(2, 0, 1))


def _moves(counts: NDArray[np.float64]) -> Floats:
    """Return log-probabilities of staying in each state and of leaving it, float32[phones, 3, 2]."""
    shares = np.maximum(counts / counts.sum(axis=2, keepdims=True), LEAST_MOVE)
    states = np.arange(3)
    moves = np.stack([shares[:, states, states], shares[:, states, states + 1]], axis=2)
    logs: Floats = np.ascontiguousarray(np.log(moves), np.float32)
    return logs


@cache
def _front_end() -> tuple[Mel, Floats]:
    """Return the mel bands, and the liftered DCT [bands, coefficients]."""
    mel, order = Mel(sphinx()), np.arange(COEFFICIENTS)
    bands = (np.arange(mel.width)[:, None] + 0.5) / mel.width
    cosines = np.cos(np.pi * bands * order) * np.sqrt(2 / mel.width)
    cosines[:, 0] /= np.sqrt(2)
    cosines *= 1 + LIFTER / 2 * np.sin(np.pi * order / LIFTER)
    return mel, cosines.astype(np.float32)
