"""Decode the audio of the golden recording to 16 kHz."""

from __future__ import annotations

import av
import numpy as np

from edge.bench.golden import RECORDING, Outputs
from edge.bench.job import Job
from edge.evidence.levels import FrameLevels
from edge.media import decode_audio

RATE_HZ = 16_000
FLOOR_DB = -60.0
"""Below this, levels are those of the codec's noise."""


def inputs() -> None:
    """Return nothing: it is a file."""


def open_stage(_inputs: None, *, model: str | None, threads: int) -> Job:
    """Return the job."""

    def run() -> Outputs:
        levels = FrameLevels(RATE_HZ // 10)
        for block in decode_audio(RECORDING, rate_hz=RATE_HZ):
            levels.accept(block.samples)
        levels.finish()
        return {"levels_db": np.maximum(levels.levels_db, FLOOR_DB)}

    return Job(run, f"FFmpeg {av.ffmpeg_version_info}", "float")
