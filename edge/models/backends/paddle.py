"""Paddle-Lite backend (`.nb`), in a worker process.

The library has wheels for few Python versions, aborts the process on a file of another version, and computes
garbage for a file of another processor architecture. So the file is inspected before it is loaded, and the
library runs in a process of its own: a Python 3.10 with `paddlelite` and numpy 1, named by
`EDGE_PADDLE_PYTHON` or found on the PATH as `python3.10`. If it dies it is restarted, once per call.
"""

from __future__ import annotations

import json
import mmap
import os
import platform
import re
import select
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from io import FileIO
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np

from edge.errors import MissingRuntimeError, ModelError
from edge.models.backends import Array, NetworkFile
from edge.models.options import SessionOptions

SETTING = "EDGE_PADDLE_PYTHON"
WORKER = Path(__file__).with_name("paddle_worker.py")

ALIGNMENT = 64
"""Alignment of arrays in the shared memory in bytes."""

START_TIMEOUT_S = 30.0

PIECE = 65536
"""Bytes read from the pipe at once; a response has a few hundred."""

_VERSION = slice(2, 18)
"""Position of the converter's version in an .nb file, ended by a zero."""

_KERNEL = re.compile(rb"[a-z_0-9]+/[a-zA-Z_0-9]+/(\d+)/\d+/\d+")
"""A kernel selected by the converter: operator/alias/target/precision/layout."""

_TARGETS = {b"2": "x86", b"4": "arm"}
"""Paddle-Lite's numbers of processor architectures; others run anywhere, or on no supported processor."""

_PROBE = """
from importlib.metadata import version
import numpy, paddlelite.lite
print(version("paddlelite"), numpy.__version__)
"""


class Runtime(NamedTuple):
    """A Python interpreter with Paddle-Lite."""

    python: Path
    """Path of the interpreter."""
    version: str
    """Version of Paddle-Lite."""


class WorkerDied(Exception):  # noqa: N818 - never leaves this file
    """The worker ended, or did not respond in time."""


class PaddleLite:
    """A network in a Paddle-Lite worker."""

    def __init__(self, file: NetworkFile, options: SessionOptions) -> None:
        check_file(file)
        runtime = find_runtime()
        if runtime is None:
            needs = f"Paddle-Lite: a Python 3.10 with paddlelite and numpy<2, on the PATH or in {SETTING},"
            raise MissingRuntimeError(file.path, needs, None)
        made_by = _version(file.content)
        if _short(runtime.version) != _short(made_by):
            raise file.refuse(f"was made by Paddle-Lite {made_by}; {runtime.version} here would abort on it")
        self._file, self._timeout_s = file, options.worker_timeout_s
        self._runtime, self._threads = runtime, options.threads
        self.runtime = f"paddle-lite {runtime.version}"
        self.placement: dict[str, int] = {}
        self._worker: _Worker | None = self._start()
        self._check_counts(self._worker.description)

    def run(self, arrays: Sequence[Array]) -> list[Array]:
        """Run the network; see `Backend`. If the worker dies, it is restarted and the call repeated once."""
        try:
            return self._ask(arrays)
        except WorkerDied:
            pass
        try:
            return self._ask(arrays)
        except WorkerDied as error:
            raise ModelError(self._file.path, f"ends its Paddle-Lite worker: {error}") from error

    def close(self) -> None:
        """End the worker."""
        if self._worker:
            self._worker.close()
        self._worker = None

    @property
    def process(self) -> int | None:
        """Process id of the worker."""
        return self._worker.process if self._worker else None

    def _ask(self, arrays: Sequence[Array]) -> list[Array]:
        """Run in the worker, or in a new one if it has ended. Raises WorkerDied."""
        self._worker = self._worker or self._start()
        try:
            return self._worker.run(arrays, self._timeout_s)
        except WorkerDied:
            self.close()
            raise

    def _start(self) -> _Worker:
        try:
            return _Worker(self._runtime.python, self._file, self._threads)
        except WorkerDied as error:
            raise self._file.refuse(f"cannot be loaded by {self.runtime}: {error}") from error

    def _check_counts(self, description: dict[str, int]) -> None:
        """Compare numbers only: the converters rename inputs and outputs, but keep their order."""
        network = self._file.network
        for kind, declared in (("inputs", network.inputs), ("outputs", network.outputs)):
            count = description[kind]
            if count != len(declared):
                self.close()
                raise self._file.refuse(f"has {count} {kind}, its manifest names {len(declared)}")


def check_file(file: NetworkFile) -> None:
    """Raise ModelError for an .nb file on which the library would abort or fail."""
    content, network = file.content, file.network
    if content[:2] != b"\x02\x00" or not re.match(r"v?\d+\.\d+", _version(content)):
        raise file.refuse("is not a Paddle-Lite .nb file")
    if network.runtime_version and _short(network.runtime_version) != _short(_version(content)):
        raise file.refuse(f"is of version {_version(content)}, its manifest says {network.runtime_version}")
    targets = {_TARGETS[number] for number in _KERNEL.findall(content) if number in _TARGETS}
    here = processor()
    if targets - {here}:
        raise file.refuse(f"is for {', '.join(sorted(targets))}; this processor is {here}")
    if network.target and targets and targets != {network.target}:
        raise file.refuse(f"is for {', '.join(sorted(targets))}, its manifest says {network.target}")


def processor() -> str:
    """Return the architecture of this processor in Paddle-Lite's terms."""
    machine = platform.machine().lower()
    return {"x86_64": "x86", "amd64": "x86", "aarch64": "arm", "arm64": "arm"}.get(machine, machine)


_found: dict[str, Runtime | None] = {}


def find_runtime() -> Runtime | None:
    """Return the interpreter named by `EDGE_PADDLE_PYTHON`, or python3.10, if it has Paddle-Lite."""
    named = os.environ.get(SETTING) or shutil.which("python3.10") or ""
    if named not in _found:
        _found[named] = _probe(named) if named else None
    return _found[named]


def _probe(python: str) -> Runtime | None:
    with suppress(OSError, subprocess.SubprocessError, ValueError):
        done = subprocess.run(
            [python, "-c", _PROBE], capture_output=True, text=True, timeout=START_TIMEOUT_S, check=True
        )
        version, numpy = done.stdout.split()[-2:]
        if numpy.startswith("1."):  # numpy 2 silently computes garbage
            return Runtime(Path(python), version)
    return None


def _version(content: bytes) -> str:
    return content[_VERSION].split(b"\0")[0].decode("ascii", "replace")


def _short(version: str) -> str:
    """Return major and minor version: v2.13-rc and 2.13rc0 have the same file format."""
    match = re.match(r"v?(\d+\.\d+)", version)
    return match[1] if match else version


class _Worker:
    """A worker process and the shared memory."""

    def __init__(self, python: Path, file: NetworkFile, threads: int) -> None:
        self._network, self._path = file.network, file.path
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the worker
        self._descriptor = _shared_memory()
        os.ftruncate(self._descriptor, mmap.PAGESIZE)
        self._memory = mmap.mmap(self._descriptor, 0)
        self._process = subprocess.Popen(
            [str(python), str(WORKER)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, bufsize=0,
            pass_fds=(self._descriptor,), env={**os.environ, "OMP_NUM_THREADS": str(threads)},
        )  # fmt: skip
        self._requests = cast(FileIO, self._process.stdin)
        self._answers = cast(FileIO, self._process.stdout)
        try:
            first = {"bytes": len(file.content), "memory": self._descriptor}
            self.description = self._ask(json.dumps(first).encode() + b"\n" + file.content, START_TIMEOUT_S)
        except WorkerDied:
            self.close()
            raise

    @property
    def process(self) -> int:
        return self._process.pid

    def run(self, arrays: Sequence[Array], timeout_s: float) -> list[Array]:
        count = len(self._network.outputs)
        request = {"inputs": self._place(arrays), "outputs": count, "size": len(self._memory)}
        answer = self._ask(json.dumps(request).encode() + b"\n", timeout_s)
        if "error" in answer:
            raise ModelError(self._path, f"failed: {answer['error']}")
        if os.fstat(self._descriptor).st_size != len(self._memory):
            self._memory = mmap.mmap(self._descriptor, 0)
        return [self._array(place).copy() for place in answer["outputs"]]

    def close(self) -> None:
        for stream in (self._requests, self._answers):
            with suppress(OSError):
                stream.close()
        try:
            self._process.wait(1)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        with suppress(OSError):
            os.close(self._descriptor)
        self._errors.close()

    def _place(self, arrays: Sequence[Array]) -> list[dict[str, Any]]:
        """Write the inputs to the shared memory; return their positions."""
        places, offset = [], 0
        for array in arrays:
            places.append({"dtype": array.dtype.name, "shape": array.shape, "offset": offset})
            offset += -(-array.nbytes // ALIGNMENT) * ALIGNMENT
        if offset > len(self._memory):
            os.ftruncate(self._descriptor, offset)
            self._memory = mmap.mmap(self._descriptor, 0)
        for place, array in zip(places, arrays, strict=True):
            self._array(place)[...] = array
        return places

    def _array(self, place: dict[str, Any]) -> Array:
        count = int(np.prod(place["shape"], dtype=np.int64))
        flat: Array = np.frombuffer(self._memory, place["dtype"], count, place["offset"])
        return flat.reshape(place["shape"])

    def _ask(self, message: bytes, timeout_s: float) -> dict[str, Any]:
        """Send a request and read the response line. Raises WorkerDied."""
        try:
            while message:
                message = message[self._requests.write(message) :]
        except OSError as error:
            raise WorkerDied(self._last_words()) from error
        line = b""
        while not line.endswith(b"\n"):
            ready, _, _ = select.select([self._answers], [], [], timeout_s)
            if not ready:
                self._process.kill()
                raise WorkerDied(f"no answer within {timeout_s:g} s")
            piece = self._answers.read(PIECE)
            if not piece:
                raise WorkerDied(self._last_words())
            line += piece
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _last_words(self) -> str:
        """Return the exit code of the process and the last line that it wrote."""
        code = self._process.wait()
        self._errors.seek(0)
        lines = self._errors.read().decode("utf-8", "replace").split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), "")
        return f"ended with {code}{': ' if last else ''}{last[-200:]}"


def _shared_memory() -> int:
    """Return the descriptor of an anonymous file, in memory if the system supports it."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("edge")
    descriptor, name = tempfile.mkstemp()
    os.unlink(name)  # noqa: PTH108 - it stays open without a name
    return descriptor
