"""A page server as users start it, in a process of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from edge.cache import SETTING as CACHE
from edge.studio.opening import SETTING as EDITS


@dataclass(frozen=True)
class Server:
    """A running `edge studio`."""

    process: subprocess.Popen[str]
    address: str
    output: Path

    @property
    def port(self) -> int:
        port = urlsplit(self.address).port
        assert port is not None
        return port

    @property
    def token(self) -> str:
        found = re.search(r"token=([\w-]+)", self.address)
        assert found is not None
        return found[1]


@contextmanager
def studio(media: Path, home: Path, *arguments: str) -> Iterator[Server]:
    """Start `edge studio` with edits and cache in `home`; writes into `home/out`."""
    output = home / "out"
    output.mkdir(exist_ok=True)
    environment = os.environ | {
        EDITS: str(home / "edits"), CACHE: str(home / "cache"), "PYTHONPATH": str(Path(__file__).parents[2]),
    }  # fmt: skip
    command = [sys.executable, "-m", "edge.cli", "studio", str(media), "-o", str(output), *arguments]
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    address = process.stdout.readline().strip()
    assert address, process.communicate()[1]
    try:
        yield Server(process, address, output)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
