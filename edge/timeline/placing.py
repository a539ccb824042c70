"""Place captions on a timeline, with exact times."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import accumulate
from pathlib import Path

from edge.text.scripts import joined
from edge.timeline.timeline import Clip, Timeline, exact
from edge.vocabulary import Caption, Word


def place(captions_by_media: Mapping[Path, Sequence[Caption]], timeline: Timeline) -> list[Caption]:
    """Map captions from seconds of their recordings to seconds of the timeline; the result is sorted.

    A caption appears wherever a clip shows a part of it, for as long as that part. If a part in its middle
    was cut out, and the rest follows directly, it stays one caption. It keeps the words of which at least
    half is audible, shown in a clip that is not muted; if some were lost, its text is rebuilt from the rest,
    and without any word it is dropped. It neither begins nor ends in a muted clip.
    Each time is rounded once, from its exact value, so nothing drifts.

    >>> talk = Path("talk.mp4")
    >>> timeline = Timeline.of([Clip(talk, Fraction(10), Fraction(20))])
    >>> place({talk: [Caption(12.0, 14.0, "Hello.")]}, timeline)
    [Caption(start=2.0, end=4.0, text='Hello.')]
    """
    indexes = {media: _CaptionIndex(captions) for media, captions in captions_by_media.items()}
    placed = [
        shown
        for run in _runs(timeline)
        if run.media in indexes
        for caption in indexes[run.media].between(run.start, run.end)
        if (shown := run.show(caption)) is not None
    ]
    return sorted(placed, key=lambda caption: (caption.start, caption.end))


class _CaptionIndex:
    """Captions of a recording, searchable by time; they may overlap."""

    def __init__(self, captions: Sequence[Caption]) -> None:
        self._captions = sorted(captions, key=lambda caption: (caption.start, caption.end))
        self._ends = list(accumulate((caption.end for caption in self._captions), max))

    def between(self, start: Fraction, end: Fraction) -> Iterator[Caption]:
        """Yield captions that overlap [start, end)."""
        for index in range(bisect_right(self._ends, start), len(self._captions)):
            caption = self._captions[index]
            if caption.start >= end:
                return
            if caption.end > start:
                yield caption


class _Run:
    """Consecutive clips of one recording in its order, with or without gaps between them.

    Timeline times are a function of recording times; a gap maps to the time of the join. Floats locate the
    clip; ambiguous cases and all sums are computed in integers.
    """

    def __init__(self, clips: Sequence[Clip]) -> None:
        self.media, self.start, self.end = clips[0].media, clips[0].trim_in, clips[-1].trim_out
        self._clips = clips
        self._ins = [float(clip.trim_in) for clip in clips]
        self._outs = [float(clip.trim_out) for clip in clips]
        self._shifts = [
            (clip.in_point - clip.trim_in).as_integer_ratio() if clip.speed == 1 and not clip.muted else None
            for clip in clips
        ]
        self._muted = [clip for clip in clips if clip.muted]

    def show(self, caption: Caption) -> Caption | None:
        """Return the caption as this run shows it; None if nothing of it is left."""
        start, end, whole = self._seen(caption)
        words = tuple(shown for word in caption.words if (shown := self._word(word)) is not None)
        if self._muted and not whole:
            if not caption.words and not self._is_half(caption):
                return None
            start, end = self._within_audible(start, end)
        if start >= end or (caption.words and not words):
            return None
        whole = len(words) == len(caption.words)
        return Caption(start, end, caption.text if whole else joined(word.text for word in words), words)

    def _word(self, word: Word) -> Word | None:
        start, end, whole = self._seen(word)
        return Word(start, end, word.text) if start < end and (whole or self._is_half(word)) else None

    def _is_half(self, item: Caption | Word) -> bool:
        """Return whether at least half of an item is audible."""
        start, end = exact(item.start), exact(item.end)
        first = max(0, bisect_right(self._clips, start, key=lambda clip: clip.trim_in) - 1)
        last = bisect_right(self._clips, end, key=lambda clip: clip.trim_in)
        shown = sum(
            max(Fraction(0), min(end, clip.trim_out) - max(start, clip.trim_in))
            for clip in self._clips[first:last]
            if not clip.muted
        )
        return 2 * shown >= end - start

    def _within_audible(self, start: float, end: float) -> tuple[float, float]:
        """Return times of the timeline without the muted clips in which they lie."""
        for clip in self._muted:
            if clip.in_point <= start < clip.out_point:
                start = float(clip.out_point)
        for clip in reversed(self._muted):
            if clip.in_point < end <= clip.out_point:
                end = float(clip.in_point)
        return start, end

    def _seen(self, item: Caption | Word) -> tuple[float, float, bool]:
        """Return start and end on the timeline, each rounded once, and whether a single clip shows it all."""
        index = bisect_right(self._ins, item.start) - 1
        if self._ins[index] < item.start and item.end < self._outs[index] and (by := self._shifts[index]):
            shift, unit = by
            top, bottom = item.start.as_integer_ratio()
            last, below = item.end.as_integer_ratio()
            return (
                (top * unit + shift * bottom) / (bottom * unit),
                (last * unit + shift * below) / (below * unit),
                True,
            )
        return float(self._at(item.start)), float(self._at(item.end)), False

    def _at(self, time: float) -> Fraction:
        seconds = exact(time)
        index = max(0, bisect_right(self._clips, seconds, key=lambda clip: clip.trim_in) - 1)
        clip = self._clips[index]
        return clip.time_of(max(clip.trim_in, min(seconds, clip.trim_out)))


def _runs(timeline: Timeline) -> Iterator[_Run]:
    held: list[Clip] = []
    for clip in timeline.clips:
        if held and (held[-1].media != clip.media or held[-1].trim_out > clip.trim_in):
            yield _Run(held)
            held = []
        held.append(clip)
    if held:
        yield _Run(held)
