"""Parts of the JSON documents."""

from __future__ import annotations

from msgspec import UNSET, Struct, UnsetType

VERSION = 1
"""Version of the documents; increased by every change that a reader could notice."""


class Media(Struct, frozen=True):
    """The recording that was analyzed."""

    file: str
    """Path as it was given."""
    format: str
    """FFmpeg's name of the container format."""
    seconds: float
    """Length of the audio."""
    notes: tuple[str, ...] = ()
    """Problems found in the file, one line each."""


class Segment(Struct, frozen=True):
    """A labeled segment of the recording."""

    start: float
    """Seconds of the recording."""
    end: float
    """Seconds of the recording."""
    label: str
    """singing, speaking, music or other."""
    confidence: dict[str, float]
    """Confidence of each label; they sum to 1."""


class Song(Struct, frozen=True):
    """A song of the recording, with its prelude and postlude."""

    start: float
    """Seconds of the recording."""
    end: float
    """Seconds of the recording."""
    prelude: float
    """Seconds of music before the singing."""
    postlude: float
    """Seconds of music after the singing."""
    confidence: float
    """Mean confidence of singing over its singing segments."""
    file: str | UnsetType = UNSET
    """Path of the clip; absent unless songs were cut."""


class Word(Struct, frozen=True):
    """A word with its timestamps."""

    start: float
    """Seconds of the recording."""
    end: float
    """Seconds of the recording."""
    text: str
    """The word as it is written, with its punctuation."""


class Caption(Struct, frozen=True):
    """A caption with its words."""

    start: float
    """Seconds of the recording."""
    end: float
    """Seconds of the recording."""
    text: str
    """Text of the caption."""
    words: tuple[Word, ...]
    """Words in order; empty where their timestamps are not known."""


class Item(Struct, frozen=True):
    """A part of a recording: speech, a blank, a sound, a filler or a repeat."""

    start: float
    """Seconds of the recording."""
    end: float
    """Seconds of the recording."""
    kind: str
    """speech, blank, sound, filler or repeat."""
    text: str
    """Words of the item; empty for blanks and sounds."""
    remove: bool
    """Whether cleaning removes it."""
    reason: str
    """Why it is marked; empty for speech."""
    score: float | None
    """Confidence of the reason, 0 to 1, where it was measured."""


class Cut(Struct, frozen=True):
    """A span that is removed from the recording."""

    start: float
    """Seconds of the recording."""
    end: float
    """Seconds of the recording."""


class Action(Struct, frozen=True):
    """A span of the recording that stays, in another way."""

    start: float
    """Seconds of the recording."""
    end: float
    """Seconds of the recording."""
    action: str
    """mute (video without audio) or speed (played faster)."""
    speed: float = 1.0
    """Seconds of the recording in a second of the result."""


class Part(Struct, frozen=True):
    """A part of the recording that was written to a file of its own."""

    start: float
    """Seconds of the recording."""
    end: float
    """Seconds of the recording."""
    file: str
    """The file."""


class Evidence(Struct, frozen=True):
    """What the labels of a recording are based on."""

    used: str
    """audio or both."""
    why: str
    """Why the video was used or not."""
    segments_examined: int
    """Segments that were examined."""
    segments_changed: int
    """Segments whose label the video changed."""
    frames_decoded: int
    """Video frames that were decoded."""
    share_decoded: float
    """Share of all video frames that were decoded."""


class Tag(Struct, frozen=True):
    """A tag that fits a recording."""

    tag: str
    """The tag as the library spells it."""
    distance: float
    """Cosine distance between the places of the recording and the tag, 0 to 2."""


class TaggedSpan(Struct, frozen=True):
    """A section of a recording with tags of its own."""

    start: float
    """Seconds of the recording."""
    end: float
    """Seconds of the recording."""
    tags: tuple[Tag, ...]
    """Best first."""


class MusicSection(Struct, frozen=True):
    """A section of composed music."""

    start: float
    """Seconds of the result."""
    end: float
    """Seconds of the result."""
    style: str
    """Style of its template."""
    part: str
    """intro, verse, chorus, break or ending."""
    density: float
    """Mean level of density of its bars, 0 to 7."""
    strength: float
    """Mean level of strength of its bars, 0 to 4."""


class MatchedTrack(Struct, frozen=True):
    """A track that fits a video."""

    file: str
    """Path of the track."""
    similarity: float
    """Cosine of its place and the video's, -1 to 1."""
    rhythm: float
    """How well cuts meet its beats, 0 to 1; 0.5 as by chance, or without cuts or beats."""
    cuts_on_beat: float | None
    """Share of cuts within 0.1 s of a beat; null without cuts or beats."""
    tempo: float
    """Beats per minute; 0 without a pulse."""
    key: str | None
    """Musical key such as "F# minor"; null if no tone sounds."""
    tags: tuple[str, ...]
    """What it sounds like, likeliest first."""
    vocals: float
    """Share of the time in which somebody sings or speaks."""
    seconds: float
    """Length."""
    start: float
    """Seconds of the track at which the video begins."""
    reasons: dict[str, float]
    """Cosine by what the frames show, by motion and by words alone; those that the video has."""
