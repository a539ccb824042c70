"""Attention pooling of encoder frames over windows, incrementally."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from edge.arrays import Floats


@dataclass(frozen=True, slots=True)
class EncodedFrames:
    """Encoder output for n frames of 100 ms."""

    embedding: Floats
    """float32[n, towers, features]: embeddings of the encoder's towers."""
    attention: Floats
    """float32[n, towers]: scores; their softmax over a window weighs its frames."""
    logits: Floats
    """float32[n, 4]: scores of the labels."""

    @property
    def confidences(self) -> Floats:
        """Return the softmax of the logits, float32[n, 4]."""
        return softmax(self.logits)

    def __getitem__(self, part: slice) -> EncodedFrames:
        return EncodedFrames(self.embedding[part], self.attention[part], self.logits[part])

    def __len__(self) -> int:
        return len(self.logits)


class WindowPooler:
    """Pool windows of `segment` frames that start every `step` frames of each segment."""

    def __init__(self, segment: int, step: int, features: int) -> None:
        self._segment = segment
        self._offsets = range(0, segment, step)
        self._held: EncodedFrames | None = None
        self._windows = GrowingArray((len(self._offsets), features), np.float16)

    @property
    def windows(self) -> NDArray[np.float16]:
        """Return the windows of the complete segments so far, float16[segments, offsets, features]."""
        return self._windows.array

    def accept(self, frames: EncodedFrames) -> None:
        """Process the next frames."""
        held = frames if self._held is None else _join(self._held, frames)
        ready = len(held) // self._segment - 1  # the last windows of a segment extend into the next
        for _ in range(ready):
            held = self._pool(held)
        self._held = held

    def finish(self) -> NDArray[np.float16]:
        """Return all windows float16[segments, offsets, features]; the last ones are shorter."""
        while self._held is not None and len(self._held):
            self._held = self._pool(self._held)
        return self.windows

    def _pool(self, held: EncodedFrames) -> EncodedFrames:
        """Pool one segment's windows; return the frames after the segment."""
        rows = []
        for offset in self._offsets:
            start = min(offset, len(held) - 1)
            window = held[start : start + self._segment]
            weights = np.exp(window.attention - window.attention.max(axis=0))
            weights /= weights.sum(axis=0)
            pooled = np.einsum("ft,ftd->td", weights, window.embedding).ravel()
            mean = window.confidences.mean(axis=0)
            rows.append(np.concatenate([pooled, np.log(mean + 1e-4)]))
        self._windows.append(np.stack(rows)[None])
        return held[self._segment :]


class GrowingArray:
    """Array of rows that doubles its capacity when it is full.

    A list of small arrays would fragment the heap between large temporaries, whose memory could then not be
    released: 20 MB per hour.
    """

    def __init__(self, shape: tuple[int, ...], dtype: DTypeLike) -> None:
        self._rows: NDArray[Any] = np.zeros((64, *shape), dtype)
        self._count = 0

    @property
    def array(self) -> NDArray[Any]:
        """Return all rows so far."""
        return self._rows[: self._count]

    def append(self, rows: NDArray[Any]) -> None:
        """Append rows [n, *shape]."""
        needed = self._count + len(rows)
        if needed > len(self._rows):
            grown = np.zeros((max(needed, 2 * len(self._rows)), *self._rows.shape[1:]), self._rows.dtype)
            grown[: self._count] = self.array
            self._rows = grown
        self._rows[self._count : needed] = rows
        self._count = needed


def softmax(logits: Floats) -> Floats:
    """Return the softmax over the last axis."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True), np.float32)


def _join(first: EncodedFrames, second: EncodedFrames) -> EncodedFrames:
    return EncodedFrames(
        np.concatenate([first.embedding, second.embedding]),
        np.concatenate([first.attention, second.attention]),
        np.concatenate([first.logits, second.logits]),
    )
