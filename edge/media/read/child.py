"""Have media decoded by another process, so that a crash, a hang or a flood of memory there is an error here.

The process is `edge.media.read.worker`. What it answers is data, never code: MessagePack of known types, and
arrays. One that has done its work waits for the next recording; it ends with this process. POSIX only.
"""

from __future__ import annotations

import os
import select
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from functools import partial
from io import FileIO
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import msgspec
import numpy as np
from msgspec import Struct, msgpack

from edge import interrupts
from edge.decoding import prepared
from edge.errors import InputError, NoAudioError, UsageError
from edge.media.read.limits import MediaLimits, limits
from edge.media.read.probe import MediaInfo
from edge.media.read.report import DecodeReport

SETTING: Final = "EDGE_ISOLATE"
"""Environment variable: with 1, recordings are opened isolated unless a call says otherwise."""
SIZES: Final = struct.Struct("<QQ")
"""Bytes before an answer: the numbers of those of its head and of its array."""
MOST_BYTES: Final = 1 << 31
"""Bytes of an answer, at most."""
_CHECK_S: Final = 0.5
"""Seconds between looks whether an interrupt was requested."""
_PIECE: Final = 1 << 20
"""Bytes read at a time."""

T = TypeVar("T")


class Request(Struct, frozen=True):
    """Work for the process."""

    task: str
    """Name of one of the worker's tasks."""
    path: str
    """Path of the recording."""
    limits: MediaLimits
    """Limits to hold it to."""
    info: MediaInfo | None = None
    """What probing found; None to probe."""
    audio: tuple[int, ...] = ()
    """Indices of the audio streams to decode."""
    options: dict[str, Any] = {}
    """Arguments of the task."""


class Head(Struct, frozen=True):
    """What comes before the array of an answer."""

    kind: str
    """"item", "end", or the name of an error."""
    item: Any = None
    """Fields of the item, or the message of the error."""
    dtype: str = "uint8"
    """Type of the array."""
    shape: tuple[int, ...] | None = None
    """Shape of the array; None without one."""
    report: dict[str, Any] | None = None
    """Fields of the report so far."""


def to_wire(value: object) -> object:
    """Return a fraction or a path as text, for msgspec."""
    if isinstance(value, Fraction | Path):
        return str(value)
    raise NotImplementedError(type(value).__name__)


def from_wire(kind: type, value: Any) -> object:
    """Return the fraction or the path of a text, for msgspec."""
    if kind in {Fraction, Path}:
        return kind(value)
    raise NotImplementedError(kind.__name__)


def is_isolated_by_default() -> bool:
    """Return whether the environment asks for it."""
    return os.environ.get(SETTING, "") not in {"", "0"}


def ask(request: Request, report: DecodeReport | None = None) -> Iterator[tuple[Any, Any]]:
    """Yield the fields and the array (None without) of each item that the process finds.

    `report` is updated with each of them. Raises InputError, NoAudioError and UsageError as the process does,
    and InputError if it crashes, has no answer in time, or wants too much memory.
    """
    try:  # threads share the idle ones
        worker = _idle.pop()
    except IndexError:
        worker = _Worker()
    done = False
    try:
        worker.send(request)
        while (head := worker.head()).kind == "item":
            _update(report, head)
            yield head.item, worker.array(head)
        _update(report, head)
        done = True
    except _DiedError as error:
        raise InputError(request.path, f"cannot be decoded: {error}") from error
    finally:
        if done and worker.alive and not _idle:
            _idle.append(worker)
        else:
            worker.close()
    if head.kind != "end":
        raise _ERRORS.get(head.kind, InputError)(*_arguments(head, request.path))


def _arguments(head: Head, path: str) -> tuple[Any, ...]:
    return (str(head.item),) if head.kind == "UsageError" else (path, str(head.item))


_ERRORS: dict[str, Any] = {"NoAudioError": NoAudioError, "UsageError": UsageError}


def _update(report: DecodeReport | None, head: Head) -> None:
    if report is not None and head.report is not None:
        for name, value in head.report.items():
            if name != "tracks":
                setattr(report, name, value)


class _DiedError(Exception):
    """The process ended, or did not answer as it should; never leaves this file."""


class _Worker:
    """A decoding process."""

    def __init__(self) -> None:
        allowed = limits()
        self._patience_s = allowed.answer_s
        self._owner = os.getpid()
        found = os.pathsep.join(str(Path(place).resolve()) for place in sys.path if place)
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "edge.media.read.worker", str(allowed.memory_bytes)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0,
            env={**os.environ, "PYTHONPATH": found, SETTING: "0"},
        )  # fmt: skip
        self._requests = cast(FileIO, self._process.stdin)
        self._answers = cast(FileIO, self._process.stdout)

    @property
    def alive(self) -> bool:
        return self._owner == os.getpid() and self._process.poll() is None

    def send(self, request: Request) -> None:
        self._patience_s = request.limits.answer_s
        line = msgspec.json.encode(request, enc_hook=to_wire) + b"\n"
        try:
            while line:
                line = line[self._requests.write(line) :]
        except OSError as error:
            raise _DiedError(self._end()) from error

    def head(self) -> Head:
        """Read what comes before the array of the next answer, which is read next."""
        size, self._left = SIZES.unpack(self._read(SIZES.size))
        if size + self._left > MOST_BYTES:
            raise _DiedError("the decoding process answers with too much")
        try:
            return msgpack.decode(self._read(size), type=prepared(Head))
        except msgspec.MsgspecError as error:
            raise _DiedError("the decoding process answers with nonsense") from error

    def array(self, head: Head) -> Any:
        content = self._read(self._left)
        if head.shape is None:
            return None
        try:
            return np.frombuffer(content, np.dtype(head.dtype)).reshape(head.shape)
        except (TypeError, ValueError) as error:
            raise _DiedError("the decoding process answers with nonsense") from error

    def close(self) -> None:
        with suppress(OSError):
            self._process.kill()
        self._process.wait()
        self._requests.close()
        self._answers.close()

    def _read(self, size: int) -> bytearray:
        """Read bytes of an answer, for which there is time anew with each piece."""
        content = bytearray()
        until = time.monotonic() + self._patience_s
        while len(content) < size:
            interrupts.check()
            if not select.select([self._answers], [], [], _CHECK_S)[0]:
                if time.monotonic() > until:
                    raise _DiedError(f"the decoding process has no answer within {self._patience_s:g} s")
                continue
            piece = self._answers.read(min(size - len(content), _PIECE))
            if not piece:
                raise _DiedError(self._end())
            content += piece
            until = time.monotonic() + self._patience_s
        return content

    def _end(self) -> str:
        code = self._process.wait()
        if code < 0:
            with suppress(ValueError):
                return f"the decoding process was ended by {signal.Signals(-code).name}"
        return f"the decoding process ended with {code}"


_idle: list[_Worker] = []

if hasattr(os, "register_at_fork"):  # a process that was forked has no right to them
    os.register_at_fork(after_in_child=_idle.clear)


def info_of(path: Path) -> MediaInfo:
    """Probe a recording in the process. Raises InputError."""
    ((item, _),) = ask(Request("probe", str(path), limits()))  # to its end, so that the process goes on
    try:
        return msgspec.convert(item, prepared(MediaInfo), dec_hook=from_wire)
    except (msgspec.ValidationError, ValueError) as error:
        raise InputError(path, "cannot be decoded: the decoding process answers with nonsense") from error


decoded_request = partial(msgspec.json.decode, type=prepared(Request), dec_hook=from_wire)
"""Return the request of a line."""
