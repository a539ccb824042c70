"""Compose training images: faces of any size, angle and light on any background, some of them covered.

background (image without a face, or a frame) <- frames, turned and scaled, whole or cut around the head
<- patches that cover a part <- blur, colour, light and noise
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from edge_kernels.images import Rgb, warp
from numpy.typing import NDArray

from edge.networks.faces import NO_FACES, Faces, shrunk, stacked
from edge.text.bitmap import FONT, draw_text, text_width
from tools.train.faces.corpus import Sample, by_group

Floats = NDArray[np.float32]

MIRRORED = [1, 0, 2, 4, 3]
"""Order of the landmarks in a mirror image."""

MISTAKEN_SHARE = 0.3
"""Share of the crops that are mistakes of the proposal, once they are known."""

SIZES = ((192, 320), (192, 320), (320, 192), (256, 256), (128, 128))
"""Heights and widths of training images."""

SMALLEST, LARGEST = 11.0, 0.75
"""Side of the smallest face in pixels, and of the largest in shorter sides of the image."""

EMPTY_SHARE, COVERED_SHARE, GREY_SHARE, BLURRED_SHARE, WHOLE_SHARE, LETTERED_SHARE = (
    0.2,
    0.25,
    0.12,
    0.35,
    0.5,
    0.3,
)
"""Share of images without a face, with a covered one, grey, blurred; of faces with all of their frame; of
backgrounds with lettering."""

CHARACTERS = "".join(line for line in FONT.split("\n") if not set(line) <= set(".# ")).replace(" ", "")
"""What lettering is made of."""


@dataclass(frozen=True)
class Composed:
    """A training image."""

    pixels: Floats
    """float32[3, height, width], 0 to 255."""
    faces: Faces
    unclear: Floats
    """float32[n, 4]: boxes of faces that are cut off or mostly covered, which are neither faces nor none."""


class Composer:
    """Draws training images from frames with faces and images without; `rng` may be replaced."""

    def __init__(self, samples: Sequence[Sample], empty: Sequence[Sample], rng: np.random.Generator) -> None:
        self.rng = rng
        self._people = by_group([sample for sample in samples if len(sample.faces)])
        self._names = sorted(self._people)
        self.mistaken: list[Rgb] = []
        """Crops that the proposal takes for faces, and are none."""
        self._empty = [*empty, *([sample for sample in samples if not len(sample.faces)] * 4)]

    def image(self, height: int, width: int) -> Composed:
        """Draw one image of this size."""
        canvas = self._background(height, width)
        faces, unclear = NO_FACES, np.zeros((0, 4), np.float32)
        if self.rng.random() >= EMPTY_SHARE:
            for _ in range(int(self.rng.choice([1, 1, 1, 2, 3]))):
                canvas, placed, opacity = self._placed(canvas)
                covered = np.array([_mean_in(opacity, box) for box in faces.boxes], np.float32)
                unclear = np.concatenate([unclear, faces.boxes[(covered > 0.1) & (covered < 1)]])
                faces = stacked([faces[covered <= 0.1], placed])
        else:
            canvas = self._faceless_part(canvas)
        if len(faces) and self.rng.random() < COVERED_SHARE:
            canvas = self._cover(canvas, faces.boxes[int(self.rng.integers(len(faces)))])
        whole = _inside(faces, height, width)
        return Composed(
            self._photographed(canvas), faces[whole], np.concatenate([unclear, faces.boxes[~whole]])
        )

    def crop(self, size: int, reach: float) -> Composed:
        """Draw a crop as the refinement sees it: a face of size / `reach` near the center, or none."""
        if self.mistaken and self.rng.random() < MISTAKEN_SHARE:
            rgb = self.mistaken[int(self.rng.integers(len(self.mistaken)))]
            pixels = rgb[:, :: self.rng.choice([-1, 1])].transpose(2, 0, 1).astype(np.float32)
            return Composed(pixels * np.float32(self.rng.uniform(0.8, 1.2)), NO_FACES, NO_FACES.boxes)
        canvas = self._background(size, size)
        kind = self.rng.choice(["face", "other", "part"], p=[0.7, 0.15, 0.15])
        if kind == "other":
            return Composed(self._photographed(self._faceless_part(canvas)), NO_FACES, NO_FACES.boxes)
        side = size / reach * np.exp(self.rng.normal() * 0.12)
        target = size / 2 + self.rng.normal(size=2) * side * 0.07
        if kind == "part":  # a face that is elsewhere, or much larger or smaller
            angle = self.rng.uniform(0, 2 * np.pi)
            away = self.rng.uniform(0.6, 1.0) * (self.rng.random() < 0.6)
            target = target + away * side * np.array([np.cos(angle), np.sin(angle)])
            side *= 1 if away else self.rng.choice([self.rng.uniform(0.25, 0.5), self.rng.uniform(2, 3.5)])
        canvas, faces, _ = self._placed(canvas, side, target)
        if self.rng.random() < COVERED_SHARE:
            canvas = self._cover(canvas, faces.boxes[0])
        return Composed(self._photographed(canvas), faces[:1] if kind == "face" else NO_FACES, NO_FACES.boxes)

    def _background(self, height: int, width: int) -> Floats:
        """Return an image without a face, float32[3, height, width], enlarged to fill the canvas."""
        rgb = self._empty[int(self.rng.integers(len(self._empty)))].rgb
        scale = max(height / rgb.shape[0], width / rgb.shape[1]) * self.rng.uniform(1, 2)
        center = np.array([rgb.shape[1], rgb.shape[0]]) * self.rng.uniform(0.3, 0.7, 2)
        matrix = _matrix(scale, 0.0, center, np.array([width, height]) / 2)
        canvas = np.asarray(warp(rgb, matrix[None], height, width)[0])
        return self._lettered(canvas) if self.rng.random() < LETTERED_SHARE else canvas

    def _lettered(self, canvas: Floats) -> Floats:
        """Write a few lines of random characters of one size over the canvas, often on a plain ground."""
        rng, (_, height, width) = self.rng, canvas.shape
        scale = int(rng.integers(1, max(2, height // 24)))
        rgb = np.ascontiguousarray(canvas.transpose(1, 2, 0)).clip(0, 255).astype(np.uint8)
        ink, ground = (tuple(int(value) for value in rng.integers(0, 256, 3)) for _ in range(2))
        left, top = (int(rng.integers(-side // 4, side * 3 // 4)) for side in (width, height))
        for line in range(int(rng.integers(1, 4))):
            text = "".join(rng.choice(list(CHARACTERS + "  "), int(rng.integers(1, 14))))
            y = top + line * 10 * scale
            if line == 0 and rng.random() < 0.5:
                area = rgb[max(0, y - scale) : max(0, y + 9 * scale), max(0, left - scale) :]
                area[:, : text_width(text, scale) + scale] = ground
            draw_text(rgb, left, y, text, (ink[0], ink[1], ink[2]), scale=scale)
        return rgb.transpose(2, 0, 1).astype(np.float32)

    def _placed(
        self, canvas: Floats, wanted: float | None = None, target: NDArray[np.float64] | None = None
    ) -> tuple[Floats, Faces, Floats]:
        """Put a frame over the canvas, one of its faces with this side and center, or random ones.

        Returns the result, the faces, that one first, and the opacity float32[3, height, width].
        """
        _, height, width = canvas.shape
        person = self._people[self._names[int(self.rng.integers(len(self._names)))]]
        sample = person[int(self.rng.integers(len(person)))]
        rgb, faces = sample.rgb, sample.faces
        if self.rng.random() < 0.5:
            rgb, faces = np.ascontiguousarray(rgb[:, ::-1]), _mirrored(faces, rgb.shape[1])
        index = int(self.rng.integers(len(faces)))
        box = faces.boxes[index]
        side = (box[2:] - box[:2]).max()
        if wanted is None:
            wanted = np.exp(self.rng.uniform(np.log(SMALLEST), np.log(LARGEST * min(height, width))))
        if target is None:
            target = self.rng.uniform(0.1, 0.9, 2) * [width, height]
        turn = self.rng.normal() * (0.2 if self.rng.random() < 0.8 else 0.7)
        matrix = _matrix(wanted / side, turn, (box[:2] + box[2:]) / 2, target)
        whole = self.rng.random() < WHOLE_SHARE
        mask = _frame_mask(rgb) if whole else _head_mask(rgb, box, self.rng.uniform(1.2, 1.9))
        layer = _averaged(rgb, matrix, height, width)
        opacity = warp(mask, matrix[None], height, width)[0] / 255 * _within(matrix, rgb, height, width)
        order = np.argsort(np.arange(len(faces)) != index, kind="stable")
        chosen = faces[order] if whole else faces[index : index + 1]
        return canvas * (1 - opacity) + layer * opacity, _moved(chosen, matrix), opacity

    def _faceless_part(self, canvas: Floats) -> Floats:
        """Put the part of a frame under the face over the canvas: clothes, hands, microphones, scenery."""
        if self.rng.random() < 0.5:
            return canvas
        _, height, width = canvas.shape
        person = self._people[self._names[int(self.rng.integers(len(self._names)))]]
        sample = person[int(self.rng.integers(len(person)))]
        below = int(sample.faces.boxes[:, 3].max() + 4)
        if below > sample.rgb.shape[0] - 24:
            return canvas
        rgb = np.ascontiguousarray(sample.rgb[below:])
        scale = max(height / rgb.shape[0], width / rgb.shape[1]) * self.rng.uniform(0.5, 1)
        center = np.array([rgb.shape[1], rgb.shape[0]]) / 2
        matrix = _matrix(scale, self.rng.normal() * 0.2, center, np.array([width, height]) / 2)
        inside = _within(matrix, rgb, height, width)
        part = warp(rgb, matrix[None], height, width)[0]
        return np.asarray(canvas * (1 - inside) + part * inside, np.float32)

    def _cover(self, canvas: Floats, box: Floats) -> Floats:
        """Cover a part of the face in `box` with a patch of another image or a plain colour."""
        _, height, width = canvas.shape
        side = float((box[2:] - box[:2]).max())
        center = (
            box[:2] + (box[2:] - box[:2]) * self.rng.uniform(0, 1, 2) + self.rng.normal(size=2) * side / 8
        )
        reach = side * self.rng.uniform(0.1, 0.3, 2)
        y, x = np.mgrid[:height, :width]
        round_ = ((x - center[0]) / reach[0]) ** 2 + ((y - center[1]) / reach[1]) ** 2 < 1
        patch = (
            self._background(height, width)
            if self.rng.random() < 0.5
            else self.rng.uniform(0, 255, (3, 1, 1))
        )
        return np.where(round_, patch, canvas).astype(np.float32)

    def _photographed(self, canvas: Floats) -> Floats:
        """Blur, compress, tint, light and noise, as cameras and codecs do."""
        rng = self.rng
        _, height, width = canvas.shape
        if rng.random() < BLURRED_SHARE:
            rgb = np.clip(np.rint(canvas.transpose(1, 2, 0)), 0, 255).astype(np.uint8)
            share = rng.uniform(0.35, 0.95)
            small = _averaged(rgb, _scaling(1 / share), int(height * share), int(width * share))
            rgb = np.clip(np.rint(small.transpose(1, 2, 0)), 0, 255).astype(np.uint8)
            canvas = warp(rgb, _scaling(share)[None], height, width)[0]
        if rng.random() < GREY_SHARE:
            canvas = np.repeat(canvas.mean(axis=0, keepdims=True), 3, axis=0)
        else:
            canvas = canvas * rng.uniform(0.8, 1.2, (3, 1, 1)).astype(np.float32)
        unit = np.clip(canvas / 255, 0, 1) ** np.exp(rng.normal() * 0.35)
        unit = (unit - 0.5) * np.exp(rng.normal() * 0.25) + 0.5 + rng.normal() * 0.1
        if rng.random() < 0.3:
            ramp = np.linspace(rng.uniform(0.4, 1), rng.uniform(0.6, 1.3), width)
            unit = unit * ramp
        noise = rng.standard_normal(canvas.shape, np.float32)
        unit = unit + noise * rng.choice([0.0, 0.01, 0.03, 0.06])
        return np.asarray(np.clip(unit * 255, 0, 255), np.float32)


def _matrix(scale: float, turn: float, source: NDArray[np.float64], target: NDArray[np.float64]) -> Floats:
    """Return the grid float32[2, 3] that shows the point `source`, enlarged and turned, at `target`."""
    cosine, sine = np.cos(turn) / scale, np.sin(turn) / scale
    grid = np.array([[cosine, sine], [-sine, cosine]])
    return np.concatenate([grid, (source - grid @ target)[:, None]], axis=1).astype(np.float32)


def _scaling(step: float) -> Floats:
    return np.array([[step, 0, 0], [0, step, 0]], np.float32)


def _averaged(rgb: Rgb, matrix: Floats, height: int, width: int) -> Floats:
    """Warp as `warp` does, but average over the pixels of the source where it shrinks."""
    finer = round(min(float(np.hypot(*matrix[:, 0])), min(rgb.shape[:2]) / 2))
    if finer > 1:
        rows, columns = rgb.shape[0] // finer, rgb.shape[1] // finer
        small = np.rint(shrunk(rgb, rows, columns)[0].transpose(1, 2, 0)).astype(np.uint8)
        share = np.array([[columns / rgb.shape[1]], [rows / rgb.shape[0]]])
        rgb, matrix = small, (matrix * share).astype(np.float32)
    return np.asarray(warp(rgb, matrix[None], height, width)[0])


def _within(matrix: Floats, rgb: Rgb, height: int, width: int) -> NDArray[np.bool_]:
    """Return bool[height, width]: where the grid lies within the image."""
    y, x = np.mgrid[:height, :width] + 0.5
    across = matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2]
    down = matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2]
    inside = (across >= 0) & (across <= rgb.shape[1]) & (down >= 0) & (down <= rgb.shape[0])
    return np.asarray(inside, np.bool_)


def _frame_mask(rgb: Rgb) -> Rgb:
    return np.full(rgb.shape, 255, np.uint8)


def _head_mask(rgb: Rgb, box: Floats, reach: float) -> Rgb:
    """Return an ellipse around a head with soft edges, as an image."""
    y, x = np.mgrid[: rgb.shape[0], : rgb.shape[1]]
    center, half = (box[:2] + box[2:]) / 2, (box[2:] - box[:2]) / 2 * reach
    distance = np.hypot((x - center[0]) / half[0], (y - center[1]) / half[1])
    soft = np.clip((1.15 - distance) / 0.15, 0, 1) * 255
    return np.repeat(soft.astype(np.uint8)[..., None], 3, axis=2)


def _moved(faces: Faces, matrix: Floats) -> Faces:
    """Return the faces where the grid shows them; boxes become the upright squares of the same area."""
    inverse = np.linalg.inv(np.vstack([matrix, [0, 0, 1]]))[:2].astype(np.float32)
    scale = np.float32(np.hypot(*inverse[:, 0]))
    landmarks = faces.landmarks @ inverse[:, :2].T + inverse[:, 2]
    centers = (faces.boxes[:, :2] + faces.boxes[:, 2:]) / 2 @ inverse[:, :2].T + inverse[:, 2]
    half = (faces.boxes[:, 2:] - faces.boxes[:, :2]) / 2 * scale
    return Faces(np.concatenate([centers - half, centers + half], axis=1), faces.scores, landmarks)


def _mirrored(faces: Faces, width: int) -> Faces:
    boxes = faces.boxes[:, [2, 1, 0, 3]] * [-1, 1, -1, 1] + [width, 0, width, 0]
    landmarks = faces.landmarks[:, MIRRORED] * [-1, 1] + [width, 0]
    return Faces(boxes.astype(np.float32), faces.scores, landmarks.astype(np.float32))


def _mean_in(opacity: Floats, box: Floats) -> float:
    """Return the mean opacity in a box; 0 outside the canvas."""
    left, top, right, bottom = np.clip(box, 0, None).astype(int)
    part = opacity[0, top : bottom + 1, left : right + 1]
    return float(part.mean()) if part.size else 0.0


def _inside(faces: Faces, height: int, width: int) -> NDArray[np.bool_]:
    """Return which faces have their centers and most of their landmarks in the image."""
    centers = (faces.boxes[:, :2] + faces.boxes[:, 2:]) / 2
    points = np.concatenate([centers[:, None], faces.landmarks], axis=1)
    seen = np.all((points >= 0) & (points < [width, height]), axis=2)
    return np.asarray(seen[:, 0] & (seen.sum(axis=1) >= 5), np.bool_)
