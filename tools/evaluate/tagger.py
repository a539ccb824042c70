"""Music taggers beside the one that they learned from: how near are their vectors and tags?

A recording is the mean of its excerpts. vector: share of the variance of the teacher's vectors that is
explained; tags: correlation of all probabilities; best tag: how often the likeliest one is the same.
"""

from __future__ import annotations

import csv
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edge.arrays import Floats
from edge.errors import InputError
from edge.media import decode_audio
from edge.models.arithmetic import describe
from edge.networks.music_tagger import MusicTagger
from tools.progress import each

TEACHER = "musicnn"
"""Id of the teacher, which an importer brings."""

CLASSES, EXCERPTS = ("music", "singing"), 4
"""Recordings that count, and excerpts of each."""

TIMED = 20
"""Runs of a network whose median time counts."""


def evaluate(
    data: Path, *, teacher: str | Path = TEACHER, models: Sequence[str | Path] = ("music",)
) -> dict[str, Any]:
    """Compare models with the teacher on a pack. Raises InputError, ModelError."""
    with MusicTagger(teacher) as network:
        excerpts = list(_excerpts(data, network))
        wanted = _answers(excerpts, network)
    rows = []
    for model in models:
        with MusicTagger(model) as network:
            made = _answers(excerpts, network)
            rows.append({"model": str(model), **_nearness(made, wanted), "ms": _milliseconds(network)})
    return {"recordings": len(excerpts), "arithmetic": describe(), "rows": rows}


def table(result: dict[str, Any]) -> str:
    """Return the result as Markdown."""
    lines = ["| model | vector | tags | best tag | ms for 3 s |", "| --- | --- | --- | --- | --- |"]
    for row in result["rows"]:
        name = Path(row["model"]).name
        lines.append(
            f"| {name} | {row['vector']:.3f} | {row['tags']:.3f} | {row['best_tag']:.3f} | {row['ms']:.1f} |"
        )
    return "\n".join([*lines, "", f"{result['recordings']} recordings"])


def _excerpts(data: Path, network: MusicTagger) -> list[list[Floats]]:
    """Return samples of the excerpts of each recording."""
    try:
        with (data / "manifest.csv").open(newline="", encoding="utf-8") as table_file:
            rows = [row for row in csv.DictReader(table_file) if row["class"] in CLASSES]
    except OSError as error:
        raise InputError(data / "manifest.csv", f"cannot be read ({error.strerror})") from error
    result = []
    for row in each(rows, "recordings"):
        blocks = [block.samples for block in decode_audio(data / row["path"], rate_hz=network.rate_hz)]
        samples = np.concatenate([np.zeros(0, np.float32), *blocks])
        if len(samples) >= network.rate_hz:
            starts = np.linspace(0, max(0, len(samples) - network.excerpt), EXCERPTS).astype(int)
            result.append([samples[start : start + network.excerpt] for start in starts])
    return result


def _answers(recordings: Sequence[Sequence[Floats]], network: MusicTagger) -> tuple[Floats, Floats]:
    """Return tags and vectors of all recordings."""
    said = [[network.tag(samples) for samples in excerpts] for excerpts in recordings]
    tags = np.array([np.mean([one.tags for one in answers], axis=0) for answers in said])
    return tags, np.array([np.mean([one.vector for one in answers], axis=0) for answers in said])


def _nearness(made: tuple[Floats, Floats], wanted: tuple[Floats, Floats]) -> dict[str, float]:
    (tags, vectors), (wanted_tags, wanted_vectors) = made, wanted
    scale = wanted_vectors.std(axis=0) + 1e-6
    missed = ((vectors - wanted_vectors) / scale) ** 2
    return {
        "vector": round(1 - float(missed.mean()), 4),
        "tags": round(float(np.corrcoef(tags.ravel(), wanted_tags.ravel())[0, 1]), 4),
        "best_tag": round(float((tags.argmax(1) == wanted_tags.argmax(1)).mean()), 4),
    }


def _milliseconds(network: MusicTagger) -> float:
    samples = 0.1 * np.random.default_rng(0).standard_normal(network.excerpt, np.float32)
    times = []
    for _ in range(TIMED):
        started = time.perf_counter()
        network.tag(samples)
        times.append(time.perf_counter() - started)
    return 1000 * float(np.median(times))
