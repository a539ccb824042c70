"""How music sounds: tags, a vector and cepstra of excerpts, as many of a short piece as of a long one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from edge_kernels.mel import Mel, mfcc

from edge.arrays import Floats
from edge.media import AudioBlock
from edge.networks.music_tagger import MusicTagger

LIMIT = 16
"""Excerpts that are kept; then every second one is dropped, and half as many are taken from there on."""

SILENT_DB = -60.0
"""Level in dBFS below which an excerpt does not count."""

LEAST_S = 0.5
"""Seconds that a last, short excerpt must have, which counts only if there is no other."""


@dataclass(frozen=True, slots=True, eq=False)
class MusicSound:
    """Means over excerpts; zeros if all are silent."""

    tags: Floats
    """float32[labels]: probabilities of the tagger's labels."""
    vector: Floats
    """float32[size]: the tagger's vector."""
    timbre: Floats
    """float32[26]: mean and deviation of 13 MFCC."""


class MusicSoundCollector:
    """Collector of the `MusicSound` of a recording; memory does not grow with its length.

    Excerpts are held, up to 3 MB, and examined at the end: of a long recording most are dropped before.
    """

    def __init__(self, tagger: MusicTagger) -> None:
        self.rate_hz = tagger.rate_hz
        self.result: MusicSound
        """Set by `finish`."""
        self._tagger, self._cepstra = tagger, Mel(mfcc(tagger.rate_hz))
        self._excerpt = np.zeros(tagger.excerpt, np.float32)
        self._filled = self._number = 0
        self._stride = 1
        self._kept: list[Floats] = []

    def accept(self, block: AudioBlock) -> None:
        """Keep the excerpts that a block completes; see `Collector`."""
        samples = block.samples
        while len(samples):
            taken = samples[: len(self._excerpt) - self._filled]
            if self._number % self._stride == 0:
                self._excerpt[self._filled : self._filled + len(taken)] = taken
            self._filled += len(taken)
            samples = samples[len(taken) :]
            if self._filled == len(self._excerpt):
                self._keep(self._excerpt)

    def finish(self) -> None:
        """Examine the excerpts that were kept and set `result`; see `Collector`."""
        if not self._kept and self._filled >= LEAST_S * self.rate_hz and self._number % self._stride == 0:
            self._keep(self._excerpt[: self._filled])
        tags = np.zeros(len(self._tagger.labels), np.float32)
        vector, timbre = np.zeros(self._tagger.parameters.size, np.float32), np.zeros(26, np.float32)
        if self._kept:
            said = [self._tagger.tag(samples) for samples in self._kept]
            tags = np.mean([one.tags for one in said], axis=0)
            vector = np.mean([one.vector for one in said], axis=0)
            timbre = np.mean([self._timbre(samples) for samples in self._kept], axis=0)
        self.result, self._kept = MusicSound(tags, vector, timbre), []

    def _keep(self, samples: Floats) -> None:
        """Keep an excerpt if it counts."""
        counts = self._number % self._stride == 0
        self._filled, self._number = 0, self._number + 1
        if not counts or 10 * np.log10(np.mean(samples**2) + 1e-12) < SILENT_DB:
            return
        self._kept.append(samples.copy())
        if len(self._kept) > LIMIT:
            self._kept, self._stride = self._kept[::2], 2 * self._stride

    def _timbre(self, samples: Floats) -> Floats:
        cepstra = self._cepstra(samples)
        return np.concatenate([cepstra.mean(axis=0), cepstra.std(axis=0)])
