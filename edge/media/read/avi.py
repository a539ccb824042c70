"""Times of the video frames of AVI files, which hold none: a frame is decoded per period, that is all.

FFmpeg guesses presentation times, wrongly for B-frames of H.264 and for "packed" ones of DivX and Xvid, two
in a packet. But frames come out of the decoder in order, and which packet each came with is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Final

from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from edge.media.read.opening import DECODE_ERRORS, open_file

REORDERED: Final = frozenset({"h264", "hevc", "mpeg4", "msmpeg4v3", "mpeg2video"})
"""Codecs that may have B-frames: of others FFmpeg's guess is right."""


def times_are_guessed(container: InputContainer, stream: VideoStream) -> bool:
    """Return whether presentation times of packets may belong to other frames."""
    return container.format.name == "avi" and stream.codec_context.name in REORDERED


def in_order(
    frames: Iterable[VideoFrame], container: InputContainer, stream: VideoStream
) -> Iterator[VideoFrame]:
    """Yield the frames of an AVI file with the time of the packet that they came with, less the delay."""
    path = Path(container.name.removeprefix("file:"))
    moved = _moved(path, stream.index, path.stat().st_mtime_ns)
    last, step = None, 1
    for frame in frames:
        if frame.dts is not None:
            frame.pts = frame.dts + moved
        elif last is not None:  # of the last frames there is no packet
            frame.pts = last + step
        if last is not None and frame.pts is not None and frame.pts > last:
            step = frame.pts - last
        last = frame.pts
        yield frame


@lru_cache(maxsize=64)
def _moved(path: Path, index: int, modified_ns: int) -> int:
    """Return the ticks to add to decoding times, so that the first frame has the time of its packet."""
    with open_file(path) as container, suppress(*DECODE_ERRORS):
        first: int | None = None
        for packet in container.demux([stream for stream in container.streams if stream.index == index]):
            first = packet.pts if first is None else first
            for frame in packet.decode():
                if isinstance(frame, VideoFrame) and frame.dts is not None and first is not None:
                    return first - frame.dts
    return 0
