"""Open a face detector: the class is chosen by the task in the model's manifest."""

from __future__ import annotations

from os import PathLike

from edge.errors import ModelError
from edge.models.options import SessionOptions
from edge.models.store import find
from edge.networks.face_cascade import FaceCascade
from edge.networks.face_mesh import FaceMesh
from edge.networks.faces import FaceDetector

DETECTORS = {detector.task: detector for detector in (FaceMesh, FaceCascade)}
"""Class by task. To add one: write a class with the methods of `FaceDetector`, and add it here."""


def open_face_detector(
    model: str | PathLike[str] = FaceMesh.default, *, threads: int = 1, options: SessionOptions | None = None
) -> FaceDetector:
    """Open the face detector with this id or folder.

    Raises ModelError if it is missing, damaged or does something else, MissingRuntimeError if its runtime is
    not installed.
    """
    folder = find(model)
    if (detector := DETECTORS.get(folder.manifest.task)) is None:
        raise ModelError(folder.path, f"expected a face detector, found a {folder.manifest.task} model")
    return detector(folder, threads=threads, options=options)
