"""A small network in the files of every runtime, made by the real converters."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edge.errors import EdgeError
from edge.models.folder import ModelFolder
from tests.models.makers import floats, folder
from tools.convert.environments import MissingEnvironmentError, interpreter
from tools.convert.kinds import KINDS, Workbench
from tools.convert.sources import open_source

MODULE = """
import torch

def network() -> torch.nn.Module:
    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Conv2d(2, 8, 3, padding=1), torch.nn.ReLU(), torch.nn.Conv2d(8, 3, 1)
    )
"""

Maker = Callable[[str], ModelFolder]


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Workbench:
    """X [1, 2, 6, 5] -> y [1, 3, 6, 5] by two convolutions, and inputs to calibrate on."""
    pytest.importorskip("torch")  # the extra `train`
    path = tmp_path_factory.mktemp("bench")
    (path / "tiny.py").write_text(MODULE)
    rng = np.random.default_rng(0)
    examples = [{"x": rng.standard_normal((1, 2, 6, 5)).astype(np.float32)} for _ in range(24)]
    source = open_source(f"{path / 'tiny.py'}:network", examples[0], outputs=["y"])
    return Workbench(source, examples, path / "scratch")


@pytest.fixture(scope="session")
def converted(bench: Workbench, tmp_path_factory: pytest.TempPathFactory) -> Maker:
    """The model folder of a kind; skips where its environment is not made."""
    path = tmp_path_factory.mktemp("converted")

    def make(kind: str) -> ModelFolder:
        try:
            file = bench.make(KINDS[kind])
        except MissingEnvironmentError as error:
            pytest.skip(str(error))
        inputs, outputs = [floats("x", 1, 2, 6, 5)], [floats("y", 1, 3, 6, 5)]
        network = {"target": KINDS[kind].target, "runtime_version": KINDS[kind].version}
        return folder(
            path / kind, file.read_bytes(), file=f"net{file.suffix}", inputs=inputs, outputs=outputs,
            network=network,
        )  # fmt: skip

    return make


@pytest.fixture
def paddle_python(monkeypatch: pytest.MonkeyPatch) -> Path:
    """The interpreter for Paddle-Lite's workers; skips where it is not made."""
    try:
        python = interpreter("paddle-runtime")
    except EdgeError as error:
        pytest.skip(str(error))
    monkeypatch.setenv("EDGE_PADDLE_PYTHON", str(python))
    return python
