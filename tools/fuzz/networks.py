"""Damaged networks with right hashes: what an attacker could send, past the check of integrity."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np

from edge.models.folder import open_folder
from edge.models.session import Session
from tools.convert.folder import rewrite
from tools.fuzz.documents import MODELS
from tools.fuzz.target import Target

NETWORKS = ("face-fusion/fusion", "faces/refinement", "lips/synchrony", "matching/track", "segmenter/fusion")
"""Model and network whose graphs are damaged: small ones of each kind."""
SIZE = 2
"""Size of an axis that has none of its own."""


def _graphs(folder: Path) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    return [
        Path(shutil.copy(MODELS / f"{name}.onnx", folder / f"{name.replace('/', '.')}.onnx"))
        for name in NETWORKS
    ]


def _use_graph(path: Path, folder: Path) -> None:
    model, _, network = path.stem.partition(".")
    here = folder.parent / "model"
    shutil.rmtree(here, ignore_errors=True)
    made = rewrite(open_folder(MODELS / model), {f"{network}.onnx": path}, path=here)
    for role, described in made.manifest.networks.items():
        if described.file == f"{network}.onnx":
            with Session(made, role) as session:
                session.run(*(_zeros(tensor.shape, tensor.dtype) for tensor in session.inputs))


def _zeros(shape: tuple[int | str, ...], dtype: str) -> np.ndarray[tuple[int, ...], np.dtype[np.generic]]:
    return np.zeros([axis if isinstance(axis, int) else SIZE for axis in shape], dtype)


GRAPHS = Target("networks", _graphs, _use_graph, weight=10)
"""Target of this file."""
