"""What is said in a recording, as data: sentences and all that marks and cuts go by."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec
import numpy as np
from numpy.typing import NDArray

from edge.evidence.speech.chunks import SpeechSettings
from edge.evidence.speech.level import sounding
from edge.media import MediaInfo
from edge.text.sentences import CaptionSettings, captions
from edge.vocabulary import Caption, Span


@dataclass(frozen=True)
class Settings:
    """Every choice on the way to captions."""

    speech: SpeechSettings = field(default_factory=SpeechSettings)
    captions: CaptionSettings = field(default_factory=CaptionSettings)
    doubt: float = -0.8
    """Text with a lower mean log-probability is left out: what recognisers write for noise."""
    missed_s: float = 0.8
    """Speech of this length without any word is recognised once more."""
    loops: int = 5
    """Text that says the same words this often in a row is a recogniser going round in circles: said once."""


@dataclass(frozen=True)
class Loudness:
    """How loud a stretch of speech is, see `edge.evidence.speech.level.loudness`."""

    start: float
    """Seconds."""
    values: NDArray[np.float16]
    """float16[n], one every `LEVEL_S`."""


@dataclass(frozen=True)
class Captioned:
    """What is said in a recording."""

    media: MediaInfo
    duration_s: float
    """Length of the sound in seconds."""
    language: str
    """Of most of the words, as in BCP 47; "und" where nothing is said."""
    sentences: list[Caption]
    """In order, disjoint; each with the times of its words."""
    loudness: list[Loudness]
    """Of every stretch of speech, whether or not the recogniser had words for it."""
    hesitations: list[Span]
    """Sounds such as "um" that the text leaves out."""
    music: list[Span]
    """Where there is music or singing."""
    settings: Settings
    notes: list[str]
    """One line for each thing that was wrong with the file; empty for a sound one."""

    @property
    def media_s(self) -> float:
        """Length of the recording in seconds: of its sound or its picture, whichever is longer."""
        return max(self.duration_s, self.media.duration_s)

    @property
    def sounding(self) -> list[Span]:
        """Where voices sound, by labels and level."""
        return [
            Span(one.start + span.start, one.start + span.end)
            for one in self.loudness
            for span in sounding(one.values.astype(np.float32))
        ]

    @property
    def captions(self) -> list[Caption]:
        """The sentences in portions to be shown."""
        settings = self.settings.captions
        return [part for one in self.sentences for part in captions(one, settings)]


class _Kept(msgspec.Struct):
    """What a cache keeps of `Captioned`."""

    duration_s: float
    language: str
    sentences: list[Caption]
    loudness: list[tuple[float, bytes]]
    hesitations: list[Span]
    music: list[Span]
    notes: list[str]


def stored(found: Captioned) -> bytes:
    """What was found, for `restored`."""
    loudness = [(one.start, one.values.tobytes()) for one in found.loudness]
    kept = _Kept(
        found.duration_s,
        found.language,
        found.sentences,
        loudness,
        found.hesitations,
        found.music,
        found.notes,
    )
    return msgspec.msgpack.encode(kept)


def restored(content: bytes | None, media: MediaInfo, settings: Settings) -> Captioned | None:
    """What `stored` gave; None if that is nothing, or something else."""
    try:
        kept = msgspec.msgpack.decode(content or b"", type=_Kept)
        loudness = [Loudness(start, np.frombuffer(values, np.float16)) for start, values in kept.loudness]
    except (msgspec.MsgspecError, ValueError):
        return None
    return Captioned(
        media=media,
        duration_s=kept.duration_s,
        language=kept.language,
        sentences=kept.sentences,
        loudness=loudness,
        hesitations=kept.hesitations,
        music=kept.music,
        settings=settings,
        notes=kept.notes,
    )
