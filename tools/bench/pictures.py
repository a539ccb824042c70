"""`python -m tools.bench pictures`: face detectors beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edge.models.store import find
from edge.networks.face_mesh import FaceMesh
from tools.bench.rows import Row
from tools.evaluate import faces


def bench(data: Path) -> list[Row]:
    """The face mesh beside other detectors that are installed, in the same frames.

    Raises InputError if `data` is no pack with clips of people, ModelError if the mesh is not installed.
    """
    find(FaceMesh.default)
    found = faces.evaluate(data)["rows"]
    ours = found.pop(FaceMesh.default)
    return [
        Row(
            name="find the faces of a frame, 640 x 360",
            peer=name,
            ratio=row["ms"] / ours["ms"],
            seconds=ours["ms"] / 1000,
            error=1 - ours["found"],
            error_is="share of a person's frames without the face, mean over people",
            peer_seconds=row["ms"] / 1000,
            peer_error=1 - row["found"],
            detail=f"false ones in {ours['false']:.3f} of other frames, the peer's in {row['false']:.3f}",
        )
        for name, row in found.items()
    ]


def describe(rows: Sequence[Row]) -> str:
    """One line with the number that matters most."""
    return f"{1 / rows[0].seconds:.0f} frames a second on one thread" if rows else "no peer is installed"
