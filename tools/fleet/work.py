"""What a worker of a fleet does: it loads the networks once, and analyzes one recording after another.

Nothing in here knows what starts the workers. To add a command: write a function from networks, recording,
settings and target to results, and add it to `COMMANDS`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import edge
from edge.analysis.options import PARTS, AnalysisOptions, Part
from edge.cli.show import json_text
from edge.errors import EdgeError, InputError
from edge.files import whole_file
from tools.fleet.jobs import Job


@dataclass(frozen=True)
class Settings:
    """What is done with every recording."""

    command: str
    """One of `COMMANDS`."""
    parts: tuple[Part, ...] = PARTS
    """What `run` finds."""

    def to_dict(self) -> dict[str, Any]:
        """What results depend on, for the ledger."""
        parts = {"parts": list(self.parts)} if self.command == "run" else {}
        return {"edge": edge.__version__, **parts}


@dataclass(frozen=True)
class Outcome:
    """What became of one recording."""

    files: tuple[Path, ...] = ()
    """Files that were written."""
    media_s: float = 0.0
    """Length of the recording in seconds."""
    seconds: float = 0.0
    """Time that it took."""
    cpu_s: float = 0.0
    """Processor time that it took, in seconds, with loading the networks."""
    sha256: str = ""
    """Digest of the recording's bytes."""
    error: str = ""
    """Why there is no result, in one line; "" if there is one."""
    fatal: bool = False
    """Whether no recording can be done: a model is missing."""


class Found(NamedTuple):
    """The results of one recording."""

    document: dict[str, Any]
    """What `edge` prints for it with --json."""
    files: tuple[Path, ...] = ()
    """Other files that were written."""


def _songs(networks: edge.AnalysisNetworks, recording: edge.Recording, _: Settings, target: Path) -> Found:
    result = edge.find_songs(recording, segmenter=networks.segmenter, faces=networks.faces)
    return Found(result.to_dict())


def _caption(networks: edge.AnalysisNetworks, recording: edge.Recording, _: Settings, target: Path) -> Found:
    result = edge.transcribe(
        recording, recognizer=networks.recognizer, segmenter=networks.segmenter, cache=networks.cache
    )
    subtitles = _named(target, ".srt")
    edge.write_captions(result.captions, subtitles, force=True)
    return Found(result.to_dict(), (subtitles,))


def _tag(networks: edge.AnalysisNetworks, recording: edge.Recording, _: Settings, target: Path) -> Found:
    return Found(edge.tag(recording, library=networks.library, networks=networks.tagging).to_dict())


def _run(
    networks: edge.AnalysisNetworks, recording: edge.Recording, settings: Settings, target: Path
) -> Found:
    options = AnalysisOptions(parts=settings.parts)
    analysis = edge.analyze(recording, options, networks=networks, cache=networks.cache)
    files = edge.write_analysis(analysis, _named(target, ".analysis"), force=True)
    return Found({}, files)  # the document is one of them


@dataclass(frozen=True)
class Command:
    """One command of `edge` that a fleet runs."""

    needs: tuple[str, ...]
    """Networks without which it does nothing, as attributes of `AnalysisNetworks`."""
    work: Callable[[edge.AnalysisNetworks, edge.Recording, Settings, Path], Found]
    """Finds the results of one recording."""


COMMANDS: Mapping[str, Command] = {
    "songs": Command(("segmenter", "faces"), _songs),
    "caption": Command(("segmenter", "recognizer"), _caption),
    "tag": Command(("tagging", "library"), _tag),
    "run": Command((), _run),
}
"""Commands by name; the document of each is `NAME.<name>.json`, but that of `run` is in its folder."""


class Worker:
    """Analyzes recordings with networks that are loaded for the first of them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._networks: edge.AnalysisNetworks | None = None

    def do(self, job: Job) -> Outcome:
        """Analyze a recording and write its results, each file completely or not at all."""
        started, cpu = time.monotonic(), time.process_time()
        try:
            networks = self._open()
        except (EdgeError, ImportError) as error:
            return Outcome(error=_line(str(error)), fatal=True)
        digest, media_s, why = "", 0.0, ""
        files: tuple[Path, ...] = ()
        try:
            recording = edge.open_recording(job.path)
            digest, media_s = recording.digest, recording.duration_s
            found = COMMANDS[self._settings.command].work(networks, recording, self._settings, job.target)
            files = self._write(found, job.target)
        except InputError as error:
            why = error.what if error.path == job.path else str(error)
        except EdgeError as error:
            why = str(error)
        except Exception as error:  # a bug, or a problem of the machine: the others go on
            why = f"failed with {type(error).__name__}: {error}"
        seconds, cpu_s = time.monotonic() - started, time.process_time() - cpu
        return Outcome(files, media_s, seconds, cpu_s, sha256=digest, error=_line(why))

    def _open(self) -> edge.AnalysisNetworks:
        """The networks; those without which nothing can be done are loaded now. Raises their errors."""
        if self._networks is None:
            networks = edge.AnalysisNetworks(threads=1, cache=edge.Cache())
            for name in COMMANDS[self._settings.command].needs:
                getattr(networks, name)
            self._networks = networks
        return self._networks

    def _write(self, found: Found, target: Path) -> tuple[Path, ...]:
        """Write the document beside the other files; returns all of them."""
        if not found.document:
            return found.files
        file = _named(target, f".{self._settings.command}.json")
        with whole_file(file, force=True) as draft:
            draft.write_text(json_text(found.document) + "\n", encoding="utf-8", errors="replace")
        return (file, *found.files)


def _named(target: Path, suffix: str) -> Path:
    """The path of a result: the recording's whole name, so that `a.mp4` and `a.wav` have different ones."""
    return target.with_name(target.name + suffix)


def _line(text: str) -> str:
    return " ".join(text.split())
