"""Parse the C header, the single definition of the interface for Python, numba and C.

The header uses a small subset of C: `#define NAME number`, one flat `typedef struct`, and prototypes over
`int8_t`, `uint8_t`, `int16_t`, `int32_t`, `uint32_t`, `int64_t`, `uint64_t`, `float`, `double` and
pointers to them.
"""

from __future__ import annotations

import ctypes
import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

HEADER = Path(__file__).with_name("edge_kernels.h")
"""Path of the header."""

SCALARS: dict[str, tuple[str, Any]] = {
    "int8_t": ("i1", ctypes.c_int8),
    "uint8_t": ("u1", ctypes.c_uint8),
    "int16_t": ("i2", ctypes.c_int16),
    "int32_t": ("i4", ctypes.c_int32),
    "uint32_t": ("u4", ctypes.c_uint32),
    "int64_t": ("i8", ctypes.c_int64),
    "uint64_t": ("u8", ctypes.c_uint64),
    "float": ("f4", ctypes.c_float),
    "double": ("f8", ctypes.c_double),
}
"""NumPy and ctypes names of each C type."""

_COMMENT = re.compile(r"/\*.*?\*/", re.S)
_CONSTANT = re.compile(r"^#define EDGE_(\w+) (\d+)", re.M)
_STRUCT = re.compile(r"typedef struct \{(.*?)\} (\w+);", re.S)
_PROTOTYPE = re.compile(r"^(int32_t|int64_t) edge_(\w+)\(([^)]*)\);", re.M)
_PARAMETER = re.compile(r"(const )?(\w+) (\*?)(restrict )?(\w+)$")


@dataclass(frozen=True)
class Parameter:
    """A parameter of a prototype."""

    name: str
    """Name in the header."""
    type: str
    """C type; of a pointer, the type that it points to."""
    pointer: bool
    """Whether it is a pointer."""
    const: bool
    """Whether it points to constant data."""
    restrict: bool
    """Whether the pointer is `restrict`."""

    @property
    def ctype(self) -> Any:
        """Type in ctypes; pointers are passed as addresses."""
        return ctypes.c_void_p if self.pointer else SCALARS[self.type][1]

    def takes(self, array: NDArray[Any]) -> bool:
        """Return whether `array` can be passed by address: its type, contiguous, writable unless const."""
        fits = self.type not in SCALARS or array.dtype.str[1:] == SCALARS[self.type][0]
        return self.pointer and fits and array.flags.c_contiguous and (self.const or array.flags.writeable)


@dataclass(frozen=True)
class Prototype:
    """A function of the header."""

    name: str
    """Name without the prefix `edge_`."""
    result: str
    """C type of the result."""
    parameters: tuple[Parameter, ...]
    """In order."""

    @property
    def ctype(self) -> Any:
        """Type of the function in ctypes."""
        return ctypes.CFUNCTYPE(SCALARS[self.result][1], *(p.ctype for p in self.parameters))


@dataclass(frozen=True)
class Interface:
    """Declarations of a header."""

    version: int
    """CRC-32 of the declarations, which `edge_interface` returns."""
    constants: dict[str, int]
    """Values by name without the prefix `EDGE_`."""
    structs: dict[str, list[tuple[str, str]]]
    """Fields (name, NumPy type) of each struct by name; all fields are four bytes wide."""
    prototypes: dict[str, Prototype]
    """Functions by name without the prefix `edge_`."""


def read_interface(header: Path = HEADER) -> Interface:
    """Parse the declarations of `header`; takes 0.3 ms for the package's header."""
    code = _COMMENT.sub("", header.read_text(encoding="utf-8"))
    return Interface(
        version=zlib.crc32(" ".join(code.split()).encode()),
        constants={name: int(value) for name, value in _CONSTANT.findall(code)},
        structs={name: _fields(body) for body, name in _STRUCT.findall(code)},
        prototypes={
            name: Prototype(name, result, _parameters(declared))
            for result, name, declared in _PROTOTYPE.findall(code)
        },
    )


def _fields(body: str) -> list[tuple[str, str]]:
    declared = (line.split() for line in body.split(";") if line.strip())
    return [(name, SCALARS[type_][0]) for type_, name in declared]


def _parameters(declared: str) -> tuple[Parameter, ...]:
    if declared == "void":
        return ()
    parameters = []
    for part in declared.split(","):
        match = _PARAMETER.match(" ".join(part.split()))
        if match is None:
            raise ValueError(f"not in the supported subset of C: {part.strip()!r}")
        const, type_, pointer, restrict, name = match.groups()
        parameters.append(Parameter(name, type_, bool(pointer), bool(const), bool(restrict)))
    return tuple(parameters)
