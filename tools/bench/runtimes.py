"""`python -m tools.bench runtimes`: the segmenter in every runtime, from one family of model folders.

Every member is scored on the same recordings, and their networks are timed in the same rounds. What cannot be
made or run here is listed with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.errors import EdgeError
from edge.evidence.labels import label_samples
from edge.models.backends.paddle import processor
from edge.models.folder import ModelFolder, open_folder
from edge.models.limits import MIB
from edge.models.store import builtin_root
from edge.networks.segmenter import Segmenter
from tools.bench.isolated import call, peaks
from tools.bench.rows import Row, compared, interleaved
from tools.convert.segmenter import CACHE, make_family
from tools.evaluate.segments import macro_f1
from tools.paths import data_root
from tools.train.segmenter import FLOAT

Floats = NDArray[np.float32]

REFERENCE = "onnx float"

SOUND_S = 600
"""Length of the noise that every member listens to for its time."""

ROUNDS = 7
BOUND = 0.01
"""Macro-F1 that a member may lose to the float networks."""


def bench(data: Path, quick: bool, cache: Path = CACHE) -> tuple[list[Row], dict[str, str]]:
    """One row for each member, beside the float networks in onnxruntime; and why others have none.

    Raises EdgeError.
    """
    members, failed = make_family(data_root() / "train", cache)
    folders = {
        REFERENCE: open_folder(FLOAT),
        "onnx int8": open_folder(builtin_root() / "segmenter"),
        **members,
    }
    with ExitStack() as stack:
        segmenters: dict[str, Segmenter] = {}
        for name, folder in folders.items():
            try:
                _refuse_other_processors(folder)
                segmenters[name] = Segmenter(folder.path)
                stack.callback(segmenters[name].close)
            except EdgeError as error:
                failed[name] = str(error)
        scores = macro_f1(data, segmenters)
        seconds = _times(segmenters, quick)
    rows = []
    for name in segmenters:
        rows.append(
            compared(
                name, REFERENCE, seconds[name], seconds[REFERENCE],
                error=1 - scores[name], error_is="1 - macro-F1", peer_error=1 - scores[REFERENCE],
                megabytes=call("runtimes:memory", str(folders[name].path)),
                detail=_detail(folders[name], scores[name], scores[REFERENCE]),
            )
        )  # fmt: skip
    return rows, failed


def describe(rows: list[Row], failed: Mapping[str, str]) -> str:
    """What is to be said under the table."""
    within = [row.name for row in rows if row.error - (row.peer_error or 0) <= BOUND]
    best = min(rows, key=lambda row: row.seconds)
    lines = [f"{name}: not measured: {reason}" for name, reason in failed.items()]
    lines.append(f"within {100 * BOUND:g} point of float: {', '.join(within)}")
    lines.append(f"fastest: {best.name}, {SOUND_S / best.seconds:.0f} times real time on one thread")
    return "\n".join(lines)


def memory(path: str) -> float:
    """Peak megabytes of a fresh process that labels a minute, over what it took before the networks."""
    noise = _noise(60)
    before = peaks("self")[0]
    segmenter = Segmenter(Path(path))
    label_samples([noise], segmenter)
    workers = {session.worker for session in segmenter.sessions.values()} - {None}
    return peaks("self")[1] - before + sum(peaks(str(worker))[1] for worker in workers)


def _times(segmenters: Mapping[str, Segmenter], quick: bool) -> dict[str, list[float]]:
    noise = _noise(60 if quick else SOUND_S)
    jobs = {name: partial(_listen, segmenter, noise) for name, segmenter in segmenters.items()}
    for job in jobs.values():
        job()
    return interleaved(jobs, 1 if quick else ROUNDS)


def _listen(segmenter: Segmenter, sound: Floats) -> None:
    label_samples([sound], segmenter)


def _noise(seconds: int) -> Floats:
    return np.random.default_rng(0).standard_normal(seconds * 16_000, np.float32) / np.float32(10)


def _refuse_other_processors(folder: ModelFolder) -> None:
    targets = {network.target for network in folder.manifest.networks.values()} - {None}
    if targets - {processor()}:
        raise EdgeError(f"made, not run: it is for {', '.join(map(str, targets))}, this is {processor()}")


def _detail(folder: ModelFolder, score: float, reference: float) -> str:
    sizes = [(folder.path / network.file).stat().st_size for network in folder.manifest.networks.values()]
    lost = "" if reference - score <= BOUND else f", {100 * (reference - score):.1f} points lost"
    return f"{sum(sizes) / MIB:.2f} MB on disk{lost}"
