"""Songs in long composed recordings: found or not, and how far off their ends are."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.models.arithmetic import describe
from edge.networks.segmenter import Segmenter
from edge.songs.find import find_songs
from edge.songs.options import SongOptions
from edge.vocabulary import Span
from tools.evaluate.long_songs import compose_long
from tools.evaluate.pack import RATE_HZ, Entry, read_pack
from tools.evaluate.recordings import Recording, compose
from tools.progress import each
from tools.sound.wave import write_wav

RECORDINGS = 20
FIRST_SEED = 1000
"""Recordings of each kind, and the seed of the first."""

KINDS: dict[str, Callable[[list[Entry], int], Recording]] = {"short": compose, "long": compose_long}
"""How recordings are composed: songs of 10 to 45 s, and of 30 to 240 s with all that befalls songs."""

HIT_IOU = 0.9
"""A song counts as found when its clip overlaps it this well."""

NEAR_IOU = 0.5
"""Boundary errors are measured on pairs that overlap at least this well."""

IOUS = (0.5, 0.8, 0.9)

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


def evaluate(
    data: Path, plots: Path | None = None, *, recordings: int = RECORDINGS, folder: Path | str = "segmenter"
) -> dict[str, Any]:
    """Scores of the default settings on short songs; under `long` those on long ones, `as_published` in both.

    Keys: precision, recall (IoU 0.9), their intervals (95 %, over recordings), recall_at (by IoU),
    onset_median_s, offset_median_s, the same with p90 and bias, causes (of misses), recordings, songs,
    misses, arithmetic (of int8 on this processor). `plots` is a folder for plots of recordings with errors.
    """
    entries, segmenter = read_pack(data), Segmenter(folder)
    results = {
        kind: _evaluate(kind, entries, segmenter, recordings, plots and plots / kind) for kind in KINDS
    }
    return {**results["short"], "long": results["long"], "arithmetic": describe()}


def _evaluate(
    kind: str, entries: list[Entry], segmenter: Segmenter, recordings: int, plots: Path | None
) -> dict[str, Any]:
    """The result for one kind of recordings."""
    rows: dict[str, list[tuple[Recording, list[Span]]]] = {name: [] for name in METHODS}
    started, misses = time.monotonic(), []
    with tempfile.TemporaryDirectory() as folder:
        for seed in each(range(FIRST_SEED, FIRST_SEED + recordings), f"{kind} recording"):
            recording = KINDS[kind](entries, seed)
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
    return {
        **_scores(rows["default"]),
        "as_published": _scores(rows["as published"]),
        "recordings": recordings,
        "minutes": sum(recording.seconds for recording, _ in rows["default"]) / 60,
        "elapsed_s": time.monotonic() - started,
        "misses": misses,
    }


def _scores(rows: list[tuple[Recording, list[Span]]]) -> dict[str, Any]:
    matches = [m for recording, found in rows for m in match(recording.songs, found)]
    near = [m for m in matches if m.iou >= NEAR_IOU]
    onsets = np.array([m.found.start - m.truth.start for m in near] or [np.nan])
    offsets = np.array([m.found.end - m.truth.end for m in near] or [np.nan])
    songs = [song for recording, _ in rows for song in recording.songs]
    counts = np.array([_counts(recording, found) for recording, found in rows])
    hits, clips, total = counts.sum(axis=0).tolist()
    return {
        "precision": hits / max(1, clips),
        "recall": hits / max(1, total),
        "intervals": _intervals(counts),
        "recall_at": {iou: sum(m.iou >= iou for m in matches) / max(1, len(songs)) for iou in IOUS},
        "causes": dict(_causes(rows)),
        "songs": len(songs),
        **_errors("onset", onsets),
        **_errors("offset", offsets),
        "boundary_median_s": float(np.median(np.abs(np.concatenate([onsets, offsets])))),
    }


def _causes(rows: list[tuple[Recording, list[Span]]]) -> Counter[str]:
    causes = (cause(song, found) for recording, found in rows for song in recording.songs)
    return Counter(name for name in causes if name)


def _counts(recording: Recording, found: list[Span]) -> tuple[int, int, int]:
    """Songs found at `HIT_IOU`, clips, songs."""
    hits = sum(m.iou >= HIT_IOU for m in match(recording.songs, found))
    return hits, len(found), len(recording.songs)


def _intervals(counts: NDArray[np.int64]) -> dict[str, list[float]]:
    """95 % intervals of precision and recall by a bootstrap over recordings: counts int[recordings, 3]."""
    rng = np.random.default_rng(0)
    drawn = counts[rng.integers(len(counts), size=(1000, len(counts)))].sum(axis=1)
    shares = drawn[:, :1] / np.maximum(drawn[:, 1:], 1)
    low, high = np.percentile(shares, [2.5, 97.5], axis=0).round(4).tolist()
    return {name: [low[i], high[i]] for i, name in enumerate(("precision", "recall"))}


def cause(song: Span, found: list[Span]) -> str:
    """Why a song is not found at `HIT_IOU`: what went wrong most; empty if it is found."""
    over = [clip for clip in found if clip.iou(song) > 0]
    if not over:
        return "not found"
    best = max(over, key=song.iou)
    if best.iou(song) >= HIT_IOU:
        return ""
    if len(over) > 1:
        return "split"
    errors = {
        "begins early": song.start - best.start,
        "begins late": best.start - song.start,
        "ends early": song.end - best.end,
        "ends late": best.end - song.end,
    }
    return max(errors, key=lambda name: errors[name])


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
    lines = [f"{'IoU 0.9':20}" + "".join(f"{name:>11}" for name in header)]
    for kind, part in (("short", result), ("long", result["long"])):
        for name, row in ((kind, part), (f"{kind}, published", part["as_published"])):
            values = [row["precision"], row["recall"]]
            values += [
                row[f"{end}_{key}_s"] for end in ("onset", "offset") for key in ("median", "p90", "bias")
            ]
            lines.append(f"{name:20}" + "".join(f"{value:11.3f}" for value in values))
    for kind, part in (("short", result), ("long", result["long"])):
        (p_low, p_high), (r_low, r_high) = (part["intervals"][key] for key in ("precision", "recall"))
        lines.append(
            f"{kind}: {part['songs']} songs in {part['recordings']} recordings, {part['minutes']:.0f} min; "
            f"precision {p_low:.2f}-{p_high:.2f}, recall {r_low:.2f}-{r_high:.2f} (95 %); recall at IoU "
            + ", ".join(f"{iou}: {share:.2f}" for iou, share in part["recall_at"].items())
            + f"; missed: {', '.join(f'{name} {n}' for name, n in part['causes'].items()) or 'none'}"
        )
    return "\n".join([*lines, f"int8 on {result['arithmetic']}"])
