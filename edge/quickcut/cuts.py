"""Turn marks into cuts: choose cut points that spare adjacent words and leave natural pauses."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from edge.evidence.speech.level import LEVEL_S, SpeechLevel
from edge.evidence.transcript import Transcript
from edge.quickcut.marks import Item, Kind
from edge.quickcut.options import CutOptions
from edge.spans import intervals, merge, subtract
from edge.vocabulary import Span

ROUNDING_S = 1e-6
"""Times closer than this are considered equal."""

TAKEN = 0.25
"""Maximum share of an adjacent kept interval that a cut may remove, however quiet it is there."""


def cut_list(
    items: Sequence[Item],
    transcript: Transcript,
    options: CutOptions | None = None,
    *,
    duration_s: float | None = None,
) -> list[Span]:
    """Return the spans to remove from a recording, in order and disjoint; `items` are in order.

    Removed items with only silence between them become one cut. `duration_s` is the length of the recording
    if that is longer than its audio.
    """
    options, duration_s = options or CutOptions(), duration_s or transcript.duration_s
    removed = [item for item in items if item.remove]
    starts = [item.start for item in removed]
    kept = merge(_kept(items, transcript, options))
    reaches = {
        edge: min(options.search_s, TAKEN * (end - start)) for start, end in kept for edge in (start, end)
    }
    cuts = []
    for part in subtract((0.0, duration_s), kept):
        gap = Span(*part)
        inside = removed[bisect_left(starts, gap.start - ROUNDING_S) : bisect_left(starts, gap.end)]
        cut = _cut(gap, inside, transcript, duration_s, options) if inside else None
        if cut is not None:
            start = max(cut.start, gap.start - reaches.get(gap.start, 0.0))
            cuts.append(Span(start, min(cut.end, gap.end + reaches.get(gap.end, 0.0))))
    return cuts


def split_cuts(
    cuts: Sequence[Span], items: Sequence[Item], options: CutOptions | None = None
) -> tuple[list[Span], list[Span]]:
    """Divide cuts into what is removed and what is played faster: the blanks, if the options say so.

    Pieces shorter than `CutOptions.min_cut_s` are removed with the rest.
    """
    options = options or CutOptions()
    if not options.blank_speed:
        return list(cuts), []
    whole = merge(intervals(cuts))
    blanks = merge(intervals(item for item in items if item.remove and item.kind is Kind.BLANK))
    rest = [part for one in whole for part in subtract(one, blanks)]
    inside = [part for one in whole for part in subtract(one, rest)]
    faster = [part for part in inside if part[1] - part[0] >= max(options.min_cut_s, ROUNDING_S)]
    gone = [part for one in whole for part in subtract(one, faster)]
    return [Span(*part) for part in gone], [Span(*part) for part in faster]


def _kept(
    items: Sequence[Item], transcript: Transcript, options: CutOptions
) -> Iterator[tuple[float, float]]:
    """Yield intervals that must stay: kept items, and unmarked audible intervals that are long enough.

    Breath between a removed take and the next one goes with the take.
    """
    yield from intervals(item for item in items if not item.remove)
    marked = merge(
        [*intervals(item for item in items if item.kind is not Kind.BLANK), *_between_takes(items)]
    )
    for audible in intervals([*transcript.sounds, *transcript.music]):
        yield from (part for part in subtract(audible, marked) if part[1] - part[0] >= options.min_sound_s)


def _between_takes(items: Sequence[Item]) -> Iterator[tuple[float, float]]:
    """Yield the intervals between removed takes and the words that follow at once."""
    for item, after in pairwise(items):
        if item.kind is Kind.REPEAT and item.remove and after.kind in (Kind.REPEAT, Kind.SPEECH):
            yield item.end, after.start


def _cut(
    gap: Span, removed: Sequence[Item], transcript: Transcript, duration_s: float, options: CutOptions
) -> Span | None:
    """Return the cut in a gap between kept intervals; None if it would be too short.

    Everything audible is removed; of the silence around it, `padding_s` stays on each side.
    """
    audible = [item for item in removed if item.kind is not Kind.BLANK]
    first = audible[0].start if audible else gap.end
    last = audible[-1].end if audible else gap.start
    start, end = min(gap.start + options.padding_s, first), max(gap.end - options.padding_s, last)
    if audible and first - gap.start < options.search_s:
        start = quietest_time(transcript.levels, first, options.search_s)
    if audible and gap.end - last < options.search_s:
        end = quietest_time(transcript.levels, last, options.search_s)
    start = 0.0 if gap.start == 0 else start
    end = duration_s if gap.end == duration_s else end
    return Span(start, end) if end - start >= max(options.min_cut_s, ROUNDING_S) else None


def quietest_time(levels: Sequence[SpeechLevel], at: float, search_s: float) -> float:
    """Return the quietest time within `search_s` of `at`, the nearest of several, all in seconds.

    `levels` are in order; where they do not cover the search range, `at` is returned.
    """
    index = bisect_right(levels, at, key=lambda level: level.start) - 1
    if index < 0:
        return at
    level = levels[index]
    center = (at - level.start) / LEVEL_S
    low, high = int(np.ceil(center - search_s / LEVEL_S)), int(np.floor(center + search_s / LEVEL_S))
    if not 0 <= low < high <= len(level.values):
        return at
    middle = np.arange(low, high) + 0.5
    best = np.lexsort((np.abs(middle - center), level.values[low:high].astype(np.float32)))[0]
    return float(level.start + middle[best] * LEVEL_S)
