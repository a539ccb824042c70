"""What both importers of image networks share: names of classes, and how images are made to fit."""

from __future__ import annotations

import argparse
from pathlib import Path

import msgspec

from edge.errors import InputError, UsageError
from edge.models.frontend import ImageInput
from edge.models.manifest import Network
from tools.importers.sources import read_file

IMAGENET = ((123.675, 116.28, 103.53), (58.395, 57.12, 57.375))
"""Mean and standard deviation of the colours of ImageNet, 0..255, as torchvision has them."""

NORMALISATIONS: dict[str, tuple[tuple[float, float, float], tuple[float, float, float]]] = {
    "imagenet": IMAGENET,
    "unit": ((0.0, 0.0, 0.0), (255.0, 255.0, 255.0)),
    "signed": ((127.5, 127.5, 127.5), (127.5, 127.5, 127.5)),
    "none": ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
}
"""Mean and scale: imagenet's statistics, 0..1, -1..1, 0..255 as they are."""


def add_picture_arguments(parser: argparse.ArgumentParser) -> None:
    """How an image becomes the network's input."""
    parser.add_argument(
        "--normalize", choices=NORMALISATIONS, default="imagenet",
        help="imagenet: its mean and deviation (default); unit: 0..1; signed: -1..1; none: 0..255",
    )  # fmt: skip
    parser.add_argument(
        "--mean", type=float, nargs=3, metavar="M", help="instead: subtracted from the colours 0..255"
    )
    parser.add_argument("--scale", type=float, nargs=3, metavar="S", help="instead: divides the result")
    parser.add_argument("--order", choices=("rgb", "bgr"), default="rgb")
    parser.add_argument(
        "--fit", choices=("stretch", "crop", "pad"), default="crop", help="how other aspects are made to fit"
    )
    parser.add_argument(
        "--part", type=float, default=1.0, help="with crop: share of the middle, 0.875 for 224 of 256"
    )
    parser.add_argument("--size", type=int, help="pixels, where the network takes any size")


def image(options: argparse.Namespace, network: Network, source: Path) -> ImageInput:
    """The front end for the network's first input. Raises InputError if that is no image, UsageError."""
    tensor = network.inputs[0]
    sides = [axis for axis in (1, 3) if len(tensor.shape) == 4 and tensor.shape[axis] == 3]
    if len(network.inputs) != 1 or not sides:
        raise InputError(source, f"takes {tensor.name} {list(tensor.shape)}: no image of three colours")
    nchw = sides[0] == 1
    height, width = (tensor.shape[2:] if nchw else tensor.shape[1:3])  # fmt: skip
    mean, scale = NORMALISATIONS["none" if tensor.dtype in ("uint8", "int8") else options.normalize]
    mean, scale = tuple(options.mean or mean), tuple(options.scale or scale)
    if 0 in scale or not 0 < options.part <= 1:
        raise UsageError("--scale is not 0, and --part lies between 0 and 1")
    return ImageInput(
        width=_side(width, options.size, source),
        height=_side(height, options.size, source),
        fit=options.fit,
        part=options.part,
        layout="nchw" if nchw else "nhwc",
        order=options.order,
        mean=mean,
        scale=scale,
    )


def _side(declared: int | str, wanted: int | None, source: Path) -> int:
    if isinstance(declared, int):
        if wanted not in (None, declared):
            raise UsageError(f"{source} takes {declared} pixels, not {wanted}")
        return declared
    if wanted is None or wanted < 1:
        raise UsageError(f"{source} takes images of any size: say which with --size")
    return wanted


def read_labels(file: Path) -> tuple[str, ...]:
    """Names of classes: the lines of a .txt, or of a .json the list, or the values by their numbers.

    Keys and values may be the other way round ({"cat": 0}). Raises InputError.
    """
    content = read_file(file)
    try:
        if file.suffix == ".json":
            names = _names(msgspec.json.decode(content, type=list[str] | dict[str, str | int]))
        else:
            names = content.decode().rstrip().splitlines()
    except (UnicodeDecodeError, msgspec.MsgspecError, ValueError, KeyError) as error:
        raise InputError(file, f"holds no list of names: {error}") from error
    if not names:
        raise InputError(file, "holds no list of names")
    return tuple(name.strip() for name in names)


def _names(document: list[str] | dict[str, str | int]) -> list[str]:
    """Names in the order of their numbers. Raises ValueError or KeyError if there is none."""
    if isinstance(document, list):
        return document
    names: dict[int, str] = {}
    for key, value in document.items():
        number, name = (value, key) if isinstance(value, int) else (int(key), value)
        names[number] = name
    return [names[number] for number in range(len(document))]
