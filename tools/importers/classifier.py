"""`classifier`: an ONNX network that gives each of a list of classes a number, and the list.

The network takes one image, or one row of numbers ([batch, numbers]: what another network made, say), or
with --samples the audio itself ([batch, samples]). Its first output has one number for each name.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from edge.errors import InputError
from edge.models.folder import ModelFolder
from edge.models.frontend import FrontEnd, Samples
from edge.models.manifest import Network
from tools.importers.cards import card
from tools.importers.install import Target, describe
from tools.importers.labels import add_picture_arguments, image, read_labels
from tools.importers.sources import read_file

SUFFIXES = (".onnx", ".ort")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("source", type=Path, metavar="SOURCE", help=".onnx or .ort file")
    parser.add_argument("labels", type=Path, metavar="LABELS", help=".txt with a name a line, or .json")
    parser.add_argument("--licence", default="unknown: ask whoever made it", help="for the manifest")
    parser.add_argument("--samples", type=int, metavar="RATE", help="it takes sound at this rate in Hz")
    parser.add_argument(
        "--scores", choices=("logits", "probabilities"), default="logits", help="what it gives (logits)"
    )
    add_picture_arguments(parser)


def run(options: argparse.Namespace, target: Target) -> ModelFolder:
    """Write the model folder. Raises InputError for files that do not fit, and as `Target.install`."""
    target.refuse()
    source: Path = options.source
    if source.suffix not in SUFFIXES:
        raise InputError(source, f"is not one of {', '.join(SUFFIXES)}")
    content, labels = read_file(source), read_labels(options.labels)
    file = f"model{source.suffix}"
    network = describe(content, file, origin=source)
    _check(source, network, len(labels))
    text = card(
        target.id,
        f"Tells {len(labels)} classes apart: {', '.join(labels[:8])}{' ...' if len(labels) > 8 else ''}.",
        {
            "Network": source.name,
            "Licence": options.licence,
            "Made by": "`python -m tools.importers classifier`",
        },
        weak=["Whoever trained it knows: see where it came from."],
    )
    return target.install(
        {file: content, "CARD.md": text},
        version="1",
        task="classifier",
        networks={"classifier": network},
        labels=labels,
        front_end=_front_end(options, network),
        parameters={"scores": options.scores},
        licence=options.licence,
        source=f"the file {source.name}",
    )


def _front_end(options: argparse.Namespace, network: Network) -> FrontEnd | None:
    """What the network is given: an image, sound, or whatever has its shape. Raises InputError."""
    if len(network.inputs[0].shape) == 4:
        return image(options, network, options.source)
    return Samples(rate_hz=options.samples) if options.samples else None


def _check(source: Path, network: Network, labels: int) -> None:
    """Refuse networks of other shapes, and those whose classes are not as many as the labels."""
    given, scores = network.inputs[0], network.outputs[0]
    if len(network.inputs) != 1 or len(given.shape) not in (2, 4):
        shapes = ", ".join(f"{tensor.name} {list(tensor.shape)}" for tensor in network.inputs)
        raise InputError(source, f"takes {shapes}: neither one image nor one row of numbers")
    classes = scores.shape[-1] if scores.shape else 0
    if len(scores.shape) != 2 or scores.dtype != "float32" or not isinstance(classes, int):
        raise InputError(source, f"gives {scores.dtype}{list(scores.shape)}: no number for each class")
    if classes != labels:
        raise InputError(source, f"has {classes} classes, and there are {labels} labels")
