"""Index of the video frames of a recording, built from packet timestamps without decoding."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from pathlib import Path

import numpy as np
import numpy.typing as npt
from av.packet import Packet
from av.stream import Stream

from edge.media.h264 import IDR, ParameterSets, kind, nals
from edge.media.read.avi import times_are_guessed
from edge.media.read.container import (
    DECODE_ERRORS,
    as_input_error,
    best_video_stream,
    open_container,
    select_streams,
)
from edge.media.read.decoding import packets
from edge.media.read.report import DecodeReport

Ticks = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class FrameIndex:
    """Timestamps of all video frames, 25 bytes each, in ticks of `time_base`, container time."""

    time_base: Fraction
    """Seconds per tick."""
    decoded: Ticks
    """Presentation timestamps in decoding order."""
    shown: Ticks
    """Presentation timestamps in ascending order, without duplicates."""
    end: int
    """End of the last video frame."""
    entry: npt.NDArray[np.bool_]
    """For each of `decoded`: whether it is an H.264 IDR frame, which needs no earlier frames."""
    sets: ParameterSets | None
    """Parameter sets of H.264 streams; None for other codecs."""
    whole: bool
    """Whether each video frame has a timestamp of its own."""
    rising: bool
    """Whether decoding timestamps increase. Matroska stores none; FFmpeg's guesses may not."""

    def seconds(self, tick: int) -> Fraction:
        """Convert a tick to container seconds."""
        return int(tick) * self.time_base

    def nearest(self, at: Fraction) -> Fraction:
        """Return the start of a video frame (or the end of the last) nearest to `at`, in container seconds.

        Times before the first video frame and after the end of the last are returned unchanged.
        """
        if not len(self.shown) or not self.seconds(self.shown[0]) <= at <= self.seconds(self.end):
            return at
        k = self.rank(at)
        after = self.seconds(self.shown[k] if k < len(self.shown) else self.end)
        before = self.seconds(self.shown[k - 1]) if k else after
        return before if at - before <= after - at else after

    def rank(self, at: Fraction) -> int:
        """Return the number of video frames that begin before `at` (container seconds)."""
        return int(np.searchsorted(self.shown, ceil(at / self.time_base)))

    def decoding_times(self, times: Ticks) -> Ticks:
        """Return ascending `times` of frames, delayed by as many frames as are at most decoded ahead."""
        ranks = np.searchsorted(self.shown, self.decoded)
        delay = int((np.arange(len(ranks)) - ranks).max(initial=0))
        if not delay or len(times) < 2:
            return times
        usual = max(int(np.median(np.diff(times))), 1)
        before = times[0] - usual * np.arange(delay, 0, -1)
        return np.concatenate([before, times])[: len(times)]


def read_frame_index(path: Path) -> FrameIndex | None:
    """Read the packets of the video stream; None if there is none. Raises InputError."""
    with open_container(path) as container, as_input_error(path):
        stream = best_video_stream(container)
        if stream is None:
            return None
        select_streams(container, [stream])
        time_base = stream.time_base or Fraction(1, 90_000)
        is_h264 = stream.codec_context.name == "h264"
        sets = ParameterSets.of(stream.codec_context.extradata) if is_h264 else None
        times, entries, rising = array("q"), bytearray(), True
        whole = not times_are_guessed(container, stream)
        last_dts, end = -(1 << 62), 0
        for packet in packets(container, [stream], DecodeReport()):
            if packet.size == 0 or packet.is_discard:
                continue
            time = packet.pts if packet.pts is not None else packet.dts
            if time is None:
                whole = False
                continue
            whole &= packet.pts is not None
            if packet.dts is not None:
                rising &= packet.dts > last_dts
                last_dts = packet.dts
            times.append(time)
            entries.append(sets is not None and packet.is_keyframe and _is_entry(packet, sets))
            end = max(end, time + (packet.duration or 0))
    decoded = np.array(times, np.int64)
    shown = np.unique(decoded)
    if len(shown) and end <= shown[-1]:
        end = int(shown[-1]) + _usual(shown)
    entry = np.frombuffer(bytes(entries), np.bool_)
    whole &= len(shown) == len(decoded)
    return FrameIndex(time_base, decoded, shown, end, entry, sets, whole, rising)


def _usual(shown: Ticks) -> int:
    return int(np.median(np.diff(shown))) if len(shown) > 1 else 1


def _is_entry(packet: Packet[Stream], sets: ParameterSets) -> bool:
    """Return whether a packet is an IDR frame, and add its parameter sets to `sets`."""
    units = nals(bytes(packet), sets.length_size)
    sets.changed |= packet.has_sidedata("new_extradata")
    try:
        sets.see(units)
    except DECODE_ERRORS:
        sets.changed = True
    return any(kind(nal) == IDR for nal in units)
