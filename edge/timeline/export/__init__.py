"""Export timelines to files that editing programs open.

`write_timeline` chooses the format by the file's suffix. To add one: write a function that takes a `Cut`,
whose times are already whole frames, and a path, and add it to `TIMELINE_WRITERS`.
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
from edge.timeline.export.mlt import write_kdenlive, write_mlt
from edge.timeline.export.xmeml import write_xmeml
from edge.timeline.timeline import Timeline
from edge.vocabulary import Caption

TimelineWriter = Callable[[Cut, Path], None]
"""Function that writes a `Cut` to a path."""

TIMELINE_WRITERS: dict[str, TimelineWriter] = {
    ".otio": write_otio,
    ".edl": write_edl,
    ".fcpxml": write_fcpxml,
    ".xml": write_xmeml,
    ".kdenlive": write_kdenlive,
    ".mlt": write_mlt,
}
"""Writer by file suffix."""


def write_timeline(
    timeline: Timeline,
    path: str | PathLike[str],
    *,
    rate: Fraction | None = None,
    captions: Sequence[Caption] = (),
    language: str = "en",
    force: bool = False,
) -> None:
    """Write a timeline for editors, whole or not at all.

    .otio (OpenTimelineIO), .edl (CMX 3600), .fcpxml (Final Cut Pro), .xml (Premiere Pro, DaVinci Resolve:
    Final Cut Pro 7 XML), .kdenlive, or .mlt (Shotcut). Clips that are muted or played faster are that in all.
    Clips are rounded to whole frames at `rate` frames per second (`frame_edits`). The default is the standard
    rate nearest to that of the first recording with video, 25 if there is only audio. The recordings need not
    exist if a rate is given. `captions` are in seconds of the timeline; they become captions in `language`
    (BCP 47) in .fcpxml, are dropped in .edl, and are markers in the others. Raises UsageError for an unknown
    suffix, for a timeline shorter than a frame and for what the format cannot hold; InputError if the rate
    must be read from a recording that cannot be read; MissingExtraError (.otio); OutputError.
    """
    check_timeline(path)
    path = Path(path)
    writer = TIMELINE_WRITERS[path.suffix.lower()]
    with whole_file(path, force=force) as draft:
        writer(cut_of(timeline, path.stem, rate, captions, language), draft)


def check_timeline(path: str | PathLike[str]) -> None:
    """Check before the work that `write_timeline` supports the suffix of `path`.

    Raises UsageError for an unknown suffix, MissingExtraError if .otio needs an extra.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in TIMELINE_WRITERS:
        raise UsageError(f"{path}: timelines are written as {', '.join(TIMELINE_WRITERS)}")
    if suffix == ".otio":
        require("opentimelineio", "timelines in .otio", "timelines")
