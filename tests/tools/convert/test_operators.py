"""The operators of a smaller onnxruntime: its own reader finds in them each one that a network has."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import onnx
import onnxruntime
import pytest

from edge.errors import InputError
from edge.models.store import builtin_root
from tools.convert.operators import networks

Operators = dict[str, dict[int, set[str]]]
"""Names by domain and version, as onnxruntime's reader returns them."""


def read(config: Path) -> tuple[Operators, object]:
    from onnxruntime.tools.reduced_build_config_parser import parse_config  # noqa: PLC0415 - takes seconds

    required, types = parse_config(str(config), True)
    return required, types


def stored(file: Path) -> set[tuple[str, str]]:
    """Domain and name of each node, those in branches and loops too."""
    graphs, found = [onnx.load(file).graph], set()
    while graphs:
        for node in graphs.pop().node:
            found.add((node.domain or "ai.onnx", node.op_type))
            graphs += [one.g for one in node.attribute if one.type == onnx.AttributeProto.GRAPH]
    return found


def optimized(file: Path, result: Path) -> Path:
    """Write the graph that edge runs here."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.optimized_model_filepath = str(result)
    options.add_session_config_entry("session.x64quantprecision", "1")
    onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    return result


@pytest.mark.slow
def test_operators_of_all_that_ships_are_read_back(tmp_path: Path) -> None:
    config = tmp_path / "required.config"
    command = [sys.executable, "-m", "tools.convert.operators", "-o", str(config)]
    subprocess.run(command, check=True, capture_output=True)
    required, types = read(config)
    assert types is not None
    names = {(domain, name) for domain, sets in required.items() for one in sets.values() for name in one}
    for file in networks([builtin_root()]):
        for graph in (file, optimized(file, tmp_path / "optimized.onnx")):
            assert stored(graph) - {("ai.onnx", "Constant")} <= names, graph
    again = subprocess.run(command, check=False, capture_output=True, text=True)
    assert again.returncode == 1
    assert "already exists" in again.stderr


def test_a_folder_without_networks_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds no .onnx or .ort file"):
        networks([tmp_path])
