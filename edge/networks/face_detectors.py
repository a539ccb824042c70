"""Open a face detector: the class is chosen by the task in the model's manifest."""

from __future__ import annotations

from os import PathLike

from edge.errors import ModelError
from edge.models.folder import ModelFolder
from edge.models.options import SessionOptions
from edge.models.store import find
from edge.networks.face_cascade import FaceCascade
from edge.networks.face_map import FaceMap
from edge.networks.face_mesh import FaceMesh
from edge.networks.faces import FaceDetector

DETECTORS = {detector.task: detector for detector in (FaceMap, FaceMesh, FaceCascade)}
"""Class by task. To add one: write a class with the methods of `FaceDetector`, and add it here."""


def find_face_detector(model: str | PathLike[str] = FaceMap.default) -> ModelFolder:
    """Return the folder of the face detector with this id, or at this path.

    Raises ModelError if it is missing, damaged or does something else.
    """
    folder = find(model)
    if folder.manifest.task not in DETECTORS:
        raise ModelError(folder.path, f"expected a face detector, found a {folder.manifest.task} model")
    return folder


def open_face_detector(
    model: str | PathLike[str] | ModelFolder = FaceMap.default,
    *,
    threads: int = 1,
    options: SessionOptions | None = None,
) -> FaceDetector:
    """Open the face detector with this id or folder.

    Raises the errors of `find_face_detector`, MissingRuntimeError if its runtime is not installed.
    """
    folder = model if isinstance(model, ModelFolder) else find_face_detector(model)
    return DETECTORS[folder.manifest.task](folder, threads=threads, options=options)
