"""What scenes are composed of: takes by kind and group, and shifts in pitch on the mel scale."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tools.sound.mel import hz_to_mel, mel_to_hz
from tools.train.segmenter.corpus import FRONT_END, Take

KIND_WEIGHTS = {"utau": 0.35, "digits": 0.5, "sung_by_world": 0.7, "synthetic": 0.7, "instrumental": 2.5}
"""Factors of kinds: some are plentiful, but each a single voice or machine; the gaps of songs are few, and
the hardest music there is."""

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Pool:
    """The takes of one group of one kind, drawn in proportion to their lengths."""

    takes: list[Take]
    cumulative: NDArray[np.float64]


@dataclass
class Kind:
    """All groups of one kind of audio, drawn by the square root of their lengths so that none dominates."""

    name: str
    pools: dict[str, Pool] = field(default_factory=dict)
    cumulative: NDArray[np.float64] = field(default_factory=lambda: np.ones(1))
    weight: float = 0.0


def kinds(takes: list[Take]) -> list[Kind]:
    """Group takes by kind, and within it by group."""
    kinds: dict[str, Kind] = {}
    members: dict[tuple[str, str], list[Take]] = {}
    for take in takes:
        members.setdefault((take.recording.kind, take.recording.group), []).append(take)
    for (name, group), pool in members.items():
        lengths = np.cumsum([float(len(take.log_power)) for take in pool])
        kinds.setdefault(name, Kind(name)).pools[group] = Pool(pool, lengths)
    for kind in kinds.values():
        totals = np.array([pool.cumulative[-1] for pool in kind.pools.values()])
        kind.cumulative = np.cumsum(np.sqrt(totals))
        factor = next((f for word, f in KIND_WEIGHTS.items() if word in kind.name), 1.0)
        kind.weight = float(np.sqrt(totals.sum())) * factor
    return list(kinds.values())


WARP_RATIOS = 2.0 ** (np.arange(-12, 13) / 48)
"""Pitch ratios from -3 to +3 semitones in quarter tones."""


def warps() -> list[tuple[NDArray[np.int64], Floats]]:
    """For each pitch ratio the band below that each moved band reads from, and the share of the one above."""
    front = FRONT_END
    centres = np.linspace(hz_to_mel(front.low_hz), hz_to_mel(front.high_hz), front.n_mels + 2)[1:-1]
    warps = []
    for ratio in WARP_RATIOS:
        source = (hz_to_mel(mel_to_hz(centres) / ratio) - centres[0]) / (centres[1] - centres[0])
        low = np.floor(source).astype(np.int64).clip(0, front.n_mels - 2)
        warps.append((low, (source - low).clip(0, 1).astype(np.float32)))
    return warps
