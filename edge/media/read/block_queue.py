"""A bounded queue between the thread in which audio arrives and the loop that processes it."""

from __future__ import annotations

import threading
from collections import deque

import numpy as np

from edge.media.read.resampling import Samples

PATIENCE_S = 0.1
"""How often a waiting thread looks whether the other one has stopped."""


class BlockQueue:
    """Blocks float32[n, channels] in the order in which they arrive, `capacity` samples at most.

    What drops (`offer`, `lose`) comes out as silence, so that later samples keep their times.
    """

    def __init__(self, channels: int, capacity: int) -> None:
        self._channels, self._capacity = channels, capacity
        self._entries: deque[Samples | int] = deque()
        """Blocks, and numbers of samples that were dropped between them."""
        self._changed = threading.Condition()
        self._ended = False
        self.waiting = 0
        """Number of samples that are not taken yet."""
        self.dropped = 0
        """Number of samples that were dropped so far."""
        self.error: Exception | None = None
        """What ended the audio, if it was an error."""

    def offer(self, block: Samples) -> None:
        """Add a block without waiting: one that does not fit is dropped."""
        with self._changed:
            if self._fits(block):
                self._add(block)
            else:
                self._drop(len(block))

    def put(self, block: Samples) -> bool:
        """Add a block as soon as it fits; return False if the queue has ended, and nobody takes it."""
        with self._changed:
            while not (self._fits(block) or self._ended):
                self._changed.wait(PATIENCE_S)
            if not self._ended:
                self._add(block)
            return not self._ended

    def lose(self, count: int) -> None:
        """Count samples that were lost before they got here."""
        if count > 0:
            with self._changed:
                self._drop(count)

    def end(self, error: Exception | None = None) -> None:
        """Take no more; what is waiting can still be taken. Of several errors the first is kept."""
        with self._changed:
            if not self._ended:
                self._ended, self.error = True, error
            self._changed.notify_all()

    def take(self, longest: int) -> Samples | None:
        """Return the next block, or silence of at most `longest` samples; None at the end.

        An empty block says that nothing has arrived within `PATIENCE_S`.
        """
        with self._changed:
            if not self._entries and not self._ended:
                self._changed.wait(PATIENCE_S)
            if not self._entries:
                return None if self._ended else self._silence(0)
            first = self._entries.popleft()
            if isinstance(first, int):
                if first > longest:
                    self._entries.appendleft(first - longest)
                return self._silence(min(first, longest))
            self.waiting -= len(first)
            self._changed.notify_all()
            return first

    def _fits(self, block: Samples) -> bool:
        return not self._entries or self.waiting + len(block) <= self._capacity

    def _add(self, block: Samples) -> None:
        if not self._ended:
            self._entries.append(block)
            self.waiting += len(block)
            self._changed.notify_all()

    def _drop(self, count: int) -> None:
        if self._ended:
            return
        self.dropped += count
        if self._entries and isinstance(self._entries[-1], int):
            self._entries[-1] += count
        else:
            self._entries.append(count)
        self._changed.notify_all()

    def _silence(self, count: int) -> Samples:
        return np.zeros((count, self._channels), np.float32)
