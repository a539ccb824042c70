"""`python -m tools.bench motion`: the transitions of composed films in 720p, beside PySceneDetect."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from tools.bench.rows import Row, compared, interleaved
from tools.evaluate.camera import FPS
from tools.evaluate.motion import Detect, clear_films, find_transitions, judged, peers
from tools.evaluate.shots import Film
from tools.progress import each

SIZE = (1280, 720)
"""Width and height of the films."""

SEED = 70_000


@dataclass(frozen=True)
class Sizes:
    """How much is measured."""

    films: int = 7
    """One of each recipe."""
    rounds: int = 3

    @classmethod
    def quick(cls) -> Sizes:
        """Small enough for a test."""
        return cls(films=1, rounds=1)


def bench(data: Path, sizes: Sizes) -> list[Row]:
    """A row for each detector of PySceneDetect that is installed, else one of our time alone."""
    with tempfile.TemporaryDirectory() as folder:
        made = clear_films(Path(folder), data, films=sizes.films, seed=SEED, size=SIZE)
        films = [next(made) for _ in each(range(sizes.films), "films")]
        detectors: dict[str, Detect] = {"edge": find_transitions, **peers()}
        errors = {name: _error(films, detect) for name, detect in detectors.items()}
        jobs = {name: _job(films, detect) for name, detect in detectors.items()}
        seconds = interleaved(jobs, sizes.rounds)
    frames = sum(film.frames for film in films)
    shared: dict[str, Any] = {
        "error": errors["edge"],
        "error_is": "1 - F1 of cuts, at their frame",
        "detail": f"{1000 * median(seconds['edge']) / frames:.2f} ms per frame",
    }
    name = f"cuts, fades, dissolves and motion of {frames / FPS:.0f} s in {SIZE[0]} x {SIZE[1]}"
    if len(detectors) == 1:
        return [Row(name, "nothing", 1.0, median(seconds["edge"]), **shared)]
    return [
        compared(
            name, f"PySceneDetect {peer}", seconds["edge"], seconds[peer], peer_error=errors[peer], **shared
        )
        for peer in detectors
        if peer != "edge"
    ]


def describe(rows: Sequence[Row]) -> str:
    """One line with the numbers that matter most."""
    return f"{rows[0].detail}, decoding included; F1 of cuts {1 - rows[0].error:.3f}"


def _job(films: Sequence[Film], detect: Detect) -> Any:
    return lambda: [detect(film.path) for film in films]


def _error(films: Sequence[Film], detect: Detect) -> float:
    counts = [judged(film.changes, detect(film.path))["cut"] for film in films]
    right, known, found = map(sum, zip(*counts, strict=True))
    return 1 - 2 * right / max(1, known + found)
