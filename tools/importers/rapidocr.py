"""`rapidocr`: the text detector and recognizer that rapidocr carries, PP-OCRv6 small, with int8 weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from edge.errors import InputError
from edge.models.folder import ModelFolder
from edge.models.frontend import ImageInput
from edge.networks.text_reader import Parameters
from tools.evaluate import reading
from tools.importers.cards import card
from tools.importers.install import Target, compared, describe, onnx_metadata, summary
from tools.importers.sources import Package, Source
from tools.importers.weights import int8_weights

PACKAGE = Package("rapidocr", "3.10.0", "rapidocr")

FILES = {"detector": "models/PP-OCRv6_det_small.onnx", "recognizer": "models/PP-OCRv6_rec_small.onnx"}
CHARACTERS, NOTE = "characters.txt", "character"
"""The file of characters, and what the recognizer's file calls them in its notes."""

FRONT_END = ImageInput(order="bgr", mean=(127.5,) * 3, scale=(127.5,) * 3)

PARAMETERS = Parameters(
    characters=CHARACTERS, longest_side=640, min_text=0.3, min_score=0.5, growth=1.2, margin=0.5,
    max_width=1600, min_confidence=0.5,
)  # fmt: skip
"""Thresholds are rapidocr's. Its growth, 1.6, is for turned boxes; upright ones were read best from 0.9 to
1.3, with a tenth fewer errors. Margins of 0.25 to 2 all saved a tenth of the errors. Small frames are read
better enlarged; 960 pixels saved one error in twenty for more than twice the time, 480 made half as many
more."""

QUANTIZATION = "int8 weights with a scale for each output; activations are float"

WEAK = (
    "Slanted and curved lines, and lines that run down: boxes are upright and no line is turned.",
    "Text of 8 pixels and less.",
    "Objects become single letters or signs, most of them large and with a confidence under 0.9.",
    "Cyrillic, Arabic and Korean are not among its characters; accents get lost now and then.",
)


def run(source: Source, target: Target, *, quantized: bool, data: Path | None) -> ModelFolder:
    """Write the model folder; with `data`, the folder of a pack, it is measured too.

    Raises InputError if the source holds something else, and what `Target.install` raises.
    """
    target.refuse()
    exact = {role: source.read(name) for role, name in FILES.items()}
    characters = _characters(source, exact)
    if not quantized:
        return _write(source, target, exact, characters, quantization="none")
    # Static int8, calibrated on drawn text, took 8 % and 20 % less time and made a third more errors.
    small = {role: int8_weights(content, folded=True) for role, content in exact.items()}

    def write(place: Target, networks: dict[str, bytes]) -> ModelFolder:
        return _write(source, place, networks, characters)

    measured = None if data is None else compared(write, exact, small, reading.evaluate, data)
    return _write(source, target, small, characters, measured=measured)


def _characters(source: Source, contents: dict[str, bytes]) -> bytes:
    """The characters that the recognizer's file notes, a line each, then a space. Raises InputError."""
    for content in contents.values():
        describe(content, "network.onnx", origin=source.place)  # refuses what cannot be opened
    notes = onnx_metadata(contents["recognizer"])
    if NOTE not in notes:
        raise InputError(source.place, f"{FILES['recognizer']} does not note its characters")
    return "\n".join([*notes[NOTE].removesuffix("\n").split("\n"), " ", ""]).encode()


def _write(
    source: Source,
    target: Target,
    contents: dict[str, bytes],
    characters: bytes,
    *,
    quantization: str = QUANTIZATION,
    measured: dict[str, Any] | None = None,
) -> ModelFolder:
    files = {f"{role}.onnx": content for role, content in contents.items()} | {CHARACTERS: characters}
    count, size = characters.count(b"\n"), sum(map(len, files.values()))
    text = card(
        target.id,
        "Finds the lines of text in a frame and reads them.",
        {
            "Networks": "PP-OCRv6 small: a detector (differentiable binarization) and a CTC recognizer of "
            f"{count:,} characters, Latin, Greek, Chinese and Japanese",
            "Source": f"{source.words}, which converted PaddleOCR's networks to ONNX",
            "Licence": "Apache-2.0 (weights, by Baidu's PaddleOCR; the package)",
            "Trained on": "what the makers of PaddleOCR collected and drew; the package does not list it",
            "Quantization": quantization,
            "Made by": f"`python -m tools.importers rapidocr`, {size / 1e6:.1f} MB",
        },
        measured=None if measured is None else reading.table(measured),
        weak=WEAK,
    )
    return target.install(
        {**files, "CARD.md": text},
        version="1",
        task="text-reader",
        networks={
            role: describe(content, f"{role}.onnx", origin=source.place, quantization=quantization)
            for role, content in contents.items()
        },
        front_end=FRONT_END,
        parameters=msgspec.to_builtins(PARAMETERS),
        quantization=quantization,
        licence="Apache-2.0",
        source=f"{source.words} by python -m tools.importers rapidocr",
        accuracy=summary(measured or {}),
    )
