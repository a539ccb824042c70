"""The recordings of a fleet, and where the results of each go.

As `cp -r` does, a folder keeps its name: of `talks/day1/a.mp4` from the folder `talks` the results are
`OUT/talks/day1/a.mp4.*`, and those of a recording that was named itself are `OUT/a.mp4.*`.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from edge.errors import InputError, UsageError
from edge.media.suffixes import MEDIA

LEDGER = "fleet.jsonl"
"""Name of the ledger in a folder of results; such folders are not searched for recordings."""


@dataclass(frozen=True)
class Job:
    """One recording to analyze."""

    path: Path
    """Absolute path of the recording."""
    target: Path
    """Absolute path that the names of its results begin with."""
    size: int
    """Bytes of the recording."""
    mtime_ns: int
    """When it was changed last, in nanoseconds."""


def find_jobs(names: Sequence[str], out: Path) -> list[Job]:
    """The recordings of files, folders (with their subfolders) and patterns, in order, each once.

    Raises InputError for what does not exist, UsageError if the results of two would have the same names.
    """
    jobs: dict[Path, Job] = {}
    owners: dict[Path, Path] = {}
    for name in names:
        for path, relative in _named(name):
            if path in jobs:
                continue
            status = path.stat()
            jobs[path] = job = Job(path, out / relative, status.st_size, status.st_mtime_ns)
            if (other := owners.setdefault(job.target, path)) != path:
                raise UsageError(f"{path}: has the name of {other} in the results; give them different -o")
    return list(jobs.values())


def _named(name: str) -> Iterator[tuple[Path, Path]]:
    """Absolute paths that an argument names, and where they are in the results."""
    found = [name] if Path(name).exists() else glob.glob(name, recursive=True)  # noqa: PTH207 - absolute ones
    matches = sorted(found)
    if not matches:
        raise InputError(name, "there is no such file or folder")
    for match in matches:
        path = Path(os.path.abspath(match))  # noqa: PTH100 - links keep their names
        if path.is_dir():
            yield from ((file, file.relative_to(path.parent)) for file in _recordings(path))
        elif len(matches) == 1 or path.suffix.lower() in MEDIA:
            yield path, Path(path.name)


def _recordings(folder: Path) -> Iterator[Path]:
    """Media files below a folder; nothing that is hidden, and no results of fleets."""
    for place, folders, files in os.walk(folder):
        if LEDGER in files:
            folders.clear()
            continue
        folders[:] = sorted(one for one in folders if not one.startswith("."))
        for name in sorted(files):
            path = Path(place, name)
            if not name.startswith(".") and path.suffix.lower() in MEDIA and path.is_file():
                yield path
