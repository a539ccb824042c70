"""Have inputs used by a process that may crash or hang: then another one goes on."""

from __future__ import annotations

import select
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self, cast

import msgspec

from tools.fuzz.outcome import Outcome
from tools.fuzz.worker import Job

LAST_WORDS = 2000
"""Characters of what a process wrote before it died that are kept."""


class Host:
    """A process that uses inputs, and what it needs; use it in a `with` statement."""

    def __init__(self, limit_s: float) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="edge-fuzz-"))
        self.inputs = self.folder / "in"
        self.inputs.mkdir()
        self._limit_s = limit_s
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed at the end
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._end()
        self._errors.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def use(self, target: str, path: Path) -> Outcome:
        """Use one input."""
        process = self._process or self._start()
        job = Job(target, str(path), str(self.folder / "out"))
        requests, answers = cast(IO[bytes], process.stdin), cast(IO[bytes], process.stdout)
        line = b""
        with suppress(OSError):
            requests.write(msgspec.json.encode(job) + b"\n")
            if not select.select([answers], [], [], self._limit_s)[0]:
                self._end()
                return Outcome("hang", f"no end within {self._limit_s:g} s")
            line = answers.readline()
        if line.endswith(b"\n"):
            return msgspec.json.decode(line, type=Outcome)
        code = process.wait()
        self._errors.seek(0)
        words = self._errors.read().decode(errors="replace")[-LAST_WORDS:]
        self._end()
        name = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return Outcome("crash", f"{name}\n{words}")

    def _start(self) -> subprocess.Popen[bytes]:
        self._errors.seek(0)
        self._errors.truncate()
        command = [sys.executable, "-X", "faulthandler", "-m", "tools.fuzz.worker"]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, bufsize=0
        )
        return self._process

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                with suppress(OSError):
                    cast(IO[bytes], pipe).close()
            self._process = None
