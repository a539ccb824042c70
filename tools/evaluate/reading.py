"""Text that is drawn over frames of a pack's videos, read before and after quantization; and the time.

Every frame gets one line of text: of another font, height and colour each time, on the bare frame or on a
bar, and the losses of a JPEG file. What is read where the line was drawn is compared with it, character by
character.
"""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np
from edge_kernels.images import Rgb
from edge_kernels.text import levenshtein_all
from numpy.typing import NDArray

from edge.errors import InputError
from edge.networks.text_reader import TextLine, TextReader
from tools.evaluate.quantized_faces import video_pictures

FRAMES = 150
"""Frames with a line each; every sixteenth frame of the videos, so that all of them are among these."""
LONGEST = 640
"""Pixels of the longer side of the frames."""

FONTS = ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSerif", "DejaVuSansMono", "STIXGeneral", "STIXGeneralBolIta",
         "cmss10")  # fmt: skip
"""Files that come with matplotlib."""
HEIGHTS = (8, 10, 13, 20, 34)
"""Pixels of an em."""
QUALITY = 30
"""Of the JPEG files that the frames go through, 0 to 100."""
COLOURS = ((255, 255, 255), (0, 0, 0), (255, 220, 40), (200, 30, 30))
TEXTS = (
    "Welcome to the river hall", "LIVE: 14 of 27 votes counted", "www.example.org/help", "NO PARKING",
    "Chapter 3: The Storm", "Café Zoë, 5.80 €", "Subscribe & like!", "Saturday, 21 June 1969", "EXIT",
    "Score 102-98", "How to tune a guitar (part 2)", "Straße gesperrt", "Platform 9", "Fresh bread daily",
    "Ñandú y pingüino",
)  # fmt: skip


@dataclass(frozen=True)
class Sample:
    """A frame with a line of text drawn in it."""

    rgb: Rgb
    text: str
    box: tuple[float, float, float, float]
    """Left, top, right, bottom of the text in pixels."""
    height: int
    """Pixels of an em."""
    barred: bool
    """Whether a bar of a contrasting colour lies behind it."""


def evaluate(
    data: Path, *, folder: Path | str = "rapidocr", float_folder: Path | str = "rapidocr-float"
) -> dict[str, Any]:
    """Errors of both models on the same drawn lines.

    Keys: rows (name of a group -> lines, cer_float and cer_int8 (character errors over characters, without
    spaces), found_float and found_int8 (share of the lines of which anything is read)), ms_frame_float and
    ms_frame_int8 (the detector), ms_line_float and ms_line_int8 (medians, one thread), bytes_float and
    bytes_int8.
    """
    drawn = list(samples(data))
    result: dict[str, Any] = {"rows": {name: {"lines": int(chosen.sum())} for name, chosen in _groups(drawn)}}
    for name, place in (("float", float_folder), ("int8", folder)):
        reader = TextReader(place)
        errors = np.array([line_errors(reader.read(sample.rgb), sample) for sample in drawn])
        sizes = np.array([len(_letters(sample.text)) for sample in drawn])
        for group, chosen in _groups(drawn):
            row = result["rows"][group]
            row[f"cer_{name}"] = float(errors[chosen].sum() / sizes[chosen].sum())
            row[f"found_{name}"] = float((errors[chosen] < sizes[chosen]).mean())
        result[f"ms_frame_{name}"], result[f"ms_line_{name}"] = _milliseconds(reader, drawn)
        files = (reader.folder.path / network.file for network in reader.folder.manifest.networks.values())
        result[f"bytes_{name}"] = sum(file.stat().st_size for file in files)
    return result


def table(result: dict[str, Any]) -> str:
    """The result for people."""
    lines = [f"{'characters in error':20}{'lines':>8}{'float':>9}{'int8':>9}{'found':>9}{'int8':>9}"]
    for name, row in result["rows"].items():
        rates = "".join(f"{row[key]:9.3f}" for key in ("cer_float", "cer_int8", "found_float", "found_int8"))
        lines.append(f"{name:20}{row['lines']:8}{rates}")
    for name in ("float", "int8"):
        lines.append(
            f"{name}: {result[f'ms_frame_{name}']:.0f} ms to find the lines of a frame of {LONGEST} pixels, "
            f"{result[f'ms_line_{name}']:.0f} ms to read one; {result[f'bytes_{name}'] / 1e6:.1f} MB"
        )
    return "\n".join(lines)


def samples(data: Path, *, seed: int = 0, count: int = FRAMES) -> Iterator[Sample]:
    """Frames of the videos of a pack with a line each; the same for the same seed. Raises InputError."""
    frames = list(islice(video_pictures(data, longest=LONGEST), 0, None, 16))
    if not frames:
        raise InputError(data, "has no video; pass --data DIR or set EDGE_DATA")
    rng = np.random.default_rng(seed)
    for number, frame in enumerate(islice(cycle(frames), count)):
        yield draw(frame, TEXTS[number % len(TEXTS)], HEIGHTS[number % len(HEIGHTS)], rng)


def draw(frame: Rgb, text: str, height: int, rng: np.random.Generator) -> Sample:
    """Write a text somewhere into a copy of a frame; colours that cannot be seen there are not used."""
    from PIL import Image, ImageDraw  # noqa: PLC0415 - comes with matplotlib

    font = _font(FONTS[rng.integers(len(FONTS))], height)
    image = Image.fromarray(frame)
    pen = ImageDraw.Draw(image)
    left, top, right, bottom = pen.textbbox((0, 0), text, font=font)
    x, y = (int(rng.integers(4, max(5, size - 4))) for size in (
        image.width - int(right - left), image.height - int(bottom - top)))  # fmt: skip
    box = (float(x), float(y), x + right - left, y + bottom - top)
    under = frame[y : int(box[3]) + 1, x : int(box[2]) + 1].reshape(-1, 3).astype(float)
    barred = bool(rng.random() < 0.4)
    if barred:
        under = rng.integers(0, 256, (1, 3)).astype(float)
        bar = (box[0] - height / 4, box[1] - height / 4, box[2] + height / 4, box[3] + height / 4)
        pen.rectangle(bar, fill=tuple(int(value) for value in under[0]))
    ink = max(rng.permutation(COLOURS), key=lambda colour: _contrast(colour, under) > 90)
    if _contrast(ink, under) <= 90:
        ink = max(np.array(COLOURS), key=lambda colour: _contrast(colour, under))
    pen.text((x - left, y - top), text, fill=tuple(int(value) for value in ink), font=font)
    return Sample(_compressed(image), text, box, height, barred)


def _compressed(image: Any) -> Rgb:
    """An image with the losses of a JPEG file, much like those of video."""
    from PIL import Image  # noqa: PLC0415

    content = io.BytesIO()
    image.save(content, "JPEG", quality=QUALITY)
    return np.asarray(Image.open(content))


def line_errors(lines: tuple[TextLine, ...], sample: Sample) -> int:
    """Characters of a drawn line that are wrong, missing or too many, at most all; spaces do not count."""
    left, top, right, bottom = sample.box
    here = [
        line.text
        for line in lines
        if left <= line.box[::2].mean() <= right and top <= line.box[1::2].mean() <= bottom
    ]
    truth, read = _letters(sample.text), _letters("".join(here))
    return min(len(truth), int(levenshtein_all([truth], [read])[0, 0]))


def _letters(text: str) -> str:
    return "".join(text.split())


def _contrast(colour: NDArray[Any] | tuple[int, ...], under: NDArray[np.float64]) -> float:
    """Distance in brightness from the tenth of the pixels that are nearest to the colour."""
    weights = np.array([0.299, 0.587, 0.114])
    return float(np.percentile(np.abs(under @ weights - np.array(colour) @ weights), 10))


@cache
def _font(name: str, height: int) -> Any:
    import matplotlib  # noqa: PLC0415 - takes a second
    from PIL import ImageFont  # noqa: PLC0415

    return ImageFont.truetype(str(Path(matplotlib.get_data_path(), "fonts", "ttf", f"{name}.ttf")), height)


def _groups(drawn: list[Sample]) -> list[tuple[str, NDArray[np.bool_]]]:
    barred = np.array([sample.barred for sample in drawn])
    heights = np.array([sample.height for sample in drawn])
    groups = [("all", np.ones(len(drawn), bool)), ("on a bar", barred), ("on the frame", ~barred)]
    return groups + [(f"{height} pixels", heights == height) for height in HEIGHTS]


def _milliseconds(reader: TextReader, drawn: list[Sample]) -> tuple[float, float]:
    """Median times of finding the lines of a frame, and of reading a line."""
    frames, lines = [], []
    for sample in drawn[:20]:
        left, top, right, bottom = (int(side) for side in sample.box)
        started = time.perf_counter()
        reader.detect(sample.rgb)
        found = time.perf_counter()
        reader.recognize(sample.rgb[top : bottom + 1, left : right + 1])
        frames.append(found - started)
        lines.append(time.perf_counter() - found)
    return 1000 * float(np.median(frames)), 1000 * float(np.median(lines))
