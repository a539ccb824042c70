"""The landmarks that training and evaluation crop lips by, and how far lips are open: the face mesh's.

It is not needed at runtime: there any detector of five landmarks will do.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from edge_kernels.images import Rgb

from edge.arrays import Floats
from edge.networks.face_mesh import FaceMesh

LIPS = (13, 14)
"""Points of the mesh in the middle of the inner lips."""


@dataclass(frozen=True)
class Face:
    """One face of an image."""

    box: Floats
    """float32[4]: left, top, right, bottom in pixels."""
    landmarks: Floats
    """float32[5, 2], in the order of `edge.networks.faces.LANDMARKS`."""
    opening: float
    """Distance of the inner lips, relative to that of the eyes."""


def faces_in(mesh: FaceMesh, rgb: Rgb) -> list[Face]:
    """The faces of an image, best first."""
    found = mesh.detect(rgb, min_face=1)
    return [_measured(mesh, rgb, *face) for face in zip(found.boxes, found.landmarks, strict=True)]


def follow(mesh: FaceMesh, frames: Iterable[Rgb]) -> list[Face | None]:
    """The largest face of the first frame that has one, through all frames; None where it is lost."""
    faces: list[Face | None] = []
    last: Face | None = None
    for rgb in frames:
        found = faces_in(mesh, rgb)
        face = max(found, key=_width, default=None) if last is None else _nearest(found, last)
        faces.append(face)
        last = face or last
    return faces


def _measured(mesh: FaceMesh, rgb: Rgb, box: Floats, landmarks: Floats) -> Face:
    points, _ = mesh.mesh(rgb, box, landmarks[:2])
    eyes = np.linalg.norm(landmarks[1] - landmarks[0])
    opening = np.linalg.norm(points[LIPS[0]] - points[LIPS[1]]) / max(float(eyes), 1e-6)
    return Face(box, landmarks, float(opening))


def _nearest(found: list[Face], last: Face) -> Face | None:
    """The face closest to where it was, if that is less than its width away."""
    face = min(found, key=lambda face: _distance(face, last), default=None)
    return face if face is not None and _distance(face, last) < _width(last) else None


def _width(face: Face) -> float:
    return float(face.box[2] - face.box[0])


def _distance(face: Face, other: Face) -> float:
    return float(np.linalg.norm(face.landmarks.mean(0) - other.landmarks.mean(0)))
