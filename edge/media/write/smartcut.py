"""Plan a smart cut: which video frames of an H.264 or HEVC recording are copied, and which are reencoded.

A range is copied from its first entry, a frame that needs none before it, up to the last place where exactly
the frames presented so far have been decoded. The frames before and after are encoded. `smart_remux` writes
the packets.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edge.media.bitstream.codec import Codec, ParameterSets, Role
from edge.media.read.container import DECODE_ERRORS
from edge.media.read.frame_index import FrameIndex, Ticks
from edge.media.write.containers import has_encoder
from edge.media.write.plan import ClipRange, RenderPlan
from edge.media.write.thinning import thinned


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
    entry: int | None = None
    """Index of the first frame in `FrameIndex.decoded`, `last` being that after the last; None: encoded."""
    thinned: tuple[Ticks, Ticks] | None = None
    """Indices of the frames that are shown, and their ticks before the shift; None: all, at their own."""

    def frames(self, frame_index: FrameIndex) -> tuple[Ticks, Ticks]:
        """Return indices of the frames that are shown, and their ticks before the shift."""
        return self.thinned or (np.arange(self.first, self.last), frame_index.shown[self.first : self.last])


def obstacle(plan: RenderPlan, frame_index: FrameIndex | None) -> str:
    """Return why the plan's video frames cannot be copied, as the end of a sentence; "" if they can."""
    infos = {range_.info.path: range_.info for range_ in plan.ranges}
    if len(infos) > 1:
        return "the parts come from several recordings"
    (video,) = (info.video for info in infos.values())
    if video is None or frame_index is None:
        return "there is no video"
    codec = frame_index.codec
    if codec is None:
        return f"the video is {video.codec}, which is reencoded"
    if plan.target.muxer not in {"mp4", "mov", "matroska"}:
        return f"a {plan.target.muxer} file does not hold {codec.name}"
    if not has_encoder(codec.encoder):
        return f"this FFmpeg has no {codec.encoder}"
    return (
        _unfit(codec, frame_index.sets.each)
        if frame_index.whole
        else "its video frames lack unique timestamps"
    )


def _unfit(codec: Codec, sets: Sequence[ParameterSets]) -> str:
    """Return what about a codec's streams with these sets prevents copying; "" if nothing does."""
    try:
        known = [known for each in sets for known in codec.sequence_sets(each)]
    except DECODE_ERRORS:
        return "its parameter sets are damaged"
    if not known or not all(codec.is_complete(each) for each in sets):
        return "its parameter sets are missing"
    if any(each.chroma != 1 or each.depth not in {8, 10} for each in known):
        return "its video frames are not 4:2:0 with 8 or 10 bits"
    if not all(each.progressive for each in known):
        return "it is interlaced"
    if len({(each.size, each.depth) for each in known}) > 1:
        return "its video frames change their size or depth"
    return ""


def segments(ranges: Sequence[ClipRange], frame_index: FrameIndex) -> list[Segment]:
    """Divide ranges, whose ends are in the frame index, into copied and encoded segments."""
    ranks = np.searchsorted(frame_index.shown, frame_index.decoded)
    ends = _ends(ranks)
    entries = _entries(ranks, ends, frame_index.role)
    parts = []
    for range_ in ranges:
        start = range_.info.origin + range_.start
        shift = round((range_.at - start) / frame_index.time_base)
        first, last = frame_index.rank(start), frame_index.rank(range_.info.origin + range_.end)
        k = int(np.searchsorted(ranks[entries], first))
        end = int(ends[np.searchsorted(ends, last, "right") - 1])
        if range_.speed != 1:
            cut = [Segment(first, last, shift, thinned=thinned(range_, frame_index, first, last))]
        elif k < len(entries) and (begin := int(ranks[entries[k]])) < end:
            copied = Segment(begin, end, shift, int(entries[k]))
            cut = [Segment(first, begin, shift), copied, Segment(end, last, shift)]
        else:
            cut = [Segment(first, last, shift)]
        parts += [part for part in cut if part.first < part.last]
    return parts


def _ends(ranks: Ticks) -> Ticks:
    """Return where copying may end: each n for which the first n frames decoded are the first n presented."""
    latest = np.maximum.accumulate(ranks, dtype=np.int64)
    return np.concatenate([[0], 1 + np.flatnonzero(latest == np.arange(len(ranks)))])


def _entries(ranks: Ticks, ends: Ticks, role: np.ndarray[tuple[int], np.dtype[np.uint8]]) -> Ticks:
    """Return where copying may begin, in decoding order: after an entry come at first its leading frames.

    They are all that is presented before it and decoded after it.
    """
    places: Ticks = np.intersect1d(np.flatnonzero(role == Role.ENTRY), ends)
    leading = np.concatenate([[0], np.cumsum(role == Role.LEADING)])
    count = ranks[places] - places
    after = np.minimum(places + 1 + count, len(ranks))
    return np.asarray(places[leading[after] - leading[places] == count], np.int64)


def times_on_output(parts: Sequence[Segment], frame_index: FrameIndex) -> Ticks:
    """Return the presentation time of each frame of the segments, in ticks of the frame index."""
    times = [part.frames(frame_index)[1] + part.shift for part in parts]
    return np.concatenate([np.zeros(0, np.int64), *times])
