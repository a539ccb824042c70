"""From targets to files: each compiled in a process of its own, then linked and checked."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from pathlib import Path

from edge_kernels.interface import HEADER, read_interface
from edge_kernels.library import targets as targets_here
from edge_kernels.sources import LIBRARIES, MADE_FROM, fingerprint

from tools.compile_kernels.code import environment
from tools.compile_kernels.link import BuildError, check, link
from tools.compile_kernels.targets import TARGETS, Target

ROOT = Path(__file__).parents[2]


def compile_kernels(targets: Sequence[Target], folder: Path | str) -> Iterator[Path]:
    """Make the file of each target, and the header, in `folder`; yields each when it is ready.

    Raises BuildError.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(HEADER, folder / HEADER.name)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from pool.map(partial(_compile, folder), targets)


def compile_here() -> Path:
    """Make the best library for this machine, where a checkout looks for it. Raises BuildError."""
    best = next(iter(targets_here()), None)
    if best is None:
        raise BuildError(f"no kernels can be compiled for {platform.machine()}, {sys.platform}")
    with tempfile.TemporaryDirectory() as scratch:
        (made,) = compile_kernels([TARGETS[best]], scratch)
        LIBRARIES.mkdir(exist_ok=True)
        for old in LIBRARIES.glob("*.so"):
            old.unlink()
        MADE_FROM.write_text(fingerprint(), encoding="ascii")  # first: without it nothing is ever stale
        draft = LIBRARIES / f"{made.name}.{os.getpid()}"
        shutil.copyfile(made, draft)
        return draft.replace(LIBRARIES / made.name)


def compile_object(target: Target, file: Path) -> Path:
    """Make an object file of all kernels. Raises BuildError."""
    file.write_bytes(_object(target))
    return file


@cache
def _object(target: Target) -> bytes:
    """The kernels as an object, compiled once in a process.

    The other process takes its path from this one, without `site`: in the environments that pip builds in,
    that removes the folders of an editable installation again.
    """
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "kernels.o"
        done = subprocess.run(
            [sys.executable, "-S", "-m", "tools.compile_kernels.code", target.name, str(file)],
            cwd=ROOT, env=environment(target), capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise BuildError(f"compiling for {target.name} failed: {done.stderr.strip()}")
        return file.read_bytes()


def _compile(folder: Path, target: Target) -> Path:
    with tempfile.TemporaryDirectory() as scratch:
        made = compile_object(target, Path(scratch) / "kernels.o")
        if target.link is not None:
            object_file, made = made, Path(scratch) / target.file
            link([object_file], target, made)
        check(made, {f"edge_{name}" for name in read_interface().prototypes})
        return Path(shutil.copyfile(made, folder / target.file))
