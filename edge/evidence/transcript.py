"""What is said in a recording, as plain data: sentences with word times, and the levels that cuts go by."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
import numpy as np

from edge.errors import UsageError
from edge.evidence.speech.level import SpeechLevel, sounding
from edge.vocabulary import Caption, Span


@dataclass(frozen=True, slots=True)
class Transcript:
    """What is said in a recording. Times are seconds after its zero."""

    duration_s: float
    """Length of the audio in seconds."""
    language: str
    """Of most of the words, as in BCP 47; "und" where nothing is said."""
    sentences: tuple[Caption, ...]
    """In order, disjoint; each with the times of its words."""
    levels: tuple[SpeechLevel, ...]
    """Of every chunk of speech, whether or not the recognizer had words for it."""
    filled_pauses: tuple[Span, ...]
    """Sounds such as "um" that the text leaves out."""
    music: tuple[Span, ...]
    """Where there is music or singing."""

    def __repr__(self) -> str:
        words = sum(len(sentence.words) for sentence in self.sentences)
        return f"Transcript({self.language}, {len(self.sentences)} sentences, {words} words)"

    @property
    def sounding(self) -> list[Span]:
        """Where voices sound, by labels and level."""
        return [
            Span(level.start + span.start, level.start + span.end)
            for level in self.levels
            for span in sounding(level.values.astype(np.float32))
        ]

    def to_bytes(self) -> bytes:
        """Serialize, for `from_bytes`."""
        levels = [(level.start, level.values.tobytes()) for level in self.levels]
        stored = _Stored(
            self.duration_s, self.language, self.sentences, levels, self.filled_pauses, self.music
        )
        return msgspec.msgpack.encode(stored)

    @classmethod
    def from_bytes(cls, content: bytes) -> Transcript:
        """Deserialize what `to_bytes` gave. Raises UsageError for anything else."""
        try:
            stored = msgspec.msgpack.decode(content, type=_Stored)
            levels = tuple(
                SpeechLevel(start, np.frombuffer(values, np.float16)) for start, values in stored.levels
            )
        except (msgspec.MsgspecError, ValueError) as error:
            raise UsageError(f"these bytes are no transcript: {error}") from error
        return cls(
            stored.duration_s, stored.language, stored.sentences, levels, stored.filled_pauses, stored.music
        )


class _Stored(msgspec.Struct):
    """`Transcript` with the levels as bytes."""

    duration_s: float
    language: str
    sentences: tuple[Caption, ...]
    levels: list[tuple[float, bytes]]
    filled_pauses: tuple[Span, ...]
    music: tuple[Span, ...]
