"""The result of an analysis: that of every system."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from edge import schema
from edge.analysis.options import Part
from edge.captions.transcribe import CaptionResult
from edge.decoding import prepared
from edge.evidence.face_track import FaceTrack
from edge.evidence.motion.track import MotionTrack
from edge.matching.match import MatchResult
from edge.media import Recording
from edge.music.compose import Composition
from edge.quickcut.clean import CleanPlan
from edge.songs.find import SongSearchResult
from edge.tagging.tag import TagResult

Result: TypeAlias = SongSearchResult | CaptionResult | CleanPlan | TagResult | MatchResult | Composition
"""The result of one part."""


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """What all systems say of a recording; None for parts that are not wanted, or were left out."""

    recording: Recording
    """The recording."""
    songs: SongSearchResult | None
    """Its songs, with the labels and faces they are based on."""
    captions: CaptionResult | None
    """Its captions."""
    clean: CleanPlan | None
    """What cleaning would remove."""
    tags: TagResult | None
    """Its tags."""
    tracks: MatchResult | None
    """Tracks of a folder that fit."""
    music: Composition | None
    """Music composed for it."""
    motion: MotionTrack | None
    """What moves in its video, and where shots change."""
    left_out: dict[Part, str]
    """Why parts are missing, by part."""
    notes: tuple[str, ...] = ()
    """Problems found in the file, one line each."""

    def __repr__(self) -> str:
        names = ("songs", "captions", "clean", "tags", "tracks", "music")
        present = ", ".join(name for name in names if getattr(self, name) is not None)
        return f"Analysis({self.recording.path.name}, {present})"

    @property
    def faces(self) -> FaceTrack | None:
        """Faces that were examined; None if no frame was."""
        evidence = None if self.songs is None else self.songs.evidence
        return None if evidence is None else evidence.faces

    @property
    def duration_s(self) -> float:
        """Length of the recording in seconds: of its audio or video, whichever is longer."""
        lengths = [part.duration_s for part in (self.songs, self.captions, self.clean) if part is not None]
        return max([self.recording.duration_s, self.motion.end_s if self.motion else 0.0, *lengths])

    def to_dict(self, files: tuple[str, ...] = ()) -> dict[str, Any]:
        """Return the JSON document of `edge run`; `files` are the names of those written."""
        cuts = [schema.seconds(one.start) for one in self.motion.transitions] if self.motion else None
        return schema.to_dict(
            schema.Analysis(
                media=self.recording.describe(self.duration_s, self.notes),
                songs=_document(self.songs, schema.Songs),
                captions=_document(self.captions, schema.Captions),
                clean=_document(self.clean, schema.Clean),
                tags=_document(self.tags, schema.Tags),
                tracks=_document(self.tracks, schema.Match),
                music=_document(self.music, schema.Music),
                cuts=UNSET if cuts is None else tuple(cuts),
                left_out={str(part): why for part, why in self.left_out.items()},
                files=files,
            )
        )


DocumentT = TypeVar("DocumentT", bound=schema.Document)


class _Result(Protocol):
    """A result of a system."""

    def to_dict(self) -> dict[str, Any]:
        """Return its JSON document."""


def _document(result: _Result | None, kind: type[DocumentT]) -> DocumentT | UnsetType:
    """Return the document of a result, to be part of another."""
    return UNSET if result is None else msgspec.convert(result.to_dict(), prepared(kind))
