"""The process in which damaged inputs are used, one after the other: lines of JSON in and out."""

from __future__ import annotations

import os
import resource
import shutil
import sys
from pathlib import Path

import msgspec
from msgspec import Struct

from tools.fuzz.outcome import judged
from tools.fuzz.targets import TARGETS

MEMORY_BYTES = 6 << 30
"""Address space; an input that wants more is a bug, or is refused."""


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
    for line in sys.stdin.buffer:
        job = msgspec.json.decode(line, type=Job)
        folder = Path(job.folder)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        outcome = judged(TARGETS[job.target].use, Path(job.path), folder)
        answers.write(msgspec.json.encode(outcome) + b"\n")


if __name__ == "__main__":
    main()
