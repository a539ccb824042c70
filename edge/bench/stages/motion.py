"""Collect the motion track of the golden recording's video."""

from __future__ import annotations

import numpy as np
from edge_kernels.library import library

from edge.bench.golden import RECORDING, Outputs
from edge.bench.job import Job
from edge.evidence.motion.collect import collect_motion

KEPT = 5
"""Every so many frames are compared."""


def inputs() -> None:
    """Return nothing: it is a file."""


def open_stage(_inputs: None, *, model: str | None, threads: int) -> Job:
    """Return the job; FFmpeg chooses its number of threads."""

    def run() -> Outputs:
        track, _ = collect_motion(RECORDING)
        cuts = np.array([one.start for one in track.transitions], np.float32)
        return {"speed": track.speed[::KEPT], "cuts_s": cuts}

    return Job(run, f"kernels, {library().target or 'numba'}", "float")
