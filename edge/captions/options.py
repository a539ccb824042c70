"""Settings of captions, with their defaults."""

from __future__ import annotations

from dataclasses import dataclass, field

from edge.errors import UsageError
from edge.evidence.options import SpeechOptions, TranscriptOptions
from edge.text.lines import LINE_COLUMNS

MIN_CHUNK_S, MAX_CHUNK_S = 4.0, 10.0
"""Live chunks are short: ongoing speech is recognized again each time, up to twice the maximum length."""


@dataclass(frozen=True, slots=True)
class LayoutOptions:
    """Size of captions, and how long they are shown. `LAYOUTS` has those of broadcasters."""

    columns: int = 84
    """Maximum width of all lines together. Wide East Asian characters take two columns."""
    line_columns: int = LINE_COLUMNS
    """Maximum width of a line, 10 to 42. If it is less than 42 the text has line ends."""
    min_caption_s: float = 5 / 6
    """Minimum time that a caption is shown, in seconds, where there is a pause after it."""
    max_caption_s: float = 7.0
    """Maximum time that a caption is shown, in seconds."""
    max_speed: float = 17.0
    """Maximum number of columns to be read in a second, where there is a pause after the caption."""
    gap_s: float = 1 / 12
    """Time between captions in seconds: two frames of a film."""

    @property
    def lines(self) -> int:
        """Maximum number of lines."""
        return max(1, self.columns // self.line_columns)

    def __post_init__(self) -> None:
        if self.columns < 10 or self.max_caption_s <= 0:
            raise UsageError("captions need a length above 0 s, and 10 columns at least")
        if not 10 <= self.line_columns <= LINE_COLUMNS:
            raise UsageError(f"captions need lines of 10 to {LINE_COLUMNS} columns")
        if not (0 <= self.min_caption_s <= self.max_caption_s and self.max_speed > 0 and self.gap_s >= 0):
            raise UsageError("captions need 0 <= min_caption_s <= max_caption_s, max_speed > 0, gap_s >= 0")


LAYOUTS = {
    "default": LayoutOptions(),
    "netflix": LayoutOptions(columns=84, min_caption_s=5 / 6, max_caption_s=7.0, max_speed=20.0),
    "bbc": LayoutOptions(
        columns=74, line_columns=37, min_caption_s=1.0, max_caption_s=7.0, max_speed=15.0, gap_s=0.08
    ),
}
"""Layouts by name: Netflix's English timed text style guide, and the BBC's subtitle guidelines (180 words a
minute, two lines of the 37 columns of teletext, two frames of 25 a second)."""


@dataclass(frozen=True, slots=True)
class CaptionOptions:
    """Settings of `transcribe`."""

    transcript: TranscriptOptions = field(default_factory=TranscriptOptions)
    """How speech is found and recognized."""
    layout: LayoutOptions = field(default_factory=LayoutOptions)
    """Size of captions, and how long they are shown."""


def _transcript() -> TranscriptOptions:
    return TranscriptOptions(speech=SpeechOptions(min_chunk_s=MIN_CHUNK_S, max_chunk_s=MAX_CHUNK_S))


@dataclass(frozen=True, slots=True)
class LiveOptions:
    """Settings of `live_captions`."""

    interval_s: float = 1.0
    """Seconds between interim results; each relabels 5 s of audio."""
    transcript: TranscriptOptions = field(default_factory=_transcript)
    """How speech is found and recognized."""

    def __post_init__(self) -> None:
        if not 0.1 <= self.interval_s <= 60:
            raise UsageError(f"the interval must be 0.1 to 60 s, got {self.interval_s}")
