"""Films whose cuts, fades, dissolves, flashes and camera motion are known, composed of a pack's clips."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Literal

import av
import numpy as np
from edge_kernels.images import Rgb

from edge.errors import InputError
from edge.media import frames_at
from tools.evaluate.camera import FPS, HEIGHT, WIDTH, Shot, camera, mosaic, moved
from tools.evaluate.quantized_faces import decode_jpeg

SHOTS = 12
"""Shots of a film."""

CLEAR_S = 0.12
"""Seconds after a cut in a clip, or its beginning, at which its shot is sure to be alone."""

IMAGES = 100
"""Images of an archive that are used."""

Kind = Literal["cut", "fade", "dissolve"]


@dataclass(frozen=True)
class Change:
    """A transition of a film, in frames."""

    kind: Kind
    start: int
    """The first frame of the new shot; of a fade or dissolve the last frame that shows the old one alone."""
    end: int
    """As `start` for a cut; else the first frame that shows the new shot alone."""


@dataclass(frozen=True)
class Film:
    """A composed film."""

    path: Path
    changes: tuple[Change, ...]
    frames: int
    recipe: str
    """What is in it besides cuts."""


@dataclass(frozen=True)
class Source:
    """A clip of a pack in which one shot is known to be."""

    path: Path
    first_s: float
    last_s: float


@dataclass(frozen=True)
class Recipe:
    """What a film is made of."""

    name: str
    moves: bool = False
    """Warp shots as a camera that pans, zooms or shakes would."""
    flashes: bool = False
    """Brighten one or two frames in the middle of some shots."""
    gradual: bool = False
    """Also fade and dissolve."""
    passing: bool = False
    """Let something large and blurred pass close to the camera."""
    jerky: bool = False
    """Show only every fifth frame, five times, as a slow camera does."""


RECIPES = (
    Recipe("cuts"),
    Recipe("moving camera", moves=True),
    Recipe("flashes", flashes=True),
    Recipe("fades and dissolves", gradual=True),
    Recipe("close objects", passing=True),
    Recipe("five frames a second", moves=True, jerky=True),
    Recipe("all", moves=True, flashes=True, gradual=True),
)


def pack_sources(data: Path, several: Mapping[str, tuple[float, ...]]) -> list[Source]:
    """Return the clips of a pack; `several` has the seconds of the cuts inside clips, by name.

    A clip with cuts counts as one source a shot. Raises InputError if the pack has no clips.
    """
    found = []
    for table in (data / "tagvideos/manifest.csv", data / "video/manifest.csv", data / "faces/manifest.csv"):
        if table.is_file():
            with table.open(newline="", encoding="utf-8") as rows:
                found += [(data / row["path"], float(row["seconds"])) for row in csv.DictReader(rows)]
    if not found:
        raise InputError(data, "has no clips: neither tagvideos/, video/ nor faces/ with a manifest.csv")
    sources = []
    for path, seconds in found:
        edges = [0.0, *several.get(path.name, ()), seconds]
        sources += [Source(path, a + CLEAR_S, b) for a, b in pairwise(edges) if b - a >= 1.0]
    return sources


def some_images(data: Path) -> list[Rgb]:
    """Return `IMAGES` images of each archive of a pack, spread over it."""
    found = []
    for archive in sorted((data / "images").glob("*.zip")):
        with zipfile.ZipFile(archive) as file:
            names = sorted(name for name in file.namelist() if name.upper().endswith(".JPEG"))
            chosen = names[:: max(1, len(names) // IMAGES)][:IMAGES]
            found += [decode_jpeg(file.read(name)) for name in chosen]
    return found


def compose(
    path: Path,
    sources: Sequence[Source],
    images: Sequence[Rgb],
    recipe: Recipe,
    seed: int,
    *,
    size: tuple[int, int] | None = None,
) -> Film:
    """Write a film of shots drawn by `seed`; a quarter of them are stills that a camera moves over."""
    rng = np.random.default_rng(seed)
    changes: list[Change] = []
    film: Shot = []
    for number in range(SHOTS):
        shot = _shot(rng, sources, images, recipe)
        kind: Kind = "cut"
        if recipe.gradual:
            kind = ("cut", "fade", "dissolve")[rng.choice(3, p=(0.4, 0.25, 0.35))]
        if number:
            changes.append(_joined(film, shot, kind, rng))
        else:
            film += shot
    write(path, film, size=size)
    return Film(path, tuple(changes), len(film), recipe.name)


def _joined(film: Shot, shot: Shot, kind: Kind, rng: np.random.Generator) -> Change:
    """Append a shot to a film with a transition, and return where it is."""
    if kind == "cut":
        start = len(film)
        film += shot
        return Change("cut", start, start)
    if kind == "dissolve":
        length = min(int(rng.integers(6, 31)), len(shot) // 2, len(film) // 2)
        first = len(film) - length
        for step in range(length):
            share = (step + 1) / (length + 1)
            film[first + step] = _mixed(film[first + step], shot[step], share)
        film += shot[length:]
        return Change("dissolve", first - 1, len(film) - len(shot) + length)
    ground = np.full_like(shot[0], 255 if rng.random() < 0.2 else 0)
    out, back = (int(rng.integers(8, 21)) for _ in range(2))
    first = len(film) - out
    for step in range(out):
        film[first + step] = _mixed(film[first + step], ground, (step + 1) / out)
    held = int(rng.integers(0, 6))
    film += [ground] * held
    start = len(film)
    film += [_mixed(ground, image, (step + 1) / back) for step, image in enumerate(shot[:back])]
    film += shot[back:]
    return Change("fade", first - 1, start + back - 1)


def _mixed(before: Rgb, behind: Rgb, share: float) -> Rgb:
    mixed = before * np.float32(1 - share) + behind * np.float32(share)
    return np.asarray(np.rint(mixed), np.uint8)


def _shot(rng: np.random.Generator, sources: Sequence[Source], images: Sequence[Rgb], recipe: Recipe) -> Shot:
    count = int(rng.integers(3 * FPS, 4 * FPS) if recipe.gradual else rng.integers(FPS, 3 * FPS))
    if images and rng.random() < 0.25:
        shot = moved([mosaic(rng, images)] * count, camera(rng, count))
    else:
        shot = clip(sources[int(rng.integers(len(sources)))], count, rng)
        if recipe.moves and rng.random() < 0.6:
            shot = moved(shot, camera(rng, count))
    if recipe.flashes and rng.random() < 0.5:
        at = count // 2 + int(rng.integers(-3, 4))
        for k in range(int(rng.integers(1, 4))):
            shot[at + k] = _mixed(shot[at + k], np.full_like(shot[0], 255), 0.3 + 0.6 * rng.random())
    if recipe.passing and rng.random() < 0.7:
        pass_by(shot, mosaic(rng, images), rng)
    if recipe.jerky:
        shot = [shot[index - index % 5] for index in range(count)]
    return shot


def pass_by(shot: Shot, image: Rgb, rng: np.random.Generator) -> None:
    """Let a soft ellipse of an image cross the middle of a shot in 4 to 12 frames, blurred by its motion."""
    frames = int(rng.integers(4, 13))
    first, side = (len(shot) - frames) // 2, rng.uniform(0.25, 0.6)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH] / np.array([HEIGHT, WIDTH]).reshape(2, 1, 1)
    stride = (1 + 2 * side) / frames
    for step in range(frames):
        places = -side + stride * (step + np.linspace(0, 1, 5))
        masks = [np.clip(4 - 4 * np.hypot((x - place) / side, (y - 0.5) / 0.6), 0, 1) for place in places]
        mask = np.stack(masks).mean(axis=0, dtype=np.float32)[..., None]
        moving = np.roll(image, int(WIDTH * (stride * (step + 0.5) - side)), axis=1)
        mixed = shot[first + step] * (1 - mask) + moving * mask
        shot[first + step] = np.rint(mixed).astype(np.uint8)


def clip(source: Source, count: int, rng: np.random.Generator) -> Shot:
    """Return `count` consecutive frames of a source, which is played back and forth if it is shorter."""
    length = source.last_s - source.first_s
    begin = source.first_s + rng.random() * max(0.0, length - count / FPS - 0.1)
    times = (begin + np.arange(min(count, int((length - 0.1) * FPS))) / FPS).tolist()
    size = covering(source.path)
    frames = [cropped(frame.rgb) for frame in frames_at(source.path, times, size=size)]
    while len(frames) < count:
        frames += frames[-2:0:-1]
    return [frame.copy() for frame in frames[:count]]


def covering(path: Path) -> tuple[int, int]:
    """Return the size in which a clip's frames cover those of a film."""
    height, width = next(frames_at(path, [0.0])).rgb.shape[:2]
    scale = max(WIDTH / width, HEIGHT / height)
    return max(WIDTH, round(width * scale)), max(HEIGHT, round(height * scale))


def cropped(image: Rgb) -> Rgb:
    """Return the middle of an image, in a film's size."""
    top, left = (image.shape[0] - HEIGHT) // 2, (image.shape[1] - WIDTH) // 2
    return np.ascontiguousarray(image[top : top + HEIGHT, left : left + WIDTH])


def write(
    path: Path,
    frames: Sequence[Rgb],
    times: Sequence[Fraction] | None = None,
    *,
    size: tuple[int, int] | None = None,
) -> None:
    """Write frames as H.264, `FPS` a second or at `times`, enlarged to `size` if it is given."""
    base = Fraction(1, 90_000)
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=FPS, options={"preset": "veryfast", "crf": "25"})
        width, height = size or frames[0].shape[1::-1]
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        video.codec_context.time_base = base
        for index, rgb in enumerate(frames):
            image = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(width, height, "yuv420p")
            time = Fraction(index, FPS) if times is None else times[index]
            image.pts, image.time_base = round(time / base), base
            container.mux(video.encode(image))
        container.mux(video.encode(None))


def compose_all(
    folder: Path,
    data: Path,
    several: Mapping[str, tuple[float, ...]],
    *,
    films: int,
    seed: int,
    without: Collection[str] = (),
    size: tuple[int, int] | None = None,
) -> Iterator[Film]:
    """Compose films in a folder, of one recipe after another; clips named in `without` are left out."""
    sources = [one for one in pack_sources(data, several) if one.path.name not in without]
    images = some_images(data)
    for number in range(films):
        recipe = RECIPES[number % len(RECIPES)]
        yield compose(folder / f"{number:02}.mp4", sources, images, recipe, seed + number, size=size)
