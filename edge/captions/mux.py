"""Put captions into a copy of the recording, as a track of subtitles."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from os import PathLike

from edge.captions.transcribe import CaptionResult
from edge.media.read.others import Chapter as MediaChapter
from edge.media.write.captioned import SubtitledResult, add_subtitles
from edge.vocabulary import Chapter, Progress


def mux_captions(
    captions: CaptionResult,
    path: str | PathLike[str],
    *,
    chapters: Sequence[Chapter] = (),
    force: bool = False,
    progress: Progress | None = None,
) -> SubtitledResult:
    """Write a copy of the recording with its captions as a track of subtitles, nothing encoded again.

    The suffix selects the format: .mp4, .mov, .m4a, .mkv or .webm. Players show the track by default; its
    language is that of the captions. `chapters` replace those of the recording. What the format cannot take
    over is in the result's `note`.

    Raises UsageError (suffix, codecs that do not fit), InputError, OutputError.
    """
    return add_subtitles(
        captions.recording,
        captions.captions,
        path,
        language=captions.language,
        chapters=[MediaChapter(Fraction(one.start), Fraction(one.end), one.title) for one in chapters],
        force=force,
        progress=progress,
    )
