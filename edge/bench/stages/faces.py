"""Detect the two faces in a frame of the golden recording."""

from __future__ import annotations

import numpy as np
from edge_kernels.images import Rgb

from edge.bench import golden
from edge.bench.golden import Outputs
from edge.bench.job import Job, network_job
from edge.networks.base import Network
from edge.networks.face_detectors import open_face_detector
from edge.networks.face_map import FaceMap

TIME_S = 2.0


def inputs() -> Rgb:
    """Return the frame."""
    return golden.frame(TIME_S)


def open_stage(rgb: Rgb, *, model: str | None, threads: int) -> Job:
    """Load the detector."""
    detector = open_face_detector(model or FaceMap.default, threads=threads)
    assert isinstance(detector, Network)

    def run() -> Outputs:
        found = detector.detect(rgb)
        faces = found[np.argsort(found.boxes[:, 0])]  # their scores are nearly the same
        return {"boxes": faces.boxes, "landmarks": faces.landmarks}

    return network_job(run, detector)
