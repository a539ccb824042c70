"""Write a copy of a recording in which one sees why songs were found, and why not."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from edge.evidence.overlay import Overlay
from edge.media import repaint
from edge.songs.find import SongSearchResult
from edge.vocabulary import Progress


def write_debug_video(
    result: SongSearchResult,
    file: str | PathLike[str],
    *,
    force: bool = False,
    progress: Progress | None = None,
) -> Path:
    """Write the recording with faces, lips, labels and songs drawn into its video frames; return its path.

    The frames get a strip of labels at the bottom, so they become higher. Raises InputError if the recording
    has no video, UsageError for a suffix of a file without video, OutputError if `file` exists and `force` is
    not set, or cannot be written.
    """
    faces = None if result.evidence is None else result.evidence.faces
    overlay = Overlay(result.labels, faces, result.songs)
    return repaint(result.recording, file, overlay.paint, force=force, progress=progress)
