"""Play audio faster, in tune: short parts of it follow one another, crossfaded; the rest is left out.

It is for what has no words, such as the noise of a room, whose level stays, as the crossfades keep power.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from edge_kernels.audio import crossfade

from edge.media.read.resampling import AudioPiece, Samples

GRAIN_S, CROSSFADE_S = 0.06, 0.01
"""Length of the parts, and of the crossfades between them, in seconds."""
_MOST = 1 << 16
"""Samples that are read at a time."""


def quickened(take: Callable[[int], Samples], given: int, wanted: int, rate_hz: int) -> Iterator[AudioPiece]:
    """Yield `wanted` samples made of `given` ones, which `take` reads in order; `wanted` is at most `given`.

    It begins with the first sample given and ends with the last.
    """
    count = max(2, round(wanted / (GRAIN_S * rate_hz)))
    marks = [round(k * wanted / count) for k in range(count + 1)]
    half = min(round(CROSSFADE_S * rate_hz / 2), wanted // count // 2)
    source = _Source(take)
    tail: Samples | None = None
    for k in range(count):
        before, after = (half if k else 0), (half if k < count - 1 else 0)
        shift = max(0, given - wanted) * k // (count - 1)
        grain = source.between(shift + marks[k] - before, shift + marks[k + 1] + after)
        if tail is not None:
            yield AudioPiece(marks[k] - before, crossfade(tail, grain[: 2 * before]))
        yield AudioPiece(marks[k] + before, grain[2 * before : len(grain) - 2 * after])
        tail = grain[len(grain) - 2 * after :]


class _Source:
    """Samples that are read once, in order; the last ones are kept."""

    def __init__(self, take: Callable[[int], Samples]) -> None:
        self._take = take
        self._begins = 0
        self._known: Samples | None = None

    def between(self, start: int, stop: int) -> Samples:
        """Return samples [start, stop), neither of which is before that of the last call."""
        known = self._take(0) if self._known is None else self._known
        while (missing := stop - self._begins - len(known)) > 0:
            dropped = min(start - self._begins, len(known))
            self._begins += dropped
            more = self._take(min(missing, _MOST))
            known = np.concatenate([known[dropped:], more])
        known = known[start - self._begins :]
        self._begins, self._known = start, known
        return known[: stop - start]
