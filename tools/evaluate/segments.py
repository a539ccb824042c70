"""Segment labels on recordings of one label each: precision, recall, F1 and confusion."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from edge.evidence.labels import label_samples
from edge.media import decode_audio
from edge.models.arithmetic import describe
from edge.networks.segmenter import Segmenter
from edge.songs.rules import best
from edge.vocabulary import LABELS
from tools.evaluate.metrics import classification
from tools.evaluate.pack import RATE_HZ, Entry, read_pack

FLOAT_FOLDER = Path(__file__).parents[1] / "train" / "segmenter" / "float"
"""The same networks before quantization."""


def evaluate(
    data: Path, *, folder: Path | str = "segmenter", float_folder: Path = FLOAT_FOLDER
) -> dict[str, Any]:
    """Every 3 s segment of every recording counts once; its truth is its recording's class.

    `folder` is another int8 model than the shipped one, `float_folder` what it was quantized from.

    Keys: macro_f1, per_class, confusion, float_macro_f1, arithmetic (of int8 on this processor), segments,
    seconds (of audio), errors (the files with wrong segments, worst first).
    """
    segmenters = {"int8": Segmenter(folder), "float": Segmenter(float_folder)}
    truth: list[int] = []
    guesses: dict[str, list[int]] = {name: [] for name in segmenters}
    errors: list[dict[str, Any]] = []
    started, seconds = time.monotonic(), 0.0
    for entry, found, duration_s in listen(read_pack(data), segmenters):
        for name, labels in found.items():
            guesses[name].extend(labels)
        truth.extend([LABELS.index(entry.label)] * len(found["int8"]))
        seconds += duration_s
        wrong = [str(LABELS[label]) for label in found["int8"] if LABELS[label] is not entry.label]
        if wrong:
            errors.append({"file": entry.path.name, "of": len(found["int8"]), "wrong": wrong})
    return {
        **classification(truth, guesses["int8"]),
        "float_macro_f1": classification(truth, guesses["float"])["macro_f1"],
        "arithmetic": describe(),
        "segments": len(truth),
        "seconds": seconds,
        "elapsed_s": time.monotonic() - started,
        "errors": sorted(errors, key=lambda row: -len(row["wrong"])),
    }


def macro_f1(data: Path, segmenters: Mapping[str, Segmenter]) -> dict[str, float]:
    """The macro-F1 of several segmenters on the same recordings."""
    truth: list[int] = []
    guesses: dict[str, list[int]] = {name: [] for name in segmenters}
    for entry, found, _ in listen(read_pack(data), segmenters):
        for name, labels in found.items():
            guesses[name].extend(labels)
        truth.extend([LABELS.index(entry.label)] * len(labels))
    return {name: float(classification(truth, guess)["macro_f1"]) for name, guess in guesses.items()}


def listen(
    entries: Sequence[Entry], segmenters: Mapping[str, Segmenter]
) -> Iterator[tuple[Entry, dict[str, list[int]], float]]:
    """Each recording, the indices of its segments' labels by each segmenter, and its seconds."""
    for entry in entries:
        blocks = [block.samples for block in decode_audio(entry.path, rate_hz=RATE_HZ)]
        evidence = {name: label_samples(blocks, segmenter) for name, segmenter in segmenters.items()}
        found = {name: best(heard.segments).tolist() for name, heard in evidence.items()}
        yield entry, found, max(heard.duration_s for heard in evidence.values())


def table(result: dict[str, Any]) -> str:
    """The result for people."""
    lines = [f"{'':10}{'precision':>10}{'recall':>10}{'F1':>10}   confusion ({', '.join(LABELS)})"]
    for (label, row), counts in zip(result["per_class"].items(), result["confusion"], strict=True):
        scores = "".join(f"{row[key]:10.3f}" for key in ("precision", "recall", "f1"))
        lines.append(f"{label:10}{scores}   {'  '.join(f'{count:4}' for count in counts)}")
    lines.append(
        f"macro-F1 {result['macro_f1']:.4f} int8, {result['float_macro_f1']:.4f} float; "
        f"{result['segments']} segments, {result['seconds'] / 60:.1f} min; int8 on {result['arithmetic']}"
    )
    return "\n".join(lines)
