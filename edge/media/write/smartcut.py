"""Plan a smart cut: which video frames of an H.264 recording are copied, and which are reencoded.

A range is copied from its first IDR frame to its last, because that part can be decoded by itself. The frames
before and after are encoded. `smart_remux` writes the packets.
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
    """The recording or the written file differs from its frame index, so smart cut is impossible."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Video frames that are copied or encoded together."""

    first: int
    """Index of the first frame in `FrameIndex.shown`."""
    last: int
    """Index after the last frame in `FrameIndex.shown`."""
    shift: int
    """Ticks added to the timestamps."""
    copied: bool
    """Whether the frames are copied."""


def obstacle(plan: RenderPlan, frame_index: FrameIndex | None) -> str:
    """Return why the plan's video frames cannot be copied, as the end of a sentence; "" if they can."""
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
    return _unfit(frame_index.sets) if frame_index.whole else "its video frames lack unique timestamps"


def _unfit(sets: ParameterSets) -> str:
    if not sets.sequence or not sets.picture or sets.changed or sets.free_number() is None:
        return "its parameter sets are missing or change"
    for sps in map(sequence_set, sets.sequence.values()):
        if (sps.chroma, sps.depth) != (1, 8):
            return "its video frames are not 4:2:0 with 8 bits"
        if not sps.progressive:
            return "it is interlaced"
    return ""


def segments(ranges: Sequence[ClipRange], frame_index: FrameIndex) -> list[Segment]:
    """Divide ranges, whose ends are in the frame index, into copied and encoded segments."""
    ranks = np.searchsorted(frame_index.shown, frame_index.decoded)
    # For a frame at its own rank, all frames presented before it are decoded before it.
    entries = np.flatnonzero(frame_index.entry & (ranks == np.arange(len(ranks))))
    parts = []
    for range_ in ranges:
        start = range_.info.origin + range_.start
        shift = round((range_.at - start) / frame_index.time_base)
        first, last = frame_index.rank(start), frame_index.rank(start + range_.length)
        copy_from, copy_to = _between(entries, first, last, len(ranks))
        bounds = ((first, copy_from, False), (copy_from, copy_to, True), (copy_to, last, False))
        parts += [Segment(start_, end_, shift, copied) for start_, end_, copied in bounds if start_ < end_]
    return parts


def _between(entries: Ticks, first: int, last: int, count: int) -> tuple[int, int]:
    """Return the first and last entry in [first, last], counting the recording's end; equal if none."""
    k = int(np.searchsorted(entries, first))
    begin = int(entries[k]) if k < len(entries) else count
    end = last if last == count else int(entries[max(int(np.searchsorted(entries, last, "right")) - 1, 0)])
    return (begin, end) if begin < end else (last, last)


def times_on_output(parts: Sequence[Segment], frame_index: FrameIndex) -> Ticks:
    """Return the presentation time of each frame of the segments, in ticks of the frame index."""
    times = [frame_index.shown[part.first : part.last] + part.shift for part in parts]
    return np.concatenate([np.zeros(0, np.int64), *times])
