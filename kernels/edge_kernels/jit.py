"""Compile kernels with numba for this CPU, and cache them for the next process.

numba detects changes in the file of a function, but not in the files of functions it calls; so the name of
the cache folder includes a hash of everything that the code depends on.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numba
from numba.core import config

from edge_kernels.native import ENTRIES, INTERFACE, signature
from edge_kernels.native.lanes import WIDTH
from edge_kernels.sources import fingerprint

_OPTIONS: dict[str, Any] = {"error_model": "numpy", "boundscheck": False}


def compiled(name: str) -> Any:
    """Return the C function `edge_<name>`, compiled or from the cache."""
    prototype = INTERFACE.prototypes[name]
    with _cache_folder() as folder:
        if not any(folder.glob(f"*/*.{name}-*.nbi")):
            _announce()
        try:
            function = numba.cfunc(signature(prototype), cache=True, **_OPTIONS)(ENTRIES[name])
        except (RuntimeError, OSError):  # the cache folder cannot be written
            if os.access(folder, os.W_OK):
                raise
            function = numba.cfunc(signature(prototype), **_OPTIONS)(ENTRIES[name])
    pointer = prototype.ctype(function.address)
    pointer.compiled = function  # keeps the code alive as long as the pointer
    return pointer


@contextmanager
def _cache_folder() -> Iterator[Path]:
    """Make numba cache in the folder of this version of the source."""
    before = config.CACHE_DIR
    caches = os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
    folder = (
        Path(before or Path(caches) / "edgereel") / f"kernels-{fingerprint()}-{numba.__version__}-{WIDTH}"
    )
    config.CACHE_DIR = str(folder)
    try:
        yield folder
    finally:
        config.CACHE_DIR = before


@cache
def _announce() -> None:
    """Print, once per process, the reason of the delay."""
    if sys.stderr is not None:
        print("edge: compiling kernels, once: about 20 s", file=sys.stderr, flush=True)
