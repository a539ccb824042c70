"""Faces that detectors find in clips of people, by person, and where there are none; and their speed."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from edge_kernels.images import Rgb

from edge.errors import EdgeError, InputError
from edge.media import frames_at
from edge.models.arithmetic import describe
from edge.models.store import find
from edge.networks.face_detectors import open_face_detector
from edge.networks.faces import FaceDetector, Faces, iou
from edge.networks.images import resize
from tools.evaluate.clips import FACELESS, read_clips
from tools.evaluate.metrics import mean_interval
from tools.progress import each, tell

MODELS = ("faces", "face-mesh", "mtcnn")
"""Detectors that are compared, those of them that are installed."""

PER_SECOND, PER_SECOND_FACELESS = 4, 25
"""Frames per second of the spans with and without a face."""

MIN_FACE = 24
"""Pixels; the clips are 240 pixels high."""

TIMED_SIZE, TIMED_FACE, ROUNDS = (360, 640), 40, 30
"""Height and width of the frames that are timed, the smallest face in them, and how often."""


@dataclass
class Tally:
    """What one detector found."""

    found: dict[str, list[bool]] = field(default_factory=lambda: defaultdict(list))
    """Per person: whether a face was found in each frame with one."""
    false: list[bool] = field(default_factory=list)
    """Whether one was found in each frame without."""
    eye_errors: list[float] = field(default_factory=list)
    """Mean distance of the landmarks from those of the mesh, in distances of the eyes."""
    milliseconds: list[float] = field(default_factory=list)


def evaluate(data: Path, *, models: Sequence[str | Path] = MODELS) -> dict[str, Any]:
    """Keys: `rows`, and in each by detector: found (mean over people of the share of their frames in which a
    face is found), found_interval (95 %, bootstrap over people), found_frames, false (share of frames
    without a face), people, frames, faceless_frames, landmarks (mean distance from the mesh's in distances of
    the eyes, if it is installed), ms (640 x 360, one thread, interleaved, median), bytes;
    and `arithmetic`, that of the processor.

    Detectors that are not installed are left out; raises ModelError if none is.
    """
    detectors = dict(_opened(models)) or {Path(models[0]).name: open_face_detector(models[0])}
    sizes = {Path(model).name: model for model in models}
    tallies = {name: Tally() for name in detectors}
    timed: dict[str, Rgb] = {}
    for rgb, group, has_face in _frames(data):
        found = {name: detector.detect(rgb, MIN_FACE) for name, detector in detectors.items()}
        for name, faces in found.items():
            if has_face:
                tallies[name].found[group].append(len(faces) > 0)
            else:
                tallies[name].false.append(len(faces) > 0)
        _compare(found, tallies)
        if has_face and group not in timed and len(timed) < ROUNDS:
            timed[group] = np.asarray(np.rint(resize(rgb, *TIMED_SIZE)), np.uint8)
    for rgb in each(list(timed.values()), "timed frame"):
        for name, detector in detectors.items():
            begun = time.perf_counter()
            detector.detect(rgb, TIMED_FACE)
            tallies[name].milliseconds.append(1000 * (time.perf_counter() - begun))
    rows = {name: _summary(tally) | {"bytes": _size(sizes[name])} for name, tally in tallies.items()}
    return {"rows": rows, "arithmetic": describe()}


def table(result: dict[str, Any]) -> str:
    """The result for people."""
    lines = [
        f"{'':12}{'found':>8}{'95 %':>16}{'of frames':>11}{'false':>8}{'landmarks':>11}{'ms':>8}{'KB':>8}"
    ]
    for name, row in result["rows"].items():
        low, high = row["found_interval"]
        landmarks = "-" if row["landmarks"] is None else f"{row['landmarks']:.3f}"
        lines.append(
            f"{name:12}{row['found']:8.3f}{f'{low:.3f}-{high:.3f}':>16}{row['found_frames']:11.3f}"
            f"{row['false']:8.3f}{landmarks:>11}{row['ms']:8.1f}{row['bytes'] / 1000:8.0f}"
        )
    row = next(iter(result["rows"].values()))
    lines.append(
        f"{row['people']} people, {row['frames']} frames; {row['faceless_frames']} frames without a face"
    )
    return "\n".join([*lines, f"on {result['arithmetic']}"])


def _opened(models: Sequence[str | Path]) -> Iterator[tuple[str, FaceDetector]]:
    for model in models:
        try:
            yield Path(model).name, open_face_detector(model)
        except EdgeError as error:
            tell(f"left out: {error}")


def _frames(data: Path) -> Iterator[tuple[Rgb, str, bool]]:
    """Yield frames of the labeled spans, the person, and whether there is a face."""
    for clip in each(read_clips(data), "clip"):
        for span in clip.spans:
            rate = PER_SECOND_FACELESS if span.label == FACELESS else PER_SECOND
            count = max(1, int((span.end_s - span.start_s) * rate))
            times = np.linspace(span.start_s, span.end_s, 2 * count + 1)[1::2]
            for frame in frames_at(clip.path, times):
                yield frame.rgb, clip.group, span.label != FACELESS


def _compare(found: dict[str, Faces], tallies: dict[str, Tally]) -> None:
    """Add the distances of landmarks of the same faces from those of the mesh."""
    if (mesh := found.get("face-mesh")) is None or not len(mesh):
        return
    eyes = np.linalg.norm(mesh.landmarks[0, 0] - mesh.landmarks[0, 1])
    for name, faces in found.items():
        overlaps = iou(mesh.boxes[:1], faces.boxes)[0]
        if len(overlaps) and overlaps.max() > 0.3 and name != "face-mesh":
            gaps = np.linalg.norm(faces.landmarks[overlaps.argmax()] - mesh.landmarks[0], axis=1)
            tallies[name].eye_errors.append(float(gaps.mean() / eyes))


def _summary(tally: Tally) -> dict[str, Any]:
    if not tally.found or not tally.milliseconds:
        raise InputError("faces/manifest.csv", "labels no span with a face")
    by_person = np.array([np.mean(frames) for frames in tally.found.values()])
    frames = [one for person in tally.found.values() for one in person]
    return {
        "found": float(by_person.mean()),
        "found_interval": mean_interval(by_person),
        "found_frames": float(np.mean(frames)),
        "false": float(np.mean(tally.false)) if tally.false else 0.0,
        "people": len(by_person),
        "frames": len(frames),
        "faceless_frames": len(tally.false),
        "landmarks": float(np.mean(tally.eye_errors)) if tally.eye_errors else None,
        "ms": float(np.median(tally.milliseconds)),
    }


def _size(model: str | Path) -> int:
    """Bytes of the networks of a model."""
    folder = find(model)
    return sum(folder.file(network.file).stat().st_size for network in folder.manifest.networks.values())
