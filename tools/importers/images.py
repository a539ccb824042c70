"""`images`: a network that makes a vector of an image (.onnx or .tflite), and names of classes.

With --vectors, a .npy file float32[names, numbers], each name has a vector beside which images can be laid;
without, the names are those of the network's own output, one number each.
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.errors import InputError
from edge.models.folder import ModelFolder
from edge.models.manifest import Network
from tools.importers.cards import card
from tools.importers.install import Target, describe
from tools.importers.labels import add_picture_arguments, image, read_labels
from tools.importers.sources import read_file

VECTORS = "vectors.npy"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("source", type=Path, metavar="SOURCE", help=".onnx, .ort or .tflite file")
    parser.add_argument("labels", type=Path, metavar="NAMES", help=".txt with a name a line, or .json")
    parser.add_argument("--vectors", type=Path, metavar="NPY", help="a vector for each name")
    parser.add_argument("--licence", default="unknown: ask whoever made it", help="for the manifest")
    add_picture_arguments(parser)


def run(options: argparse.Namespace, target: Target) -> ModelFolder:
    """Write the model folder. Raises InputError for files that do not fit, and as `Target.install`."""
    target.refuse()
    source: Path = options.source
    content, names = read_file(source), read_labels(options.labels)
    file = f"encoder{source.suffix}"
    network = describe(content, file, origin=source)
    front_end = image(options, network, source)
    size = _size(source, network)
    files: dict[str, bytes] = {file: content}
    parameters: dict[str, bool | int | float | str] = {"size": size}
    if options.vectors:
        files[VECTORS] = _packed(_vectors(options.vectors, len(names), size))
        parameters["vectors"] = VECTORS
    elif size != len(names):
        raise InputError(source, f"gives {size} numbers for {len(names)} names: pass their --vectors")
    text = card(
        target.id,
        f"Makes a vector of {size} numbers of an image, next to {len(names)} names of classes.",
        {"Network": source.name, "Licence": options.licence, "Made by": "`python -m tools.importers images`"},
        weak=["Whoever trained it knows: see where it came from."],
    )
    return target.install(
        {**files, "CARD.md": text},
        version="1",
        task="image-encoder",
        networks={"encoder": network},
        labels=names,
        front_end=front_end,
        parameters=parameters,
        licence=options.licence,
        source=f"the file {source.name}",
    )


def _size(source: Path, network: Network) -> int:
    """Numbers of the vector. Raises InputError if the first output is none."""
    output = network.outputs[0]
    size = output.shape[-1] if len(output.shape) == 2 else None
    if not isinstance(size, int):
        raise InputError(source, f"gives {output.name} {list(output.shape)}: no vector")
    return size


def _vectors(file: Path, names: int, size: int) -> NDArray[np.float32]:
    """float32[names, size] from a .npy file. Raises InputError."""
    try:
        vectors = np.load(io.BytesIO(read_file(file)), allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise InputError(file, f"is no .npy file of numbers: {error}") from error
    if not isinstance(vectors, np.ndarray) or vectors.dtype.kind != "f" or vectors.shape != (names, size):
        shape = getattr(vectors, "shape", ())
        raise InputError(file, f"holds {list(shape)}, not [{names}, {size}]: a vector for each name")
    return np.ascontiguousarray(vectors, np.float32)


def _packed(vectors: NDArray[np.float32]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, vectors)
    return buffer.getvalue()
