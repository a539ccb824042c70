"""Processes of their own: pinned to as many cores as they may use, and small before they begin.

`call` runs one function of ours in a fresh interpreter, where every library was told its number of threads
before it was loaded; `edge` runs the command as a user would and says how much memory it took.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.bench.process import environment
from edge.errors import EdgeError
from tools import documents
from tools.progress import tell

ROOT = Path(__file__).parents[2]

_FRESH_EDGE = """
import sys
from edge.cli import main
code = main(sys.argv[1:])
from edge.bench.process import peak_mb
print(peak_mb(), file=sys.stderr)
sys.exit(code)
"""


@dataclass(frozen=True)
class Run:
    """One fresh process that did its job."""

    seconds: float
    """From before it started until it had ended."""
    megabytes: float
    """Peak resident memory."""
    output: str


@contextmanager
def pinned(cores: int) -> Iterator[None]:
    """Processes started here run on the last `cores` cores only; where the system cannot pin, anywhere."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, set(sorted(allowed)[-cores:]))
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def call(function: str, *arguments: Any, cores: int = 1) -> Any:
    """What "module:function" of this package returns, run in a process of its own on `cores` cores.

    Arguments and result travel as JSON. Raises CalledProcessError if the process fails.
    """
    tell(f"running {function}")
    command = [sys.executable, "-m", "tools.bench.isolated", function, json.dumps(arguments)]
    with pinned(cores):
        done = subprocess.run(
            command, env=environment(cores), cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
        )
    return json.loads(done.stdout.splitlines()[-1])


def edge(*arguments: str, cores: int = 1, more: Mapping[str, str] | None = None) -> Run:
    """Run `edge ARGUMENTS` in a fresh process on `cores` cores, with `more` in its environment.

    Raises EdgeError if it fails.
    """
    started = time.perf_counter()
    with pinned(cores):
        done = subprocess.run(
            [sys.executable, "-c", _FRESH_EDGE, *arguments],
            env=environment(cores, more), cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
    if done.returncode:
        raise EdgeError(f"edge {' '.join(arguments)} failed: {done.stderr.strip()}")
    return Run(time.perf_counter() - started, float(done.stderr.split()[-1]), done.stdout)


def peaks(process: str) -> tuple[float, float]:
    """Resident memory now, and its peak, of a process of /proc, in 2^20 bytes."""
    lines = Path("/proc", process, "status").read_text(encoding="utf-8").splitlines()
    fields = dict(line.split(":", 1) for line in lines if ":" in line)
    return int(fields["VmRSS"].split()[0]) / 1024, int(fields["VmHWM"].split()[0]) / 1024


def main() -> None:
    """The other side of `call`."""
    module, name = sys.argv[1].split(":")
    function = getattr(importlib.import_module(f"tools.bench.{module}"), name)
    result = function(*json.loads(sys.argv[2]))
    print(f"\n{documents.document(result).replace(chr(10), ' ')}")


if __name__ == "__main__":
    main()
