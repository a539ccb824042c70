"""Libraries compiled ahead of time: of every target, or of this machine alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from edge_kernels.library import library, targets

from tools.compile_kernels.build import compile_kernels
from tools.compile_kernels.targets import TARGETS


@pytest.fixture(scope="session")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Target -> file; the header lies beside them."""
    folder = tmp_path_factory.mktemp("libraries")
    return dict(zip(TARGETS, compile_kernels(list(TARGETS.values()), folder), strict=True))


@pytest.fixture(scope="session")
def library_here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file for this machine: the one of this checkout, or one compiled for the session."""
    if (file := library().file) is not None:
        return file
    (file,) = compile_kernels([TARGETS[targets()[0]]], tmp_path_factory.mktemp("library"))
    return file
