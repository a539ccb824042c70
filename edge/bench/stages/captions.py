"""Transcribe the golden recording: decode, label, recognize speech, align its words."""

from __future__ import annotations

import numpy as np

from edge.bench.golden import RECORDING, Outputs
from edge.bench.job import Job, network_job
from edge.captions.transcribe import transcribe
from edge.evidence.speech.recognizers import open_recognizer
from edge.evidence.speech.spoken import spoken_words
from edge.models.store import find
from edge.networks.segmenter import Segmenter

DEFAULT = "moonshine-tiny-en"


def inputs() -> None:
    """Return nothing: it is a file."""


def open_stage(_inputs: None, *, model: str | None, threads: int) -> Job:
    """Load the segmenter; the recognizer loads its networks when they are needed."""
    segmenter = Segmenter(threads=threads)
    recognizer = open_recognizer(model or DEFAULT, threads=threads)

    def run() -> Outputs:
        captions = transcribe(RECORDING, recognizer=recognizer, segmenter=segmenter)
        tokens = [token for caption in captions for token in caption.text.split()]
        return {"words": np.array([word for token in tokens for word in spoken_words(token)], str)}

    return network_job(run, segmenter, more=[find(model or DEFAULT)])
