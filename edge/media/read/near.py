"""Samples that come block by block, read again and again near one place."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from edge.arrays import Floats

MANY = 65536
"""So many samples may be kept longer than needed."""


class Near:
    """Stereo samples of an iterator of blocks float32[2, n]; what is forgotten becomes zeros."""

    def __init__(self, blocks: Iterable[Floats], first: int = 0) -> None:
        """Begin before the first block, whose first sample is number `first`."""
        self._blocks = iter(blocks)
        self._kept = np.zeros((2, 0), np.float32)
        self._first = first

    def read(self, start: int, count: int) -> Floats:
        """Return samples float32[2, count] from number `start` on; zeros before the first, after the last."""
        pieces, known = [self._kept], self._first + self._kept.shape[1]
        while known < start + count and (block := next(self._blocks, None)) is not None:
            pieces.append(block)
            known += block.shape[1]
        if len(pieces) > 1:
            self._kept = np.concatenate(pieces, axis=1)
        result = np.zeros((2, count), np.float32)
        low = max(start, self._first)
        part = self._kept[:, low - self._first : max(0, start + count - self._first)]
        result[:, low - start : low - start + part.shape[1]] = part
        return result

    @property
    def end(self) -> int:
        """Return the number after the last sample that is known: the end, once more was asked for."""
        return self._first + self._kept.shape[1]

    def forget(self, before: int) -> None:
        """Drop samples before this one, if they are many."""
        if before - self._first > MANY:
            kept = min(before - self._first, self._kept.shape[1])
            self._kept, self._first = self._kept[:, kept:].copy(), self._first + kept
