"""`edge models` as a user types it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from edge.models.packages import PACKAGES
from tests.conftest import EdgeCommand
from tests.models.makers import folder, linear


@pytest.fixture
def store(tmp_path: Path) -> dict[str, Any]:
    root = Path(__file__).parents[2]
    return {"env": os.environ | {"EDGE_MODELS": str(tmp_path / "store"), "PYTHONPATH": str(root)}}


@pytest.mark.slow
def test_a_models_life(edge: EdgeCommand, store: dict[str, Any], tmp_path: Path) -> None:
    given = folder(tmp_path / "given", linear()).path
    added = edge("models", "add", given, **store)
    assert (added.returncode, added.stderr) == (0, "")
    assert added.stdout == f"added tiny 1: {tmp_path / 'store' / 'tiny'}\n"
    listed = json.loads(edge("models", "list", "--json", **store).stdout)
    assert listed["schema"] == 1
    assert [model["id"] for model in listed["models"]][:12] == [
        "composer", "face-fusion", "faces", "images", "lips", "matching", "music", "segmenter", "tags",
        "templates", "words", "tiny",
    ]  # fmt: skip
    ids = [model["id"] for model in listed["models"]] + [model["id"] for model in listed["not_installed"]]
    assert set(PACKAGES) <= set(ids)
    assert len(ids) == len(set(ids))
    verified = edge("models", "verify", **store)
    assert verified.returncode == 0
    states = {line.split()[0]: line.split()[1] for line in verified.stdout.splitlines()}
    assert (states["segmenter"], states["tiny"]) == ("ok", "ok")
    assert "net on onnxruntime" in verified.stdout
    assert "41 files, no networks" in verified.stdout
    assert edge("models", "remove", "tiny", **store).returncode == 0
    assert "\ntiny " not in edge("models", "list", **store).stdout


@pytest.mark.slow
def test_a_damaged_model_fails_verification_by_name(
    edge: EdgeCommand, store: dict[str, Any], tmp_path: Path
) -> None:
    edge("models", "add", folder(tmp_path / "given", linear()).path, **store)
    file = tmp_path / "store" / "tiny" / "net.onnx"
    file.write_bytes(file.read_bytes()[:-1] + b"!")
    result = edge("models", "verify", "--json", **store)
    assert result.returncode == 1
    rows = {row["id"]: row for row in json.loads(result.stdout)["models"]}
    assert rows["segmenter"]["works"]
    assert "net.onnx: is damaged" in rows["tiny"]["detail"]
    assert result.stderr.startswith("edge: tiny: does not verify (1 of")
    assert edge("models", "verify", "segmenter", **store).returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (["add", "."], 3, "is not a model folder"),
        (["add", "/nowhere"], 3, "is not a model folder"),
        (["remove", "segmenter"], 1, "ships with edge"),
        (["remove", "nothing"], 1, "is not in the store"),
        (["verify", "nothing"], 1, "no such model"),
        (["polish"], 2, "invalid choice"),
        (["lst"], 2, "did you mean list?"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    edge: EdgeCommand, store: dict[str, Any], arguments: list[str], code: int, complaint: str
) -> None:
    result = edge("models", *arguments, **store)
    assert result.returncode == code
    assert result.stdout == ""
    assert complaint in result.stderr
    assert result.stderr.count("\n") == 1
