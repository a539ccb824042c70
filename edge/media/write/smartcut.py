"""Smart cut, planned: which video frames of an H.264 recording are copied, and which are encoded anew.

A part is copied from its first IDR video frame to its last: nothing outside is needed to decode it. Encoded
are the video frames before and after. `stitching` makes the packets.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edge.media.h264 import ParameterSets, sequence_set
from edge.media.read.frame_index import FrameIndex, Ticks
from edge.media.write.containers import video_encoder
from edge.media.write.plan import ClipRange, RenderPlan


class NotAsPlannedError(Exception):
    """The recording or the file written differs from its timetable: no smart cut, whatever the reason."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Video frames [first, last) of a timetable's `shown`, copied or encoded, moved by `shift` ticks."""

    first: int
    last: int
    shift: int
    copied: bool


def obstacle(plan: RenderPlan, frame_index: FrameIndex | None) -> str:
    """Why the plan's video frames cannot be copied, as the end of a sentence; "" if they can."""
    infos = {range_.info.path: range_.info for range_ in plan.ranges}
    if len(infos) > 1:
        return "the parts come from several recordings"
    if plan.target.muxer not in {"mp4", "mov", "matroska"}:
        return f"a {plan.target.muxer} file does not hold H.264"
    if video_encoder(plan.target) != "libx264":
        return "this FFmpeg has no x264"
    if frame_index is None or frame_index.sets is None:
        (video,) = (info.video for info in infos.values())
        return f"the video is {video.codec}, not h264" if video else "there is no video"
    return _unfit(frame_index.sets) if frame_index.whole else "its video frames lack times of their own"


def _unfit(sets: ParameterSets) -> str:
    if not sets.sequence or not sets.picture or sets.changed or sets.free_number() is None:
        return "its parameter sets are missing or change"
    for said in map(sequence_set, sets.sequence.values()):
        if (said.chroma, said.depth) != (1, 8):
            return "its video frames are not 4:2:0 with 8 bits"
        if not said.progressive:
            return "it is interlaced"
    return ""


def segments(ranges: Sequence[ClipRange], frame_index: FrameIndex) -> list[Segment]:
    """Divide stretches, whose ends are on the timetable, into what is copied and what is encoded."""
    ranks = np.searchsorted(frame_index.shown, frame_index.decoded)
    # A video frame at its own rank has all that are shown before it decoded before it.
    entries = np.flatnonzero(frame_index.entry & (ranks == np.arange(len(ranks))))
    found = []
    for range_ in ranges:
        start = range_.info.origin + range_.start
        shift = round((range_.at - start) / frame_index.time_base)
        first, last = frame_index.rank(start), frame_index.rank(start + range_.length)
        copy_from, copy_to = _between(entries, first, last, len(ranks))
        bounds = ((first, copy_from, False), (copy_from, copy_to, True), (copy_to, last, False))
        found += [Segment(one, two, shift, copied) for one, two, copied in bounds if one < two]
    return found


def _between(entries: Ticks, first: int, last: int, count: int) -> tuple[int, int]:
    """The first and the last entry in [first, last]; the end of the recording is one. Equal if none are."""
    k = int(np.searchsorted(entries, first))
    begin = int(entries[k]) if k < len(entries) else count
    end = last if last == count else int(entries[max(int(np.searchsorted(entries, last, "right")) - 1, 0)])
    return (begin, end) if begin < end else (last, last)


def times_on_output(parts: Sequence[Segment], frame_index: FrameIndex) -> Ticks:
    """When each video frame of the segments comes on display, in ticks of the timetable's time base."""
    times = [frame_index.shown[part.first : part.last] + part.shift for part in parts]
    return np.concatenate([np.zeros(0, np.int64), *times])
