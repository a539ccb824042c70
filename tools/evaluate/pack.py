"""A data pack as evaluation sees it: a folder with `manifest.csv` and the files that it names."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.errors import InputError
from edge.media import decode_audio
from edge.vocabulary import Label

RATE_HZ = 16_000

CLASS_LABELS = {
    "singing": Label.SINGING,
    "speech": Label.SPEAKING,
    "music": Label.MUSIC,
    "other": Label.OTHER,
}
"""Class names of the packs' manifests."""

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Entry:
    """One recording of a pack."""

    path: Path
    label: Label
    subclass: str
    group: str
    """Speaker, singer or song."""
    start_s: float
    """Where it was cut from its source, for putting the parts of one song in order; 0 if unknown."""


def read_pack(folder: Path) -> list[Entry]:
    """The labelled sound recordings of a pack, in file order. Raises InputError if there is no manifest."""
    manifest = folder / "manifest.csv"
    if not manifest.is_file():
        raise InputError(folder, "holds no manifest.csv; pass --data DIR or set EDGE_DATA")
    with manifest.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row.get("class") in CLASS_LABELS]
    return [
        Entry(
            path=folder / row["path"],
            label=CLASS_LABELS[row["class"]],
            subclass=row.get("subclass") or "",
            group=row.get("group") or row["path"],
            start_s=float(row.get("start_s") or 0),
        )
        for row in rows
    ]


@cache
def samples(path: Path) -> Floats:
    """A whole recording, float32[n] at `RATE_HZ`."""
    return np.concatenate([block.samples for block in decode_audio(path, rate_hz=RATE_HZ)])
