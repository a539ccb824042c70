"""Log-mel of a minute of noise, by the kernels."""

from __future__ import annotations

import numpy as np
from edge_kernels.library import library
from edge_kernels.mel import Mel, slaney

from edge.arrays import Floats
from edge.bench.golden import Outputs, noise
from edge.bench.job import Job

RATE_HZ, SECONDS = 16_000, 60
KEPT = 300
"""Every so many frames are compared."""


def inputs() -> Floats:
    """Return noise that becomes louder and softer, float32[n]."""
    swell = np.abs(np.arange(SECONDS * RATE_HZ) % (2 * RATE_HZ) - RATE_HZ).astype(np.float32) / RATE_HZ
    return np.asarray(noise(SECONDS * RATE_HZ) * swell, np.float32)


def open_stage(samples: Floats, *, model: str | None, threads: int) -> Job:
    """Return the job."""
    mel, used = Mel(slaney()), library()

    def run() -> Outputs:
        return {"mel": mel(samples, threads=threads)[::KEPT]}

    return Job(run, f"kernels, {used.target or 'numba'}", "float")
