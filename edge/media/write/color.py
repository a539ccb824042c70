"""Colors of an output: which bit depth and dynamic range are kept, and frames converted where they are not.

High dynamic range (HDR) is HLG or PQ of ITU-R BT.2100; both need 10 bits. It is never written with 8.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from typing import cast

import numpy as np
from av.codec import Codec
from av.filter import Graph
from av.video.frame import VideoFrame

from edge.errors import UsageError
from edge.media.read.container import DECODE_ERRORS
from edge.media.read.probe import VideoStream
from edge.media.write.containers import Target, video_encoder
from edge.media.write.plan import RenderPlan

DEEP_FORMAT = "yuv420p10le"
"""Pixel format with 10 bits."""

OUTPUTS = {
    None: "out_transfer=bt709:out_primaries=bt709:out_color_matrix=bt709",
    "hlg": "out_transfer=arib-std-b67:out_primaries=bt2020:out_color_matrix=bt2020nc",
    "pq": "out_transfer=smpte2084:out_primaries=bt2020:out_color_matrix=bt2020nc",
}
"""Options of FFmpeg's filter "scale" by `VideoStream.hdr`."""

NAMES = {None: "BT.709", "hlg": "HLG", "pq": "PQ"}
"""Names of what `VideoStream.hdr` stands for."""

MASTERING_UNIT, LUMINANCE_UNIT = 50_000, 10_000
"""Steps per unit in which x265 takes chromaticities and cd/m2 (H.265, D.3.28)."""


@dataclass(frozen=True, slots=True)
class VideoEncoding:
    """Encoder of the video frames, and what it keeps of their colors."""

    codec: str
    """FFmpeg's name of the encoder."""
    pix_fmt: str
    """Pixel format, 4:2:0."""
    hdr: str | None
    """High dynamic range of the output, as in `VideoStream.hdr`."""


def video_encoding(target: Target, source: VideoStream | None) -> VideoEncoding:
    """Return how frames like the source's are encoded: 10 bits where they have more than 8 or are HDR.

    Raises UsageError if there is no encoder.
    """
    if source is not None and _is_deep(source):
        for name in target.deep_video:
            with suppress(*DECODE_ERRORS):
                formats = Codec(name, "w").video_formats or []
                if DEEP_FORMAT in {known.name for known in formats}:
                    return VideoEncoding(name, DEEP_FORMAT, source.hdr)
    return VideoEncoding(video_encoder(target), "yuv420p", None)


def _is_deep(video: VideoStream) -> bool:
    return video.bits > 8 or video.hdr is not None


def color_note(plan: RenderPlan) -> str:
    """Return what encoding the plan loses of colors, and why, without a period; "" if nothing is lost."""
    if plan.video is None:
        return ""
    encoding = video_encoding(plan.target, plan.video)
    videos = [range_.info.video for range_ in plan.ranges if range_.info.video]
    why = f"because {encoding.codec} encodes 8 bits here; .mp4, .mov and .mkv keep 10"
    if any(video.hdr not in {None, encoding.hdr} for video in videos):
        if plan.video.hdr == encoding.hdr:
            why = "because the first recording has another"
        return f"the high dynamic range was converted to {NAMES[encoding.hdr]}, {why}"
    if encoding.pix_fmt != DEEP_FORMAT and _is_deep(plan.video):
        return f"the video has 8 bits now, {why}"
    return ""


class Recolor:
    """Converts frames of another dynamic range to that of the output."""

    def __init__(self, hdr: str | None) -> None:
        self._options = f"{OUTPUTS[hdr]}:out_range=tv:intent=perceptual"
        self._like: tuple[object, ...] = ()
        self._graph: Graph | None = None

    def convert(self, frame: VideoFrame) -> VideoFrame:
        """Return the frame with other colors, tone-mapped; the first takes seconds. Raises UsageError."""
        colors = frame.color_trc, frame.color_primaries, frame.colorspace, frame.color_range
        like = frame.width, frame.height, frame.format.name, *colors
        try:
            if self._graph is None or like != self._like:
                self._graph, self._like = self._built(frame), like
            self._graph.push(frame)
            converted = self._graph.pull()
        except DECODE_ERRORS:
            raise UsageError(
                "this FFmpeg cannot convert a high dynamic range; write .mp4, .mov or .mkv, which keep it"
            ) from None
        assert isinstance(converted, VideoFrame)
        return converted

    def _built(self, frame: VideoFrame) -> Graph:
        graph = Graph()
        source = graph.add_buffer(
            width=frame.width,
            height=frame.height,
            format=frame.format,
            time_base=frame.time_base or Fraction(1, 90_000),
        )
        scale, sink = graph.add("scale", self._options), graph.add("buffersink")
        source.link_to(scale)
        scale.link_to(sink)
        graph.configure()
        return graph


def mastering_options(frame: VideoFrame) -> Sequence[str]:
    """Return options of x265 for the mastering display and content light level of a frame, if it has them."""
    options = []
    display = cast("memoryview | None", frame.side_data.get("MASTERING_DISPLAY_METADATA"))
    if display is not None:
        # AVMasteringDisplayMetadata: ten rationals (red, green, blue, white, least and most light), two flags
        numbers = np.frombuffer(display, np.int32)
        values = numbers[0:20:2] / np.maximum(numbers[1:20:2], 1)
        if numbers[20] and numbers[21]:
            red, green, blue, white = np.rint(values[:8] * MASTERING_UNIT).astype(int).reshape(4, 2).tolist()
            least, most = np.rint(values[8:] * LUMINANCE_UNIT).astype(int).tolist()
            points = [f"{name}({x},{y})" for name, (x, y) in zip("GBR", (green, blue, red), strict=True)]
            options.append(f"master-display={''.join(points)}WP({white[0]},{white[1]})L({most},{least})")
    light = cast("memoryview | None", frame.side_data.get("CONTENT_LIGHT_LEVEL"))
    if light is not None:
        most, average = np.frombuffer(light, np.uint32)[:2].tolist()
        options.append(f"max-cll={most},{average}")
    return options
