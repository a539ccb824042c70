"""The golden set: what the stages are run on, what they must return, and how errors are counted.

`material/evening.mkv` is half a minute of synthetic speech, song and applause, with drawn faces;
`material/outputs.npz` has the outputs of the stages where sums of int8 products are exact. Both are made by
`python -m tools.golden`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.arrays import Floats

Outputs = Mapping[str, NDArray[Any]]
"""Outputs of a stage by name."""

MATERIAL = Path(__file__).with_name("material")
RECORDING = MATERIAL / "evening.mkv"
"""The golden recording: 640x360 at 25 frames per second, mono at 16 kHz."""
RECORDING_S = 30.0
"""Its length in seconds."""
OUTPUTS = MATERIAL / "outputs.npz"
"""The golden outputs; names are `stage/output`."""


def expected(stage: str) -> Outputs:
    """Return the golden outputs of a stage."""
    return {
        name: array for key, array in _stored().items() for at, _, name in [key.partition("/")] if at == stage
    }


@cache
def _stored() -> Outputs:
    with np.load(OUTPUTS, allow_pickle=False) as stored:
        return {key: stored[key] for key in stored.files}


def noise(count: int, *, seed: int = 1) -> Floats:
    """Return pseudorandom numbers float32[count] in -1..1, made by integers and the same everywhere.

    They are the high bits of the hash of their index, see Steele et al. 2014, "Fast splittable pseudorandom
    number generators".
    """
    state = (np.arange(1, count + 1, dtype=np.uint64) + np.uint64(seed << 32)) * np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        state = (state ^ (state >> np.uint64(shift))) * np.uint64(factor)
    high = (state >> np.uint64(41)).astype(np.int32) - (1 << 22)
    return high.astype(np.float32) / np.float32(1 << 22)


def samples(rate_hz: int = 16_000) -> Floats:
    """Decode the audio of the golden recording, float32[n]."""
    from edge.media import decode_audio  # noqa: PLC0415 - other stages need no decoder

    return np.concatenate([block.samples for block in decode_audio(RECORDING, rate_hz=rate_hz)])


def frame(time_s: float) -> NDArray[np.uint8]:
    """Decode a video frame of the golden recording, uint8[360, 640, 3]."""
    from edge.media import frames_at  # noqa: PLC0415 - as above

    return next(iter(frames_at(RECORDING, [time_s]))).rgb


def largest(found: Outputs, golden: Outputs) -> float:
    """Return the largest difference of two numbers; infinite if there are others, or another count."""
    pairs = _paired(found, golden)
    return max((float(np.abs(one - two).max(initial=0)) for one, two in pairs), default=math.inf)


def unlike(found: Outputs, golden: Outputs) -> float:
    """Return the largest cosine distance of two rows; infinite as for `largest`."""
    worst = -math.inf
    for one, two in _paired(found, golden):
        norms = np.linalg.norm(one, axis=-1) * np.linalg.norm(two, axis=-1)
        worst = max(worst, float((1 - (one * two).sum(axis=-1) / np.maximum(norms, 1e-12)).max()))
    return max(0.0, worst) if worst > -math.inf else math.inf


def words_wrong(found: Outputs, golden: Outputs) -> float:
    """Return the share of the golden words that others replace, and of those too many or missing."""
    one, two = list(map(str, found["words"])), list(map(str, golden["words"]))
    parts = SequenceMatcher(None, one, two, autojunk=False).get_opcodes()
    wrong = sum(max(b - a, d - c) for kind, a, b, c, d in parts if kind != "equal")
    return wrong / max(1, len(two))


def _paired(found: Outputs, golden: Outputs) -> list[tuple[NDArray[Any], NDArray[Any]]]:
    """Return arrays of both as float64; none if names or shapes differ, or a number is not finite."""
    pairs = [
        (found[name].astype(np.float64), array.astype(np.float64))
        for name, array in golden.items()
        if name in found and found[name].shape == array.shape and np.isfinite(found[name]).all()
    ]
    return pairs if len(pairs) == len(golden) == len(found) else []
