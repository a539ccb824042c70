"""Segment labels on recordings of one label each: by window, by file, by group and by subclass."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edge.arrays import Floats
from edge.evidence.labels import LabelTrack, label_samples
from edge.media import decode_audio
from edge.models.arithmetic import describe
from edge.networks.segmenter import Segmenter
from edge.songs.rules import MUSIC, SINGING
from edge.vocabulary import LABELS
from tools.evaluate.metrics import calibration_error, classification, group_weights, intervals
from tools.evaluate.pack import RATE_HZ, Entry, read_pack
from tools.progress import each

FLOAT_FOLDER = Path(__file__).parents[1] / "train" / "segmenter" / "float"
"""The same networks before quantization."""

WORST_FILES = 20
"""Files with errors that a table lists."""


def evaluate(
    data: Path, *, folder: Path | str = "segmenter", float_folder: Path = FLOAT_FOLDER
) -> dict[str, Any]:
    """Every 3 s segment of every recording counts once; its truth is its recording's class.

    `folder` is another int8 model than the shipped one, `float_folder` what it was quantized from.

    Keys: macro_f1, per_class, confusion, intervals (95 %, over groups), group_macro_f1 (every group counts
    the same), file_macro_f1 (the mean confidence of each file), music_called_singing, calibration_error,
    subclasses, float_macro_f1, arithmetic (of int8 on this processor), segments, seconds (of audio), errors
    (the files with wrong segments, worst first).
    """
    segmenters = {"int8": Segmenter(folder), "float": Segmenter(float_folder)}
    started = time.monotonic()
    rows = list(listen(read_pack(data), segmenters))
    counts = [len(tracks["int8"].segments) for _, tracks in rows]
    truth = np.repeat([LABELS.index(entry.label) for entry, _ in rows], counts)
    groups = np.repeat([entry.group for entry, _ in rows], counts).tolist()
    confidences = {name: np.concatenate([tracks[name].segments for _, tracks in rows]) for name in segmenters}
    guesses = {name: column.argmax(axis=1) for name, column in confidences.items()}
    labels, guess = truth.tolist(), guesses["int8"].tolist()
    files = [int(tracks["int8"].segments.mean(axis=0).argmax()) for _, tracks in rows]
    return {
        **classification(labels, guess),
        "intervals": intervals(labels, guess, groups),
        "group_macro_f1": classification(labels, guess, group_weights(groups))["macro_f1"],
        "file_macro_f1": classification([LABELS.index(e.label) for e, _ in rows], files)["macro_f1"],
        "music_called_singing": float((guesses["int8"][truth == MUSIC] == SINGING).mean()),
        "calibration_error": calibration_error(labels, confidences["int8"]),
        "subclasses": subclasses([(entry, tracks["int8"].segments) for entry, tracks in rows]),
        "float_macro_f1": classification(labels, guesses["float"].tolist())["macro_f1"],
        "arithmetic": describe(),
        "segments": len(labels),
        "seconds": sum(tracks["int8"].duration_s for _, tracks in rows),
        "elapsed_s": time.monotonic() - started,
        "errors": _errors([(entry, tracks["int8"].segments) for entry, tracks in rows]),
    }


def macro_f1(data: Path, segmenters: Mapping[str, Segmenter]) -> dict[str, float]:
    """The macro-F1 of several segmenters on the same recordings."""
    truth: list[int] = []
    guesses: dict[str, list[int]] = {name: [] for name in segmenters}
    for entry, tracks in listen(read_pack(data), segmenters):
        for name, track in tracks.items():
            guesses[name].extend(track.segments.argmax(axis=1).tolist())
            count = len(track.segments)
        truth.extend([LABELS.index(entry.label)] * count)
    return {name: float(classification(truth, guess)["macro_f1"]) for name, guess in guesses.items()}


def listen(
    entries: Sequence[Entry], segmenters: Mapping[str, Segmenter]
) -> Iterator[tuple[Entry, dict[str, LabelTrack]]]:
    """Each recording and its labels by each segmenter."""
    for entry in each(entries, "recording"):
        blocks = [block.samples for block in decode_audio(entry.path, rate_hz=RATE_HZ)]
        yield entry, {name: label_samples(blocks, segmenter) for name, segmenter in segmenters.items()}


def subclasses(rows: Sequence[tuple[Entry, Floats]]) -> dict[str, dict[str, Any]]:
    """By class and subclass: segments, the share that is right, and what the others were called."""
    called: dict[str, Counter[str]] = {}
    for entry, segments in rows:
        names = [str(LABELS[column]) for column in segments.argmax(axis=1)]
        called.setdefault(f"{entry.label}/{entry.subclass}", Counter()).update(names)
    return {
        name: {
            "segments": counts.total(),
            "right": counts[name.split("/")[0]] / counts.total(),
            "wrong": {label: n for label, n in counts.most_common() if label != name.split("/")[0]},
        }
        for name, counts in sorted(called.items())
    }


def _errors(rows: Sequence[tuple[Entry, Floats]]) -> list[dict[str, Any]]:
    errors = []
    for entry, segments in rows:
        names = [LABELS[column] for column in segments.argmax(axis=1)]
        wrong = [str(name) for name in names if name is not entry.label]
        if wrong:
            errors.append({"file": entry.path.name, "of": len(names), "wrong": wrong})
    return sorted(errors, key=lambda row: -len(row["wrong"]))


def table(result: dict[str, Any]) -> str:
    """The result for people."""
    header = f"{'':10}{'precision':>10}{'recall':>10}{'F1':>10}{'95 %':>15}{'ECE':>7}"
    lines = [f"{header}   confusion ({', '.join(LABELS)})"]
    for (label, row), counts in zip(result["per_class"].items(), result["confusion"], strict=True):
        scores = "".join(f"{row[key]:10.3f}" for key in ("precision", "recall", "f1"))
        low, high = result["intervals"][label]
        scores += f"    {low:.3f}-{high:.3f}{result['calibration_error'][label]:7.3f}"
        lines.append(f"{label:10}{scores}   {'  '.join(f'{count:4}' for count in counts)}")
    low, high = result["intervals"]["macro_f1"]
    lines += [
        f"macro-F1 {result['macro_f1']:.4f} int8 ({low:.3f}-{high:.3f}), "
        f"{result['float_macro_f1']:.4f} float; "
        f"by group {result['group_macro_f1']:.4f}, by file {result['file_macro_f1']:.4f}; "
        f"music called singing {result['music_called_singing']:.1%}",
        f"{result['segments']} segments, {result['seconds'] / 60:.1f} min; int8 on {result['arithmetic']}",
        "",
        f"{'subclass':34}{'segments':>9}{'right':>8}   called",
    ]
    for name, row in result["subclasses"].items():
        wrong = ", ".join(f"{label} {count}" for label, count in row["wrong"].items())
        lines.append(f"{name:34}{row['segments']:9}{row['right']:8.3f}   {wrong}".rstrip())
    return "\n".join(lines)
