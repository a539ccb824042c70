"""The ledger of a fleet: what has been done, so that nothing is done twice and a killed fleet goes on."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import msgspec

from edge.errors import OutputError, UsageError
from edge.files import refuse_unwritable
from tools.fleet.jobs import LEDGER, Job
from tools.fleet.work import Outcome, Settings

_DRAFT = re.compile(r"\.(.*\.)?[0-9a-f]{8}\.(part(\..*)?|old)")
"""Names of unfinished files, as `edge.files` makes them."""


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of the ledger: a recording that was finished, or failed."""

    command: str
    """What was done."""
    path: str
    """Absolute path of the recording."""
    target: str
    """What the names of its results begin with, relative to the ledger's folder."""
    size: int
    """Its bytes."""
    mtime_ns: int
    """When it was changed last, in nanoseconds."""
    sha256: str = ""
    """Digest of its bytes."""
    settings: dict[str, Any] = {}
    """What the results depend on besides."""
    files: tuple[str, ...] = ()
    """Results, relative to the ledger's folder."""
    media_seconds: float = 0.0
    """Length of the recording."""
    seconds: float = 0.0
    """Time that it took."""
    cpu_seconds: float = 0.0
    """Processor time that it took."""
    error: str = ""
    """Why there is no result."""


class Ledger:
    """The ledger of a folder of results; use it in a `with` statement, in which no other fleet may have it.

    The folder must be empty or that of an earlier fleet, because results of the same name are replaced; with
    `force` any folder will do. Raises OutputError, UsageError.
    """

    def __init__(self, out: Path, *, force: bool = False) -> None:
        self._out, self._file = out, out / LEDGER
        self._entries: dict[tuple[str, str], Entry] = {}
        refuse_unwritable(out)
        if not (force or self._file.exists()) and out.is_dir() and any(out.iterdir()):
            raise UsageError(f"{out}: has other files in it; choose an empty folder, or pass --force")

    def __enter__(self) -> Ledger:
        with ExitStack() as stack:
            try:
                self._out.mkdir(parents=True, exist_ok=True)
                self._stream = stack.enter_context(self._file.open("ab+", buffering=0))
            except OSError as error:
                raise OutputError(self._file, f"cannot be written ({error.strerror})") from error
            self._lock()
            self._read()
            self._stack = stack.pop_all()
        self.remove_drafts()
        return self

    def __exit__(self, *_: object) -> None:
        self.remove_drafts()
        self._stack.close()

    def done(self, job: Job, settings: Settings) -> bool:
        """Whether the same content was done with the same settings, and the results are still there."""
        entry = self._entries.get((settings.command, str(job.path)))
        return (
            entry is not None
            and not entry.error
            and entry.settings == settings.to_dict()
            and entry.size == job.size
            and all((self._out / name).exists() for name in entry.files)
            and (entry.mtime_ns == job.mtime_ns or entry.sha256 == _digest(job.path))
        )

    def check(self, jobs: list[Job], settings: Settings) -> None:
        """Raise UsageError if a recording would replace results of another that still exists."""
        owners = {
            entry.target: entry.path
            for entry in self._entries.values()
            if entry.command == settings.command and entry.files
        }
        for job in jobs:
            owner = owners.get(self._named(job.target), str(job.path))
            if owner != str(job.path) and Path(owner).exists():
                raise UsageError(f"{job.path}: has the name of {owner} in {self._out}; choose another -o")

    def add(self, job: Job, settings: Settings, outcome: Outcome) -> Entry:
        """Append what became of a recording. Raises OutputError."""
        entry = Entry(
            command=settings.command,
            path=str(job.path),
            target=self._named(job.target),
            size=job.size,
            mtime_ns=job.mtime_ns,
            sha256=outcome.sha256,
            settings=settings.to_dict(),
            files=tuple(map(self._named, outcome.files)),
            media_seconds=round(outcome.media_s, 3),
            seconds=round(outcome.seconds, 3),
            cpu_seconds=round(outcome.cpu_s, 3),
            error=outcome.error,
        )
        line = json.dumps(msgspec.to_builtins(entry))  # ASCII: a path may be no text
        try:
            self._stream.write(line.encode() + b"\n")
            os.fsync(self._stream.fileno())
        except OSError as error:
            raise OutputError(self._file, f"cannot be written ({error.strerror})") from error
        self._entries[entry.command, entry.path] = entry
        return entry

    def remove_drafts(self) -> None:
        """Remove what killed workers left unfinished; there must be no workers."""
        for place, folders, files in os.walk(self._out):
            for name in filter(_DRAFT.fullmatch, (*folders, *files)):
                path = Path(place, name)
                if path.is_dir():
                    shutil.rmtree(path, ignore_errors=True)
                with suppress(OSError):
                    path.unlink(missing_ok=True)
            folders[:] = [name for name in folders if not _DRAFT.fullmatch(name)]

    def _named(self, path: Path) -> str:
        return path.relative_to(self._out).as_posix()

    def _read(self) -> None:
        """Read all lines but torn and foreign ones; the last is ended, if it was torn."""
        self._stream.seek(0)
        content = self._stream.read()
        for line in content.splitlines():
            with suppress(ValueError, msgspec.ValidationError):
                entry = msgspec.convert(json.loads(line), Entry)
                self._entries[entry.command, entry.path] = entry
        if content and not content.endswith(b"\n"):
            self._stream.write(b"\n")

    def _lock(self) -> None:
        """Lock the ledger until the process ends, however it does."""
        try:
            import fcntl  # noqa: PLC0415 - Windows has none
        except ImportError:
            return
        try:
            fcntl.flock(self._stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise OutputError(self._file, "is in use by another fleet; wait until it ends") from error


def _digest(path: Path) -> str | None:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return None
