"""Run a converted file as the product runs it."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from edge.models.session import Session
from tests.models.makers import floats, folder

Arrays = Mapping[str, NDArray[Any]]


def run(file: Path, sets: Sequence[Arrays], outputs: Arrays) -> list[list[NDArray[Any]]]:
    """Outputs [sets][outputs] of a file with float inputs; `outputs` are examples of what it gives."""
    with tempfile.TemporaryDirectory() as scratch:
        made = folder(
            Path(scratch, "model"),
            file.read_bytes(),
            file=f"net{file.suffix}",
            inputs=[floats(name, *array.shape) for name, array in sets[0].items()],
            outputs=[floats(name, *array.shape) for name, array in outputs.items()],
        )
        with Session(made, "net") as session:
            return [session.run(*given.values()) for given in sets]
