"""Settings of captions, with their defaults."""

from __future__ import annotations

from dataclasses import dataclass, field

from edge.errors import UsageError
from edge.evidence.options import SpeechOptions, TranscriptOptions

MIN_CHUNK_S, MAX_CHUNK_S = 4.0, 10.0
"""Live chunks are short: ongoing speech is recognized again each time, up to twice the maximum length."""


@dataclass(frozen=True, slots=True)
class LayoutOptions:
    """Maximum size of a caption."""

    columns: int = 84
    """Maximum width: two lines of 42, as usual for television. Wide East Asian characters take two."""
    max_caption_s: float = 7.0
    """Maximum time that a caption is shown, in seconds."""

    def __post_init__(self) -> None:
        if self.columns < 10 or self.max_caption_s <= 0:
            raise UsageError("captions need a length above 0 s, and 10 columns at least")


@dataclass(frozen=True, slots=True)
class CaptionOptions:
    """Settings of `transcribe`."""

    transcript: TranscriptOptions = field(default_factory=TranscriptOptions)
    """How speech is found and recognized."""
    layout: LayoutOptions = field(default_factory=LayoutOptions)
    """Maximum size of a caption."""


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
