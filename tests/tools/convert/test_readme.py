"""A newcomer does what the README of the tools says, word for word."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tools.convert.environments import ENVIRONMENTS
from tools.convert.kinds import KINDS

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "tools" / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.S)


def test_a_module_is_converted_added_and_run(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="needs edgereel[train]")
    module, inputs, use = blocks("python")
    (command,) = blocks("sh")
    (add,) = re.findall(r"`(edge models add .*?)`", TEXT)
    (tmp_path / "mine.py").write_text(module)
    environment = os.environ | {"PYTHONPATH": str(ROOT), "EDGE_MODELS": str(tmp_path / "store")}

    def run(*arguments: str) -> str:
        command = [sys.executable, *arguments]
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("-c", inputs)
    table = run(*shlex.split(command)[1:])
    assert "wrote models/mine-onnx\n" in table
    assert "| onnx-int8 |" in table
    assert "| onnx |" in (tmp_path / "models" / "mine-onnx" / "CARD.md").read_text()
    assert "added mine-onnx" in run("-m", "edge.cli", *shlex.split(add)[1:])
    assert run("-c", f"{use}\nprint(scores.shape)") == "(1, 3)\n"


def test_it_names_every_kind_and_environment() -> None:
    for kind in KINDS:
        stem = re.sub(r"-(weights|int8)$", "", kind) if kind.startswith("nb") else kind
        assert f"`{stem}`" in TEXT, kind
    for environment in ENVIRONMENTS:
        assert f"| `{environment}` |" in TEXT
