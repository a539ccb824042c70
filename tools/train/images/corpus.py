"""Small images to learn from, and what the teacher says that they show."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from edge_kernels.images import Rgb
from numpy.typing import NDArray
from PIL import Image

from edge.arrays import Floats
from edge.media import frames_at, probe
from edge.networks.image_encoder import ImageEncoder
from tools.evaluate.images import read_pictures
from tools.progress import each

SIDE = 64
"""Pixels: the labelled pictures have no more."""

FRAMES = 4
"""Frames of each video."""

VIEWS = 2
"""Of each image: all of it, and a random part."""

SHARD = 1000
"""Views in a file of the run folder."""

TRUST = 0.4
"""Share of the label in what a labelled picture shows; the rest is the teacher's opinion."""

NO_LABEL = -1

Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class Corpus:
    """Views of images, and what they show."""

    views: Bytes
    """uint8[n, 64, 64, 3]."""
    chances: NDArray[np.float16]
    """float16[n, classes]: the teacher's probabilities."""
    labels: NDArray[np.int64]
    """int64[n]: the class of each, `NO_LABEL` for video frames."""

    @property
    def wanted(self) -> NDArray[np.float16]:
        """Return what a student is to say, float16[n, classes]: teacher and label, mixed."""
        wanted = self.chances.astype(np.float32)
        labelled = np.flatnonzero(self.labels != NO_LABEL)
        wanted[labelled] *= 1 - TRUST
        wanted[labelled, self.labels[labelled]] += TRUST
        return wanted.astype(np.float16)


def collect(pack: Path, teacher: ImageEncoder, run: Path) -> Corpus:
    """Return all views of a pack's pictures and video frames; what was seen before is read from `run`."""
    images, labels = gather(pack, teacher.labels)
    run.mkdir(parents=True, exist_ok=True)
    shards = [(view, start) for view in range(VIEWS) for start in range(0, len(images), SHARD)]
    views, chances = [], []
    for view, start in each(shards, "teacher: thousands of images"):
        part = slice(start, start + SHARD)
        file = run / f"{view}-{start:05d}.npz"
        if not file.exists():
            rng = np.random.default_rng([view, start])
            seen = np.stack([crop(image, rng) if view else image for image in images[part]])
            save(file, seen, teacher.classify(enlarged(image, teacher) for image in seen))
        with np.load(file) as shard:
            views.append(shard["views"])
            chances.append(shard["chances"])
    return Corpus(np.concatenate(views), np.concatenate(chances), np.tile(labels, VIEWS))


def gather(pack: Path, classes: tuple[str, ...]) -> tuple[Bytes, NDArray[np.int64]]:
    """Return uint8[n, 64, 64, 3] and the class of each, `NO_LABEL` for video frames."""
    index = {names.split(", ")[0]: number for number, names in reversed([*enumerate(classes)])}
    pictures = read_pictures(pack)
    images = [np.asarray(Image.fromarray(picture.rgb()).resize((SIDE, SIDE))) for picture in pictures]
    labels = [index.get(picture.label, NO_LABEL) for picture in pictures]
    for file in sorted([*pack.glob("faces/*.mp4"), *pack.glob("video/*.m*")]):
        frames = list(shrunk(file))
        images += frames
        labels += [NO_LABEL] * len(frames)
    return np.stack(images), np.array(labels)


def shrunk(file: Path) -> Iterator[Rgb]:
    """Yield the middle squares of a few frames, 64 pixels wide."""
    times = (np.arange(FRAMES) + 0.5) / FRAMES * probe(file).duration_s
    for frame in frames_at(file, times):
        height, width = frame.rgb.shape[:2]
        left, top = (width - min(height, width)) / 2, (height - min(height, width)) / 2
        square = Image.fromarray(frame.rgb).crop((left, top, width - left, height - top))
        yield np.asarray(square.resize((SIDE, SIDE), Image.Resampling.BOX))


def crop(image: Rgb, rng: np.random.Generator) -> Rgb:
    """Return a random part of an image, at least a third of it, perhaps mirrored, at the same size."""
    side, aspect = rng.uniform(0.35, 1) ** 0.5, np.exp(rng.uniform(-0.25, 0.25))
    width, height = min(SIDE, int(SIDE * side * aspect)), min(SIDE, int(SIDE * side / aspect))
    left, top = rng.integers(SIDE + 1 - width), rng.integers(SIDE + 1 - height)
    part = Image.fromarray(image[top : top + height, left : left + width])
    pixels = np.asarray(part.resize((SIDE, SIDE), Image.Resampling.BICUBIC))
    return np.ascontiguousarray(pixels[:, ::-1] if rng.random() < 0.5 else pixels)


def enlarged(image: Rgb, teacher: ImageEncoder) -> Rgb:
    """Return a view at the size of the teacher's input."""
    size = (teacher.front_end.width or SIDE, teacher.front_end.height or SIDE)
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BICUBIC))


def save(file: Path, views: Bytes, chances: Floats) -> None:
    """Write a shard, whole or not at all."""
    draft = file.with_suffix(".part.npz")
    np.savez(draft, views=views, chances=chances.astype(np.float16))
    draft.replace(file)
