"""Collect the motion track of a video: decode it once, small and gray, and push its frames."""

from __future__ import annotations

import numpy as np
from edge_kernels.motion import Gray
from numpy.typing import NDArray

from edge.arrays import Floats
from edge.errors import InputError, UsageError
from edge.evidence.motion.blends import BlendFinder
from edge.evidence.motion.measures import MotionMeter
from edge.evidence.motion.track import MotionTrack
from edge.evidence.motion.transitions import Signs, decide
from edge.evidence.options import MotionOptions
from edge.media import DecodeReport, open_recording
from edge.media.ahead import ahead
from edge.media.read.gray import gray_frames
from edge.media.read.recording import MediaSource
from edge.vocabulary import Progress

SHOWN_S = 0.04
"""How long a frame is displayed if neither itself nor another one says it, in seconds."""


class MotionCollector:
    """Collector of the `MotionTrack` of a video: `accept` each frame, `finish`, then `result`.

    Memory does not grow with the length, but for 32 bytes a frame, 3 MB per hour at 25 frames per second.
    """

    def __init__(self, options: MotionOptions | None = None) -> None:
        self._options = options or MotionOptions()
        self._meter = MotionMeter(self._options)
        self._blends = BlendFinder(self._options)
        self.result: MotionTrack
        """Set by `finish`."""

    def accept(self, time_s: float, gray: Gray) -> None:
        """Measure the next frame, uint8[height, width], both at least 16 and always the same.

        Raises UsageError unless `time_s` is later than that of the frame before, and not negative.
        """
        times = self._meter.times_s
        if not time_s > (times[-1] if len(times) else -1e-9):
            raise UsageError(f"frames must be in order, got one at {time_s} s")
        self._blends.accept(self._meter.accept(time_s, gray))

    def finish(self, end_s: float | None = None, notes: tuple[str, ...] = ()) -> None:
        """Decide on the transitions and set `result`; `end_s` is the end of the last frame's display.

        By default the last frame is displayed as long as the one before.
        """
        meter = self._meter
        times_s = meter.times_s.copy()
        end_s = _end(times_s) if end_s is None else end_s
        signs = Signs(
            times_s,
            end_s,
            unlike=meter.column("unlike"),
            flash=meter.column("flash"),
            contrast=meter.column("contrast"),
            brightness=meter.column("brightness"),
        )
        transitions = decide(signs, self._blends.found, self._options)
        starts = [one.start for one in transitions if one.kind == "cut"]
        still = np.isin(times_s, starts)
        self.result = MotionTrack(
            times_s=times_s,
            end_s=end_s,
            speed=_but(meter.column("speed"), still),
            saliency=_but(meter.column("saliency"), still),
            brightness=signs.brightness,
            transitions=transitions,
            notes=notes,
        )


def collect_motion(
    media: MediaSource, options: MotionOptions | None = None, *, progress: Progress | None = None
) -> tuple[MotionTrack, DecodeReport]:
    """Decode all frames of a video and return its motion and transitions.

    Raises InputError if the file cannot be read, has no video, or no frame of it can be decoded.
    """
    options, recording, report = options or MotionOptions(), open_recording(media), DecodeReport()
    collector, end_s = MotionCollector(options), 0.0
    for frame in ahead(
        gray_frames(recording, pixels=options.pixels, fast=options.fast, threads=True, report=report)
    ):
        collector.accept(frame.time_s, frame.gray)
        end_s = frame.time_s + frame.length_s
        if progress and recording.duration_s > 0:
            progress(min(1.0, end_s / recording.duration_s))
    if not report.frames:
        raise InputError(recording.path, "has a video stream, but no frame of it can be decoded")
    collector.finish(end_s if frame.length_s > 0 else None, tuple(report.notes()))
    return collector.result, report


def _end(times_s: NDArray[np.float64]) -> float:
    if not len(times_s):
        return 0.0
    return float(times_s[-1] + (times_s[-1] - times_s[-2] if len(times_s) > 1 else SHOWN_S))


def _but(values: Floats, zero: NDArray[np.bool_]) -> Floats:
    return np.where(zero, np.float32(0), values)
