"""Timelines as files that editing programs open.

`write_timeline` chooses the format by the file's suffix. To add one: write a function that takes a `Cut`,
whose times are whole frames already, and a path, and enter it here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from os import PathLike
from pathlib import Path

from edge.errors import UsageError, require
from edge.files import whole_file
from edge.timeline.export.cut import Cut, cut_of
from edge.timeline.export.fcpxml import write_fcpxml
from edge.timeline.export.interchange import write_edl, write_otio
from edge.timeline.timeline import Timeline
from edge.vocabulary import Caption

TimelineWriter = Callable[[Cut, Path], None]

TIMELINE_WRITERS: dict[str, TimelineWriter] = {
    ".otio": write_otio,
    ".edl": write_edl,
    ".fcpxml": write_fcpxml,
}


def write_timeline(
    timeline: Timeline,
    path: str | PathLike[str],
    *,
    rate: Fraction | None = None,
    captions: Sequence[Caption] = (),
    language: str = "en",
    force: bool = False,
) -> None:
    """Write a timeline as .otio, .edl or .fcpxml, whole or not at all.

    Clips are rounded to whole frames at `rate` frames a second (`frame_edits`): the nearest standard rate of
    the first recording with a video frame, 25 if there is only audio. The recordings need not exist if a rate
    is given. `captions` are in the timeline's seconds; .otio has them as markers, .fcpxml as captions in
    `language` (BCP 47), .edl not. Raises UsageError for another suffix, for a timeline without a frame and
    for what an EDL cannot hold; InputError if the rate is to come from a recording that cannot be read;
    MissingExtraError (.otio); OutputError.
    """
    check_timeline(path)
    path = Path(path)
    writer = TIMELINE_WRITERS[path.suffix.lower()]
    with whole_file(path, force=force) as draft:
        writer(cut_of(timeline, path.stem, rate, captions, language), draft)


def check_timeline(path: str | PathLike[str]) -> None:
    """Refuse now what `write_timeline` would refuse after hours of work.

    Raises UsageError for another suffix, MissingExtraError if .otio cannot be written here.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in TIMELINE_WRITERS:
        raise UsageError(f"{path}: timelines are written as {', '.join(TIMELINE_WRITERS)}")
    if suffix == ".otio":
        require("opentimelineio", "timelines in .otio", "timelines")
