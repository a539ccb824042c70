"""The JSON documents of the command line and of `to_dict()`; `docs/schemas` is made from them.

Times are seconds of the recording, rounded to a millisecond; confidences have four decimals.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec
from msgspec import Struct

from edge.schema.bench import Bench, BenchStage, Device
from edge.schema.documents import (
    DOCUMENTS,
    Analysis,
    Captions,
    Clean,
    Document,
    Labels,
    Match,
    Music,
    Songs,
    Tags,
)
from edge.schema.live import (
    CaptionsEvent,
    DropEvent,
    EndEvent,
    Event,
    Events,
    LabelEvent,
    LevelEvent,
    SongEvent,
)
from edge.schema.parts import (
    VERSION,
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
    Word,
)

__all__ = [
    "DOCUMENTS", "VERSION", "Action", "Analysis", "Bench", "BenchStage", "Caption", "Captions",
    "CaptionsEvent", "Clean", "Cut", "Device", "Document", "DropEvent", "EndEvent", "Event", "Events",
    "Evidence", "Item", "LabelEvent", "Labels", "LevelEvent", "Match", "MatchedTrack", "Media", "Music",
    "MusicSection", "Part", "Segment", "Song", "SongEvent", "Songs", "Tag", "TaggedSpan", "Tags",
    "Versioned", "Word", "seconds", "share", "to_dict",
]  # fmt: skip


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
