"""Write songs as chapters and cue sheets."""

from __future__ import annotations

from os import PathLike

from edge.songs.find import SongSearchResult
from edge.text.chapters import write_chapter_list
from edge.vocabulary import Chapter


def write_chapters(result: SongSearchResult, file: str | PathLike[str], *, force: bool = False) -> str:
    """Write the songs as chapters; return a note, or "". Raises and writes like `write_chapter_list`."""
    chapters = [Chapter(song.start, song.end, f"Song {n}") for n, song in enumerate(result.songs, 1)]
    return write_chapter_list(chapters, file, media=result.recording.path, force=force)
