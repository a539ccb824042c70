"""Captions and timelines as files that players and editing programs open.

`write_captions` and `write_timeline` choose the format by the file's suffix. To add one: write a function
that takes what the others of its table take (captions, or a `Cut`, whose times are whole frames already)
and a path, and enter it here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TypeVar

from edge.captions.subtitles import write_ass, write_srt, write_vtt
from edge.errors import UsageError
from edge.files import whole_file
from edge.timeline.export.cut import Cut, cut_of
from edge.timeline.export.fcpxml import write_fcpxml
from edge.timeline.export.interchange import write_edl, write_otio
from edge.timeline.timeline import Timeline
from edge.vocabulary import Caption

W = TypeVar("W")
CaptionWriter = Callable[[Sequence[Caption], Path], None]
TimelineWriter = Callable[[Cut, Path], None]

CAPTION_WRITERS: dict[str, CaptionWriter] = {".srt": write_srt, ".vtt": write_vtt, ".ass": write_ass}
TIMELINE_WRITERS: dict[str, TimelineWriter] = {
    ".otio": write_otio,
    ".edl": write_edl,
    ".fcpxml": write_fcpxml,
}


def write_captions(captions: Sequence[Caption], path: Path, *, force: bool = False) -> None:
    """Write captions as .srt, .vtt or .ass (UTF-8), whole or not at all.

    Times are rounded once to the format's grid, 1 ms (ASS 10 ms); captions are put in order, and touching
    ones stay touching. Text is shown as it is, in lines of at most 42 columns (`display_lines`); nothing in
    it is markup. Captions without any are left out. Raises UsageError for another suffix, for a caption that
    does not start before it ends and for one past the format's clock; OutputError.
    """
    writer = _writer(CAPTION_WRITERS, path, "captions")
    with whole_file(path, force=force) as draft:
        writer(captions, draft)


def write_timeline(
    timeline: Timeline,
    path: Path,
    *,
    rate: Fraction | None = None,
    captions: Sequence[Caption] = (),
    language: str = "en",
    force: bool = False,
) -> None:
    """Write a timeline as .otio, .edl or .fcpxml, whole or not at all.

    Clips are rounded to whole frames at `rate` frames a second (`frame_edits`): the nearest standard rate
    of the first recording with a picture, 25 if there is only sound. The recordings need not exist if a rate
    is given. `captions` are in the timeline's seconds; .otio has them as markers, .fcpxml as captions in
    `language` (BCP 47), .edl not. Raises UsageError for another suffix, for a timeline without a frame and
    for what an EDL cannot hold; InputError if the rate is to come from a recording that cannot be read;
    MissingExtraError (.otio); OutputError.
    """
    writer = _writer(TIMELINE_WRITERS, path, "timelines")
    with whole_file(path, force=force) as draft:
        writer(cut_of(timeline, path.stem, rate, captions, language), draft)


def _writer(writers: Mapping[str, W], path: Path, what: str) -> W:
    writer = writers.get(path.suffix.lower())
    if writer is None:
        raise UsageError(f"{path}: {what} are written as {', '.join(writers)}; choose one of these suffixes")
    return writer
