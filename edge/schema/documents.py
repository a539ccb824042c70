"""The JSON documents of the commands, one type each."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, UnsetType

from edge.schema.bench import Bench
from edge.schema.live import Events
from edge.schema.parts import (
    Action,
    Caption,
    Cut,
    Evidence,
    Item,
    MatchedTrack,
    Media,
    MusicSection,
    Part,
    Segment,
    Song,
    Tag,
    TaggedSpan,
    Versioned,
)


class Document(Versioned, frozen=True, kw_only=True):
    """What the documents of recordings begin with."""

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
    actions: tuple[Action, ...] = ()
    """Spans that are muted, then those that are played faster, each in order and disjoint."""
    kept_seconds: float
    """Length of the result."""
    removed_seconds: float
    """How much shorter the result is than the recording."""
    file: str | UnsetType = UNSET
    """The file written; absent after a dry run."""
    how: str | UnsetType = UNSET
    """unchanged, smart, encoded or audio."""
    why: str | UnsetType = UNSET
    """Reason why video was encoded instead of copied."""
    note: str | UnsetType = UNSET
    """What could not be kept: HDR or deep color, subtitles, attachments; empty if nothing was lost."""
    clips: tuple[Part, ...] | UnsetType = UNSET
    """The parts written to files of their own, in order; absent unless asked for."""


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


class Match(Document, frozen=True, kw_only=True):
    """The document of `edge match`."""

    tracks: tuple[MatchedTrack, ...]
    """Best first."""
    indexed: int
    """Tracks of the folder that were compared."""
    skipped: tuple[str, ...]
    """Files of the folder that are no tracks, and why."""
    file: str | UnsetType = UNSET
    """The file written; absent if none was."""


class Analysis(Document, frozen=True, kw_only=True):
    """The document of `edge run`: those of the other commands, as far as there is something for them."""

    songs: Songs | UnsetType = UNSET
    """As of `edge songs`."""
    captions: Captions | UnsetType = UNSET
    """As of `edge caption`."""
    clean: Clean | UnsetType = UNSET
    """As of `edge clean --dry-run`."""
    tags: Tags | UnsetType = UNSET
    """As of `edge tag --speech`."""
    tracks: Match | UnsetType = UNSET
    """As of `edge match --speech`; absent unless there is a folder of music."""
    music: Music | UnsetType = UNSET
    """As of `edge compose`."""
    cuts: tuple[float, ...] | UnsetType = UNSET
    """Where shots of the video change, in seconds; absent if its motion was not examined."""
    left_out: dict[str, str]
    """Why parts are absent, by part: songs, captions, clean, tags, music."""
    files: tuple[str, ...]
    """Names of the files written beside this one."""


DOCUMENTS: dict[str, Any] = {
    "songs": Songs, "label": Labels, "caption": Captions, "clean": Clean, "tag": Tags,
    "compose": Music, "match": Match, "run": Analysis, "listen": Events, "bench": Bench,
}  # fmt: skip
"""Type of the JSON document by command; that of `edge listen` is one of several, a line each."""
