"""Find the media files of a folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from edge.errors import InputError
from edge.media.suffixes import MEDIA


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file with a media suffix."""

    path: str
    """Its absolute path; links are not resolved, so that it is the name that the user knows."""
    size: int
    """Bytes."""
    mtime_ns: int
    """Time of its last change."""


def media_files(folder: Path) -> list[FoundFile]:
    """Return the media files in a folder and those below it, in the order of their paths.

    Links are followed; a folder that was visited before, under whatever name, is not visited again, and of
    several names of one file the first counts. Names that begin with a dot are passed over. Raises InputError
    if the folder cannot be read.
    """
    root = Path(os.path.abspath(folder))  # noqa: PTH100 - `resolve` follows links
    try:
        visited = {_identity(root.stat())}
        entries = _entries(root)
    except OSError as error:
        raise InputError(folder, f"is no folder that can be read ({error.strerror})") from error
    found: list[FoundFile] = []
    waiting = [entries]
    while waiting:
        entry = next(waiting[-1], None)
        if entry is None:
            waiting.pop()
            continue
        try:
            state = os.stat(entry.path)  # noqa: PTH116 - `entry.stat` has no identity on Windows
            if _identity(state) in visited:
                continue
            if entry.is_dir():
                visited.add(_identity(state))
                waiting.append(_entries(Path(entry.path)))
            elif entry.is_file() and Path(entry.name).suffix.lower() in MEDIA:
                visited.add(_identity(state))
                found.append(FoundFile(entry.path, state.st_size, state.st_mtime_ns))
        except OSError:
            continue  # a link that leads nowhere, or a folder that may not be read
    return sorted(found, key=lambda file: file.path)


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        named = [entry for entry in entries if not entry.name.startswith(".")]
    return iter(sorted(named, key=lambda entry: entry.name))


def _identity(state: os.stat_result) -> tuple[int, int]:
    return state.st_dev, state.st_ino
