"""The core's library for this machine, and its model."""

from __future__ import annotations

import platform

import pytest

from edge.networks.segmenter import Segmenter
from tools.bundle.core import compile_core
from tools.bundle.driver import Core
from tools.bundle.songs_model import songs_model
from tools.compile_kernels.targets import TARGETS


@pytest.fixture(scope="session")
def model(segmenter: Segmenter) -> bytes:
    return songs_model(segmenter)


@pytest.fixture(scope="session")
def core(model: bytes, tmp_path_factory: pytest.TempPathFactory) -> Core:
    target = {"x86_64": "x86-64-v3", "aarch64": "aarch64-linux"}[platform.machine()]
    return Core(compile_core(TARGETS[target], tmp_path_factory.mktemp("core")), model)
