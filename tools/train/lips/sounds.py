"""Sounds to hear beside lips: levels and confidences of the audio recordings, by class."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from edge.arrays import Floats
from edge.networks.segmenter import Segmenter
from tools.progress import each
from tools.train.lips.corpus import sound_of

WANTED = {"singing": 150, "speaking": 80, "music": 50, "other": 30}
"""Recordings of each class, at most one of a group until all groups have one."""
SHORTEST = 40
"""Tenths of a second."""
CLASSES = {"singing": "singing", "speech": "speaking", "music": "music", "other": "other"}
"""Classes of the manifest, and their labels."""


def load_sounds(folder: Path, cache: Path) -> dict[str, list[Floats]]:
    """Sounds float32[n, 5] by class, n at least `SHORTEST`, made where `cache` does not hold them."""
    file = cache / "sounds.npz"
    if not file.exists():
        _make(folder, file)
    found: dict[str, list[Floats]] = {name: [] for name in WANTED}
    with np.load(file) as stored:
        for name in stored.files:
            found[name.split("_")[0]].append(stored[name])
    return found


def _make(folder: Path, file: Path) -> None:
    segmenter, content = Segmenter(), dict[str, Any]()
    for kind, path in each(_chosen(folder), "sound"):
        sound = sound_of(path, segmenter)
        if len(sound) >= SHORTEST:
            content[f"{kind}_{len(content)}"] = sound
    file.parent.mkdir(parents=True, exist_ok=True)
    np.savez(file, **content)


def _chosen(folder: Path) -> list[tuple[str, Path]]:
    """Class and path of the recordings to use: groups in turn, in the order of a hash."""
    with (folder / "manifest.csv").open(newline="", encoding="utf-8") as rows:
        listed = [row for row in csv.DictReader(rows) if row["class"] in CLASSES]
    listed = [row for row in listed if float(row["seconds"]) * 10 >= SHORTEST]
    listed.sort(key=lambda row: hashlib.sha256(row["path"].encode()).hexdigest())
    turns: dict[tuple[str, str], int] = {}
    ranked = []
    for row in listed:
        kind, group = CLASSES[row["class"]], row["group"]
        turn = turns[kind, group] = turns.get((kind, group), -1) + 1
        ranked.append((turn, kind, folder / row["path"]))
    ranked.sort(key=lambda item: item[0])
    of_kind = {name: [path for _, kind, path in ranked if kind == name] for name in WANTED}
    return [(name, path) for name, count in WANTED.items() for path in of_kind[name][:count]]
