"""Steps that are done once: what is there already from an interrupted or an earlier run is kept."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from edge.errors import EdgeError
from tools.convert.environments import last_word
from tools.progress import tell


class UnavailableError(EdgeError):
    """The emulated system is not made, or cannot be."""

    def __str__(self) -> str:
        return f"tools.aarch64: {super().__str__()}"


class Steps:
    """The steps in one folder; their output goes to its `log`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._log = root / "log"

    def done(self, name: str, listing: str) -> bool:
        """Return whether the folder of a step is complete, and made from `listing`."""
        marker = self._marker(name)
        return marker.is_file() and marker.read_text(encoding="utf-8") == listing

    def make(self, name: str, listing: str, build: Callable[[Path], None], what: str) -> Path:
        """Build a step's folder unless it is done; returns it.

        `listing` is what it is made from, `what` is told. Raises UnavailableError.
        """
        place = self.root / name
        if not self.done(name, listing):
            tell(what)
            self._marker(name).unlink(missing_ok=True)
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir(parents=True)
            build(place)
            self._marker(name).write_text(listing, encoding="utf-8")
        return place

    def _marker(self, name: str) -> Path:
        return self.root / f"{name}.made"

    def call(self, command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        """Run a program. Raises UnavailableError with what it said last if it fails."""
        with self._log.open("w", encoding="utf-8") as said:
            code = subprocess.run(
                command,
                stdout=said,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env=os.environ | (environment or {}),
                check=False,
            ).returncode
        if code:
            raise UnavailableError(f"{Path(command[0]).name}: {last_word(self._log)} (log: {self._log})")
