"""Where the kernels' machine code comes from: a library compiled ahead of time, or numba, just in time.

A wheel carries a library for every kind of CPU that it serves, and numba is not needed. A checkout has none
and compiles (`edgereel[jit]`). Both give plain C functions, called through ctypes, which lets other threads
run.

`EDGE_KERNELS` decides otherwise: `aot` or `jit`, or the path of a library file.
"""

from __future__ import annotations

import ctypes
import os
import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from edge_kernels.interface import Interface, read_interface

LIBRARIES = Path(__file__).with_name("lib")
"""Where a wheel keeps its libraries."""

X86_LEVELS = {
    "x86-64-v4": {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"},
    "x86-64-v3": {"abm", "avx2", "bmi1", "bmi2", "f16c", "fma", "movbe"},
    "x86-64-v2": {"cx16", "popcnt", "sse4_1", "sse4_2", "ssse3"},
}
"""Flags, in Linux's names, that each level of the x86-64 psABI adds; the best level first."""

_WRONG = {
    1: "a pointer is NULL",
    2: "a count or an option is outside its range",
    3: "the arrays contradict each other",
}


class KernelsUnavailableError(ImportError):
    """There is no compiled library for this machine, and no numba."""


class KernelError(ValueError):
    """A kernel refused its arguments: `name`, and the `status` that `edge_kernels.h` defines."""

    def __init__(self, name: str, status: int) -> None:
        self.name, self.status = name, status
        super().__init__(f"kernel {name}: {_WRONG.get(status, f'status {status}')}")


@dataclass(frozen=True)
class Library:
    """The source of compiled functions that this process uses."""

    kind: str
    """`aot` or `jit`."""
    target: str
    """What the code is for, such as `x86-64-v3`; `this CPU` if it was compiled here."""
    file: Path | None
    interface: Interface
    _find: Callable[[str], Any]
    _found: dict[str, Any] = field(default_factory=dict)

    def function(self, name: str) -> Any:
        """The C function `edge_<name>`, ready to be called with numbers and addresses."""
        try:
            return self._found[name]
        except KeyError:
            return self._found.setdefault(name, self._find(name))


def call(name: str, *arguments: Any) -> int:
    """Call a kernel; NumPy arrays are passed by address, which no copy makes fit.

    Returns the count that it returns, or 0. Raises TypeError for an array of another type, KernelError if the
    kernel refuses.
    """
    current = library()
    prototype = current.interface.prototypes[name]
    plain = []
    for parameter, given in zip(prototype.parameters, arguments, strict=True):
        if isinstance(given, np.ndarray):
            if not parameter.takes(given):
                raise TypeError(
                    f"kernel {name}: {parameter.name} must be a contiguous array of {parameter.type}"
                )
            given = given.__array_interface__["data"][0]  # noqa: PLW2901 - what travels
        plain.append(given)
    result: int = current.function(name)(*plain)
    if result < 0 or (result > 0 and prototype.result == "int32_t"):
        raise KernelError(name, abs(result))
    return result


@cache
def library() -> Library:
    """The library of this process, chosen once. Raises KernelsUnavailableError."""
    asked = os.environ.get("EDGE_KERNELS", "")
    if asked == "jit":
        return _jit()
    if asked not in ("", "aot"):
        return _open(Path(asked), Path(asked).stem.removeprefix("edge-kernels-"))
    for target in targets():
        file = LIBRARIES / f"edge-kernels-{target}.so"
        if file.exists():
            return _open(file, target)
    if asked == "aot":
        raise KernelsUnavailableError(
            f"no compiled kernels for {' or '.join(targets()) or platform.machine()} in {LIBRARIES}; install "
            "a wheel, or compile them (python -m tools.compile_kernels) and set EDGE_KERNELS to the file"
        )
    return _jit()


def targets() -> list[str]:
    """Names of the libraries that this machine can run, the fastest first."""
    machine = platform.machine().lower()
    if sys.platform == "android" or hasattr(sys, "getandroidapilevel"):
        return ["aarch64-android24"] if machine == "aarch64" else []
    if sys.platform != "linux":
        return []
    if machine == "aarch64":
        return ["aarch64-linux"]
    return x86_levels(_cpu_flags()) if machine in ("x86_64", "amd64") else []


def x86_levels(flags: set[str]) -> list[str]:
    """The levels of the x86-64 psABI that a CPU with these flags has, the best first."""
    levels = list(X86_LEVELS)
    return [
        level
        for index, level in enumerate(levels)
        if all(X86_LEVELS[below] <= flags for below in levels[index:])
    ]


def _cpu_flags() -> set[str]:
    try:
        with Path("/proc/cpuinfo").open(encoding="utf-8") as lines:
            return next((set(line.split()[2:]) for line in lines if line.startswith("flags")), set())
    except OSError:
        return set()


def _open(file: Path, target: str) -> Library:
    interface = read_interface()
    try:
        opened = ctypes.CDLL(str(file.resolve()))
        theirs = interface.prototypes["interface"].ctype(("edge_interface", opened))()
    except (OSError, AttributeError) as error:
        raise KernelsUnavailableError(f"cannot use these kernels: {error}") from error
    if theirs != interface.version:
        raise KernelsUnavailableError(f"the kernels in {file} were compiled for another edge_kernels.h")

    def find(name: str) -> Any:
        return interface.prototypes[name].ctype((f"edge_{name}", opened))

    return Library("aot", target, file, interface, find)


def _jit() -> Library:
    try:
        from edge_kernels import jit  # noqa: PLC0415 - numba is imported only where it is needed
    except ModuleNotFoundError as error:
        if error.name not in ("numba", "llvmlite"):
            raise
        raise KernelsUnavailableError(
            f"no compiled kernels for this machine ({platform.machine()}, {sys.platform}) in {LIBRARIES}, "
            "and no numba to compile them: pip install 'edgereel[jit]'"
        ) from error
    return Library("jit", "this CPU", None, read_interface(), jit.compiled)
