"""A song, and the clip that it was cut to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from msgspec import UNSET

from edge import schema
from edge.vocabulary import Span


@dataclass(frozen=True, slots=True)
class Song:
    """A song with its start and end, and the length of the music before and after the singing."""

    start: float
    """Seconds of the recording."""
    end: float
    """Seconds of the recording."""
    prelude: float
    """Seconds of music before the singing."""
    postlude: float
    """Seconds of music after the singing."""
    confidence: float
    """Mean confidence of `singing` over its singing segments, 0 to 1."""

    @property
    def span(self) -> Span:
        """Return the span from start to end."""
        return Span(self.start, self.end)

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class SongClip:
    """A song and the file that it was cut to."""

    song: Song
    """The song with the times that were cut: with `copy` it begins at the keyframe before."""
    file: Path
    """Path of the clip."""
    notes: tuple[str, ...] = ()
    """Why video was encoded instead of copied, and what could not be kept, one line each."""


def song_document(song: Song, file: str | None = None) -> schema.Song:
    """Return a song, and the path of its clip if there is one, in the form of JSON documents."""
    return schema.Song(
        schema.seconds(song.start),
        schema.seconds(song.end),
        schema.seconds(song.prelude),
        schema.seconds(song.postlude),
        schema.share(song.confidence),
        UNSET if file is None else file,
    )
