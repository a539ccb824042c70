"""How well the recipe does on sources that it was not given: in turn a sixth is left out and then labeled.

A source is where a pack found its recordings: a pack learned by heart would show here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from edge.vocabulary import LABELS, Label
from tools.evaluate.metrics import classification, group_weights, intervals
from tools.train.segmenter.corpus import Recording, Take, label_index, read_manifest
from tools.train.segmenter.pipeline import SegmenterJob, Training, load_made, load_recorded, side_by_side
from tools.train.segmenter.score import label_segments
from tools.train.segmenter.tower import Plan, load_tower

FOLDS = 6
"""Trainings: each leaves out a sixth of the sources of every label."""

AT_ONCE = 2
"""Trainings side by side, on `SegmenterJob.threads` each."""


def evaluate(job: SegmenterJob) -> dict[str, Any]:
    """Train a tower of `job.steps` for each fold and label what it was not given by its own head, no fusion.

    Keys: macro_f1, per_class, confusion, intervals (95 %, over groups), group_macro_f1, sources (segments,
    and the share that is right), segments, steps, folds. A training that is finished in `job.run` is not done
    again. Further music (`job.music`) is always given and never labeled.
    """
    recordings = read_manifest(job.data / "train")
    recorded, made = load_recorded(job, recordings), load_made(job, recordings)
    folds = split(recordings, FOLDS)
    plan = Plan(steps=job.steps, batch=job.batch, threads=job.threads, compiled=job.compiled)
    folders = [job.run / f"without{number}" for number in range(FOLDS)]
    given: list[Training] = [
        (divide(recorded, made, fold), [], plan, folders[i]) for i, fold in enumerate(folds)
    ]
    for first in range(0, FOLDS, AT_ONCE):
        side_by_side(given[first : first + AT_ONCE])
    rows = []
    for fold, folder in zip(folds, folders, strict=True):
        tower = load_tower(folder / "tower.pt")
        for take in recorded[::2]:  # the first takes: as recorded
            if take.recording.source in fold:
                rows += [(take.recording, column) for column in label_segments(tower, take)]
    return {**_scores(rows), "steps": job.steps, "folds": FOLDS}


def split(recordings: Sequence[Recording], count: int) -> list[set[str]]:
    """Sources in `count` folds, label by label: the largest first, each into the fold with fewest recordings.

    A source belongs to the label that it has most recordings of. The labels begin with different folds, so
    that none loses all that is largest.
    """
    sources: dict[str, Counter[Label]] = {}
    for recording in recordings:
        sources.setdefault(recording.source, Counter())[recording.label] += 1
    folds: list[set[str]] = [set() for _ in range(count)]
    for column, label in enumerate(LABELS):
        sizes = [sum(sources[name][label] for name in fold) for fold in folds]
        mine = [name for name, labels in sources.items() if labels.most_common(1)[0][0] is label]
        for name in sorted(mine, key=lambda name: (-sources[name][label], name)):
            smallest = min(range(count), key=lambda i: (sizes[i], (i - column) % count))
            folds[smallest].add(name)
            sizes[smallest] += sources[name][label]
    return folds


def divide(recorded: list[Take], made: list[Take], left_out: set[str]) -> list[Take]:
    """Takes of all other sources; songs that were sung by voices of the left out ones are left out too."""
    outside = {take.recording.group for take in recorded if take.recording.source in left_out}
    sung = tuple(f"sung_{group}_" for group in outside)
    given = [take for take in recorded if take.recording.source not in left_out]
    return given + [take for take in made if not take.recording.group.startswith(sung)]


def _scores(rows: list[tuple[Recording, int]]) -> dict[str, Any]:
    truth = [label_index(recording.label) for recording, _ in rows]
    guess = [column for _, column in rows]
    groups = [recording.group for recording, _ in rows]
    segments = Counter((recording.label, recording.source) for recording, _ in rows)
    right = Counter(
        (recording.label, recording.source)
        for (recording, column), label in zip(rows, truth, strict=True)
        if column == label
    )
    return {
        **classification(truth, guess),
        "intervals": intervals(truth, guess, groups),
        "group_macro_f1": classification(truth, guess, group_weights(groups))["macro_f1"],
        "sources": {
            f"{label}/{source}": {"segments": count, "right": right[label, source] / count}
            for (label, source), count in sorted(segments.items())
        },
        "segments": len(rows),
    }


def table(result: dict[str, Any]) -> str:
    """The result for people."""
    lines = []
    for (label, row), counts in zip(result["per_class"].items(), result["confusion"], strict=True):
        low, high = result["intervals"][label]
        scores = "".join(f"{row[key]:8.3f}" for key in ("precision", "recall", "f1"))
        lines.append(f"{label:10}{scores}  {low:.3f}-{high:.3f}  {'  '.join(f'{n:5}' for n in counts)}")
    low, high = result["intervals"]["macro_f1"]
    lines += [
        f"macro-F1 {result['macro_f1']:.4f} ({low:.3f}-{high:.3f}), by group {result['group_macro_f1']:.4f}; "
        f"{result['segments']} segments, {result['folds']} trainings of {result['steps']} steps",
        "",
        *(f"{name:52}{row['segments']:7}{row['right']:8.3f}" for name, row in result["sources"].items()),
    ]
    return "\n".join(lines)
