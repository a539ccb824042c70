"""The kernels as a wheel has them: compiled ahead of time for this CPU."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from unittest.mock import patch

from edge_kernels.library import targets

from edge.errors import EdgeError


@contextmanager
def as_in_a_wheel() -> Iterator[None]:
    """Processes started here use compiled kernels. Raises EdgeError."""
    with tempfile.TemporaryDirectory() as folder, patch.dict(os.environ):
        os.environ["EDGE_KERNELS"] = str(library_of_this_cpu(Path(folder)))
        yield


def library_of_this_cpu(folder: Path) -> Path:
    """Compile the best library for this CPU into `folder`. Raises EdgeError."""
    if not (targets() and find_spec("lief") and find_spec("numba")):
        raise EdgeError("compiling the kernels needs Linux and pip install 'edgereel[compile]'")
    from tools.compile_kernels.build import compile_kernels  # noqa: PLC0415 - needs lief
    from tools.compile_kernels.link import BuildError  # noqa: PLC0415
    from tools.compile_kernels.targets import TARGETS  # noqa: PLC0415

    try:
        (file,) = compile_kernels([TARGETS[targets()[0]]], folder)
    except BuildError as error:
        raise EdgeError(str(error)) from error
    return file
