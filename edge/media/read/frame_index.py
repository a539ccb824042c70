"""Index of the video frames of a recording, built from packet timestamps without decoding."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil
from pathlib import Path

import numpy as np
import numpy.typing as npt
from av.packet import Packet
from av.stream import Stream

from edge.media.bitstream import CODECS
from edge.media.bitstream.bits import nals
from edge.media.bitstream.codec import Codec, ParameterSets, Role
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


@dataclass(slots=True)
class SetsInTime:
    """Parameter sets in the course of a stream: those of recordings that were joined may differ."""

    each: list[ParameterSets] = field(default_factory=lambda: [ParameterSets()])
    """All that were valid, in order."""
    begin: list[int] = field(default_factory=lambda: [0])
    """For each of them: the index in decoding order of its first frame."""

    @property
    def latest(self) -> ParameterSets:
        """The sets that are valid at the end."""
        return self.each[-1]

    def change(self, sets: ParameterSets, place: int) -> None:
        """Make `sets` valid from the frame with index `place` on."""
        if self.begin[-1] == place:
            self.each[-1] = sets
        else:
            self.each.append(sets)
            self.begin.append(place)

    def number_at(self, place: int) -> int:
        """Return the index in `each` of the sets of the frame with index `place` in decoding order."""
        return bisect_right(self.begin, place) - 1


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
    role: npt.NDArray[np.uint8]
    """For each of `decoded`: its `Role`; all are OTHER if `codec` is None."""
    codec: Codec | None
    """Bitstream of the video stream; None if it is not among `CODECS`."""
    sets: SetsInTime
    """Parameter sets of the frames."""
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
        codec = CODECS.get(stream.codec_context.name)
        reader = _RoleReader(codec, stream.codec_context.extradata)
        times, roles, rising = array("q"), bytearray(), True
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
            roles.append(reader.role(packet, time, len(times)))
            times.append(time)
            end = max(end, time + (packet.duration or 0))
    decoded = np.array(times, np.int64)
    shown = np.unique(decoded)
    if len(shown) and end <= shown[-1]:
        end = int(shown[-1]) + _usual(shown)
    role = np.frombuffer(bytes(roles), np.uint8)
    whole &= len(shown) == len(decoded)
    return FrameIndex(time_base, decoded, shown, end, role, codec, reader.sets, whole, rising)


def _usual(shown: Ticks) -> int:
    return int(np.median(np.diff(shown))) if len(shown) > 1 else 1


class _RoleReader:
    """Looks into the packets of keyframes, and of those that may be leading frames."""

    def __init__(self, codec: Codec | None, header: bytes | None) -> None:
        self._codec = codec
        self._entry_time = -(1 << 62)
        self.sets = SetsInTime()
        if codec is not None:
            self._see_header(codec, header, 0)

    def role(self, packet: Packet[Stream], time: int, place: int) -> Role:
        """Return what the frame with index `place` is to a cut, and note its parameter sets."""
        codec = self._codec
        if codec is None or not (packet.is_keyframe or time < self._entry_time):
            return Role.OTHER
        if packet.has_sidedata("new_extradata"):
            self._see_header(codec, bytes(packet.get_sidedata("new_extradata")), place)
        units = nals(bytes(packet), self.sets.latest.length_size)
        role = codec.role(units)
        if packet.is_keyframe:
            self._see(codec, units, place)
            self._entry_time = time
        elif role is Role.ENTRY:
            return Role.OTHER
        return role

    def _see_header(self, codec: Codec, header: bytes | None, place: int) -> None:
        with suppress(*DECODE_ERRORS):
            self.sets.change(codec.read_header(header), place)

    def _see(self, codec: Codec, units: list[bytes], place: int) -> None:
        with suppress(*DECODE_ERRORS):
            changed = codec.merge(self.sets.latest, units)
            if changed is not None:
                self.sets.change(changed, place)
