"""Repeats of real speakers: sentences that one actor says twice, and parallel sentences of the same actor.

RAVDESS's actors say two sentences, twice each in every mood: "Kids are talking by the door", "Dogs are
sitting by the door". Two takes of one are a repeat; one of each is not, nor is one sentence by two actors.
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.errors import InputError
from edge.evidence.speech.level import runs
from edge.evidence.speech.recognizer import Recognizer
from edge.evidence.speech.recognizers import open_recognizer
from edge.networks.segmenter import Segmenter
from edge.quickcut.clean import plan_clean
from edge.quickcut.marks import Kind
from tools.evaluate.pack import RATE_HZ, samples
from tools.evaluate.talks import NOISE, loud_as, silence
from tools.progress import each
from tools.sound.wave import write_wav

Floats = NDArray[np.float32]

JOINT_S = 0.044
"""Digital silence of this length parts the clips of one recording."""

KINDS = ("retakes", "parallel", "two speakers")


@dataclass(frozen=True)
class Take:
    """One sentence by one actor."""

    samples: Floats
    actor: str
    sentence: str


def evaluate(
    data: Path, *, count: int = 60, seed: int = 0, recognizer: Recognizer | None = None
) -> dict[str, Any]:
    """Pairs of takes, each a recording of its own: is the first one marked as a repeat?

    Keys: retakes, parallel, "two speakers" -> pairs, marked; errors (kind, actors, texts).
    """
    recognizer, segmenter = recognizer or open_recognizer(), Segmenter()
    rng = np.random.default_rng(seed)
    rows: dict[str, dict[str, int]] = {}
    errors: list[dict[str, Any]] = []
    for kind, pairs in chosen(read_takes(data), count, rng).items():
        marked = 0
        for one, other in each(pairs, kind):
            with tempfile.TemporaryDirectory() as scratch:
                file = Path(scratch, "pair.wav")
                write_wav(file, joined((one, other), rng), RATE_HZ)
                plan = plan_clean(file, recognizer=recognizer, segmenter=segmenter)
            found = any(item.kind is Kind.REPEAT for item in plan.items)
            marked += found
            if found != (kind == "retakes"):
                text = " | ".join(sentence.text for sentence in plan.transcript.sentences)
                errors.append({"kind": kind, "actors": [one.actor, other.actor], "text": text})
        rows[kind] = {"pairs": len(pairs), "marked": marked}
    return {**rows, "errors": errors}


def table(result: dict[str, Any]) -> str:
    """The result for people."""
    lines = [f"{kind:14}{result[kind]['marked']:4} of {result[kind]['pairs']} marked" for kind in KINDS]
    lines += [f"  {error['kind']}: {error['text']}" for error in result["errors"]]
    return "\n".join(lines)


def chosen(takes: Sequence[Take], count: int, rng: np.random.Generator) -> dict[str, list[tuple[Take, Take]]]:
    """Up to `count` pairs of each kind."""
    pairs: dict[str, list[tuple[Take, Take]]] = {kind: [] for kind in KINDS}
    for one, other in combinations(takes, 2):
        same_actor, same_sentence = one.actor == other.actor, one.sentence == other.sentence
        if same_actor or same_sentence:
            pairs[KINDS[0 if same_actor and same_sentence else 1 if same_actor else 2]].append((one, other))
    return {
        kind: [found[at] for at in rng.permutation(len(found))[:count].tolist()]
        for kind, found in pairs.items()
    }


def joined(takes: Sequence[Take], rng: np.random.Generator) -> Floats:
    """Takes one after another, with pauses, in the noise of a room."""
    parts = [silence(0.4)]
    for take in takes:
        parts += [loud_as(take.samples, 0.08), silence(rng.uniform(0.5, 1.2))]
    whole = np.concatenate(parts)
    return np.asarray(whole + rng.normal(0, NOISE, len(whole)), np.float32)


def read_takes(data: Path) -> list[Take]:
    """The clips of acted speech that can be told apart. Raises InputError if there is no manifest."""
    manifest = data / "manifest.csv"
    if not manifest.is_file():
        raise InputError(data, "holds no manifest.csv; pass --data DIR or set EDGE_DATA")
    with manifest.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if "ravdess" in row["path"] and row["class"] == "speech"]
    takes = []
    for row in rows:
        sound, names = samples(data / row["path"]), [Path(one).stem for one in row["source_path"].split(";")]
        silent = [(a, b) for a, b in runs(np.abs(sound) < 1e-4) if b - a >= JOINT_S * RATE_HZ and a > 0]
        edges = [0, *((a + b) // 2 for a, b in silent if b < len(sound)), len(sound)]
        if len(edges) == len(names) + 1:  # otherwise a clip has a silence of its own
            parts = zip(names, pairwise(edges), strict=True)
            takes += [Take(sound[a:b], name[-2:], name.split("-")[4]) for name, (a, b) in parts]
    return takes
