"""Write a copy of a recording with something drawn into its video frames."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from os import PathLike
from pathlib import Path
from typing import TypeAlias

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace
from edge_kernels.images import Rgb

from edge.errors import InputError
from edge.files import whole_file
from edge.media.read.frames import upright_rgb
from edge.media.read.recording import MediaSource, Recording, open_recording
from edge.media.write.containers import Target, video_target_for
from edge.media.write.encode import Change, video_track
from edge.media.write.plan import ClipRange, RenderPlan, audio_streams, lay_out
from edge.media.write.render import render, writing
from edge.vocabulary import Progress

Paint: TypeAlias = Callable[[float, Rgb], Rgb]
"""(start of the frame in seconds of the recording, uint8[height, width, 3]) -> the frame to write."""


def repaint(
    media: MediaSource,
    destination: str | PathLike[str],
    paint: Paint,
    *,
    force: bool = False,
    progress: Progress | None = None,
) -> Path:
    """Encode a whole recording with every video frame replaced by `paint(time_s, rgb)`; return its path.

    `paint` gets frames in order of time, upright and with square pixels; it may return another size, the same
    for all frames, or change `rgb` and return it. Odd sides get one more row or column. The times of frames
    and all audio streams that the file can hold are kept. The suffix of `destination` selects the format
    (`containers.TARGETS`). Memory does not grow with the length, except for the index of the frames.

    Raises InputError (unreadable, no video), UsageError (suffix), OutputError (exists and not `force`, disk
    full ...); errors of `paint` are not converted unless PyAV raises them too (ValueError, OSError). No
    partial file is left behind.
    """
    destination, recording = Path(destination), open_recording(media)
    target = video_target_for(destination)
    with (
        whole_file(destination, force=force) as draft,
        writing(draft, destination, target, recording.info.metadata) as out,
    ):
        plan = whole_plan(recording, target)
        if render(plan, out, video_track(plan, out, _painter(paint)), progress) == 0:
            raise InputError(recording.path, "has a video stream, but no frame of it can be decoded")
    return destination


def whole_plan(recording: Recording, target: Target) -> RenderPlan:
    """Return a plan of the whole recording. Raises InputError without video."""
    if recording.info.video is None:
        raise InputError(recording.path, "has no video stream")
    whole = lay_out([ClipRange(recording, Fraction(0), recording.end(video=True))])
    if not whole:
        raise InputError(recording.path, "holds no video or audio")
    tracks = tuple((stream,) for stream in audio_streams(recording, target, needed=False))
    return RenderPlan(whole, target, recording.info.video, tracks)


def _painter(paint: Paint) -> Change:
    """Return `paint` as a function of decoded frames."""

    def change(frame: VideoFrame, pixel_aspect: Fraction, time: Fraction) -> VideoFrame:
        rgb = paint(float(time), upright_rgb(frame, _square(frame, pixel_aspect)))
        painted = _in_yuv(rgb)
        painted.color_primaries, painted.color_trc = frame.color_primaries, frame.color_trc
        return painted

    return change


def _square(frame: VideoFrame, pixel_aspect: Fraction) -> tuple[int, int] | None:
    """Return the upright size (width, height) with square pixels; None if they are square."""
    if pixel_aspect == 1:
        return None
    size = max(1, round(frame.width * pixel_aspect)), frame.height
    return size[::-1] if round(frame.rotation / 90) % 2 else size


def _in_yuv(rgb: Rgb) -> VideoFrame:
    """Convert uint8[height, width, 3] to 4:2:0 in BT.709, whose sides are even."""
    height, width = rgb.shape[:2]
    if height % 2 or width % 2:
        rgb = np.pad(rgb, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    frame = VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24")
    yuv = frame.reformat(format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG)
    yuv.colorspace, yuv.color_range = Colorspace.ITU709, ColorRange.MPEG
    return yuv
