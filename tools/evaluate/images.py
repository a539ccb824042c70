"""Image classifiers on labelled pictures: how often the right class is first, or among the first five."""

from __future__ import annotations

import csv
import io
import time
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from edge_kernels.images import Rgb

from edge.errors import InputError
from edge.models.arithmetic import describe
from edge.networks.image_encoder import ImageEncoder
from tools.evaluate.metrics import mean_interval
from tools.progress import each

MODELS = ("images", "efficientnet-lite2")
"""Encoders that are compared, those of them that are installed."""

SMALL = 64
"""Pixels of the longer side of pictures that are small."""


@dataclass(frozen=True)
class Picture:
    """A labelled picture of a pack."""

    shard: Path
    """The .zip file."""
    member: str
    """Name in it."""
    label: str
    """The first of the class's names."""

    def rgb(self) -> Rgb:
        """Decode it, uint8[height, width, 3]."""
        from PIL import Image  # noqa: PLC0415 - with matplotlib, not part of the runtime

        return np.asarray(Image.open(io.BytesIO(_opened(self.shard).read(self.member))).convert("RGB"))


@cache
def _opened(shard: Path) -> zipfile.ZipFile:
    """Open a .zip file once: its table of contents is long."""
    return zipfile.ZipFile(shard)


def read_pictures(pack: Path) -> list[Picture]:
    """Return the labelled pictures of a pack. Raises InputError if it has none."""
    table = pack / "images/labels.csv"
    try:
        with table.open(newline="", encoding="utf-8") as rows:
            return [Picture(pack / row["shard"], row["member"], row["label"]) for row in csv.DictReader(rows)]
    except (OSError, KeyError) as error:
        raise InputError(table, f"is no table of labelled pictures: {error}") from error


def evaluate(data: Path, *, models: Sequence[str | Path] = MODELS) -> dict[str, Any]:
    """Keys: `rows`, and in each by model: sizes (small, large: top1, top1_interval, top5, pictures), ms
    (median of an image, one thread), bytes; and `arithmetic`, that of the processor.

    Raises ModelError if a model is missing, InputError without pictures.
    """
    pictures = read_pictures(data)
    rows = {str(getattr(model, "name", model)): _judge(model, pictures) for model in models}
    return {"rows": rows, "arithmetic": describe()}


def compare(data: Path, *, folder: Path, float_folder: Path) -> dict[str, Any]:
    """Return what `evaluate` does of a quantized and a float model."""
    return evaluate(data, models=(float_folder, folder))


def table(result: dict[str, Any]) -> str:
    """Format the result for people."""
    lines = [f"{'':24}{'pictures':>10}{'top-1':>8}{'top-5':>8}{'ms':>8}{'MB':>8}"]
    for model, row in result["rows"].items():
        for size, part in row["sizes"].items():
            lines.append(
                f"{model + ', ' + size:24}{part['pictures']:10}{part['top1']:8.3f}{part['top5']:8.3f}"
                f"{row['ms']:8.1f}{row['bytes'] / 1e6:8.2f}"
            )
    return "\n".join([*lines, result["arithmetic"]])


def _judge(model: str | Path, pictures: Sequence[Picture]) -> dict[str, Any]:
    with ImageEncoder(model) as encoder:
        index = {names.split(", ")[0]: number for number, names in reversed([*enumerate(encoder.labels)])}
        ranks: dict[str, list[int]] = {}
        times = []
        for picture in each(pictures, f"{encoder.folder.manifest.id}: pictures"):
            rgb = picture.rgb()
            start = time.perf_counter()
            chances = encoder.classify([rgb])[0]
            times.append(time.perf_counter() - start)
            right = index.get(picture.label)
            rank = len(chances) if right is None else int((chances > chances[right]).sum())
            ranks.setdefault("small" if max(rgb.shape) <= SMALL else "large", []).append(rank)
        files = encoder.folder.manifest.files
        size = sum(encoder.folder.file(name).stat().st_size for name in files if name != "CARD.md")
    return {
        "sizes": {side: _summary(found) for side, found in ranks.items()},
        "ms": float(np.median(times) * 1e3),
        "bytes": size,
    }


def _summary(ranks: Sequence[int]) -> dict[str, Any]:
    first = np.array([rank == 0 for rank in ranks], np.float64)
    return {
        "pictures": len(ranks),
        "top1": float(first.mean()),
        "top1_interval": mean_interval(first),
        "top5": float(np.mean([rank < 5 for rank in ranks])),
    }
