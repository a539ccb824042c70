"""Convert times to a format's grid (milliseconds, hundredths or frames), rounding each exact value once."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable
from fractions import Fraction

from edge.errors import UsageError
from edge.vocabulary import Caption


def nearest_tick(seconds: Fraction | float, per_second: Fraction | int) -> int:
    """Return the tick nearest to a time; halves round up. Later times never give an earlier tick.

    >>> nearest_tick(1.5, 25), nearest_tick(1.5, 1)
    (38, 2)
    """
    return math.floor(Fraction(seconds) * per_second + Fraction(1, 2))


def on_grid(captions: Iterable[Caption], per_second: Fraction | int) -> list[tuple[int, int, Caption]]:
    """Return captions sorted by time with their start and end in ticks of 1/`per_second` s, start < end.

    Captions that touched still touch, and no overlap is added: a caption shorter than a tick is extended to
    one tick, and the captions after it are delayed only as far as needed. Captions that end before zero are
    dropped. Raises UsageError unless each caption starts before it ends.

    >>> [(start, end) for start, end, _ in on_grid([Caption(0.0, 1.234, "a"), Caption(1.234, 2.0, "b")], 100)]
    [(0, 123), (123, 200)]
    """
    placed: list[tuple[int, int, Caption]] = []
    over, running = 0, list[tuple[float, int]]()  # last tick of ended captions; ends of running ones
    for caption in sorted(captions, key=lambda each: (each.start, each.end)):
        if not -math.inf < caption.start < caption.end < math.inf:
            raise UsageError(f"a caption needs start < end, got [{caption.start}, {caption.end})")
        if caption.end <= 0:
            continue
        while running and running[0][0] <= caption.start:
            over = max(over, heapq.heappop(running)[1])
        start = max(nearest_tick(caption.start, per_second), over)
        end = max(nearest_tick(caption.end, per_second), start + 1)
        heapq.heappush(running, (caption.end, end))
        placed.append((start, end, caption))
    return placed
