"""What makes a Python function a kernel: `@inline` for the parts, `@entry` for what the header declares."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from numba import types

from edge_kernels.interface import Interface, Parameter, Prototype, read_interface

INTERFACE: Interface = read_interface()

ENTRIES: dict[str, Callable[..., Any]] = {}
"""The body of every function of the header, by name without prefix."""

OK, NULL, SIZE, DATA = (np.int32(INTERFACE.constants[name]) for name in ("OK", "NULL", "SIZE", "DATA"))
"""Statuses, as the header defines them."""

inline: Any = numba.njit(
    nogil=True,
    error_model="numpy",
    boundscheck=False,
    no_cpython_wrapper=True,
    no_cfunc_wrapper=True,
    forceinline=True,
)
"""Decorates a function that becomes a part of each kernel that calls it."""

part: Any = numba.njit(
    nogil=True, error_model="numpy", boundscheck=False, no_cpython_wrapper=True, no_cfunc_wrapper=True
)
"""As `inline`, for a part that is large or called from many places: the compiler decides."""

_NUMBA = {
    "int8_t": types.int8,
    "uint8_t": types.uint8,
    "int16_t": types.int16,
    "int32_t": types.int32,
    "uint32_t": types.uint32,
    "int64_t": types.int64,
    "uint64_t": types.uint64,
    "float": types.float32,
    "double": types.float64,
} | {
    name: types.Record.make_c_struct([(field, numba.from_dtype(np.dtype(kind))) for field, kind in fields])
    for name, fields in INTERFACE.structs.items()
}


def entry(body: Callable[..., Any]) -> Callable[..., Any]:
    """Register the body of `edge_<its name>`. Its parameters are named as in the header, which types them.

    In the body pointers are indexed as in C; there is no allocation, no exception and no NumPy function.
    """
    declared = [parameter.name for parameter in INTERFACE.prototypes[body.__name__].parameters]
    written = list(body.__code__.co_varnames[: body.__code__.co_argcount])
    if declared != written:
        raise TypeError(f"{body.__name__}: the header has the parameters {declared}, the kernel {written}")
    ENTRIES[body.__name__] = body
    return body


def signature(prototype: Prototype) -> Any:
    """The numba signature of a prototype."""
    return _NUMBA[prototype.result](*(_parameter_type(p) for p in prototype.parameters))


def record(name: str) -> Any:
    """The numba type of a struct of the header."""
    return _NUMBA[name]


def _parameter_type(parameter: Parameter) -> Any:
    plain = _NUMBA[parameter.type]
    return types.CPointer(plain) if parameter.pointer else plain
