"""Pictures on demand: the frame on display at each of a list of times, upright, as RGB."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation
from av.video.stream import VideoStream as AvVideoStream

from edge.errors import InputError
from edge.media.decoding import pictures_from
from edge.media.description import MediaInfo, VideoStream, probe
from edge.media.health import Health
from edge.media.source import damage_means_unreadable, listen_to, open_container, picture_stream

STEP_S = 2
"""Without an index: decode on to a time this near instead of seeking. Keyframes are 1-10 s apart."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture: `rgb` uint8[height, width, 3], upright; `time_s` is when it comes on display."""

    time_s: float
    rgb: npt.NDArray[np.uint8]


def frames_at(
    path: Path | str,
    times_s: Iterable[float],
    *,
    size: tuple[int, int] | None = None,
    health: Health | None = None,
) -> Iterator[Frame]:
    """Yield, for each time in turn, the frame on display then: the last that begins at or before it.

    Before the first frame that is the first, after the last the last. Any order of times is right, a rising
    one is fastest. `size` is (width, height) of the upright picture, in pixels; None keeps the source's.

    Raises InputError if there is no picture or none can be decoded.
    """
    info = probe(path)
    if info.video is None:
        raise InputError(path, "has no picture")
    with open_container(path) as container, damage_means_unreadable(Path(path)):
        stream = picture_stream(container)
        if stream is None:
            raise InputError(path, "has no picture")
        listen_to(container, [stream])
        reel = _Reel(container, stream, info, info.video, health or Health())
        for time_s in times_s:
            shown = reel.frame_at(info.zero + Fraction(time_s))
            yield Frame(float(_time(shown) - info.zero), upright_rgb(shown, size))


def upright_rgb(frame: VideoFrame, size: tuple[int, int] | None = None) -> npt.NDArray[np.uint8]:
    """Convert to uint8[height, width, 3] with the rotation applied; `size` is upright (width, height)."""
    turns = round(frame.rotation / 90) % 4
    if size is not None:
        width, height = size[::-1] if turns % 2 else size
        # Averaging areas while still in YUV halves the pixels to convert and aliases least.
        frame = frame.reformat(width, height, "yuv420p", interpolation=Interpolation.AREA)
    rgb = frame.to_ndarray(format="rgb24")
    return np.ascontiguousarray(np.rot90(rgb, turns), dtype=np.uint8)


class _Reel:
    """A decoder that knows the frame on display and the one after it, and moves to where it is asked."""

    def __init__(
        self,
        container: InputContainer,
        stream: AvVideoStream,
        info: MediaInfo,
        video: VideoStream,
        health: Health,
    ) -> None:
        self._container = container
        self._stream = stream
        self._path = info.path
        self._first = info.zero + video.start
        self._last = info.zero + Fraction(info.duration_s) if info.duration_s else None
        self._health = health
        self._frames: Iterator[VideoFrame] = iter(())
        self._shown: VideoFrame | None = None
        self._next: VideoFrame | None = None

    def frame_at(self, at: Fraction) -> VideoFrame:
        """The frame on display at `at` (container time, seconds)."""
        at = max(at, self._first)
        if not self._within_reach(at):
            goal = at if self._last is None else min(at, self._last)
            self._frames = pictures_from(self._container, self._stream, goal, self._health)
            self._shown = self._next = next(self._frames, None)
            self._step()
        while self._next is not None and _time(self._next) <= at:
            self._step()
        if self._shown is None:
            raise InputError(self._path, "has a picture stream, but no frame of it can be decoded")
        return self._shown

    def _step(self) -> None:
        self._shown, self._next = self._next, next(self._frames, None)

    def _within_reach(self, at: Fraction) -> bool:
        """Whether stepping from here gets to `at` no later than seeking would."""
        if self._shown is None or at < _time(self._shown):
            return False
        if self._next is None or at < _time(self._next) or at - _time(self._next) < Fraction(1, 2):
            return True
        keyframe = self._keyframe_before(at)
        if keyframe is None:
            return at - _time(self._next) < STEP_S
        return keyframe <= _time(self._next)

    def _keyframe_before(self, at: Fraction) -> Fraction | None:
        """Time of the last keyframe the container's index knows at or before `at`."""
        time_base = self._stream.time_base or Fraction(1)
        entry = self._stream.index_entries.search_timestamp(int(at / time_base))
        return None if entry < 0 else self._stream.index_entries[entry].timestamp * time_base


def _time(frame: VideoFrame) -> Fraction:
    return (frame.pts or 0) * (frame.time_base or Fraction(0))
