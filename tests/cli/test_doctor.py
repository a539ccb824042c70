"""`edge doctor` tells which parts work, and which kernels are used."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from edge.models.arithmetic import describe
from tests.conftest import EdgeCommand
from tests.models.makers import folder, linear


def test_everything_works_here(edge: EdgeCommand) -> None:
    result = edge("doctor", "--json")
    assert result.returncode == 0, result.stderr
    document = json.loads(result.stdout)
    assert document["schema"] == 1
    assert document["works"] is True
    needed = [check["name"] for check in document["checks"] if check["needed"]]
    assert needed == ["machine", "kernels", "media", "onnxruntime", "int8", "models", "store"]
    detail = {check["name"]: check["detail"] for check in document["checks"]}
    assert detail["int8"] == describe()
    optional = [check["name"] for check in document["checks"] if not check["needed"]]
    assert optional == [
        "litert", "paddle", "text", "captions", "tags", "sherpa", "burn", "music", "timelines", "microphone",
        "energy",
    ]  # fmt: skip


@pytest.mark.slow
def test_two_builds_of_onnxruntime_are_a_clash_with_its_remedy(edge: EdgeCommand, tmp_path: Path) -> None:
    other = tmp_path / "onnxruntime_gpu-1.31.0.dist-info"
    other.mkdir()
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: onnxruntime-gpu\nVersion: 1.31.0\n")
    result = edge("doctor", env=os.environ | {"PYTHONPATH": f"{tmp_path}:{Path(__file__).parents[2]}"})
    assert result.returncode == 1
    assert "pip uninstall onnxruntime onnxruntime-gpu" in result.stdout
    assert result.stderr == "edge: does not work here: onnxruntime\n"


@pytest.mark.slow
def test_a_store_that_cannot_be_written_and_a_damaged_model_are_told(
    edge: EdgeCommand, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("no folder")
    root = {"PYTHONPATH": str(Path(__file__).parents[2])}
    result = edge("doctor", env=os.environ | root | {"EDGE_MODELS": str(tmp_path / "file")})
    assert result.stderr == "edge: does not work here: store\n"
    broken = folder(tmp_path / "store" / "tiny", linear()).path
    (broken / "net.onnx").write_bytes(b"?")
    result = edge("doctor", env=os.environ | root | {"EDGE_MODELS": str(tmp_path / "store")})
    assert "net.onnx: is damaged" in result.stdout
    assert result.stderr == "edge: does not work here: models\n"


@pytest.mark.slow
def test_without_kernels_it_says_what_to_install(edge: EdgeCommand, tmp_path: Path) -> None:
    (tmp_path / "numba.py").write_text("raise ModuleNotFoundError('no numba here', name='numba')")
    hidden = os.environ | {"PYTHONPATH": f"{tmp_path}:{Path(__file__).parents[2]}", "EDGE_KERNELS": "jit"}
    result = edge("doctor", env=hidden)
    assert result.returncode == 1
    assert "pip install 'edgereel[jit]'" in result.stdout
    assert result.stderr == "edge: does not work here: kernels\n"
    silent = edge("label", "missing.wav", env=hidden)
    assert silent.returncode == 3  # the input is looked at first
