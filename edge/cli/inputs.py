"""Recordings named on the command line: files, folders, patterns and standard input."""

from __future__ import annotations

import argparse
import glob
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import edge
from edge.cli.progress import Progress
from edge.cli.show import say
from edge.errors import EdgeError, InputError, UsageError
from edge.files import fill_in, identity, refuse_existing, refuse_unwritable
from edge.media.suffixes import MEDIA

if TYPE_CHECKING:
    from edge.media import Recording

STDIN, SCRATCH = "-", "edge-stdin-"
"""Argument that stands for standard input, and prefix of the folder that it is stored in."""


@contextmanager
def recordings(options: argparse.Namespace) -> Iterator[list[Path]]:
    """Yield the paths of the command line's recordings. Raises InputError, UsageError.

    Standard input is kept in a temporary file while the command runs: most containers need seeking.
    """
    with tempfile.TemporaryDirectory(prefix=SCRATCH) as scratch:
        paths: list[Path] = []
        for name in options.media:
            paths += [_spooled(Path(scratch))] if name == STDIN else _expanded(name)
        yield list(dict.fromkeys(paths))


def for_each(options: argparse.Namespace, paths: Sequence[Path], work: Callable[[Recording], None]) -> int:
    """Call `work` for every recording; return the exit code.

    With several recordings errors are printed and the others are still processed; the exit code is that of
    the first error.
    """
    code = 0
    for path in paths:
        try:
            recording = edge.open_recording(path, audio_stream=options.audio_stream)
            if path.parent.name.startswith(SCRATCH):
                recording = replace(recording, name=STDIN)
            started = time.monotonic()
            work(recording)
            say(options, _summary(recording, time.monotonic() - started))
        except EdgeError as error:
            told = _as_typed(error, path)
            if len(paths) == 1 or options.debug:
                raise told from error.__cause__
            print("edge:", " ".join(str(told).split()), file=sys.stderr)
            code = code or error.exit_code
    return code


def _as_typed(error: EdgeError, path: Path) -> EdgeError:
    """Return the error with standard input called what it was typed as."""
    spooled = path.parent.name.startswith(SCRATCH)
    return type(error)(STDIN, error.what) if spooled and isinstance(error, InputError) else error


def output_file(pattern: str, media: Path, count: int, suffix: str) -> Path:
    """Return the output file of a recording.

    `pattern` is a file, a folder (it exists, ends in a separator, or there are several recordings), or has
    `{stem}` in it. Raises UsageError for other fields.
    """
    filled = fill_in(pattern, stem=media.stem)
    target = Path(filled)
    is_folder = filled.endswith(("/", "\\")) or _is_folder(target) or (count > 1 and filled == pattern)
    return target / f"{media.stem}{suffix}" if is_folder else target


def refuse_collisions(files: Sequence[Path], inputs: Sequence[Path] = ()) -> None:
    """Raise UsageError if two outputs have the same name, or one that of a recording."""
    given = {identity(path) for path in inputs} - {None}
    written = Counter(files)
    for file in files:
        if written[file] > 1:
            raise UsageError(f"{file}: two recordings would be written to it; run them apart")
        if identity(file) in given:
            raise UsageError(f"{file}: is the recording itself; choose another name")


def written_file(options: argparse.Namespace, media: Path, count: int) -> Path:
    """Return the output file of a recording from `--output` and `--format`."""
    return output_file(options.output, media, count, f".{options.format}")


def check_written(
    options: argparse.Namespace, paths: Sequence[Path], check: Callable[[Path], object]
) -> None:
    """Check before the work the output file of each recording, if there is one, and its suffix by `check`."""
    files = [written_file(options, path, len(paths)) for path in paths if options.output]
    for file in files:
        check(file)
    check_outputs(options, files, paths)


def check_outputs(options: argparse.Namespace, files: Sequence[Path], inputs: Sequence[Path]) -> None:
    """Check before the work that output files can be written. Raises UsageError, OutputError."""
    refuse_collisions(files, inputs)
    for file in files:
        refuse_existing(file, options.force)
        refuse_unwritable(file.parent)


def _summary(recording: Recording, elapsed_s: float) -> str:
    """Return what was read and how fast, for --verbose."""
    info = recording.info
    streams = [f"{info.video.codec} {info.video.width}x{info.video.height}"] if info.video else []
    streams += [f"stream {one.index} {one.codec} {one.rate_hz} Hz {one.layout}" for one in recording.audio]
    speed = f", {recording.duration_s / elapsed_s:.0f}x real time" if recording.duration_s else ""
    name = recording.name or recording.path
    return f"{name}: {info.format}, {', '.join(streams)}: {elapsed_s:.1f} s{speed}"


def _expanded(name: str) -> list[Path]:
    path = Path(name)
    if _is_folder(path):
        found = sorted(file for file in path.iterdir() if file.suffix.lower() in MEDIA and file.is_file())
        if not found:
            raise InputError(path, "is a folder without media files")
        return found
    if glob.has_magic(name) and not os.path.lexists(path):  # shells expand patterns, except on Windows
        found = sorted(Path(match) for match in glob.glob(name, recursive=True))  # noqa: PTH207
        if not found:
            raise InputError(path, "matches no file")
        return found
    return [path]


def _is_folder(path: Path) -> bool:
    """Return whether there is such a folder; a name that is too long names none."""
    return os.path.isdir(path)  # noqa: PTH112 - `Path.is_dir` raises


def _spooled(scratch: Path) -> Path:
    file = scratch / "stdin"
    if sys.stdin is None or sys.stdin.isatty():
        raise InputError(STDIN, "is a terminal; pipe a recording into it, or name a file")
    with file.open("wb") as stream, Progress("reading standard input"):
        shutil.copyfileobj(sys.stdin.buffer, stream, 1 << 20)
    return file
