"""Carry the chapters of recordings into what is made of them, and name the streams that stay behind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from av.container import OutputContainer

from edge.media.read.others import Chapter
from edge.media.read.probe import MediaInfo
from edge.media.write.containers import Target
from edge.media.write.plan import RenderPlan
from edge.media.write.subtitles import is_carried, loses_style

if TYPE_CHECKING:
    from av.container.core import Chapter as AvChapter  # is not there at run time

CHAPTER_MUXERS: Final = frozenset({"mp4", "mov", "ipod", "matroska", "webm", "mp3", "ogg", "opus"})
"""Muxers that write chapters."""

_TICK = Fraction(1, 1000)


def carry_chapters(plan: RenderPlan, out: OutputContainer) -> None:
    """Write the chapters of what the plan keeps. Call it before the first packet is written."""
    write_chapters(out, list(kept_chapters(plan)))


def write_chapters(out: OutputContainer, chapters: Sequence[tuple[Fraction, Fraction, str]]) -> None:
    """Write chapters, (start, end in seconds, title), if the muxer can. Call it before the first packet."""
    if chapters and out.format.name in CHAPTER_MUXERS:
        out.set_chapters([_chapter(number, *chapter) for number, chapter in enumerate(chapters, 1)])


def kept_chapters(plan: RenderPlan) -> Iterator[tuple[Fraction, Fraction, str]]:
    """Yield start, end (seconds of the result) and title of each chapter of which something is left."""
    held: tuple[Chapter, Fraction, Fraction] | None = None
    for range_ in plan.ranges:
        for chapter in range_.info.chapters:
            start, end = max(chapter.start, range_.start), min(chapter.end, range_.end)
            if start >= end:
                continue
            at, until = range_.time_of(start), range_.time_of(end)
            if held and held[0] is chapter:
                held = chapter, held[1], until
                continue
            if held:
                yield held[1], held[2], held[0].title
            held = chapter, at, until
    if held:
        yield held[1], held[2], held[0].title


def left_out(infos: Collection[MediaInfo], target: Target, *, copied: bool = False) -> str:
    """Return what is not carried from recordings into a file, as one line; "" if nothing is lost.

    With `copied` packets are copied, and other streams are not.
    """
    keeps_others = len(infos) == 1 and not copied
    counts: Counter[str] = Counter()
    for info in infos:
        lost = (one for one in info.others if not (keeps_others and is_carried(one, target.muxer)))
        counts.update(one.kind for one in lost)
        if keeps_others:
            counts["subtitle style"] += sum(loses_style(one, target.muxer) for one in info.others)
        if not target.many_audio or len(infos) > 1:
            counts["audio stream"] += max(0, len(info.audio) - 1)
        if target.muxer not in CHAPTER_MUXERS:
            counts["chapter"] += len(info.chapters)
    return not_carried(counts)


def not_carried(counts: Counter[str]) -> str:
    """Return the line that says how many of what is left out; "" if nothing is."""
    counts = +counts
    listed = ", ".join(f"{count} {name}{'s' * (count > 1)}" for name, count in counts.items())
    return f"not carried into the result: {listed}" if listed else ""


def _chapter(number: int, start: Fraction, end: Fraction, title: str) -> AvChapter:
    return {
        "id": number,
        "start": round(start / _TICK),
        "end": round(end / _TICK),
        "time_base": _TICK,
        "metadata": {"title": title} if title else {},
    }
