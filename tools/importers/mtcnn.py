"""`mtcnn`: facenet-pytorch's face detector, its three networks rebuilt, exported and quantized."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from edge.errors import InputError
from edge.models.folder import ModelFolder
from edge.networks.face_cascade import Parameters
from tools.convert import onnx
from tools.convert.environments import one_line
from tools.evaluate import quantized_faces
from tools.importers.cards import card
from tools.importers.install import Target, compared, describe, summary
from tools.importers.sources import Package, Source
from tools.importers.weights import int8_weights

if TYPE_CHECKING:
    from torch import nn

PACKAGE = Package("facenet-pytorch", "2.6.0", "facenet_pytorch")

PARAMETERS = Parameters(
    cell=12, stride=2, factor=0.709, proposal_score=0.6, refined_score=0.7, face_score=0.7
)
"""facenet-pytorch's own."""

QUANTIZATION = "int8 weights with a scale for each output in the second and third network; the first is float"

WEAK = (
    "Profiles, masks, faces upside down and drawn ones; faces under 20 pixels.",
    "In small or blurred images it takes round textures for faces; a score above 0.95 helps.",
    "Nobody measured how it does on faces of different skin colours and ages.",
)


@dataclass(frozen=True)
class Role:
    """One of the three networks."""

    name: str
    """In the manifest."""
    weights: str
    """Its state dict in the package."""
    size: int
    """Pixels of its input, or of the example for the one that takes any."""
    free: Mapping[str, Mapping[int, str]]
    """Its inputs and outputs, with the axes of any size."""


_CELLS = {"scores": {1: "down", 2: "across"}, "offsets": {2: "down", 3: "across"}}
_BATCH = {name: {0: "crops"} for name in ("pictures", "scores", "offsets")}

ROLES = (
    Role("proposal", "pnet", 96, {"pictures": {2: "height", 3: "width"}, **_CELLS}),
    Role("refinement", "rnet", 24, _BATCH),
    Role("output", "onet", 48, {**_BATCH, "points": {0: "crops"}}),
)


def run(source: Source, target: Target, *, quantized: bool, data: Path | None) -> ModelFolder:
    """Write the model folder; with `data`, the folder of a pack, it is measured too.

    Raises InputError if the source holds something else, and what `Target.install` raises.
    """
    target.refuse()
    exact = export(source)
    if not quantized:
        return _write(source, target, exact, quantization="none")
    # Static int8, calibrated on 430 images, was not faster (PReLU keeps going back to float) and moved
    # boxes and landmarks three times as far: IoU 0.93 instead of 0.98, 92 % of the faces instead of 98 %.
    small = {
        name: content if name == "proposal" else int8_weights(content) for name, content in exact.items()
    }

    def write(place: Target, networks: dict[str, bytes]) -> ModelFolder:
        return _write(source, place, networks)

    measured = None if data is None else compared(write, exact, small, quantized_faces.evaluate, data)
    return _write(source, target, small, measured=measured)


def export(source: Source) -> dict[str, bytes]:
    """The three float networks of the source as ONNX, by role. Raises InputError, ConversionError."""
    networks = {}
    with tempfile.TemporaryDirectory() as scratch:
        for role in ROLES:
            file = Path(scratch, f"{role.name}.onnx")
            example = {"pictures": np.zeros((1, 3, role.size, role.size), np.float32)}
            outputs = [name for name in role.free if name != "pictures"]
            onnx.export(_network(source, role), example, file, outputs=outputs, free=role.free)
            networks[role.name] = file.read_bytes()
    return networks


def _network(source: Source, role: Role) -> nn.Module:
    """One network with the weights of the source. Raises InputError."""
    import torch  # noqa: PLC0415 - takes seconds

    from tools.importers import cascade  # noqa: PLC0415

    kinds: dict[str, Callable[[], cascade.Proposal | cascade.Refinement | cascade.Output]]
    kinds = {"proposal": cascade.Proposal, "refinement": cascade.Refinement, "output": cascade.Output}
    name = f"data/{role.weights}.pt"
    content = source.read(name)
    try:
        weights = torch.load(io.BytesIO(content), weights_only=True, map_location="cpu")
        return cascade.load(kinds[role.name](), weights)
    except Exception as error:  # torch raises anything for a damaged file
        raise InputError(
            source.place, f"{name} holds other weights than expected: {one_line(error)}"
        ) from error


def _write(
    source: Source,
    target: Target,
    contents: dict[str, bytes],
    *,
    quantization: str = QUANTIZATION,
    measured: dict[str, Any] | None = None,
) -> ModelFolder:
    files = {f"{role}.onnx": content for role, content in contents.items()}
    size = sum(map(len, files.values()))
    text = card(
        target.id,
        "Finds faces in an image: boxes, scores and five landmarks each.",
        {
            "Networks": "MTCNN, a cascade of three convolutional networks of 496,000 weights together",
            "Source": source.words,
            "Licence": "MIT (the package; it took the weights from David Sandberg's facenet, MIT)",
            "Trained on": "WIDER FACE and CelebA, by the makers of MTCNN",
            "Quantization": quantization,
            "Made by": f"`python -m tools.importers mtcnn`, {size / 1e6:.2f} MB",
        },
        measured=None if measured is None else quantized_faces.table(measured),
        weak=WEAK,
    )
    return target.install(
        {**files, "CARD.md": text},
        version="1",
        task="face-cascade",
        networks={
            role: describe(content, f"{role}.onnx", origin=source.place, quantization=quantization)
            for role, content in contents.items()
        },
        parameters=msgspec.to_builtins(PARAMETERS),
        quantization=quantization,
        licence="MIT",
        source=f"{source.words} by python -m tools.importers mtcnn",
        accuracy=summary(measured or {}),
    )
