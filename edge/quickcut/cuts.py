"""From marks to cuts: where exactly to cut, so that no word is hurt and no pause is left or missing."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

import numpy as np

from edge.evidence.speech.level import LEVEL_S, SpeechLevel
from edge.evidence.transcript import Transcript
from edge.quickcut.marks import Item, Kind
from edge.quickcut.options import CutOptions
from edge.spans import intervals, merge, subtract
from edge.vocabulary import Span

ROUNDING_S = 1e-6
"""Times nearer than this are one."""

TAKEN = 0.25
"""No cut takes more than this share of what stays beside it, however quiet it is there."""


def cut_list(
    items: Sequence[Item],
    transcript: Transcript,
    options: CutOptions | None = None,
    *,
    duration_s: float | None = None,
) -> list[Span]:
    """Return what to remove of a recording, in order and disjoint, for items in order.

    Items to be removed that only silence parts are one cut. `duration_s` is the length of the recording where
    that is longer than its audio.
    """
    options, duration_s = options or CutOptions(), duration_s or transcript.duration_s
    going = [item for item in items if item.remove]
    starts = [item.start for item in going]
    kept = merge(_kept(items, transcript, options))
    reaches = {
        edge: min(options.search_s, TAKEN * (end - start)) for start, end in kept for edge in (start, end)
    }
    cuts = []
    for part in subtract((0.0, duration_s), kept):
        gap = Span(*part)
        gone = going[bisect_left(starts, gap.start - ROUNDING_S) : bisect_left(starts, gap.end)]
        cut = _cut(gap, gone, transcript, duration_s, options) if gone else None
        if cut is not None:
            start = max(cut.start, gap.start - reaches.get(gap.start, 0.0))
            cuts.append(Span(start, min(cut.end, gap.end + reaches.get(gap.end, 0.0))))
    return cuts


def _kept(
    items: Sequence[Item], transcript: Transcript, options: CutOptions
) -> Iterator[tuple[float, float]]:
    """Intervals that must stay: items that are not removed, and unmarked sounds that are long enough."""
    yield from intervals(item for item in items if not item.remove)
    marked = merge(intervals(item for item in items if item.kind is not Kind.BLANK))
    for sound in intervals([*transcript.sounding, *transcript.music]):
        yield from (part for part in subtract(sound, marked) if part[1] - part[0] >= options.min_sound_s)


def _cut(
    gap: Span, gone: Sequence[Item], transcript: Transcript, duration_s: float, options: CutOptions
) -> Span | None:
    """The cut in a gap between what is kept; None if it would be too short.

    All that sounds goes; of the silence around it, `padding_s` stays at each side.
    """
    sounds = [item for item in gone if item.kind is not Kind.BLANK]
    first = sounds[0].start if sounds else gap.end
    last = sounds[-1].end if sounds else gap.start
    start, end = min(gap.start + options.padding_s, first), max(gap.end - options.padding_s, last)
    if sounds and first - gap.start < options.search_s:
        start = quietest_time(transcript.levels, first, options.search_s)
    if sounds and gap.end - last < options.search_s:
        end = quietest_time(transcript.levels, last, options.search_s)
    start = 0.0 if gap.start == 0 else start
    end = duration_s if gap.end == duration_s else end
    return Span(start, end) if end - start >= options.min_cut_s else None


def quietest_time(levels: Sequence[SpeechLevel], at: float, search_s: float) -> float:
    """The quietest time within `search_s` of `at`, the nearest of several; `at` where no level is known.

    `levels` are in order.
    """
    index = bisect_right(levels, at, key=lambda one: one.start) - 1
    if index < 0:
        return at
    one = levels[index]
    centre = (at - one.start) / LEVEL_S
    low, high = int(np.ceil(centre - search_s / LEVEL_S)), int(np.floor(centre + search_s / LEVEL_S))
    if not 0 <= low < high <= len(one.values):
        return at
    middle = np.arange(low, high) + 0.5
    best = np.lexsort((np.abs(middle - centre), one.values[low:high].astype(np.float32)))[0]
    return float(one.start + middle[best] * LEVEL_S)
