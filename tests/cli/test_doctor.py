"""`edge doctor` tells which parts work, and which kernels are used."""

from __future__ import annotations

import json
import os
from pathlib import Path

from tests.conftest import EdgeCommand


def test_everything_works_here(edge: EdgeCommand) -> None:
    result = edge("doctor", "--json")
    assert result.returncode == 0, result.stderr
    document = json.loads(result.stdout)
    assert document["schema"] == 1
    assert document["works"] is True
    assert [check["name"] for check in document["checks"]] == [
        "machine",
        "kernels",
        "media",
        "network",
        "model",
    ]


def test_without_kernels_it_says_what_to_install(edge: EdgeCommand, tmp_path: Path) -> None:
    (tmp_path / "numba.py").write_text("raise ModuleNotFoundError('no numba here', name='numba')")
    hidden = os.environ | {"PYTHONPATH": f"{tmp_path}:{Path(__file__).parents[2]}"}
    result = edge("doctor", env=hidden)
    assert result.returncode == 1
    assert "pip install 'edgereel[jit]'" in result.stdout
    assert result.stderr == "edge: does not work here: kernels\n"
    silent = edge("label", "missing.wav", env=hidden)
    assert silent.returncode == 3  # the input is looked at first
