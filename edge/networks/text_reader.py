"""Read the text that a frame shows: a detector of text regions, and a recognizer of one line at a time.

    frame -> probability of text per pixel (detector) -> connected regions -> boxes
          -> crops of equal height -> probabilities of characters (recognizer) -> most likely characters

The boxes are those of Liao et al. 2020, "Real-time Scene Text Detection with Differentiable Binarization",
whose networks learn shrunken text and whose regions are therefore grown again. Here they are upright
rectangles, which is enough for captions, titles and screens; of slanted lines much is lost, and text that
runs down is not turned. Characters are decoded greedily, after Graves et al. 2006, see `ctc`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from edge_kernels.images import Rgb, regions
from msgspec import Meta, Struct
from msgspec.structs import replace

from edge.arrays import Floats
from edge.errors import ModelError
from edge.models.folder import ModelFolder
from edge.models.frontend import ImageInput
from edge.models.manifest import Tensor
from edge.networks.base import Network
from edge.networks.images import check_image, prepare

STEP = 32
"""The detector's input has sides that are multiples of this, in pixels: it halves them five times."""

LEAST_SIDE = 3
"""Regions with a shorter side than this, in pixels of the detector's output, are noise (as published)."""

COLUMN = 8
"""The recognizer's input has widths that are multiples of this: the pixels of one row of its output."""

BLANK = 0
"""Number of the output that stands for no character."""

Share = Annotated[float, Meta(ge=0, le=1)]


class Parameters(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters in the manifest of a text reader."""

    characters: str
    """UTF-8 file of the folder with one character per line, in the order of the outputs after the blank."""
    longest_side: Annotated[int, Meta(ge=STEP)]
    """Pixels of the longer side that frames are enlarged or reduced to for the detector."""
    min_text: Share
    """Probability of text above which a pixel belongs to a region."""
    min_score: Share
    """Minimum of a region's mean probability."""
    growth: Annotated[float, Meta(ge=0)]
    """Pixels that each side of a box moves outwards, in areas over perimeters of the box."""
    margin: Annotated[float, Meta(ge=0)]
    """Empty pixels to the right of a line, in heights of the line; without them its end can be lost."""
    max_width: Annotated[int, Meta(ge=COLUMN)]
    """Pixels that a line is narrowed to for the recognizer if it is longer."""
    min_confidence: Share
    """Lines of less confidence are dropped."""


@dataclass(frozen=True, slots=True, eq=False)
class TextLine:
    """A line of text in a frame."""

    text: str
    """What it says, without spaces at both ends; never empty."""
    confidence: float
    """Mean probability of its characters, 0 to 1."""
    box: Floats
    """float32[4]: left, top, right, bottom in pixels, inside the frame."""


class TextReader(Network[ImageInput, Parameters]):
    """A reader of text in frames."""

    task = "text-reader"
    front_end_type = ImageInput
    parameters_type = Parameters
    roles = ("detector", "recognizer")
    default = "rapidocr"

    def read(self, rgb: Rgb) -> tuple[TextLine, ...]:
        """Read the lines of a frame, uint8[height, width, 3], from top to bottom and from left to right.

        Raises UsageError if it is not an image, ModelError if the networks return other shapes.
        """
        rgb = check_image(rgb)
        lines = (self._line(rgb, box) for box in in_reading_order(self.detect(rgb)))
        least = self.parameters.min_confidence
        return tuple(line for line in lines if line.text and line.confidence >= least)

    def detect(self, rgb: Rgb) -> Floats:
        """Return the boxes of text in a frame, float32[n, 4]: left, top, right, bottom in pixels."""
        height, width, _ = check_image(rgb).shape
        share = self.parameters.longest_side / max(height, width)
        size = tuple(max(STEP, round(side * share / STEP) * STEP) for side in (height, width))
        given = prepare(rgb, replace(self.front_end, height=size[0], width=size[1]))
        (scores,) = self.sessions["detector"].run(given)
        if scores.shape != (1, 1, *size):
            raise ModelError(self.folder.path, f"gives {list(scores.shape)} for a frame of {list(size)}")
        scale = np.array([width / size[1], height / size[0]] * 2, np.float32)
        boxes = boxes_of(scores[0, 0], self.parameters) * scale
        return np.asarray(np.clip(boxes, 0, [width, height] * 2), np.float32)

    def recognize(self, rgb: Rgb) -> tuple[str, float]:
        """Return the text of an image of one line, uint8[height, width, 3], and its confidence.

        Raises UsageError if it is not an image.
        """
        tall, (height, width, _) = self._line_height, check_image(rgb).shape
        inner = min(self.parameters.max_width, max(1, round(width * tall / height)))
        outer = -(-(inner + round(self.parameters.margin * tall)) // COLUMN) * COLUMN
        given = np.zeros((1, 3, tall, outer), np.float32)
        given[..., :inner] = prepare(rgb, replace(self.front_end, height=tall, width=inner))
        (rows,) = self.sessions["recognizer"].run(given)
        return decode(rows[0], self._characters)

    def _line(self, rgb: Rgb, box: Floats) -> TextLine:
        left, top = np.floor(box[:2]).astype(int)
        right, bottom = np.ceil(box[2:]).astype(int)
        text, confidence = self.recognize(rgb[top:bottom, left:right])
        return TextLine(text.strip(), confidence, box)

    def _check(self) -> None:
        """Raise ModelError for networks of another shape, or other characters than the recognizer's."""
        detector, recognizer = (self.folder.network(role) for role in self.roles)
        ends = [(*network.inputs, *network.outputs) for network in (detector, recognizer)]
        if not all(len(pair) == 2 and _is_image(pair[0]) for pair in ends):
            raise ModelError(self.folder.path, "does not describe a text-reader: other inputs")
        tall, last = ends[1][0].shape[2], ends[1][1].shape
        if not isinstance(tall, int) or len(last) != 3 or len(ends[0][1].shape) != 4:
            raise ModelError(self.folder.path, "does not describe a text-reader: other shapes")
        self._line_height = tall
        self._characters = _characters(self.folder, self.parameters.characters)
        if last[2] != len(self._characters) + 1:
            what = f"has {len(self._characters)} characters for {last[2]} outputs, one of them the blank"
            raise ModelError(self.folder.path / self.parameters.characters, what)


def boxes_of(scores: Floats, parameters: Parameters) -> Floats:
    """Return the boxes of text, float32[n, 4], in a map of its probability, float32[height, width].

    Each grows on all sides by its area times `growth` over its perimeter; it may end outside the map.
    """
    found = regions(scores, parameters.min_text)
    boxes = found.boxes.astype(np.float32)
    sides = boxes[:, 2:] - boxes[:, :2]
    good = (sides.min(axis=1, initial=np.inf) >= LEAST_SIDE) & (found.means >= parameters.min_score)
    grown = parameters.growth * sides.prod(axis=1) / (2 * sides.sum(axis=1))
    boxes += grown[:, None] * np.array([-1, -1, 1, 1], np.float32)
    return np.asarray(boxes[good], np.float32)


def in_reading_order(boxes: Floats) -> Iterator[Floats]:
    """Yield boxes float32[n, 4] by row, and from left to right in a row.

    A row goes from its highest box down to all whose middle is above the lower end of that box.

    >>> boxes = np.array([[50, 1, 90, 11], [0, 2, 40, 12], [0, 20, 40, 30]], np.float32)
    >>> [box[:2].tolist() for box in in_reading_order(boxes)]
    [[0.0, 2.0], [50.0, 1.0], [0.0, 20.0]]
    """
    left = boxes[np.argsort(boxes[:, 1], kind="stable")]
    while len(left):
        in_row = left[:, 1::2].mean(axis=1) < left[0, 3]
        row, left = left[in_row], left[~in_row]
        yield from row[np.argsort(row[:, 0], kind="stable")]


def decode(rows: Floats, characters: tuple[str, ...]) -> tuple[str, float]:
    """Return the most likely text of probabilities float32[rows, characters + 1], and its confidence.

    Runs of one output are one character with the run's highest probability; the confidence is their mean,
    0 without characters.
    """
    best, sure = rows.argmax(axis=1), rows.max(axis=1, initial=0)
    starts = np.flatnonzero(np.diff(best, prepend=-1))
    kept = best[starts] != BLANK
    if not kept.any():
        return "", 0.0
    confidences = np.maximum.reduceat(sure, starts)[kept]
    text = "".join(characters[number - 1] for number in best[starts][kept])
    return text, float(confidences.mean())


def _is_image(tensor: Tensor) -> bool:
    """Return whether a tensor is float32[batch, 3, height, width]."""
    return tensor.dtype == "float32" and len(tensor.shape) == 4 and tensor.shape[1] == 3


def _characters(folder: ModelFolder, name: str) -> tuple[str, ...]:
    """Read the characters of a folder. Raises ModelError."""
    try:
        characters = folder.read(name).decode().removesuffix("\n").split("\n")
    except UnicodeDecodeError as error:
        raise ModelError(folder.path / name, f"is not UTF-8: {error}") from error
    if not all(characters):
        raise ModelError(folder.path / name, "has an empty line")
    return tuple(characters)
