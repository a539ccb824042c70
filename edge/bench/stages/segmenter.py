"""Label the audio of the golden recording, in memory: log-mel, encoder and fusion."""

from __future__ import annotations

from edge.arrays import Floats
from edge.bench import golden
from edge.bench.golden import Outputs
from edge.bench.job import Job, network_job
from edge.evidence.labels import label_samples
from edge.networks.segmenter import Segmenter

KEPT = 10
"""Every so many frames are compared."""


def inputs() -> Floats:
    """Return the samples."""
    return golden.samples()


def open_stage(samples: Floats, *, model: str | None, threads: int) -> Job:
    """Load the segmenter."""
    segmenter = Segmenter(model, threads=threads)

    def run() -> Outputs:
        track = label_samples([samples], segmenter)
        return {"segments": track.segments, "frames": track.frames[::KEPT]}

    return network_job(run, segmenter)
