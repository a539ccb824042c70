"""From an object file to a shared library that needs nothing, and the proof that it does not."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import lief
from edge_kernels.interface import read_interface

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


def link(object_file: Path, target: Target, out: Path) -> None:
    """Make `out` from an object; for a target whose apps link objects it is a copy. Raises BuildError."""
    if target.link is None:
        shutil.copyfile(object_file, out)
    else:
        name = ("-soname", out.name, "-o", str(out), str(object_file))
        done = subprocess.run(
            [*linker(), *SHARED, *target.link, *name], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise BuildError(f"linking {out.name} failed: {done.stderr.strip()}")
    check(out)


def check(file: Path) -> None:
    """Raises BuildError unless `file` gives the header's functions, takes only `ALLOWED`, and is small."""
    given, taken = symbols(file)
    declared = {f"edge_{name}" for name in read_interface().prototypes}
    if given != declared:
        raise BuildError(
            f"{file.name}: other functions than the header's: {', '.join(sorted(given ^ declared))}"
        )
    if taken - ALLOWED:
        raise BuildError(f"{file.name} needs {', '.join(sorted(taken - ALLOWED))}")
    if file.stat().st_size > LIMIT_BYTES:
        raise BuildError(f"{file.name} has {file.stat().st_size} bytes, more than {LIMIT_BYTES}")


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
