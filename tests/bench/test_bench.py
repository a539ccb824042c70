"""`edge bench`: this device passes its own golden set, and what is wrong with it does not go unseen."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import msgspec
import onnx
import pytest
from onnx import numpy_helper

from edge import schema
from edge.bench.measure import BenchOptions, measure_device
from edge.bench.report import comparison, markdown, table
from edge.bench.stages import STAGES
from edge.errors import InputError, UsageError
from edge.models.folder import open_folder
from edge.models.store import builtin_root
from tests.conftest import EdgeCommand
from tools.convert.folder import rewrite

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def measured(edge: EdgeCommand, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a whole quick run."""
    file = tmp_path_factory.mktemp("bench") / "here.json"
    result = edge("bench", "--quick", "-o", file, "--json")
    assert result.returncode == 0, result.stdout + result.stderr
    assert json.loads(result.stdout) == json.loads(file.read_text())
    return file


@pytest.fixture
def document(measured: Path) -> schema.Bench:
    return msgspec.json.decode(measured.read_bytes(), type=schema.Bench)


def changed(document: schema.Bench, name: str, **fields: Any) -> schema.Bench:
    """The same with other fields of a stage."""
    rows = [msgspec.structs.replace(row, **fields) if row.name == name else row for row in document.stages]
    return msgspec.structs.replace(document, stages=tuple(rows))


def test_this_device_is_accurate_and_every_stage_has_its_figures(
    measured: Path, document: schema.Bench
) -> None:
    plain = json.loads(measured.read_text())
    assert schema.to_dict(msgspec.convert(plain, schema.Bench, strict=True)) == plain
    assert [row.name for row in document.stages] == list(STAGES)
    for row in document.stages:
        if row.state == "missing":
            assert STAGES[row.name].needs
            continue
        assert row.state == "accurate", row
        assert isinstance(row.error, float)
        assert 0 <= row.error <= row.limit
        assert isinstance(row.first_s, float)
        assert isinstance(row.cold_start_s, float)
        assert 0 < row.first_s < row.cold_start_s
        assert isinstance(row.median_s, float)
        assert row.per_second == pytest.approx(row.amount / row.median_s, rel=1e-2)
        assert row.peak_mb is msgspec.UNSET or 20 < row.peak_mb < 2000
    assert document.accurate


def test_tables_have_a_line_for_each_stage_and_fit_the_terminal(document: schema.Bench) -> None:
    gone = changed(document, "text", state="missing", why="needs tokenizers", median_s=msgspec.UNSET)
    worst = changed(gone, "segmenter", state="inaccurate", error=0.1234)
    for columns in (80, 120):
        lines = table(worst, columns).splitlines()
        assert max(map(len, lines)) <= columns
        assert {line.split()[0] for line in lines if line} >= set(STAGES)
    assert any("onnxruntime" in line for line in lines if line.startswith("segmenter"))
    assert "needs tokenizers" in markdown(gone)
    assert len([line for line in markdown(gone).splitlines() if line.startswith("|")]) == len(STAGES) + 2


def test_a_busy_device_is_said_to_be_busy(document: schema.Bench) -> None:
    def shown(before: float, after: float) -> str:
        device = msgspec.structs.replace(document.device, load=before, usable_cores=4)
        return " ".join(table(msgspec.structs.replace(document, device=device, load_after=after)).split())

    assert "load 0.3 before, 1.9 after stage" in shown(0.3, 1.9)
    assert "load 0.3 before, 3.5 after: others used the processor" in shown(0.3, 3.5)
    assert "load 3.0 before, 1.0 after: others used the processor" in shown(3.0, 1.0)


def test_ratios_are_those_of_the_times_and_none_of_what_is_not_accurate(
    measured: Path, document: schema.Bench, edge: EdgeCommand, tmp_path: Path
) -> None:
    mel = next(row for row in document.stages if row.name == "mel")
    assert isinstance(mel.median_s, float)
    slower = changed(document, "mel", median_s=2.5 * mel.median_s)
    slower = changed(slower, "lips", state="inaccurate")
    slower = changed(slower, "faces", amount=2.0)
    file = tmp_path / "pi.json"
    file.write_bytes(msgspec.json.encode(slower))
    result = edge("bench", "--read", measured, "--compare", file)
    assert result.returncode == 0, result.stderr
    rows = {
        line.split()[0]: line for line in result.stdout.partition("as the others:")[2].splitlines() if line
    }
    assert rows["mel"].endswith(" 2.50x")
    assert rows["decode"].endswith(" 1.00x")
    assert rows["lips"].endswith(" NOT")
    assert rows["faces"].endswith(" another run")
    wrong_here = comparison(changed(document, "mel", state="inaccurate"), [("pi", document)])
    assert next(line for line in wrong_here.splitlines() if line.startswith("mel")).split()[1:] == ["NOT"] * 2
    assert edge("bench", "--read", file).returncode == 1
    file.write_text('{"schema": 1}')
    refused = edge("bench", "--read", measured, "--compare", file)
    assert refused.returncode == InputError.exit_code
    assert "is not the JSON of edge bench" in refused.stderr


def test_a_damaged_network_fails_the_check(edge: EdgeCommand, tmp_path: Path) -> None:
    shipped = open_folder(builtin_root() / "segmenter")
    graph = onnx.load(shipped.path / "encoder.onnx")
    weights = max(
        (one for one in graph.graph.initializer if one.data_type == onnx.TensorProto.INT8),
        key=lambda one: len(one.raw_data),
    )
    weights.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(weights) // 2, weights.name))
    other = rewrite(shipped, {"encoder.onnx": graph.SerializeToString()}, path=tmp_path / "segmenter")
    result = edge("bench", "segmenter", "--model", other.path, "--quick", "--json")
    assert result.returncode == 1
    assert result.stderr == "edge: failed or not accurate here: segmenter; `edge doctor` tries every part\n"
    (row,) = json.loads(result.stdout)["stages"]
    assert row["state"] == "inaccurate"
    assert row["error"] > row["limit"]
    content = bytearray((other.path / "encoder.onnx").read_bytes())
    content[len(content) // 2] ^= 1
    (other.path / "encoder.onnx").write_bytes(content)
    result = edge("bench", "segmenter", "--model", other.path, "--quick")
    assert result.returncode == 1
    said = " ".join(result.stdout.split())
    assert "segmenter FAILED" in said
    assert "is damaged" in said


def test_a_missing_extra_is_a_row_and_no_failure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "edge").mkdir()
    (tmp_path / "edge" / "__init__.py").write_text("raise ImportError('another edge')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    document = measure_device(BenchOptions(("mel", "text"), quick=True))
    assert [row.state for row in document.stages] == ["accurate", "missing"]
    assert document.stages[1].why == "needs tokenizers: pip install 'edgereel[text]'"
    assert document.accurate


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"stages": ("segmentor",)}, "no such stage: segmentor; did you mean segmenter?"),
        ({"model": "images"}, "another model is measured in one stage"),
        ({"stages": ("decode",), "model": "images"}, "another model is measured in one stage"),
    ],
)
def test_what_makes_no_sense_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        BenchOptions(**options)


@pytest.mark.parametrize("arguments", [("--read", "x.json", "mel"), ("--json", "--compare", "x.json")])
def test_options_that_exclude_each_other_are_refused(edge: EdgeCommand, arguments: tuple[str, ...]) -> None:
    assert edge("bench", *arguments).returncode == UsageError.exit_code
