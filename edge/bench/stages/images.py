"""Classify a frame of the golden recording."""

from __future__ import annotations

import numpy as np
from edge_kernels.images import Rgb

from edge.bench import golden
from edge.bench.golden import Outputs
from edge.bench.job import Job, network_job
from edge.networks.image_encoder import ImageEncoder

TIME_S = 2.0


def inputs() -> Rgb:
    """Return the frame."""
    return golden.frame(TIME_S)


def open_stage(rgb: Rgb, *, model: str | None, threads: int) -> Job:
    """Load the encoder."""
    encoder = ImageEncoder(model, threads=threads)

    def run() -> Outputs:
        logits = np.log(np.maximum(encoder.classify([rgb]), np.float32(1e-9)))
        return {"logits": (logits - logits.mean()).astype(np.float16)}

    return network_job(run, encoder)
