"""`python -m tools.bench matching`: indexing music, its parts, opening an index, and queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from tools.bench import isolated, matching_music, material
from tools.bench.rows import Row, compared

REAL_TIME = "real time"
FIRST = "memory of the first"

CODECS = {".mp3": "MP3", ".m4a": "AAC", ".opus": "Opus", ".flac": "FLAC"}
"""Suffixes of the tracks that are indexed."""

QUERY_S, OPENING_S = 0.02, 5.0
"""What a query and the opening of an index may take, in seconds."""


@dataclass(frozen=True)
class Sizes:
    """How much is measured."""

    tracks: int = 8
    """Tracks of each codec."""
    seconds: float = 180.0
    """Length of each."""
    codecs: tuple[str, ...] = tuple(CODECS)
    """Their suffixes, MP3 among them."""
    many: tuple[int, float, int] = (12, 30.0, 10)
    """For memory: a number of short tracks, their length, and how many times as many there are next."""
    hours: float = 3.0
    """Length of the longest track."""
    indexed: int = 10_000
    """Tracks of the index that is opened and asked."""
    rounds: int = 3

    @classmethod
    def quick(cls) -> Sizes:
        """Small enough for a test."""
        return cls(tracks=2, seconds=20.0, many=(2, 20.0, 2), hours=0.02, indexed=100, rounds=1)


def bench(data: Path, sizes: Sizes, cache: Path = material.CACHE) -> list[Row]:
    """Return all rows; `data` is not used, the music is that of the templates."""
    made = matching_music.tracks
    folders = {suffix: made(cache, suffix, sizes.tracks, sizes.seconds) for suffix in sizes.codecs}
    some = {suffix: str(sorted(folder.iterdir())[-1]) for suffix, folder in folders.items()}
    return [
        *_query_rows(isolated.call("matching_jobs:query", some[".mp3"], sizes.indexed, sizes.rounds)),
        *(row for suffix, folder in folders.items() for row in _index_rows(suffix, folder, sizes)),
        *(row for suffix, file in some.items() for row in _part_rows(suffix, file)),
        *_rhythm_rows(isolated.call("matching_jobs:rhythm", some[".mp3"], sizes.rounds)),
        *_memory_rows(Path(some[sizes.codecs[min(1, len(sizes.codecs) - 1)]]), sizes, cache),
    ]


def describe(rows: Sequence[Row]) -> str:
    """One line for each of the numbers that matter most."""
    indexed = [row for row in rows if row.name.startswith("index ") and row.peer == REAL_TIME]
    slowest = min((row for row in indexed if "2 threads" in row.name), key=lambda row: row.ratio)
    asked = next(row for row in rows if row.name.startswith("query"))
    opened = next(row for row in rows if row.name.startswith("open"))
    return (
        f"{slowest.name}: {slowest.ratio:.0f} times real time; "
        f"{asked.name}: {asked.seconds * 1e3:.1f} ms; {opened.name}: {opened.seconds:.2f} s"
    )


def _index_rows(suffix: str, folder: Path, sizes: Sizes) -> list[Row]:
    """Rows with one thread and with two, each on as many cores."""
    rows = []
    for threads in (1, 2):
        runs = [_indexed(folder, threads) for _ in range(sizes.rounds)]
        seconds, each = median(run["seconds"] for run in runs), runs[-1]
        spent = median(run["processor_s"] for run in runs) / each["music_s"]
        rows.append(
            Row(
                f"index {each['tracks']} x {sizes.seconds:g} s of {CODECS[suffix]}, {_threads(threads)}",
                REAL_TIME,
                each["music_s"] / seconds,
                seconds,
                error=each["error"],
                error_is="1 - F of beats",
                megabytes=median(run["megabytes"] for run in runs),
                detail=f"{spent * 1e3:.1f} ms of processor time for a second, with opening the networks",
            )
        )
    return rows


def _part_rows(suffix: str, file: str) -> list[Row]:
    """Rows of processor time for a second of audio."""
    spent: dict[str, float] = isolated.call("matching_jobs:parts", file)
    return [
        Row(f"  {CODECS[suffix]}: {name}, a second", REAL_TIME, 1 / max(each, 1e-9), each or 1e-9, 0, "none")
        for name, each in {**spent, "all parts": sum(spent.values())}.items()
    ]


def _rhythm_rows(measured: Mapping[str, Any]) -> list[Row]:
    """Rhythm and key of decoded samples, beside librosa if it is installed, else beside real time."""
    seconds, errors = measured["seconds"], measured["errors"]
    name = f"rhythm and key of {measured['music_s']:.0f} s"
    rest = {"error": errors["edge"], "error_is": "1 - F of beats"}
    real = [measured["music_s"]] * len(seconds["edge"])
    rows = [compared(name, REAL_TIME, seconds["edge"], real, **rest)]
    if "librosa" in seconds:
        peer = "librosa beat_track, chroma_cqt"
        theirs = seconds["librosa"]
        rows.append(compared(name, peer, seconds["edge"], theirs, peer_error=errors["librosa"], **rest))
    return rows


def _query_rows(measured: Mapping[str, Any]) -> list[Row]:
    """A query with and without arranging what was found, and opening the index."""
    asked, opened, many = measured["query"], measured["opening"], f"{measured['indexed']:,} tracks"
    rest = {"error": measured["error"], "error_is": "1 - recall@20 of float32"}
    allowed = [QUERY_S] * len(asked["whole"])
    unchanged = {"error": 0.0, "error_is": "none", "megabytes": measured["megabytes"]}
    limit = [OPENING_S] * len(opened["edge"])
    alone = "the folder alone"
    return [
        compared(f"query of {many}, 20 arranged", f"{QUERY_S * 1e3:g} ms", asked["whole"], allowed, **rest),
        compared(
            f"nearest 20 of {many}", "NumPy float32", asked["nearest"], asked["NumPy float32"],
            peer_error=0.0, **rest,
        ),
        compared(f"open an index of {many}", f"{OPENING_S:g} s", opened["edge"], limit, **unchanged),
        compared(f"open an index of {many}", alone, opened["edge"], opened[alone], **unchanged),
    ]  # fmt: skip


def _memory_rows(track: Path, sizes: Sizes, cache: Path) -> list[Row]:
    """Rows of few tracks, many tracks and a long one; the ratio is the memory of the few to each."""
    count, seconds, times = sizes.many
    few = matching_music.tracks(cache, ".mp3", count, seconds)
    long = matching_music.long_track(track, sizes.seconds, round(sizes.hours * 3600 / sizes.seconds))
    runs = [_indexed(folder, 2) for folder in (few, matching_music.copies(few, times), long)]
    return [
        Row(
            f"index {run['tracks']} tracks of {run['music_s'] / run['tracks']:.0f} s, 2 threads",
            FIRST,
            runs[0]["megabytes"] / run["megabytes"],
            run["seconds"],
            error=run["skipped"] / (run["skipped"] + run["tracks"]),
            error_is="share of files that are no tracks",
            megabytes=run["megabytes"],
        )
        for run in runs
    ]


def _indexed(folder: Path, threads: int) -> dict[str, Any]:
    run: dict[str, Any] = isolated.call("matching_jobs:index", str(folder), threads, cores=threads)
    return run


def _threads(count: int) -> str:
    return f"{count} thread" if count == 1 else f"{count} threads"
