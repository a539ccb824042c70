"""Measure the stages one after the other, each in fresh processes."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.util import find_spec
from itertools import pairwise
from statistics import median
from tempfile import TemporaryFile
from typing import Any

import msgspec
from msgspec import UNSET

from edge import schema
from edge.bench.board import throttling
from edge.bench.device import describe_device, load
from edge.bench.process import environment
from edge.bench.sensors import temperatures
from edge.bench.stages import STAGES, Stage
from edge.bench.worker import LONGEST_S, Request
from edge.errors import EdgeError, UsageError
from edge.vocabulary import Progress, part_of

P90_ROUNDS = 3
"""Fewest rounds that have a 90th percentile."""


@dataclass(frozen=True, slots=True)
class BenchOptions:
    """Settings of `measure_device`."""

    stages: tuple[str, ...] = ()
    """Names of the stages in `edge.bench.stages.STAGES`; all by default."""
    quick: bool = False
    """Fewer rounds, and one cold start instead of three."""
    threads: int = 1
    """Threads of the networks."""
    model: str | None = None
    """Id or folder of a model that is measured in place of the one that ships, in a single stage."""

    def __post_init__(self) -> None:
        for name in self.stages:
            if name not in STAGES:
                near = get_close_matches(name, STAGES, n=1)
                hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(STAGES)}"
                raise UsageError(f"no such stage: {name}; {hint}")
        if self.model is not None and not (len(self.stages) == 1 and STAGES[self.stages[0]].takes_model):
            able = ", ".join(name for name, stage in STAGES.items() if stage.takes_model)
            raise UsageError(f"another model is measured in one stage of {able}; name it")

    @property
    def cold_starts(self) -> int:
        """Most processes of a stage."""
        return 1 if self.quick else 3

    @property
    def seconds(self) -> float:
        """Time in which rounds of a stage begin."""
        return 0.5 if self.quick else 2.5

    @property
    def rounds(self) -> int:
        """Fewest rounds of a stage, unless they take longer than `LONGEST_S`."""
        return 1 if self.quick else 3


def measure_device(options: BenchOptions | None = None, *, progress: Progress | None = None) -> schema.Bench:
    """Measure the stages on this device, each with the error of its outputs against the golden ones.

    A stage whose extra is not installed, or that fails, has a row that says so. Raises UsageError.
    """
    options = options or BenchOptions()
    names = options.stages or tuple(STAGES)
    device = describe_device()
    efforts = [STAGES[name].effort for name in names]
    edges = [sum(efforts[:count]) / sum(efforts) for count in range(len(names) + 1)]
    rows = [
        measure_stage(name, options, progress=part_of(progress, start, end))
        for name, (start, end) in zip(names, pairwise(edges), strict=True)
    ]
    return schema.Bench(
        device=device,
        quick=options.quick,
        threads=options.threads,
        stages=tuple(rows),
        temperatures_after={name: round(value, 1) for name, value in temperatures().items()},
        load_after=load(),
        throttling=throttling(),
        accurate=all(row.state in ("accurate", "missing") for row in rows),
    )


def measure_stage(name: str, options: BenchOptions, *, progress: Progress | None = None) -> schema.BenchStage:
    """Measure one stage in processes of its own."""
    stage = STAGES[name]
    row = schema.BenchStage(
        name=name, what=stage.what, amount=stage.amount, unit=stage.unit, state="missing",
        error_is=stage.error_is, limit=stage.limit,
    )  # fmt: skip
    if absent := [module for module in stage.needs if find_spec(module) is None]:
        why = f"needs {' and '.join(absent)}: pip install 'edgereel[{stage.extra}]'"
        return msgspec.structs.replace(row, why=why)
    try:
        return _measured(row, stage, options, progress)
    except EdgeError as error:
        return msgspec.structs.replace(row, state="failed", why=str(error))


def _measured(
    row: schema.BenchStage, stage: Stage, options: BenchOptions, progress: Progress | None
) -> schema.BenchStage:
    count = options.cold_starts
    starts: list[dict[str, Any]] = []
    begun = time.monotonic()
    for number in range(count - 1):
        if time.monotonic() - begun > LONGEST_S:
            break
        starts += list(_lines(row.name, options, seconds=0.0, rounds=0))
        if progress:
            progress((number + 1) / (count + 2))
    last: dict[str, Any] = {}
    for line in _lines(row.name, options, seconds=options.seconds, rounds=options.rounds):
        if "cold_start_s" in line:
            starts.append(line)
        if progress:
            progress((count - 1 + 3 * line.get("share", 0.1)) / (count + 2))
        last = line
    middle = median(last["seconds"])
    error, joules, celsius, peak = (last[key] for key in ("error", "joules", "celsius", "peak_mb"))
    return msgspec.structs.replace(
        row,
        state="accurate" if error <= stage.limit else "inaccurate",
        median_s=digits(middle),
        p90_s=UNSET if len(last["seconds"]) < P90_ROUNDS else digits(_percentile(last["seconds"], 0.9)),
        rounds=len(last["seconds"]),
        per_second=digits(stage.amount / middle),
        first_s=digits(median(line["first_s"] for line in starts)),
        cold_start_s=digits(median(line["cold_start_s"] for line in starts)),
        cold_starts=len(starts),
        peak_mb=UNSET if peak is None else round(peak, 1),
        joules=UNSET if joules is None else digits(joules),
        celsius=UNSET if celsius is None else round(celsius, 1),
        error=digits(error) if math.isfinite(error) else UNSET,
        runtime=last["runtime"],
        arithmetic=last["arithmetic"],
    )


def _lines(name: str, options: BenchOptions, *, seconds: float, rounds: int) -> Iterator[dict[str, Any]]:
    """Yield what a worker prints. Raises EdgeError if it fails."""
    request = Request(
        stage=name, model=options.model, threads=options.threads, seconds=seconds, rounds=rounds,
        started=time.monotonic(),
    )  # fmt: skip
    command = [sys.executable, "-P", "-m", "edge.bench.worker", msgspec.json.encode(request).decode()]
    path = os.pathsep.join(filter(None, sys.path))  # so that a folder "edge" where it is started is not it
    with (
        TemporaryFile("w+", errors="replace") as errors,
        subprocess.Popen(
            command, env=environment(options.threads, {"PYTHONPATH": path}),
            stdout=subprocess.PIPE, stderr=errors, text=True,
        ) as worker,
    ):  # fmt: skip
        assert worker.stdout is not None
        try:
            for text in worker.stdout:
                line = _parsed(text)
                if "failed" in line:
                    raise EdgeError(line["failed"])
                if line:
                    yield line
            worker.wait()
        finally:
            worker.kill()
        if worker.returncode:
            errors.seek(0)
            lines = errors.read().strip().splitlines() or ["no message"]
            raise EdgeError(f"its process ended with {worker.returncode}: {lines[-1]}")


def _parsed(text: str) -> dict[str, Any]:
    """Return a line of a worker; empty for what a library printed."""
    try:
        line = json.loads(text)
    except ValueError:
        return {}
    return line if isinstance(line, dict) else {}


def _percentile(values: list[float], share: float) -> float:
    """Return the smallest value that `share` of all do not exceed."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def digits(value: float) -> float:
    """Round to four digits.

    >>> digits(0.00123456), digits(4321.9)
    (0.001235, 4322.0)
    """
    return float(f"{value:.4g}")
