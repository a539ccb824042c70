"""Settings of the analysis, with their defaults."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias, get_args

from edge.captions.options import CaptionOptions
from edge.errors import UsageError
from edge.matching.options import MatchOptions
from edge.music.options import MusicOptions
from edge.quickcut.options import CleanOptions
from edge.songs.options import SongOptions
from edge.tagging.options import TagOptions

Part: TypeAlias = Literal["songs", "captions", "clean", "tags", "music"]
"""What an analysis consists of. Music is tracks of a folder if there is one, else it is composed."""

PARTS: tuple[Part, ...] = get_args(Part)
"""All parts, in the order of results."""


@dataclass(frozen=True, slots=True)
class AnalysisOptions:
    """Settings of `analyze`: which parts, and those of each."""

    parts: tuple[Part, ...] = PARTS
    """What is wanted."""
    title: str | None = None
    """Title that tags and music go by; None for that in the file, "" for none."""
    longest_music_s: float = 600.0
    """Length of the longest video for which music is composed, in seconds."""
    songs: SongOptions = field(default_factory=SongOptions)
    """What counts as a song."""
    captions: CaptionOptions = field(default_factory=CaptionOptions)
    """How speech is recognized and laid out; cleaning uses the same transcript."""
    clean: CleanOptions = field(default_factory=CleanOptions)
    """What would be removed."""
    tags: TagOptions = field(default_factory=TagOptions)
    """How many tags."""
    match: MatchOptions = field(default_factory=MatchOptions)
    """How many tracks of the folder."""
    music: MusicOptions = field(default_factory=MusicOptions)
    """What music is composed."""

    def __post_init__(self) -> None:
        if unknown := [part for part in self.parts if part not in PARTS]:
            raise UsageError(f"there is no part {unknown[0]!r}: there are {', '.join(PARTS)}")
        if not self.parts:
            raise UsageError(f"an analysis needs at least one part: {', '.join(PARTS)}")

    def wants(self, *parts: Part) -> bool:
        """Return whether any of these parts is wanted."""
        return any(part in self.parts for part in parts)
