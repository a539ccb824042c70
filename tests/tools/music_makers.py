"""Packs with music whose character its name says, pictures, and a video, as measured and learned from."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from edge.media.write.sound import write_audio
from edge.music.templates import open_templates
from edge.networks.image_encoder import ImageEncoder
from tests.matching.makers import band, write
from tests.media.makers import Recipe, make

RATE_HZ = 16_000


def pack_of_music(pack: Path, names: Iterable[str]) -> Path:
    """A pack with music of four seconds under these names."""
    (pack / "audio").mkdir(parents=True)
    with (pack / "manifest.csv").open("w", newline="", encoding="utf-8") as table:
        rows = csv.writer(table)
        rows.writerow(["path", "class", "subclass", "seconds"])
        for number, name in enumerate(names):
            write(pack / "audio" / name, band(4, 80 + 12 * number, rate_hz=RATE_HZ), RATE_HZ)
            rows.writerow([f"audio/{name}", "music", "game", "4"])
        write(pack / "audio" / "hiss.wav", 0.1 * _noise(4), RATE_HZ)
        rows.writerow(["audio/hiss.wav", "other", "hiss", "4"])
    return pack


def with_pictures(pack: Path, count: int = 6) -> Path:
    """The same pack with noisy pictures of three classes of the image encoder that ships."""
    with ImageEncoder() as encoder:
        labels = [name.split(",")[0] for name in encoder.labels[:: len(encoder.labels) // 3]][:3]
    (pack / "images").mkdir()
    with (
        zipfile.ZipFile(pack / "images/part.zip", "w") as archive,
        (pack / "images/labels.csv").open("w", newline="", encoding="utf-8") as table,
    ):
        rows = csv.writer(table)
        rows.writerow(["shard", "member", "label"])
        for number in range(count):
            rgb = np.random.default_rng(number).integers(0, 255, (64, 64, 3), np.uint8)
            buffer = io.BytesIO()
            Image.fromarray(rgb).save(buffer, "PNG")
            archive.writestr(f"{number}.png", buffer.getvalue())
            rows.writerow(["images/part.zip", f"{number}.png", labels[number % len(labels)]])
    return pack


def with_video(pack: Path) -> Path:
    """The same pack with a tagged video."""
    (pack / "tagvideos").mkdir()
    make(pack / "tagvideos/a.mp4", Recipe(seconds=2))
    (pack / "tagvideos/manifest.csv").write_text("path,title,tags\ntagvideos/a.mp4,A,beach;sea\n")
    return pack


def rendered(folder: Path, seeds: Sequence[int]) -> None:
    """Short renditions of all templates in the place of those that take minutes."""
    folder.mkdir(parents=True)
    for seed in seeds:
        for number, template in enumerate(open_templates()):
            audio = np.stack([band(3.2, 70 + 3 * number)] * 2)
            write_audio(folder / f"{template.id}-{seed}.ogg", [audio], 48_000)


def _noise(seconds: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.random.default_rng(0).standard_normal(round(seconds * RATE_HZ)).astype(np.float32)
