"""A timeline on the frame grid: edits in whole frames, and properties of the recordings they use."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from edge.errors import InputError, UsageError
from edge.media.timecode import drops
from edge.text.grid import nearest_tick, on_grid
from edge.text.lines import plain_line, plain_lines
from edge.timeline.timeline import Timeline
from edge.vocabulary import Caption

if TYPE_CHECKING:
    from edge.media.read.probe import MediaInfo

AUDIO_ONLY_RATE = Fraction(25)
"""Frame rate of timelines without video."""
STANDARD_RATES = (
    *(Fraction(24000, 1001), Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(30)),
    *(Fraction(48000, 1001), Fraction(48), Fraction(50), Fraction(60000, 1001), Fraction(60)),
    *(Fraction(100), Fraction(120000, 1001), Fraction(120)),
)
"""Frame rates in 1/s that editing programs support."""
FULL_HD = (1920, 1080)
"""Width and height in pixels of what cannot be read."""
_SAME_RATE = Fraction(1, 5000)
"""Relative tolerance: 23.98 stands for 24000/1001, 24 does not."""


@dataclass(frozen=True, slots=True)
class Edit:
    """Frames [source_in, source_out) of a recording, shown as [record_in, record_out) of the timeline.

    There are as many of each, unless it is played at another speed.
    """

    media: Path
    """Path of the recording."""
    source_in: int
    """First frame in the recording."""
    source_out: int
    """Frame after the last in the recording."""
    record_in: int
    """First frame on the timeline."""
    record_out: int
    """Frame after the last on the timeline."""
    speed: Fraction = Fraction(1)
    """Frames of the recording in a frame of the timeline."""
    muted: bool = False
    """Whether its audio is silent."""

    @property
    def frames(self) -> int:
        """Return the length on the timeline in frames."""
        return self.record_out - self.record_in

    @property
    def scaled_in(self) -> int:
        """Return the first frame, counted at the speed of the edit."""
        return round(self.source_in / self.speed)


@dataclass(frozen=True, slots=True)
class VideoFormat:
    """Properties of a video stream."""

    width: int
    """Pixels, after rotation."""
    height: int
    """Pixels, after rotation."""
    rate: Fraction
    """Frames per second, one of `STANDARD_RATES`."""


@dataclass(frozen=True, slots=True)
class Source:
    """A recording that the cut uses; typical values if it cannot be read."""

    path: Path
    """Absolute path."""
    frames: int
    """Length in frames at the cut's rate, at least what the cut uses."""
    video: VideoFormat | None
    """The video stream; None without."""
    channels: int
    """Number of audio channels; 0 without audio."""
    audio_rate_hz: int
    """Sample rate of the audio."""
    start: int = 0
    """Time code of its first frame, as a number of frames at the cut's rate; 0 without."""
    drop: bool = False
    """Whether its time code is drop-frame, and the cut's rate has that."""

    @property
    def name(self) -> str:
        """Return the file's name as one line of plain text."""
        return plain_line(self.path.name)

    @property
    def url(self) -> str:
        """Return the `file:///...` URL, with everything but plain ASCII escaped."""
        return self.path.as_uri()


@dataclass(frozen=True, slots=True)
class Cut:
    """A timeline in whole frames, the input of timeline writers. All times are frames at `rate`, from 0."""

    name: str
    """Name of the timeline."""
    rate: Fraction
    """Frames per second."""
    edits: tuple[Edit, ...]
    """At least one; each begins where the one before it ends."""
    sources: Mapping[Path, Source]
    """Recordings by `Edit.media`, in order of first use."""
    captions: tuple[tuple[int, int, str], ...]
    """Start, end and plain text, in order, inside the timeline."""
    language: str
    """BCP 47 tag of the captions."""

    @property
    def frames(self) -> int:
        """Return the length of the timeline in frames."""
        return self.edits[-1].record_out

    @property
    def drop(self) -> bool:
        """Return whether time code of the timeline is drop-frame: if that of a recording is."""
        return any(source.drop for source in self.sources.values())

    @property
    def shape(self) -> VideoFormat:
        """Return the format of the timeline: the size of the first recording with video, the cut's rate."""
        first = next((source.video for source in self.sources.values() if source.video), None)
        return VideoFormat(*((first.width, first.height) if first else FULL_HD), self.rate)

    def source_in(self, edit: Edit) -> int:
        """Return the time code of an edit's first frame in its recording, as a number of frames."""
        return self.sources[edit.media].start + edit.source_in


def cut_of(
    timeline: Timeline, name: str, rate: Fraction | None, captions: Sequence[Caption], language: str
) -> Cut:
    """Round a timeline and its captions to the frame grid; `write_timeline` documents the default rate.

    Raises UsageError if no frame is left, InputError if the rate must be read and cannot be.
    """
    known = _described(timeline, needed=rate is None)
    rate = _picture_rate(known) if rate is None else exact_rate(rate)
    lengths = {path: nearest_tick(info.duration_s, rate) for path, info in known.items() if info}
    edits = frame_edits(timeline, rate, lengths)
    if not edits:
        raise UsageError("the timeline is shorter than a frame; there is nothing to write")
    used = dict.fromkeys(edit.media for edit in edits)
    sources = {path: _source(path, known[path], rate, edits) for path in used}
    end = edits[-1].record_out
    shown = on_grid([c for c in captions if plain_lines(c.text)], rate)
    texts = tuple((a, min(b, end), "\n".join(plain_lines(c.text))) for a, b, c in shown if a < end)
    return Cut(plain_line(name) or "cut", rate, edits, sources, texts, language)


def frame_edits(
    timeline: Timeline, rate: Fraction, lengths: Mapping[Path, int] | None = None
) -> tuple[Edit, ...]:
    """Return the clips in whole frames; every boundary is rounded once, from its exact time.

    Neighboring clips share their boundary, so there are no gaps, overlaps or drift; a clip whose boundaries
    round to the same frame is dropped. The source range has as many frames as the record range, times the
    speed: it begins at the frame nearest to `trim_in`, or one earlier if it would otherwise end one frame
    past the recording's end (`lengths`, in frames).

    >>> from edge.timeline.timeline import Clip
    >>> timeline = Timeline.of([Clip(Path("talk.mp4"), Fraction(1), Fraction(2))])
    >>> [(edit.source_in, edit.source_out) for edit in frame_edits(timeline, Fraction(25))]
    [(25, 50)]
    """
    edits: list[Edit] = []
    start = 0
    for clip in timeline.clips:
        end = nearest_tick(clip.out_point, rate)
        if end > start:
            source, count = nearest_tick(clip.trim_in, rate), max(1, round((end - start) * clip.speed))
            if lengths and source + count - lengths.get(clip.media, math.inf) == 1:
                source = max(0, source - 1)
            edits.append(Edit(clip.media, source, source + count, start, end, clip.speed, clip.muted))
        start = end
    return tuple(edits)


def exact_rate(rate: Fraction) -> Fraction:
    """Return the standard rate that a rounded one stands for, else the rate itself.

    Raises UsageError unless it is above 0.

    >>> exact_rate(Fraction("29.97"))
    Fraction(30000, 1001)
    """
    if rate <= 0:
        raise UsageError(f"a frame rate must be above 0, got {rate}")
    nearest = min(STANDARD_RATES, key=lambda standard: abs(standard - rate))
    return nearest if abs(nearest - rate) <= rate * _SAME_RATE else rate


def standard_rate(rate: Fraction) -> Fraction:
    """Return the standard rate nearest to a measured one; rates below 23 are multiplied first.

    >>> standard_rate(Fraction(15))
    Fraction(30, 1)
    """
    rate *= math.ceil(23 / rate)
    return min(STANDARD_RATES, key=lambda standard: abs(standard - rate))


def _described(timeline: Timeline, needed: bool) -> dict[Path, MediaInfo | None]:
    """Probe each recording; None for one that cannot be read. Raises InputError if its rate is `needed`."""
    from edge.media.read.probe import probe  # noqa: PLC0415 - FFmpeg is not needed for captions alone

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
        return Source(path.absolute(), used, VideoFormat(*FULL_HD, rate), 2, 48_000)
    video, audio, code = info.video, info.audio_stream(), info.timecode
    begins = nearest_tick(video.start, rate) if video else 0
    return Source(
        path=path.absolute(),
        frames=max(used, nearest_tick(info.duration_s, rate)),
        video=VideoFormat(video.width, video.height, standard_rate(video.rate or rate)) if video else None,
        channels=audio.channels if audio else 0,
        audio_rate_hz=audio.rate_hz if audio else 48_000,
        start=max(nearest_tick(code.seconds, rate) - begins, 0) if code else 0,
        drop=code is not None and code.drop and drops(rate),
    )
