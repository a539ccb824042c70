"""The process that a stage is measured in: `python -m edge.bench.worker REQUEST`, both sides in JSON.

It prints a line after the first result, then one for each round, and the measurements in the last.
"""

from __future__ import annotations

import json
import sys
import time
from importlib import import_module
from typing import Any

import msgspec
from msgspec import Struct

from edge import offline as _offline  # noqa: F401 - before any dependency is imported
from edge.decoding import prepared
from edge.errors import EdgeError


class Request(Struct, frozen=True, kw_only=True):
    """What to measure."""

    stage: str
    """Name of the stage."""
    model: str | None = None
    """Another model than the one that ships."""
    threads: int = 1
    """Threads of the networks."""
    seconds: float = 0.0
    """Rounds begin until this time has passed."""
    rounds: int = 0
    """Fewest rounds, unless they take longer than `LONGEST_S`; 0 for the first result alone."""
    started: float
    """`time.monotonic` of the caller when it started this process."""


MOST = 200
"""Most rounds."""

LONGEST_S = 10.0
"""On slow devices no rounds, or other processes, begin after this time: they would take many minutes."""


def main() -> None:
    """Measure, and print lines of JSON."""
    try:
        _measure(msgspec.json.decode(sys.argv[1], type=prepared(Request)))
    except (EdgeError, ImportError) as error:
        _print(failed=" ".join(str(error).split()))


def _measure(request: Request) -> None:
    module = import_module(f"edge.bench.stages.{request.stage}")
    before = time.monotonic()
    inputs = module.inputs()
    making = time.monotonic() - before
    job = module.open_stage(inputs, model=request.model, threads=request.threads)
    begun = time.monotonic()
    outputs = job.run()
    now = time.monotonic()
    _print(cold_start_s=now - request.started - making, first_s=now - begun)
    if not request.rounds:
        return
    from edge.bench.golden import expected  # noqa: PLC0415 - not in the cold start
    from edge.bench.process import peak_mb  # noqa: PLC0415
    from edge.bench.sensors import EnergyMeter, hottest  # noqa: PLC0415
    from edge.bench.stages import STAGES  # noqa: PLC0415

    meter, seconds = EnergyMeter(), list[float]()
    begun, passed = time.monotonic(), 0.0
    meter.sample()
    while passed < (LONGEST_S if len(seconds) < request.rounds else request.seconds) and len(seconds) < MOST:
        before = time.perf_counter()
        outputs = job.run()
        seconds.append(time.perf_counter() - before)
        meter.sample()
        passed = time.monotonic() - begun
        _print(share=min(1.0, passed / request.seconds, len(seconds) / request.rounds))
    _print(
        seconds=seconds,
        peak_mb=peak_mb(),
        joules=None if meter.joules is None else meter.joules / len(seconds),
        celsius=hottest(),
        error=STAGES[request.stage].error(outputs, expected(request.stage)),
        runtime=job.runtime,
        arithmetic=job.arithmetic,
    )


def _print(**fields: Any) -> None:
    print(json.dumps(fields), flush=True)


if __name__ == "__main__":
    main()
