"""Random access to video frames: the frame at a time, or all frames between two times."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction

from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream as AvVideoStream

from edge.errors import InputError
from edge.media.read.container import best_video_stream, open_container, select_streams
from edge.media.read.decoding import video_frames, video_frames_from
from edge.media.read.probe import MediaInfo, VideoStream
from edge.media.read.report import DecodeReport
from edge.media.time import pts_seconds, ticks_to_seconds

STEP_S = 2
"""Without an index: decode up to this many seconds ahead instead of seeking. Keyframes are 1-10 s apart."""

SNAP = Fraction(2, 1000)
"""Tolerance in seconds of a frame at a cut point: Matroska rounds to 1 ms, and seconds may be floats."""


HEADED = {"h264", "hevc"}
"""Codecs whose first packet may hold what all others need."""


@contextmanager
def open_frame_reader(
    info: MediaInfo, report: DecodeReport | None = None, *, threads: bool = False, rough: bool = False
) -> Iterator[FrameReader]:
    """Open a recording for its video frames; `threads` decodes on all cores, for long ranges.

    `rough` leaves out the loop filter, which costs half, and shows blocks: for thumbnails. Raises InputError
    if it cannot be opened or there is no video.
    """
    with open_container(info.path) as container:
        stream = best_video_stream(container)
        if stream is None or info.video is None:
            raise InputError(info.path, "has no video stream")
        select_streams(container, [stream])
        if threads:
            stream.thread_type = "AUTO"
        if rough:
            stream.codec_context.options = {"skip_loop_filter": "all"}
        yield FrameReader(container, stream, info, info.video, report or DecodeReport())


@dataclass(frozen=True, slots=True)
class _Decoded:
    """A frame with its original timestamp, because a consumer may change that of the frame."""

    frame: VideoFrame
    begins: Fraction
    length: Fraction

    @property
    def ends(self) -> Fraction:
        return self.begins + self.length


class FrameReader:
    """Video decoder with random access, which keeps the current frame and the next.

    All times are container seconds.
    """

    def __init__(
        self,
        container: InputContainer,
        stream: AvVideoStream,
        info: MediaInfo,
        video: VideoStream,
        report: DecodeReport,
    ) -> None:
        self.stream = stream
        self._container = container
        self._path = info.path
        self._first = info.origin + video.start
        self._last = info.origin + Fraction(info.duration_s) if info.duration_s else None
        self._usual = 1 / video.rate if video.rate else Fraction(1, 25)
        self._health = report
        self._began = False
        self._frames: Iterator[VideoFrame] = iter(())
        self._shown: _Decoded | None = None
        self._next: _Decoded | None = None

    def frame_at(self, at: Fraction) -> VideoFrame:
        """Return the frame on display at `at`. Raises InputError if no frame can be decoded."""
        self._move_to(at)
        if self._shown is None:
            raise InputError(self._path, "has a video stream, but no frame of it can be decoded")
        return self._shown.frame

    def shown_until(self) -> Fraction:
        """Return the end of the display of the frame that `frame_at` returned."""
        assert self._shown is not None
        return self._shown.ends if self._next is None else self._next.begins

    def between(self, start: Fraction, end: Fraction) -> Iterator[tuple[Fraction, Fraction, VideoFrame]]:
        """Yield (start, end, frame) of the frames on display in [start, end), clipped to it."""
        snap = min(SNAP, self._usual / 4)
        self._move_to(start)
        while (shown := self._shown) is not None and shown.begins < end - snap:
            ends = shown.ends if self._next is None else self._next.begins
            if ends > start + snap:
                yield max(shown.begins, start), min(ends, end), shown.frame
            if self._next is None or ends >= end - snap:
                return
            self._step()

    def _move_to(self, at: Fraction) -> None:
        at = max(at, self._first)
        if not self._within_reach(at):
            goal = at if self._last is None else min(at, self._last)
            if not self._began:
                self._begin()
            self._frames = video_frames_from(self._container, self.stream, goal, self._health)
            self._shown = self._next = self._decode()
            self._step()
        while self._next is not None and self._next.begins <= at:
            self._step()

    def _begin(self) -> None:
        """Decode the first frame: some files say only there how to decode the others.

        x264 names its version there, which decoders need for 4:4:4 of old ones; parameter sets may be there.
        """
        self._began = True
        if self.stream.codec_context.name in HEADED:
            next(video_frames(self._container, self.stream, DecodeReport()), None)

    def _step(self) -> None:
        self._shown, self._next = self._next, self._decode()

    def _decode(self) -> _Decoded | None:
        frame = next(self._frames, None)
        if frame is None:
            return None
        self._health.frames += 1
        length = ticks_to_seconds(frame.duration, frame.time_base)
        return _Decoded(frame, pts_seconds(frame), length or self._usual)

    def _within_reach(self, at: Fraction) -> bool:
        """Return whether decoding from here reaches `at` as soon as seeking would."""
        if self._shown is None or at < self._shown.begins:
            return False
        if self._next is None or at < self._next.begins or at - self._next.begins < Fraction(1, 2):
            return True
        keyframe = self.keyframe_before(at)
        if keyframe is None:
            return at - self._next.begins < STEP_S
        return keyframe <= self._next.begins

    def keyframe_before(self, at: Fraction) -> Fraction | None:
        """Return the decoding time of the last keyframe at or before `at` in the container's index."""
        time_base = self.stream.time_base or Fraction(1)
        entry = self.stream.index_entries.search_timestamp(int(at / time_base))
        return None if entry < 0 else self.stream.index_entries[entry].timestamp * time_base
