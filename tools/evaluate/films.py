"""Short films of a face and a sound, composed of the packs' clips and recordings."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from edge_kernels.images import Rgb
from numpy.typing import NDArray

from edge.arrays import Floats
from edge.media import frames_at
from edge.networks.images import resize
from tools.evaluate.pack import RATE_HZ
from tools.evaluate.quantized_faces import decode_jpeg

FPS = 25
"""Frames per second."""

WIDTH, HEIGHT = 640, 360
"""Pixels of a film."""


SMALLEST_IMAGE = 200
"""Pixels of the shorter side of an image that may fill a film."""


def load_frames(path: Path, seconds: float) -> tuple[Rgb, ...]:
    """Return the frames of a clip."""
    times = (np.arange(int(seconds * FPS)) + 0.5) / FPS
    return tuple(frame.rgb for frame in frames_at(path, times.tolist()))


def read_images(pack: Path) -> list[Rgb]:
    """Return the larger images of a pack."""
    found = []
    for archive in sorted((pack / "images").glob("*.zip")):
        with zipfile.ZipFile(archive) as file:
            names = sorted(name for name in file.namelist() if name.upper().endswith(".JPEG"))
            found += [decode_jpeg(file.read(name)) for name in names]
    return [image for image in found if min(image.shape[:2]) >= SMALLEST_IMAGE]


def played(frames: Sequence[Rgb], positions: NDArray[np.float64], seconds: float) -> list[Rgb]:
    """Return the frames at `positions`, 10 a second, for a film of `seconds`."""
    times = np.arange(round(seconds * FPS)) / FPS
    at = np.interp(times, (np.arange(len(positions)) + 0.5) / 10, positions)
    return [frames[int(np.clip(np.rint(place), 0, len(frames) - 1))] for place in at]


def beside(*columns: Sequence[Rgb]) -> Iterator[Rgb]:
    """Yield frames of `WIDTH` x `HEIGHT` with one to three views side by side, on grey."""
    for images in zip(*columns, strict=True):
        yield _composed(images)


def still(image: Rgb, seconds: float) -> list[Rgb]:
    """Return a camera that moves over an image in which nobody is."""
    scene = fitted(image, WIDTH + 40, HEIGHT)
    steps = np.rint(20 - 20 * np.cos(np.arange(round(seconds * FPS)) / 30)).astype(int)
    return [np.ascontiguousarray(scene[:, step : step + WIDTH]) for step in steps]


def fitted(image: Rgb, width: int, height: int) -> Rgb:
    """Return an image of this size, stretched."""
    return np.asarray(np.clip(np.rint(resize(image, height, width)), 0, 255), np.uint8)


def write_film(
    path: Path, frames: Iterable[Rgb], samples: Floats, *, size: tuple[int, int] = (WIDTH, HEIGHT)
) -> None:
    """Write frames, `FPS` a second, enlarged to `size`, and samples float32[n] at 16 kHz: H.264 and AAC."""
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=FPS, options={"preset": "ultrafast", "crf": "24"})
        video.width, video.height, video.pix_fmt = *size, "yuv420p"
        audio = container.add_stream("aac", rate=RATE_HZ, layout="mono")
        for index, rgb in enumerate(frames):
            image = av.VideoFrame.from_ndarray(rgb, format="rgb24")
            image.pts, image.time_base = index, Fraction(1, FPS)
            container.mux(video.encode(image))
        container.mux(video.encode(None))
        for start in range(0, len(samples), RATE_HZ):
            part = np.ascontiguousarray(samples[None, start : start + RATE_HZ])
            block = av.AudioFrame.from_ndarray(part, format="fltp", layout="mono")
            block.pts, block.time_base, block.sample_rate = start, Fraction(1, RATE_HZ), RATE_HZ
            container.mux(audio.encode(block))
        container.mux(audio.encode(None))


def _composed(images: Sequence[Rgb]) -> Rgb:
    canvas = np.full((HEIGHT, WIDTH, 3), 96, np.uint8)
    room = WIDTH // len(images)
    for column, image in enumerate(images):
        scale = min(room / image.shape[1], HEIGHT / image.shape[0])
        width, height = int(image.shape[1] * scale), int(image.shape[0] * scale)
        left, top = column * room + (room - width) // 2, (HEIGHT - height) // 2
        canvas[top : top + height, left : left + width] = fitted(image, width, height)
    return canvas
