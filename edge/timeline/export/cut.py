"""A timeline on the frame grid: whole frames, and what is known of each recording."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from edge.errors import InputError, UsageError
from edge.text.grid import nearest_tick, on_grid
from edge.text.lines import plain_line, plain_lines
from edge.timeline.timeline import Timeline
from edge.vocabulary import Caption

if TYPE_CHECKING:
    from edge.media.read.probe import MediaInfo

AUDIO_ONLY_RATE = Fraction(25)
STANDARD_RATES = (
    *(Fraction(24000, 1001), Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(30)),
    *(Fraction(48000, 1001), Fraction(48), Fraction(50), Fraction(60000, 1001), Fraction(60)),
    *(Fraction(100), Fraction(120000, 1001), Fraction(120)),
)
"""Frames a second that editing programs know."""
_SAME_RATE = Fraction(1, 5000)
"""Relative: 23.98 is a way to write 24000/1001, 24 is not."""


@dataclass(frozen=True, slots=True)
class Edit:
    """Frames [source_in, source_out) of a recording, shown as [record_in, record_out) of the timeline."""

    media: Path
    source_in: int
    source_out: int
    record_in: int
    record_out: int


@dataclass(frozen=True, slots=True)
class Picture:
    """Size in pixels, upright, and frames a second, one of `STANDARD_RATES`."""

    width: int
    height: int
    rate: Fraction


@dataclass(frozen=True, slots=True)
class Source:
    """A recording that the cut uses; of one that cannot be read here, what is usual."""

    path: Path
    """Absolute."""
    frames: int
    """Length at the cut's rate, at least what the cut uses of it."""
    picture: Picture | None
    channels: int
    """Of the audio; 0 without."""
    audio_rate_hz: int

    @property
    def name(self) -> str:
        """The file's name, in one line of plain text."""
        return plain_line(self.path.name)

    @property
    def url(self) -> str:
        """`file:///...`, everything but plain ASCII escaped."""
        return self.path.as_uri()


@dataclass(frozen=True, slots=True)
class Cut:
    """What a writer of timelines is given. All times are frames at `rate`, from 0 on."""

    name: str
    rate: Fraction
    edits: tuple[Edit, ...]
    """At least one; each begins where the one before it ends."""
    sources: Mapping[Path, Source]
    """By `Edit.media`, in order of first use."""
    captions: tuple[tuple[int, int, str], ...]
    """Start, end and plain text, in order, inside the timeline."""
    language: str
    """Of the captions, a BCP 47 tag."""

    @property
    def frames(self) -> int:
        """Length of the timeline."""
        return self.edits[-1].record_out


def cut_of(
    timeline: Timeline, name: str, rate: Fraction | None, captions: Sequence[Caption], language: str
) -> Cut:
    """Put a timeline and its captions on the frame grid; `write_timeline` says how the rate is chosen.

    Raises UsageError if not one frame is left, InputError if a rate is needed and cannot be found.
    """
    known = _described(timeline, needed=rate is None)
    rate = _picture_rate(known) if rate is None else exact_rate(rate)
    lengths = {path: nearest_tick(info.duration_s, rate) for path, info in known.items() if info}
    edits = frame_edits(timeline, rate, lengths)
    if not edits:
        raise UsageError("the timeline holds nothing that lasts a frame; there is nothing to write")
    used = dict.fromkeys(edit.media for edit in edits)
    sources = {path: _source(path, known[path], rate, edits) for path in used}
    end = edits[-1].record_out
    shown = on_grid([c for c in captions if plain_lines(c.text)], rate)
    texts = tuple((a, min(b, end), "\n".join(plain_lines(c.text))) for a, b, c in shown if a < end)
    return Cut(plain_line(name) or "cut", rate, edits, sources, texts, language)


def frame_edits(
    timeline: Timeline, rate: Fraction, lengths: Mapping[Path, int] | None = None
) -> tuple[Edit, ...]:
    """The clips in whole frames: every boundary is rounded once, from its exact time.

    Neighbours share their boundary, so nothing gaps, overlaps or drifts; a clip between two boundaries that
    fall on one frame is left out. The source has as many frames as are shown: it begins at the frame next
    to `trim_in`, or one earlier where it would otherwise run one past the recording's end (`lengths`).
    """
    edits: list[Edit] = []
    start = 0
    for clip in timeline.clips:
        end = nearest_tick(clip.out_point, rate)
        if end > start:
            source = nearest_tick(clip.trim_in, rate)
            if lengths and source + end - start - lengths.get(clip.media, math.inf) == 1:
                source = max(0, source - 1)
            edits.append(Edit(clip.media, source, source + end - start, start, end))
        start = end
    return tuple(edits)


def exact_rate(rate: Fraction) -> Fraction:
    """The standard rate that a rounded one like 29.97 stands for, else the rate itself. Raises UsageError."""
    if rate <= 0:
        raise UsageError(f"a frame rate must be above 0, got {rate}")
    nearest = min(STANDARD_RATES, key=lambda standard: abs(standard - rate))
    return nearest if abs(nearest - rate) <= rate * _SAME_RATE else rate


def standard_rate(rate: Fraction) -> Fraction:
    """The standard rate next to a measured one, or to its multiple where it is low (15 gives 30)."""
    rate *= math.ceil(23 / rate)
    return min(STANDARD_RATES, key=lambda standard: abs(standard - rate))


def _described(timeline: Timeline, needed: bool) -> dict[Path, MediaInfo | None]:
    """What is known of each recording; None of one that cannot be read, unless that is `needed`."""
    from edge.media.read.probe import probe  # noqa: PLC0415 - FFmpeg, which captions alone do not need

    known: dict[Path, MediaInfo | None] = {}
    unread: InputError | None = None
    for media in dict.fromkeys(clip.media for clip in timeline.clips):
        try:
            known[media] = probe(media)
        except InputError as error:
            known[media], unread = None, unread or error
    if needed and unread and not any(info and info.video and info.video.rate for info in known.values()):
        raise unread
    return known


def _picture_rate(known: Mapping[Path, MediaInfo | None]) -> Fraction:
    rates = (info.video.rate for info in known.values() if info and info.video and info.video.rate)
    return next(map(standard_rate, rates), AUDIO_ONLY_RATE)


def _source(path: Path, info: MediaInfo | None, rate: Fraction, edits: Sequence[Edit]) -> Source:
    used = max(edit.source_out for edit in edits if edit.media == path)
    if info is None:
        return Source(path.absolute(), used, Picture(1920, 1080, rate), 2, 48_000)
    video, audio = info.video, info.audio_stream()
    return Source(
        path=path.absolute(),
        frames=max(used, nearest_tick(info.duration_s, rate)),
        picture=Picture(video.width, video.height, standard_rate(video.rate or rate)) if video else None,
        channels=audio.channels if audio else 0,
        audio_rate_hz=audio.rate_hz if audio else 48_000,
    )
