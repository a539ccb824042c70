"""Songs in long composed recordings: found or not, and how far off their ends are."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edge.models.arithmetic import describe
from edge.networks.segmenter import Segmenter
from edge.songs.find import find_songs
from edge.songs.options import SongOptions
from edge.vocabulary import Span
from tools.evaluate.pack import RATE_HZ, read_pack
from tools.evaluate.recordings import Recording, compose
from tools.sound.wave import write_wav

RECORDINGS = 20
FIRST_SEED = 1000

HIT_IOU = 0.9
"""A song counts as found when its clip overlaps it this well."""

NEAR_IOU = 0.5
"""Boundary errors are measured on pairs that overlap at least this well."""

METHODS = {"default": SongOptions(), "as published": SongOptions.as_published()}


@dataclass(frozen=True)
class Match:
    """A true song and the clip nearest to it."""

    truth: Span
    found: Span
    iou: float


def match(truth: list[Span], found: list[Span]) -> list[Match]:
    """Pairs of songs and clips by falling overlap, each used once; pairs without overlap do not count."""
    pairs = sorted(((t.iou(f), i, j) for i, t in enumerate(truth) for j, f in enumerate(found)), reverse=True)
    left, right, matches = set(range(len(truth))), set(range(len(found))), []
    for iou, i, j in pairs:
        if iou > 0 and i in left and j in right:
            left.remove(i)
            right.remove(j)
            matches.append(Match(truth[i], found[j], iou))
    return matches


def evaluate(data: Path, plots: Path | None = None, *, recordings: int = RECORDINGS) -> dict[str, Any]:
    """Scores of the default settings, and under `as_published` of the published method.

    Keys: precision, recall (IoU 0.9), onset_median_s, offset_median_s, the same with p90 and bias,
    recordings, songs, misses, arithmetic (of int8 on this processor). `plots` is a folder for plots of
    the recordings with errors.
    """
    entries = read_pack(data)
    segmenter = Segmenter()
    rows: dict[str, list[tuple[Recording, list[Span]]]] = {name: [] for name in METHODS}
    started = time.monotonic()
    misses = []
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(FIRST_SEED, FIRST_SEED + recordings):
            recording = compose(entries, seed)
            file = Path(folder) / f"{seed}.wav"
            write_wav(file, recording.sound, RATE_HZ)
            for name, settings in METHODS.items():
                found = find_songs(file, settings, segmenter=segmenter)
                spans = [song.span for song in found.songs]
                rows[name].append((recording, spans))
                hits = sum(m.iou >= HIT_IOU for m in match(recording.songs, spans))
                if name == "default" and not hits == len(spans) == len(recording.songs):
                    misses.append(_describe(seed, recording, spans))
                    if plots:
                        plots.mkdir(parents=True, exist_ok=True)
                        found.plot(plots / f"{seed}.png", force=True)
            file.unlink()
    default, published = (_scores(rows[name]) for name in METHODS)
    return {
        **default,
        "as_published": published,
        "arithmetic": describe(),
        "recordings": recordings,
        "minutes": sum(recording.seconds for recording, _ in rows["default"]) / 60,
        "elapsed_s": time.monotonic() - started,
        "misses": misses,
    }


def _scores(rows: list[tuple[Recording, list[Span]]]) -> dict[str, Any]:
    matches = [m for recording, found in rows for m in match(recording.songs, found)]
    hits = sum(m.iou >= HIT_IOU for m in matches)
    near = [m for m in matches if m.iou >= NEAR_IOU]
    onsets = np.array([m.found.start - m.truth.start for m in near] or [np.nan])
    offsets = np.array([m.found.end - m.truth.end for m in near] or [np.nan])
    songs = sum(len(recording.songs) for recording, _ in rows)
    return {
        "precision": hits / max(1, sum(len(found) for _, found in rows)),
        "recall": hits / max(1, songs),
        "songs": songs,
        **_errors("onset", onsets),
        **_errors("offset", offsets),
        "boundary_median_s": float(np.median(np.abs(np.concatenate([onsets, offsets])))),
    }


def _errors(name: str, errors: np.ndarray[Any, np.dtype[np.float64]]) -> dict[str, float]:
    return {
        f"{name}_median_s": float(np.median(np.abs(errors))),
        f"{name}_p90_s": float(np.percentile(np.abs(errors), 90)),
        f"{name}_bias_s": float(errors.mean()),
    }


def _describe(seed: int, recording: Recording, found: list[Span]) -> dict[str, Any]:
    return {
        "seed": seed,
        "truth": [[round(s.start, 1), round(s.end, 1)] for s in recording.songs],
        "found": [[round(s.start, 1), round(s.end, 1)] for s in found],
        "events": [f"{what} {span.start:.1f}-{span.end:.1f}" for what, span in recording.events],
    }


def table(result: dict[str, Any]) -> str:
    """The result for people."""
    header = ["precision", "recall", "onset med", "p90", "bias", "offset med", "p90", "bias"]
    lines = [f"{'IoU 0.9':10}" + "".join(f"{name:>11}" for name in header)]
    for name, row in (("default", result), ("as published", result["as_published"])):
        values = [row["precision"], row["recall"]]
        values += [row[f"{end}_{key}_s"] for end in ("onset", "offset") for key in ("median", "p90", "bias")]
        lines.append(f"{name:10}" + "".join(f"{value:11.3f}" for value in values))
    lines.append(
        f"{result['songs']} songs in {result['recordings']} recordings, {result['minutes']:.0f} min; "
        f"median boundary error {result['boundary_median_s']:.2f} s; int8 on {result['arithmetic']}"
    )
    return "\n".join(lines)
