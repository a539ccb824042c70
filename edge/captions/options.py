"""Every choice between audio and captions, with its default."""

from __future__ import annotations

from dataclasses import dataclass, field

from edge.errors import UsageError
from edge.evidence.options import SpeechOptions, TranscriptOptions

MIN_CHUNK_S, MAX_CHUNK_S = 4.0, 10.0
"""Chunks are short: speech that goes on is recognized anew each time, up to twice the longest."""


@dataclass(frozen=True)
class LayoutOptions:
    """How much a caption holds."""

    columns: int = 84
    """Width of a caption: two lines of 42, the usual for television. East Asian characters take two."""
    max_caption_s: float = 7.0
    """Longest time that a caption is shown, in seconds."""

    def __post_init__(self) -> None:
        if self.columns < 10 or self.max_caption_s <= 0:
            raise UsageError("captions need a length above 0 s, and 10 columns at least")


@dataclass(frozen=True, slots=True)
class CaptionOptions:
    """Every choice between audio and captions."""

    transcript: TranscriptOptions = field(default_factory=TranscriptOptions)
    """How speech is found and recognized."""
    layout: LayoutOptions = field(default_factory=LayoutOptions)
    """How much a caption holds."""


def _transcript() -> TranscriptOptions:
    return TranscriptOptions(speech=SpeechOptions(min_chunk_s=MIN_CHUNK_S, max_chunk_s=MAX_CHUNK_S))


@dataclass(frozen=True, slots=True)
class LiveOptions:
    """How captions follow a speaker."""

    interval_s: float = 1.0
    """Seconds between interim results; the labels cost 5 s of audio each time."""
    transcript: TranscriptOptions = field(default_factory=_transcript)
    """How speech is found and recognized."""

    def __post_init__(self) -> None:
        if not 0.1 <= self.interval_s <= 60:
            raise UsageError(f"the interval must be 0.1 to 60 s, got {self.interval_s}")
