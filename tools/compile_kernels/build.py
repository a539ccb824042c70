"""From targets to files: each compiled in a process of its own, then linked and checked."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from edge_kernels.interface import HEADER

from tools.compile_kernels.code import environment
from tools.compile_kernels.link import BuildError, link
from tools.compile_kernels.targets import Target

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


def _compile(folder: Path, target: Target) -> Path:
    with tempfile.TemporaryDirectory() as scratch:
        object_file, made = Path(scratch) / "kernels.o", Path(scratch) / target.file
        done = subprocess.run(
            [sys.executable, "-m", "tools.compile_kernels.code", target.name, str(object_file)],
            cwd=ROOT, env=environment(target), capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise BuildError(f"compiling for {target.name} failed: {done.stderr.strip()}")
        link(object_file, target, made)
        return Path(shutil.copyfile(made, folder / target.file))
