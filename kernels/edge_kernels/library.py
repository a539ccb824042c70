"""Load the kernels' machine code: a library compiled ahead of time, or numba's just-in-time compilation.

A wheel has a library for every supported CPU, and an editable install compiles one for its own CPU, so that
numba is not needed. Kernels that were changed since are compiled just in time (`edgereel[jit]`). Both provide
plain C functions, called through ctypes, which releases the GIL.

`EDGE_KERNELS` decides otherwise: `aot` or `jit`, or the path of a library file.
"""

from __future__ import annotations

import ctypes
import os
import platform
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from edge_kernels.interface import Interface, read_interface
from edge_kernels.sources import LIBRARIES, stale

X86_LEVELS = {
    "x86-64-v4": {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"},
    "x86-64-v3": {"abm", "avx2", "bmi1", "bmi2", "f16c", "fma", "movbe"},
    "x86-64-v2": {"cx16", "popcnt", "sse4_1", "sse4_2", "ssse3"},
}
"""Flags of /proc/cpuinfo that each level of the x86-64 psABI adds; best level first."""

_NUMPY_NAMES = {"abm": "LZCNT", "bmi1": "BMI", "fma": "FMA3", "sse4_1": "SSE41", "sse4_2": "SSE42"}
"""NumPy's names of flags, where they differ by more than case."""

_CAME_WITH = {"CX16": "SSE42", "BMI": "FMA3", "BMI2": "AVX2", "LZCNT": "AVX2", "MOVBE": "AVX2"}
"""Flags that NumPy before 2.4 does not report, and for each a flag that no CPU has without it."""

_WRONG = {
    1: "a pointer is NULL",
    2: "a count or an option is outside its range",
    3: "the arrays contradict each other",
}


class KernelsUnavailableError(ImportError):
    """There is neither a compiled library for this machine nor numba."""


class KernelError(ValueError):
    """A kernel rejected its arguments: `name` of the kernel, and a `status` of `edge_kernels.h`."""

    def __init__(self, name: str, status: int) -> None:
        super().__init__(name, status)  # what unpickling calls it with
        self.name, self.status = name, status

    def __str__(self) -> str:
        return f"kernel {self.name}: {_WRONG.get(self.status, f'status {self.status}')}"


@dataclass(frozen=True)
class Library:
    """Compiled kernels of this process."""

    kind: str
    """`aot` or `jit`."""
    target: str
    """Target of the code, such as `x86-64-v3`; `this CPU` if it was compiled here."""
    file: Path | None
    """The library file; None for `jit`."""
    interface: Interface
    """The interface that it was compiled for."""
    _find: Callable[[str], Any]
    _found: dict[str, Any] = field(default_factory=dict)

    def function(self, name: str) -> Any:
        """Return the C function `edge_<name>`, to be called with numbers and addresses."""
        try:
            return self._found[name]
        except KeyError:
            return self._found.setdefault(name, self._find(name))


def call(name: str, *arguments: Any) -> int:
    """Call a kernel; NumPy arrays are passed by address, never copied or converted.

    Returns the kernel's count, or 0. Raises TypeError for an array of another type, KernelError if the kernel
    rejects its arguments.
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
            given = given.__array_interface__["data"][0]  # noqa: PLW2901 - its address
        plain.append(given)
    result: int = current.function(name)(*plain)
    if result < 0 or (result > 0 and prototype.result == "int32_t"):
        raise KernelError(name, abs(result))
    return result


@cache
def library() -> Library:
    """Return the library of this process, chosen once. Raises KernelsUnavailableError."""
    asked = os.environ.get("EDGE_KERNELS", "")
    if asked == "jit":
        return _jit("EDGE_KERNELS is jit")
    if asked not in ("", "aot"):
        return _open(Path(asked), Path(asked).stem.removeprefix("edge-kernels-"))
    for target in targets():
        file = LIBRARIES / f"edge-kernels-{target}.so"
        if file.exists() and not stale():
            return _open(file, target)
    missing = f"no compiled kernels for this machine ({platform.machine()}, {sys.platform}) in {LIBRARIES}"
    if stale():
        missing = (
            f"the kernels were changed after those in {LIBRARIES} were compiled (pip install -e . again)"
        )
    if asked == "aot":
        raise KernelsUnavailableError(f"{missing}; python -m tools.compile_kernels --here compiles them")
    return _jit(missing)


def targets() -> list[str]:
    """Return the names of the libraries that this machine can run, the fastest first."""
    machine = platform.machine().lower()
    if sys.platform == "android" or hasattr(sys, "getandroidapilevel"):
        return ["aarch64-android24"] if machine == "aarch64" else []
    if sys.platform != "linux":
        return []
    if machine == "aarch64":
        return ["aarch64-linux"]
    return x86_levels(_cpu_flags()) if machine in ("x86_64", "amd64") else []


def x86_levels(flags: set[str]) -> list[str]:
    """Return the levels of the x86-64 psABI that a CPU with these flags has, the best first."""
    levels = list(X86_LEVELS)
    return [
        level
        for index, level in enumerate(levels)
        if all(X86_LEVELS[below] <= flags for below in levels[index:])
    ]


def _cpu_flags() -> set[str]:
    """Return the CPU's flags in Linux's names; from NumPy if /proc is not mounted."""
    try:
        with Path("/proc/cpuinfo").open(encoding="utf-8") as lines:
            return next((set(line.split()[2:]) for line in lines if line.startswith("flags")), set())
    except OSError:
        return flags_from_numpy(_numpy_features())


def flags_from_numpy(features: Mapping[str, bool]) -> set[str]:
    """Return the flags of `X86_LEVELS` that a CPU with these features, in NumPy's names, has."""
    names = {flag: _NUMPY_NAMES.get(flag, flag.upper()) for flag in set().union(*X86_LEVELS.values())}
    known = {name: name if name in features else _CAME_WITH.get(name, name) for name in names.values()}
    return {flag for flag, name in names.items() if features.get(known[name], False)}


def _numpy_features() -> dict[str, bool]:
    core = "numpy._core" if find_spec("numpy._core") else "numpy.core"  # NumPy 2, NumPy 1
    features: dict[str, bool] = import_module(f"{core}._multiarray_umath").__cpu_features__
    return features


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


def _jit(reason: str) -> Library:
    try:
        from edge_kernels import jit  # noqa: PLC0415 - numba is imported only where it is needed
    except ModuleNotFoundError as error:
        if error.name not in ("numba", "llvmlite"):
            raise
        raise KernelsUnavailableError(
            f"{reason}, and no numba to compile them: pip install 'edgereel[jit]'"
        ) from error
    return Library("jit", "this CPU", None, read_interface(), jit.compiled)
