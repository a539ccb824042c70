"""Draw captions into the video frames of a copy of the recording."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from edge.captions.transcribe import CaptionResult
from edge.media.write.burn import BurnResult, burn
from edge.vocabulary import Progress


def burn_captions(
    captions: CaptionResult,
    path: str | PathLike[str],
    *,
    font: str | Path | None = None,
    force: bool = False,
    progress: Progress | None = None,
) -> BurnResult:
    """Encode the recording's video with its captions drawn into it; the audio is copied.

    The suffix selects the format. They are white with a dark outline, in lines at the bottom, in the font
    file `font` or the system's first that has all characters. What could not be kept is in the result's
    `note`.

    Raises UsageError (suffix, characters that the font lacks), InputError, MissingExtraError, OutputError.
    """
    return burn(captions.recording, captions.captions, path, font=font, force=force, progress=progress)
