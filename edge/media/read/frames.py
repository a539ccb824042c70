"""Pictures on demand: the frame on display at each of a list of times, upright, as RGB."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation

from edge.media.read.container import damage_means_unreadable
from edge.media.read.frame_reader import open_reel, time_of
from edge.media.read.probe import probe
from edge.media.read.report import Health


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
    with damage_means_unreadable(info.path), open_reel(info, health) as reel:
        for time_s in times_s:
            shown = reel.frame_at(info.zero + Fraction(time_s))
            yield Frame(float(time_of(shown) - info.zero), upright_rgb(shown, size))


def upright_rgb(frame: VideoFrame, size: tuple[int, int] | None = None) -> npt.NDArray[np.uint8]:
    """Convert to uint8[height, width, 3] with the rotation applied; `size` is upright (width, height)."""
    turns = round(frame.rotation / 90) % 4
    if size is not None:
        width, height = size[::-1] if turns % 2 else size
        # Averaging areas while still in YUV halves the pixels to convert and aliases least.
        frame = frame.reformat(width, height, "yuv420p", interpolation=Interpolation.AREA)
    rgb = frame.to_ndarray(format="rgb24")
    return np.ascontiguousarray(np.rot90(rgb, turns), dtype=np.uint8)
