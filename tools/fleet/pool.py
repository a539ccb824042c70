"""Worker processes of a fleet, on Ray: on this machine, or on a cluster.

On this machine Ray's servers listen on 127.0.0.1 only and ask for a token, its usage statistics and dashboard
are off, and all it writes (logs, sockets) is in a folder `/tmp/edge-fleet-*`, which is deleted at the end. It
stays only if this process is killed; Ray's processes then end by themselves, workers at once, the last of
them within two minutes. Shared memory is 80 MB, of which Ray needs 75: only paths and times pass through it.
"""

from __future__ import annotations

import logging
import os
import secrets
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from pathlib import Path
from typing import Any

from edge.bench.process import THREAD_VARIABLES
from edge.errors import EdgeError, UsageError, require
from tools.fleet.jobs import Job
from tools.fleet.work import Outcome, Settings, Worker

STORE_BYTES = 80 << 20
"""Shared memory of Ray on this machine."""

TOKEN = Path.home() / ".ray" / "auth_token"
"""Where `ray start` keeps the token of a cluster; each machine has the same."""

CONNECT_S = 5.0
"""How long a cluster has to answer."""

ROOT = Path(__file__).parents[2]

QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # does not warn of a default that will change
    "GRPC_VERBOSITY": "NONE",
}
"""Environment variables that keep Ray quiet."""

LOCAL = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # listens on 127.0.0.1 only
    "RAY_AUTH_MODE": "token",  # obeys only who knows a token: this process and its children
}
"""Those of a cluster that is this machine alone."""


class Died(str):
    """Why a worker process is no more."""


class Pool:
    """Workers, each a process that does one recording at a time; `open_pool` opens one."""

    def __init__(self, settings: Settings, workers: int) -> None:
        self.workers = workers
        """The most processes at a time."""
        self._settings = settings
        self._idle: list[Any] = []
        self._busy: dict[Any, tuple[Any, Job]] = {}

    @property
    def busy(self) -> int:
        """Number of recordings that are being done."""
        return len(self._busy)

    def submit(self, job: Job) -> None:
        """Give a recording to an idle worker, or to a new one."""
        worker = self._idle.pop() if self._idle else _start(self._settings)
        self._busy[worker.do.remote(job)] = worker, job

    def finished(self, timeout_s: float) -> list[tuple[Job, Outcome | Died]]:
        """Wait for recordings that are done, and return them; none after the timeout."""
        import ray  # noqa: PLC0415 - an extra

        ready, _ = ray.wait(list(self._busy), num_returns=1, timeout=timeout_s)
        results: list[tuple[Job, Outcome | Died]] = []
        for reference in ready:
            worker, job = self._busy.pop(reference)
            try:
                results.append((job, ray.get(reference)))
                self._idle.append(worker)
            except ray.exceptions.OutOfMemoryError:
                results.append((job, Died("the memory was full")))
            except ray.exceptions.RayTaskError as error:  # the outcome was lost on its way
                results.append((job, Died(f"{type(error.cause).__name__}: {error.cause}")))
            except ray.exceptions.RayError:
                results.append((job, Died("killed, crashed or out of memory")))
        return results

    def release(self) -> None:
        """Stop idle workers: on a cluster others may wait for their processors."""
        import ray  # noqa: PLC0415 - an extra

        while self._idle:
            ray.kill(self._idle.pop())

    def stop(self) -> None:
        """Stop all workers at once."""
        self._idle += [worker for worker, _ in self._busy.values()]
        self._busy.clear()
        self.release()


@contextmanager
def open_pool(settings: Settings, workers: int | None, address: str | None = None) -> Iterator[Pool]:
    """Start Ray, or connect to the cluster at an address; yield its workers, and stop them at the end.

    By default there is a worker for each processor. Raises MissingExtraError without Ray, EdgeError if there
    is no cluster at the address.
    """
    require("ray", "fleets", "fleet")
    os.environ.update(QUIET)
    where = _on_cluster(address) if address else _on_this_machine(workers or _processors())
    with (
        Path(os.devnull).open("w") as nowhere,
        redirect_stdout(nowhere),
        where,
    ):  # Ray prints when workers die
        import ray  # noqa: PLC0415 - an extra

        pool = Pool(settings, workers or max(1, int(ray.cluster_resources().get("CPU", 1))))
        try:
            yield pool
        finally:
            with suppress(ray.exceptions.RayError):
                pool.stop()


@contextmanager
def _on_this_machine(workers: int) -> Iterator[None]:
    os.environ.update(_worker_environment())
    os.environ.update(LOCAL, RAY_AUTH_TOKEN=secrets.token_hex(32))
    import ray  # noqa: PLC0415 - reads the environment

    short = Path("/tmp")  # the names of sockets have at most 103 bytes
    scratch = tempfile.mkdtemp(prefix="edge-fleet-", dir=short if short.is_dir() else None)
    try:
        ray.init(
            address="local",
            num_cpus=workers,
            num_gpus=0,
            include_dashboard=False,
            object_store_memory=STORE_BYTES,
            log_to_driver=False,
            logging_level=logging.ERROR,
            _temp_dir=scratch,
        )
        yield
    finally:
        ray.shutdown()
        shutil.rmtree(scratch, ignore_errors=True)


@contextmanager
def _on_cluster(address: str) -> Iterator[None]:
    _refuse_unreachable(address)
    tokens = "RAY_AUTH_TOKEN" in os.environ, "RAY_AUTH_TOKEN_PATH" in os.environ, TOKEN.exists()
    if any(tokens):  # clusters ask for it by default, but Ray does not show it by default
        os.environ.setdefault("RAY_AUTH_MODE", "token")
    import ray  # noqa: PLC0415 - reads the environment

    try:
        ray.init(
            address=address,
            log_to_driver=False,
            logging_level=logging.ERROR,
            runtime_env={"env_vars": _worker_environment()},
        )
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise EdgeError(f"{address}: Ray cannot connect: {error}") from error
    try:
        yield
    finally:
        ray.shutdown()


def _refuse_unreachable(address: str) -> None:
    """Raise UsageError or EdgeError unless something answers at an address: Ray tries for minutes."""
    host, _, port = address.rpartition(":")
    if not (host and port.isdecimal()):
        raise UsageError(f"{address}: is no address of a cluster; type HOST:PORT")
    try:
        socket.create_connection((host, int(port)), CONNECT_S).close()
    except (OSError, OverflowError) as error:
        raise EdgeError(
            f"{address}: no cluster answers ({error}); start it with `ray start --head`"
        ) from error


def _worker_environment() -> dict[str, str]:
    """Where workers find this checkout, and that each keeps to one processor."""
    paths = [str(ROOT), str(ROOT / "kernels"), os.environ.get("PYTHONPATH", "")]
    path = os.pathsep.join(filter(None, paths))
    return {**QUIET, **dict.fromkeys(THREAD_VARIABLES, "1"), "PYTHONPATH": path}


def _start(settings: Settings) -> Any:
    """A new worker process; one that dies is not started again, but its recording is."""
    import ray  # noqa: PLC0415 - an extra

    return ray.remote(num_cpus=1, max_restarts=0, max_task_retries=0)(Worker).remote(settings)


def _processors() -> int:
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
