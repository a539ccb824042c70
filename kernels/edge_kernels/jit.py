"""Kernels compiled by numba for this CPU, kept for the next process.

numba notices a change in the file of a function, not in the files of those it calls; so the folder of its
cache is named after everything that the code depends on.
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
    """The C function `edge_<name>`, compiled or from the cache."""
    prototype = INTERFACE.prototypes[name]
    with _cache_folder() as folder:
        if not any(folder.glob(f"*/*.{name}-*.nbi")):
            _announce()
        try:
            function = numba.cfunc(signature(prototype), cache=True, **_OPTIONS)(ENTRIES[name])
        except (RuntimeError, OSError):  # nowhere to keep it
            if os.access(folder, os.W_OK):
                raise
            function = numba.cfunc(signature(prototype), **_OPTIONS)(ENTRIES[name])
    pointer = prototype.ctype(function.address)
    pointer.compiled = function  # the code lives as long as what points to it
    return pointer


@contextmanager
def _cache_folder() -> Iterator[Path]:
    """Let numba cache in a folder of this very source, for as long as it decorates."""
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
    """Say, once a process, why nothing happens for a while."""
    if sys.stderr is not None:
        print("edge: compiling kernels, once: about 20 s", file=sys.stderr, flush=True)
