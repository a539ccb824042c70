"""From an object file to a shared library that needs nothing, and the proof that it does not."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Collection, Sequence
from importlib.util import find_spec
from pathlib import Path

import lief

from tools.compile_kernels.targets import Target

SHARED = (
    "-shared",
    "--gc-sections",
    "--strip-all",
    "--build-id=none",
    "--hash-style=gnu",
    "-z",
    "noexecstack",
)

ALLOWED: frozenset[str] = frozenset()
"""Symbols that a library may take from elsewhere: none, so it loads wherever its CPU is."""

LIMIT_BYTES = 160 * 1024


class BuildError(Exception):
    """A library could not be made, or is not what it must be."""


def linker() -> list[str]:
    """LLVM's linker: the system's `ld.lld`, else the one in the package ziglang. Raises BuildError."""
    if found := shutil.which("ld.lld"):
        return [found]
    if find_spec("ziglang"):
        return [sys.executable, "-m", "ziglang", "ld.lld"]
    raise BuildError("no linker: apt install lld, or pip install ziglang")


def link(objects: Sequence[Path], target: Target, out: Path, *options: str) -> None:
    """Make the shared library `out` from objects. Raises BuildError."""
    name = ("-soname", out.name, "-o", str(out), *map(str, objects))
    command = [*linker(), *SHARED, *(target.link or ()), *options, *name]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildError(f"linking {out.name} failed: {done.stderr.strip()}")


def check(file: Path, declared: Collection[str], limit_bytes: int = LIMIT_BYTES) -> None:
    """Raises BuildError unless `file` gives the declared functions, takes only `ALLOWED`, and is small."""
    given, taken = symbols(file)
    if given != set(declared):
        raise BuildError(
            f"{file.name}: other functions than the header's: {', '.join(sorted(given ^ set(declared)))}"
        )
    if taken - ALLOWED:
        raise BuildError(f"{file.name} needs {', '.join(sorted(taken - ALLOWED))}")
    if file.stat().st_size > limit_bytes:
        raise BuildError(f"{file.name} has {file.stat().st_size} bytes, more than {limit_bytes}")


def symbols(file: Path) -> tuple[set[str], set[str]]:
    """Names that a library or object offers, and those that it takes from elsewhere."""
    parsed = lief.parse(str(file))
    if isinstance(parsed, lief.ELF.Binary):
        named = [s for s in parsed.dynamic_symbols if s.name]
        return {str(s.name) for s in named if s.shndx}, {str(s.name) for s in named if not s.shndx}
    if not isinstance(parsed, lief.MachO.Binary):
        raise BuildError(f"{file.name} is neither ELF nor Mach-O")
    outer = [s for s in parsed.symbols if s.category != lief.MachO.Symbol.CATEGORY.LOCAL]
    taken = {str(s.name)[1:] for s in outer if s.category == lief.MachO.Symbol.CATEGORY.UNDEFINED}
    return {str(s.name)[1:] for s in outer} - taken, taken
