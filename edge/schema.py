"""The JSON documents of the command line and of `to_dict()`, one type each; `docs/schemas` is made from them.

Times are seconds of the recording, rounded to a millisecond; confidences have four decimals.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

VERSION = 1
"""Rises when a document changes in a way that a reader notices."""


class Media(Struct, frozen=True):
    """The recording that was analyzed."""

    file: str
    """Its path as it was given."""
    format: str
    """FFmpeg's name of the container."""
    seconds: float
    """Length of the audio."""
    notes: tuple[str, ...] = ()
    """What was wrong with the file, one line each."""


class Segment(Struct, frozen=True):
    """A segment and its label."""

    start: float
    end: float
    label: str
    """singing, speaking, music or other."""
    confidence: dict[str, float]
    """By label; they sum to 1."""


class Song(Struct, frozen=True):
    """A song."""

    start: float
    end: float
    prelude: float
    """Seconds of music before the singing."""
    postlude: float
    """Seconds of music after the singing."""
    confidence: float
    """Mean confidence of singing over its singing segments."""
    file: str | UnsetType = UNSET
    """The clip, where songs were cut."""


class Word(Struct, frozen=True):
    """A word."""

    start: float
    end: float
    text: str


class Caption(Struct, frozen=True):
    """A caption and its words; without any where their times are not known."""

    start: float
    end: float
    text: str
    words: tuple[Word, ...]


class Item(Struct, frozen=True):
    """A part of a recording: speech, a blank, a filler or a repeat."""

    start: float
    end: float
    kind: str
    text: str
    remove: bool
    """Whether cleaning removes it."""
    reason: str
    """Why it is marked; empty for speech."""
    score: float | None
    """How sure that is, 0 to 1, where it was measured."""


class Cut(Struct, frozen=True):
    """What is removed of a recording."""

    start: float
    end: float


class Songs(Struct, frozen=True, kw_only=True):
    """The document of `edge songs`."""

    schema: int = VERSION
    media: Media
    songs: tuple[Song, ...]
    segments: tuple[Segment, ...]


class Labels(Struct, frozen=True, kw_only=True):
    """The document of `edge label`."""

    schema: int = VERSION
    media: Media
    segments: tuple[Segment, ...]
    totals: dict[str, float]
    """Seconds by label."""


class Captions(Struct, frozen=True, kw_only=True):
    """The document of `edge caption`."""

    schema: int = VERSION
    media: Media
    language: str
    """BCP 47; "und" where nothing is said."""
    captions: tuple[Caption, ...]


class Clean(Struct, frozen=True, kw_only=True):
    """The document of `edge clean`."""

    schema: int = VERSION
    media: Media
    language: str
    """BCP 47; "und" where nothing is said."""
    items: tuple[Item, ...]
    cuts: tuple[Cut, ...]
    kept_seconds: float
    removed_seconds: float
    file: str | UnsetType = UNSET
    """The file written; absent after a dry run."""
    how: str | UnsetType = UNSET
    """unchanged, smart, encoded or audio."""
    why: str | UnsetType = UNSET
    """Why video was encoded that might have been copied."""
    captions: tuple[Caption, ...] | UnsetType = UNSET
    """In seconds of the file written."""


DOCUMENTS: dict[str, type[Struct]] = {"songs": Songs, "label": Labels, "caption": Captions, "clean": Clean}
"""By command."""


def to_dict(document: Struct) -> dict[str, Any]:
    """Convert a document to dicts, lists, strings and numbers, as JSON has them."""
    plain: dict[str, Any] = msgspec.to_builtins(document)
    return plain


def seconds(value: float) -> float:
    """Round a time to a millisecond."""
    return round(float(value), 3)


def share(value: float) -> float:
    """Round a confidence to four decimals."""
    return round(float(value), 4)
