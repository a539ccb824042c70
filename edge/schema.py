"""The JSON documents of the command line and of `to_dict()`, one type each; `docs/schemas` is made from them.

Times are seconds of the recording, rounded to a millisecond; confidences have four decimals.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec
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
    """A part of a recording: speech, a blank, a filler or a repeat."""

    start: float
    """Seconds of the recording."""
    end: float
    """Seconds of the recording."""
    kind: str
    """speech, blank, filler or repeat."""
    text: str
    """Words of the item; empty for blanks."""
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


class Document(Struct, frozen=True, kw_only=True):
    """What all documents begin with."""

    schema: int = VERSION
    """Version of the document."""
    media: Media
    """The recording."""


class Songs(Document, frozen=True, kw_only=True):
    """The document of `edge songs`."""

    songs: tuple[Song, ...]
    """In order and disjoint."""
    segments: tuple[Segment, ...]
    """All segments in order."""
    evidence: Evidence | UnsetType = UNSET
    """What the labels are based on; absent if they were handed in."""


class Labels(Document, frozen=True, kw_only=True):
    """The document of `edge label`."""

    segments: tuple[Segment, ...]
    """All segments in order."""
    totals: dict[str, float]
    """Total seconds of each label."""
    evidence: Evidence | UnsetType = UNSET
    """What the labels are based on; absent if they were handed in."""


class Captions(Document, frozen=True, kw_only=True):
    """The document of `edge caption`."""

    language: str
    """BCP 47 tag; "und" if there is no speech."""
    captions: tuple[Caption, ...]
    """In order."""


class Clean(Document, frozen=True, kw_only=True):
    """The document of `edge clean`."""

    language: str
    """BCP 47 tag; "und" if there is no speech."""
    items: tuple[Item, ...]
    """All items in order."""
    cuts: tuple[Cut, ...]
    """Removed spans in order, disjoint."""
    kept_seconds: float
    """Length of the result."""
    removed_seconds: float
    """Total length of the cuts."""
    file: str | UnsetType = UNSET
    """The file written; absent after a dry run."""
    how: str | UnsetType = UNSET
    """unchanged, smart, encoded or audio."""
    why: str | UnsetType = UNSET
    """Reason why video was encoded instead of copied."""


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


class Tags(Document, frozen=True, kw_only=True):
    """The document of `edge tag`."""

    tags: tuple[Tag, ...]
    """Best first."""
    gate: dict[str, float]
    """Weight of image, audio, text and faces; 0 for what is missing. They sum to 1."""
    frames: int
    """Video frames that were examined."""
    title: str
    """Title that was used; empty for none."""
    keywords: tuple[str, ...]
    """Tags of the library that are said or can be read in the video, and say what it is about."""
    timeline: tuple[TaggedSpan, ...] | UnsetType = UNSET
    """Tags of each section; absent unless asked for."""


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


class Music(Document, frozen=True, kw_only=True):
    """The document of `edge compose`."""

    tempo: float
    """Beats per minute."""
    template: str
    """Id of the template."""
    sections: tuple[MusicSection, ...]
    """In order, without gaps."""
    cuts_on_beat: float
    """Share of scenes that begin within 0.1 s of a strong beat; 1 without scenes."""
    speed_change: float
    """Mean change of the video's speed: 0.02 is two percent."""
    file: str | UnsetType = UNSET
    """The file written; absent if none was."""


DOCUMENTS: dict[str, type[Document]] = {
    "songs": Songs, "label": Labels, "caption": Captions, "clean": Clean, "tag": Tags,
    "compose": Music,
}  # fmt: skip
"""Type of the JSON document by command."""


def to_dict(document: Struct) -> dict[str, Any]:
    """Convert a document to plain dicts, lists, strings and numbers."""
    plain: dict[str, Any] = json.loads(json.dumps(msgspec.to_builtins(document)))  # lists, no tuples
    return plain


def seconds(value: float) -> float:
    """Round a time to a millisecond.

    >>> seconds(1.23456)
    1.235
    """
    return round(float(value), 3)


def share(value: float) -> float:
    """Round a confidence to four decimals.

    >>> share(2 / 3)
    0.6667
    """
    return round(float(value), 4)
