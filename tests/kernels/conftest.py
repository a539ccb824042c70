"""Libraries of every target, compiled once for the session."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.compile_kernels.build import compile_kernels
from tools.compile_kernels.targets import TARGETS


@pytest.fixture(scope="session")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Target -> file; the header lies beside them."""
    folder = tmp_path_factory.mktemp("libraries")
    return dict(zip(TARGETS, compile_kernels(list(TARGETS.values()), folder), strict=True))
