"""Times on a format's grid: milliseconds, hundredths or frames, each rounded once from its exact value."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable
from fractions import Fraction

from edge.errors import UsageError
from edge.vocabulary import Caption


def nearest_tick(seconds: Fraction | float, per_second: Fraction | int) -> int:
    """The grid point next to a time; halves go up. Later times never give an earlier point."""
    return math.floor(Fraction(seconds) * per_second + Fraction(1, 2))


def on_grid(captions: Iterable[Caption], per_second: Fraction | int) -> list[tuple[int, int, Caption]]:
    """Captions in order of time with their start and end in ticks of 1/`per_second` seconds, start < end.

    Captions that touched still touch and none overlaps that did not: what is shorter than a tick is given
    one, and pushes what follows it just as far as it must. Before zero nothing is shown. Raises UsageError
    for a caption that does not start before it ends.
    """
    placed: list[tuple[int, int, Caption]] = []
    over, running = 0, list[tuple[float, int]]()  # last tick of what has ended; ends of what has not
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
