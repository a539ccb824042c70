"""The process in which damaged inputs are used, one after the other: lines of JSON in and out."""

from __future__ import annotations

import os
import resource
import shutil
import sys
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct

from edge.bench.process import peak_mb
from tools.fuzz.outcome import GOOD, Outcome, judged
from tools.fuzz.targets import TARGETS

MEMORY_BYTES = 4 << 30
"""Address space: what an input wants beyond is not to be had."""
FLOOD_MB = 1024
"""Resident memory in 2^20 bytes from which on an input counts as a flood; each seed takes far below 200."""


class Job(Struct, frozen=True):
    """An input to use."""

    target: str
    """Name of the target."""
    path: str
    """The damaged file."""
    folder: str
    """An empty folder for what is written."""


def main() -> None:
    """Answer each job with its outcome."""
    answers = os.fdopen(os.dup(1), "wb", 0)
    os.dup2(2, 1)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    peak = Path("/proc/self/clear_refs")
    for line in sys.stdin.buffer:
        with suppress(OSError):
            peak.write_text("5", encoding="ascii")  # measure anew
        job = msgspec.json.decode(line, type=Job)
        folder = Path(job.folder)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        outcome = judged(TARGETS[job.target].use, Path(job.path), folder)
        used_mb = peak_mb() or 0.0
        if used_mb > FLOOD_MB and outcome.kind in GOOD:
            outcome = Outcome("bug", f"took {used_mb:.0f} MB of memory; {outcome.detail}")
        answers.write(msgspec.json.encode(outcome) + b"\n")


if __name__ == "__main__":
    main()
