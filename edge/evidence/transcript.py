"""The transcript of a recording: sentences with word timestamps, and speech levels for placing cuts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edge.evidence import stored
from edge.evidence.speech.level import SpeechLevel, sounding
from edge.vocabulary import Caption, Span


@dataclass(frozen=True, slots=True)
class Transcript:
    """The speech of a recording as text. Times are seconds of the recording."""

    duration_s: float
    """Length of the audio in seconds."""
    language: str
    """BCP 47 tag of the language of most words; "und" if there is no speech."""
    sentences: tuple[Caption, ...]
    """In order, disjoint, with word timestamps."""
    levels: tuple[SpeechLevel, ...]
    """Speech level of every chunk, whether or not any word was recognized in it."""
    filled_pauses: tuple[Span, ...]
    """Filled pauses such as "um", which recognizers omit from the text."""
    music: tuple[Span, ...]
    """Spans of music or singing."""
    sounds: tuple[Span, ...]
    """Spans above the recording's noise floor, whatever sounds there; speech and music included."""

    def __repr__(self) -> str:
        words = sum(len(sentence.words) for sentence in self.sentences)
        return f"Transcript({self.language}, {len(self.sentences)} sentences, {words} words)"

    @property
    def sounding(self) -> list[Span]:
        """Return the spans in which voices are audible, according to labels and level."""
        return [
            Span(level.start + span.start, level.start + span.end)
            for level in self.levels
            for span in sounding(level.values.astype(np.float32))
        ]

    def to_bytes(self) -> bytes:
        """Serialize the transcript; `from_bytes` reads it."""
        return stored.to_bytes(self)

    @classmethod
    def from_bytes(cls, content: bytes) -> Transcript:
        """Deserialize the output of `to_bytes`. Raises UsageError for other bytes."""
        return stored.from_bytes(content, cls)
