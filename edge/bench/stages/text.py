"""Encode a sentence."""

from __future__ import annotations

import numpy as np

from edge.bench.golden import Outputs
from edge.bench.job import Job, network_job
from edge.networks.text_encoder import TextEncoder

SENTENCE = "Two friends sing an old song by the river"


def inputs() -> str:
    """Return the sentence."""
    return SENTENCE


def open_stage(sentence: str, *, model: str | None, threads: int) -> Job:
    """Load the encoder."""
    encoder = TextEncoder(model, threads=threads)

    def run() -> Outputs:
        return {"vectors": encoder.encode([sentence]).astype(np.float16)}

    return network_job(run, encoder)
