"""Write songs as chapters and cue sheets.

To add a format: write a function from a search result to the text of the file, and add it to `WRITERS`.
"""

from __future__ import annotations

from collections.abc import Callable
from os import PathLike
from pathlib import Path

from edge.errors import UsageError
from edge.files import whole_file
from edge.songs.find import SongSearchResult
from edge.text.clock import whole_clock


def ffmetadata(result: SongSearchResult) -> str:
    """Format chapters for FFmpeg: `ffmpeg -i talk.mp4 -i c.ffmeta -map_metadata 1 -codec copy out.mp4`."""
    lines = [";FFMETADATA1"]
    for number, song in enumerate(result.songs, 1):
        lines += ["[CHAPTER]", "TIMEBASE=1/1000"]
        lines += [
            f"START={round(song.start * 1000)}",
            f"END={round(song.end * 1000)}",
            f"title=Song {number}",
        ]
    return "\n".join([*lines, ""])


def youtube(result: SongSearchResult) -> str:
    """Format chapters for a YouTube description; the first one is at 0:00, as YouTube requires."""
    starts = [(int(song.start), f"Song {number}") for number, song in enumerate(result.songs, 1)]
    if not starts or starts[0][0] > 0:
        starts.insert(0, (0, "Intro"))
    return "".join(f"{whole_clock(start)} {title}\n" for start, title in starts)


def cue(result: SongSearchResult) -> str:
    """Format a cue sheet with one track per song; times are minutes:seconds:frames of 1/75 s."""
    name = result.recording.path.name.replace('"', "'")
    kind = {".mp3": "MP3", ".aiff": "AIFF"}.get(result.recording.path.suffix.lower(), "WAVE")
    lines = [f'FILE "{name}" {kind}']
    for number, song in enumerate(result.songs, 1):
        frames = round(song.start * 75)
        time = f"{frames // 4500:02}:{frames // 75 % 60:02}:{frames % 75:02}"
        lines += [f"  TRACK {number:02} AUDIO", f'    TITLE "Song {number}"', f"    INDEX 01 {time}"]
    return "\n".join([*lines, ""])


WRITERS: dict[str, Callable[[SongSearchResult], str]] = {
    ".ffmeta": ffmetadata,
    ".txt": youtube,
    ".cue": cue,
}
"""Formatting function by file suffix."""


def check_chapters(file: str | PathLike[str]) -> None:
    """Raise UsageError if chapters cannot be written with this suffix."""
    if Path(file).suffix.lower() not in WRITERS:
        raise UsageError(f"{file}: chapters are written as {', '.join(WRITERS)}")


def write_chapters(result: SongSearchResult, file: str | PathLike[str], *, force: bool = False) -> None:
    """Write the songs as .ffmeta (FFmpeg chapters), .txt (YouTube chapters) or .cue, by the suffix.

    Raises UsageError for another suffix, OutputError if the file cannot be written.
    """
    check_chapters(file)
    with whole_file(Path(file), force=force) as draft:
        text = WRITERS[Path(file).suffix.lower()](result)
        draft.write_text(text, encoding="utf-8", errors="surrogateescape")
