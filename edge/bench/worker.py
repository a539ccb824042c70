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
    """Rounds begin until this time has passed; 0 for the first result alone."""
    rounds: int = 0
    """Fewest rounds."""
    started: float
    """`time.monotonic` of the caller when it started this process."""


MOST = 200
"""Most rounds."""


def main() -> None:
    """Measure, and print lines of JSON."""
    try:
        _measure(msgspec.json.decode(sys.argv[1], type=Request))
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
    stop = time.monotonic() + request.seconds
    meter.sample()
    while len(seconds) < request.rounds or (time.monotonic() < stop and len(seconds) < MOST):
        begun = time.perf_counter()
        outputs = job.run()
        seconds.append(time.perf_counter() - begun)
        meter.sample()
        left = 1 - (stop - time.monotonic()) / request.seconds if request.seconds else 1.0
        _print(share=min(left, len(seconds) / request.rounds))
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
