"""The priority of threads that encode."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def kept_priority() -> Iterator[None]:
    """Put back how this thread is scheduled.

    SVT-AV1's encoder makes the thread of root that opens it real-time (SCHED_FIFO 99). What it starts from
    then on starves all other processes.
    """
    if not hasattr(os, "sched_getscheduler"):
        yield
        return
    policy, parameters = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        os.sched_setscheduler(0, policy, parameters)
