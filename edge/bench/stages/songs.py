"""Find the songs of the golden recording: decode, label, examine faces, decide."""

from __future__ import annotations

import numpy as np

from edge.bench.golden import RECORDING, Outputs
from edge.bench.job import Job, network_job
from edge.evidence.face_track import FaceNetworks
from edge.networks.segmenter import Segmenter
from edge.songs.find import find_songs


def inputs() -> None:
    """Return nothing: it is a file."""


def open_stage(_inputs: None, *, model: str | None, threads: int) -> Job:
    """Load the segmenter; the networks of faces are loaded when they are needed."""
    segmenter, faces = Segmenter(threads=threads), FaceNetworks(threads=threads)

    def run() -> Outputs:
        songs = find_songs(RECORDING, segmenter=segmenter, faces=faces)
        edges = [(s.start, s.end, s.start + s.prelude, s.end - s.postlude) for s in songs]
        return {"edges_s": np.array(edges, np.float32).reshape(-1, 4)}

    return network_job(run, segmenter)
