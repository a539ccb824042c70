"""How music sounds: tags, a vector and cepstra of excerpts, as many of a short piece as of a long one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from edge_kernels.mel import Mel, mfcc

from edge.arrays import Floats
from edge.media import AudioBlock
from edge.networks.music_tagger import MusicTagger, MusicTags

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
    """Collector of the `MusicSound` of a recording; memory does not grow with its length."""

    def __init__(self, tagger: MusicTagger) -> None:
        self.rate_hz = tagger.rate_hz
        self.result: MusicSound
        """Set by `finish`."""
        self._tagger, self._cepstra = tagger, Mel(mfcc(tagger.rate_hz))
        self._excerpt = np.zeros(tagger.excerpt, np.float32)
        self._filled = self._number = 0
        self._stride = 1
        self._rows: list[tuple[MusicTags, Floats]] = []

    def accept(self, block: AudioBlock) -> None:
        """Examine the excerpts that a block completes; see `Collector`."""
        samples = block.samples
        while len(samples):
            taken = samples[: len(self._excerpt) - self._filled]
            if self._number % self._stride == 0:
                self._excerpt[self._filled : self._filled + len(taken)] = taken
            self._filled += len(taken)
            samples = samples[len(taken) :]
            if self._filled == len(self._excerpt):
                self._add(self._excerpt)

    def finish(self) -> None:
        """Set `result`; see `Collector`."""
        if not self._rows and self._filled >= LEAST_S * self.rate_hz and self._number % self._stride == 0:
            self._add(self._excerpt[: self._filled])
        tags = np.zeros(len(self._tagger.labels), np.float32)
        vector, timbre = np.zeros(self._tagger.parameters.size, np.float32), np.zeros(26, np.float32)
        if self._rows:
            tags = np.mean([said.tags for said, _ in self._rows], axis=0)
            vector = np.mean([said.vector for said, _ in self._rows], axis=0)
            timbre = np.mean([cepstra for _, cepstra in self._rows], axis=0)
        self.result = MusicSound(tags, vector, timbre)

    def _add(self, samples: Floats) -> None:
        """Examine an excerpt if it counts."""
        counts = self._number % self._stride == 0
        self._filled, self._number = 0, self._number + 1
        if not counts or 10 * np.log10(np.mean(samples**2) + 1e-12) < SILENT_DB:
            return
        cepstra = self._cepstra(samples)
        timbre = np.concatenate([cepstra.mean(axis=0), cepstra.std(axis=0)])
        self._rows.append((self._tagger.tag(samples), timbre))
        if len(self._rows) > LIMIT:
            self._rows, self._stride = self._rows[::2], 2 * self._stride
