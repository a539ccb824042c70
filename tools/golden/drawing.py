"""Draw the frames of the golden recording: people who talk or sing, and shapes that move."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from edge_kernels.images import Rgb

from edge.arrays import Floats

WIDTH, HEIGHT = 640, 360

Color = tuple[int, int, int]

HAIR, SKIN, NECK = (50, 35, 28), (225, 175, 150), (190, 140, 115)
EYE, IRIS, BROW, LASH = (235, 230, 225), (50, 35, 25), (60, 42, 32), (60, 40, 35)
LIPS, MOUTH, NOSTRIL, LIGHT, SHADE = (
    (175, 85, 85),
    (70, 25, 28),
    (120, 75, 65),
    (250, 205, 180),
    (150, 100, 85),
)
WALL, STAGE, HALL = (70, 90, 110), (60, 30, 60), (25, 25, 35)


class Canvas:
    """A frame that ellipses are drawn on."""

    def __init__(self, color: Color) -> None:
        light = 40 * np.linspace(0, 1, WIDTH, dtype=np.float32)[None, :, None]
        self._pixels = np.tile(np.array(color, np.float32) + light, (HEIGHT, 1, 1))

    @property
    def rgb(self) -> Rgb:
        """What was drawn, uint8[height, width, 3]."""
        return np.asarray(self._pixels.clip(0, 255), np.uint8)

    def ellipse(
        self, center: tuple[float, float], radii: tuple[float, float], color: Color,
        *, soft: float = 1.5, opaque: float = 1.0, round_: bool = False,
    ) -> None:  # fmt: skip
        """Draw one; its rim is `soft` pixels wide. With `round_` it is darker towards its sides."""
        columns, rows = (
            slice(max(0, int(at - radius - soft)), max(0, int(at + radius + soft + 2)))
            for at, radius in zip(center, radii, strict=True)
        )
        part = self._pixels[rows, columns]
        x = (np.arange(part.shape[1], dtype=np.float32)[None] + columns.start - center[0]) / radii[0]
        y = (np.arange(part.shape[0], dtype=np.float32)[:, None] + rows.start - center[1]) / radii[1]
        inside = np.clip((1 - np.sqrt(x**2 + y**2)) * min(radii) / soft + 0.5, 0, 1)[..., None] * opaque
        light = (1 - 0.25 * x**2 - 0.12 * y**2)[..., None] if round_ else np.float32(1)
        part += inside * (np.array(color, np.float32) * light - part)


def face(canvas: Canvas, x: float, y: float, size: float, mouth: float) -> None:
    """Draw a face seen from the front, `size` pixels from its middle to its ears; `mouth` is open 0 to 1."""

    def part(right: float, down: float, wide: float, high: float, color: Color, **more: float) -> None:
        canvas.ellipse((x + right * size, y + down * size), (wide * size, high * size), color, **more)  # type: ignore[arg-type]

    part(0, -0.35, 1.0, 1.15, HAIR, soft=3)
    part(0, 1.6, 0.42, 0.7, NECK, soft=3)
    part(0, 0, 0.8, 1.08, SKIN, soft=3, round_=True)
    for side in (-1, 1):
        part(side * 0.33, -0.15, 0.2, 0.14, SHADE, soft=4, opaque=0.35)
        part(side * 0.33, -0.15, 0.14, 0.075, EYE)
        part(side * 0.33, -0.15, 0.065, 0.07, IRIS)
        part(side * 0.33, -0.2, 0.16, 0.025, LASH)
        part(side * 0.33, -0.35, 0.19, 0.045, BROW, soft=3)
        part(side * 0.09, 0.28, 0.045, 0.03, NOSTRIL, soft=2)
    part(0, 0.2, 0.1, 0.16, LIGHT, soft=8, opaque=0.4)
    part(0, 0.33, 0.16, 0.04, SHADE, soft=6, opaque=0.5)
    part(0, 0.58, 0.3, 0.09 + 0.15 * mouth, LIPS, soft=3)
    part(0, 0.58, 0.24, 0.02 + 0.14 * mouth, MOUTH, soft=2)


def talk(time_s: float, mouth: float) -> Rgb:
    """Two people, the left one of whom talks."""
    canvas = Canvas(WALL)
    sway = 3 * np.sin(time_s)
    face(canvas, 230 + sway, 170, 80, mouth)
    face(canvas, 470, 160, 60, 0.05)
    return canvas.rgb


def song(time_s: float, mouth: float) -> Rgb:
    """One who sings, larger and larger, in front of a light that moves."""
    canvas = Canvas(STAGE)
    canvas.ellipse((320 + 200 * np.sin(0.5 * time_s), 90), (110, 110), (200, 150, 60), soft=40)
    face(canvas, 320 + 6 * np.sin(1.5 * time_s), 165, 75 + 1.5 * time_s, mouth)
    return canvas.rgb


def hall(time_s: float, _mouth: float) -> Rgb:
    """Balls that fly."""
    canvas = Canvas(HALL)
    balls: Sequence[tuple[float, Color]] = [
        (0.0, (220, 80, 60)),
        (1.3, (80, 200, 120)),
        (2.1, (90, 120, 230)),
    ]
    for phase, color in balls:
        x = 320 + 250 * np.sin(0.9 * time_s + phase)
        y = 300 - 220 * abs(np.sin(1.7 * time_s + phase))
        canvas.ellipse((x, y), (34, 34), color, round_=True)
    return canvas.rgb


def openness(samples: Floats, rate_hz: int, rate: int) -> Floats:
    """How open a mouth is, 0 to 1, in each of `rate` frames a second: it follows the level."""
    hop = rate_hz // rate
    blocks = samples[: len(samples) // hop * hop].reshape(-1, hop)
    level = np.sqrt((blocks**2).mean(axis=1))
    return np.asarray(np.clip(level / np.maximum(np.percentile(level, 90), 1e-6), 0, 1), np.float32)
