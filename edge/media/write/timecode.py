"""Carry the time code of a recording into what is made of it."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from av.container import OutputContainer
from av.stream import Stream
from av.video.stream import VideoStream

from edge.media.timecode import Timecode, drops
from edge.media.write.plan import RenderPlan

MUXERS: Final = frozenset({"mp4", "mov"})
"""Muxers that write a track of time code for a video stream that is tagged with one."""
_RATES: Final = frozenset({24, 25, 30, 48, 50, 60, 100, 120, 150})
"""Rates, rounded, that FFmpeg writes time code for; at others it writes no file."""


def carry_timecode(plan: RenderPlan, out: OutputContainer, start: Fraction) -> None:
    """Tag the video stream with the time code of the frame at `start`, seconds of the first recording.

    Call it before the first packet is written. Nothing is done where there is none, or at another rate.
    """
    info = plan.ranges[0].info
    if info.timecode is None or info.video is None or plan.target.muxer not in MUXERS:
        return
    for stream in out.streams.video:
        tag_timecode(stream, info.timecode.after(start - info.video.start))


def tag_timecode(stream: VideoStream, code: Timecode) -> None:
    """Tag a stream of an output with the time code of its first frame, if FFmpeg can write it."""
    if stream.average_rate is None:  # copied
        stream.codec_context.framerate = code.rate
    rate = stream.average_rate or code.rate
    if rate == code.rate and round(rate) in _RATES and code.drop <= drops(rate) and code.frame >= 0:
        stream.metadata["timecode"] = str(code)


def is_timecode(stream: Stream) -> bool:
    """Return whether a stream is a track of time code, which a muxer makes anew from a tag."""
    return stream.type == "data" and "timecode" in stream.metadata
