"""Results as JSON documents and as lines for people."""

from __future__ import annotations

import json
import sys
from typing import Any, Protocol

from edge.media import MediaInfo
from edge.songs.detection import Song
from edge.songs.search import Clip, Found

SCHEMA = 1


def print_json(document: dict[str, Any]) -> None:
    """The one document on stdout."""
    json.dump({"schema": SCHEMA, **document}, sys.stdout, indent=2, ensure_ascii=False)
    print()


class Heard(Protocol):
    """What listening to a recording gives, whatever was listened for."""

    @property
    def media(self) -> MediaInfo:
        """The recording."""

    @property
    def duration_s(self) -> float:
        """Seconds of audio."""

    @property
    def notes(self) -> list[str]:
        """What was wrong with it."""


def print_notes(found: Heard) -> None:
    """What was wrong with the file, one line each, on stderr."""
    for note in found.notes:
        print(f"edge: {found.media.path}: {note}", file=sys.stderr)


def media(found: Heard) -> dict[str, Any]:
    """The `media` object of a document."""
    return {
        "file": str(found.media.path),
        "format": found.media.format,
        "seconds": round(found.duration_s, 3),
        "notes": found.notes,
    }


def segments(found: Found) -> list[dict[str, Any]]:
    """The `segments` list of a document."""
    return [
        {
            "start": round(segment.start, 3),
            "end": round(segment.end, 3),
            "label": segment.label.value,
            "confidence": {label.value: round(p, 4) for label, p in segment.confidence.items()},
        }
        for segment in found.segments
    ]


def songs(found: Found, clips: list[Clip]) -> list[dict[str, Any]]:
    """The `songs` list of a document; with `clips` each names its file."""
    rows = [_song(song) for song in ([clip.song for clip in clips] or found.songs)]
    for row, clip in zip(rows, clips, strict=False):
        row["file"] = str(clip.file)
    return rows


def _song(song: Song) -> dict[str, Any]:
    return {
        "start": round(song.start, 3),
        "end": round(song.end, 3),
        "prelude": round(song.prelude, 3),
        "postlude": round(song.postlude, 3),
        "confidence": round(song.confidence, 4),
    }


def clock(seconds: float) -> str:
    """12:03.4 or 1:02:03.4, to a tenth of a second."""
    tenths = round(seconds * 10)
    minutes, tenths = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    return (f"{hours}:{minutes:02}" if hours else f"{minutes}") + f":{tenths // 10:02}.{tenths % 10}"
