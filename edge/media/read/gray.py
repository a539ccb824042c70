"""Decode all video frames in order, small, upright and gray."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter

from edge.errors import InputError
from edge.media.read.child import ask
from edge.media.read.container import as_input_error, best_video_stream, open_container, select_streams
from edge.media.read.decoding import video_frames
from edge.media.read.extent import declared_end
from edge.media.read.probe import MediaInfo, VideoStream
from edge.media.read.recording import MediaSource, open_recording
from edge.media.read.report import DecodeReport
from edge.media.time import pts_seconds, ticks_to_seconds

SIDE = 16
"""Pixels of the shortest side of a frame."""

WIDEST = 32
"""Width over height of a frame, or height over width, at most; a damaged header may say anything."""


@dataclass(frozen=True, slots=True)
class GrayFrame:
    """A decoded video frame, reduced."""

    time_s: float
    """Start of its display, in seconds of the recording."""
    length_s: float
    """How long it is displayed as far as the frame itself says, in seconds."""
    gray: npt.NDArray[np.uint8]
    """uint8[height, width], upright, with square pixels; 0 is black, 255 white."""


def gray_frames(
    media: MediaSource,
    *,
    pixels: int,
    fast: bool = False,
    threads: bool = False,
    report: DecodeReport | None = None,
) -> Iterator[GrayFrame]:
    """Decode all video frames in the order of display, with about `pixels` pixels each.

    Frames without a timestamp, or not later than the one before, are dropped, with `fast` those too that no
    other one refers to. `threads` decodes on all cores.

    Raises InputError at the call if the file cannot be read or has no video; during iteration nothing is
    raised: `report` counts what could not be decoded.
    """
    recording = open_recording(media)
    info = recording.info
    if info.video is None:
        raise InputError(info.path, "has no video stream")
    if recording.isolated:
        request = recording.request("gray", pixels=pixels, fast=fast, threads=threads)
        return (GrayFrame(start, length, gray) for (start, length), gray in ask(request, report))
    size = reduced_size(info.video, pixels)
    return _frames(info, size, report or DecodeReport(), fast=fast, threads=threads)


def reduced_size(video: VideoStream, pixels: int) -> tuple[int, int]:
    """Return width and height of an upright frame of about `pixels` pixels, which are square."""
    aspect = video.width * float(video.pixel_aspect) / video.height
    aspect = min(max(aspect, 1 / WIDEST), WIDEST)
    height = math.sqrt(pixels / aspect)
    return max(SIDE, round(height * aspect)), max(SIDE, round(height))


def _frames(
    info: MediaInfo, size: tuple[int, int], report: DecodeReport, *, fast: bool, threads: bool
) -> Iterator[GrayFrame]:
    with as_input_error(info.path), open_container(info.path) as container:
        stream = best_video_stream(container)
        if stream is None:
            return
        select_streams(container, [stream])
        if threads:
            stream.thread_type = "AUTO"
        if fast:
            stream.codec_context.skip_frame = "NONREF"
        end = declared_end(stream)
        report.declared_s = None if end is None else float(end - info.origin)
        reduce, last = _Reducer(size), Fraction(-1)
        for frame in video_frames(container, stream, report):
            begins = pts_seconds(frame) - info.origin
            if begins <= last or begins < 0:
                continue
            last = begins
            length = ticks_to_seconds(frame.duration, frame.time_base)
            report.frames += 1
            report.decoded_s = float(begins + length)
            yield GrayFrame(float(begins), float(length), reduce(frame))
        report.finished = True


class _Reducer:
    """Reduces frames to one size; swscale's tables are made once."""

    def __init__(self, size: tuple[int, int]) -> None:
        self._size = size
        self._convert = VideoReformatter()

    def __call__(self, frame: VideoFrame) -> npt.NDArray[np.uint8]:
        turns = round(frame.rotation / 90) % 4
        width, height = self._size[::-1] if turns % 2 else self._size
        small = self._convert.reformat(frame, width, height, "gray", interpolation=Interpolation.AREA)
        return np.ascontiguousarray(np.rot90(small.to_ndarray(), turns))
