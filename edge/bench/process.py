"""Processes that are measured: the threads that they may use, and their peak memory."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


def environment(threads: int, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return this environment with the number of threads in every variable that some library obeys."""
    return {**os.environ, **dict.fromkeys(THREAD_VARIABLES, str(threads)), **(more or {})}


def peak_mb() -> float | None:
    """Return the peak resident memory of this process in 2^20 bytes; None where the system does not say it.

    Linux hands the peak of the process that forked this one down to `ru_maxrss`; VmHWM counts from exec on.
    """
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    try:
        import resource  # noqa: PLC0415 - Windows has none
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)
