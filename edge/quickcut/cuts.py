"""From marks to cuts: where exactly to cut, so that no word is hurt and no pause is left or missing."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from edge.errors import UsageError
from edge.evidence.speech.level import LEVEL_S
from edge.evidence.transcript import Captioned, Loudness
from edge.quickcut.marks import Item, Kind
from edge.spans import merged, outside
from edge.vocabulary import Span

ROUNDING_S = 1e-6
"""Times nearer than this are one."""

TAKEN = 0.25
"""No cut takes more than this share of what stays beside it, however quiet it is there."""


@dataclass(frozen=True)
class CutSettings:
    """How marks become cuts."""

    pause_s: float = 0.15
    """Silence left on each side of a cut, where there is as much."""
    reach_s: float = 0.04
    """Where what goes touches what stays, the cut is at the quietest point within this distance."""
    shortest_s: float = 0.1
    """Less is not worth a cut."""
    uncovered_s: float = 0.2
    """Sounds this long that no word covers, and that are not marked, stay."""

    def __post_init__(self) -> None:
        lengths = (self.pause_s, self.reach_s, self.shortest_s, self.uncovered_s)
        if not all(length >= 0 for length in lengths):
            raise UsageError("lengths of cuts cannot be negative")


def cut_list(items: Sequence[Item], found: Captioned, settings: CutSettings | None = None) -> list[Span]:
    """What to remove of the recording, in order and disjoint, for items in order.

    Items to be removed that only silence parts are one cut.
    """
    settings = settings or CutSettings()
    going = [item for item in items if item.remove]
    starts = [item.start for item in going]
    kept = merged(_kept(items, found, settings))
    reaches = {
        edge: min(settings.reach_s, TAKEN * span.seconds) for span in kept for edge in (span.start, span.end)
    }
    cuts = []
    for gap in outside(Span(0, found.media_s), kept):
        gone = going[bisect_left(starts, gap.start - ROUNDING_S) : bisect_left(starts, gap.end)]
        cut = _cut(gap, gone, found, settings) if gone else None
        if cut is not None:
            start = max(cut.start, gap.start - reaches.get(gap.start, 0.0))
            cuts.append(Span(start, min(cut.end, gap.end + reaches.get(gap.end, 0.0))))
    return cuts


def _kept(items: Sequence[Item], found: Captioned, settings: CutSettings) -> Iterator[Span]:
    """What must stay: items that are not removed, and sounds that are long enough and not marked."""
    for item in items:
        if not item.remove:
            yield Span(item.start, item.end)
    marked = merged([Span(item.start, item.end) for item in items if item.kind is not Kind.BLANK])
    for sound in [*found.sounding, *found.music]:
        yield from (rest for rest in outside(sound, marked) if rest.seconds >= settings.uncovered_s)


def _cut(gap: Span, gone: Sequence[Item], found: Captioned, settings: CutSettings) -> Span | None:
    """The cut in a gap between what is kept; None if it would be too short.

    All that sounds goes; of the silence around it, `pause_s` stays at each side.
    """
    sounds = [item for item in gone if item.kind is not Kind.BLANK]
    first = sounds[0].start if sounds else gap.end
    last = sounds[-1].end if sounds else gap.start
    start, end = min(gap.start + settings.pause_s, first), max(gap.end - settings.pause_s, last)
    if sounds and first - gap.start < settings.reach_s:
        start = quietest(found.loudness, first, settings.reach_s)
    if sounds and gap.end - last < settings.reach_s:
        end = quietest(found.loudness, last, settings.reach_s)
    start = 0.0 if gap.start == 0 else start
    end = found.media_s if gap.end == found.media_s else end
    return Span(start, end) if end - start >= settings.shortest_s else None


def quietest(loudness: Sequence[Loudness], at: float, reach_s: float) -> float:
    """The quietest time within `reach_s` of `at`, the nearest of several; `at` where no level is known.

    `loudness` is in order.
    """
    index = bisect_right(loudness, at, key=lambda one: one.start) - 1
    if index < 0:
        return at
    one = loudness[index]
    centre = (at - one.start) / LEVEL_S
    low, high = int(np.ceil(centre - reach_s / LEVEL_S)), int(np.floor(centre + reach_s / LEVEL_S))
    if not 0 <= low < high <= len(one.values):
        return at
    middle = np.arange(low, high) + 0.5
    best = np.lexsort((np.abs(middle - centre), one.values[low:high].astype(np.float32)))[0]
    return float(one.start + middle[best] * LEVEL_S)
