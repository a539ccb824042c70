"""A small pack of real recordings for what measures."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tools.evaluate.pack import CLASS_LABELS
from tools.evaluate.recognition import read_utterances
from tools.paths import data_root

FILES = 6
"""Of each class."""


@pytest.fixture(scope="session")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small pack: a few files of each class of the evaluation data and of its English speech, in place."""
    source = data_root() / "eval"
    if not (source / "manifest.csv").is_file():
        pytest.skip(f"needs recordings in {source}; set EDGE_DATA")
    with (source / "manifest.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["class"] in CLASS_LABELS]
    kept = [
        row
        for name in CLASS_LABELS
        for row in [r for r in rows if r["class"] == name][:: len(rows) // 60][:FILES]
    ]
    said = {str(one.path.relative_to(source)) for one in read_utterances(source)[:FILES]}
    kept += [row for row in rows if row["path"] in said and row not in kept]
    folder = tmp_path_factory.mktemp("pack")
    with (folder / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows({**row, "path": str(source / row["path"])} for row in kept)
    return folder
