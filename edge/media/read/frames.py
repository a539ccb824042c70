"""Read the video frames on display at a list of times, upright, as RGB."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation

from edge.errors import InputError
from edge.media.read.child import ask
from edge.media.read.container import as_input_error
from edge.media.read.frame_reader import FrameReader, open_frame_reader
from edge.media.read.probe import MediaInfo
from edge.media.read.recording import MediaSource, open_recording
from edge.media.read.report import DecodeReport
from edge.media.time import pts_seconds

AFTER_KEYFRAME_S = 0.1
"""Seconds after the decoding time of a keyframe at which it, or a frame shortly after it, is on display."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A decoded video frame."""

    time_s: float
    """Start of its display, in seconds of the recording."""
    end_s: float
    """End of its display: the start of the next, or of nothing."""
    rgb: npt.NDArray[np.uint8]
    """uint8[height, width, 3], upright."""


def frames_at(
    media: MediaSource,
    times_s: Iterable[float],
    *,
    size: tuple[int, int] | None = None,
    threads: bool = False,
    rough: bool = False,
    report: DecodeReport | None = None,
) -> Iterator[Frame]:
    """Decode the frame on display at each of the times: the last one that begins at or before it.

    Times before the first frame return the first, times after the last return the last. Times may be in any
    order; ascending is fastest. `size` is (width, height) of the upright frame in pixels; None keeps the
    original size; `threads` decodes on all cores; `rough` costs half, and shows blocks in full-size frames.

    Raises InputError at the call if the file cannot be read or has no video; during iteration if nothing can
    be decoded.
    """
    recording = open_recording(media)
    info = recording.info
    if info.video is None:
        raise InputError(info.path, "has no video stream")
    if recording.isolated:
        request = recording.request("frames", times_s=list(times_s), size=size, threads=threads, rough=rough)
        return (Frame(start, end, rgb) for (start, end), rgb in ask(request, report))
    reader = open_frame_reader(info, report, threads=threads, rough=rough)
    return _frames(info, times_s, size, reader)


def cheap_times(media: MediaSource, spans: Sequence[tuple[float, float]]) -> list[float]:
    """Return a time in each span (start, end) at which a frame costs little to decode.

    It is just after a keyframe of the container's index: the last one before the middle of the span, or else
    the last one of the span; without any, the middle. Raises InputError if the file cannot be read or has no
    video.
    """
    recording = open_recording(media)
    info = recording.info
    if info.video is None:
        raise InputError(info.path, "has no video stream")
    if recording.isolated:
        ((found, _),) = ask(recording.request("cheap_times", spans=spans))
        return list(map(float, found))
    times = []
    with as_input_error(info.path), open_frame_reader(info) as reader:
        for start, end in spans:
            middle = (start + end) / 2
            before = [reader.keyframe_before(info.origin + Fraction(time_s)) for time_s in (middle, end)]
            cheap = [float(time - info.origin) + AFTER_KEYFRAME_S for time in before if time is not None]
            times.append(next((time_s for time_s in cheap if start <= time_s < end), middle))
    return times


def _frames(
    info: MediaInfo,
    times_s: Iterable[float],
    size: tuple[int, int] | None,
    opening: AbstractContextManager[FrameReader],
) -> Iterator[Frame]:
    with as_input_error(info.path), opening as reader:
        for time_s in times_s:
            shown = reader.frame_at(info.origin + Fraction(time_s))
            start, end = pts_seconds(shown) - info.origin, reader.shown_until() - info.origin
            yield Frame(float(start), float(end), upright_rgb(shown, size))


def upright_rgb(frame: VideoFrame, size: tuple[int, int] | None = None) -> npt.NDArray[np.uint8]:
    """Convert to uint8[height, width, 3] with the rotation applied; `size` is upright (width, height)."""
    turns = round(frame.rotation / 90) % 4
    if size is not None:
        width, height = size[::-1] if turns % 2 else size
        # Area averaging in YUV halves the pixels to convert and gives the least aliasing.
        frame = frame.reformat(width, height, "yuv420p", interpolation=Interpolation.AREA)
    rgb = frame.to_ndarray(format="rgb24")
    return np.ascontiguousarray(np.rot90(rgb, turns), dtype=np.uint8)
