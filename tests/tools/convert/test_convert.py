"""The conversion from end to end: what is made, compared, refused and written."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.errors import InputError, OutputError, UsageError
from edge.models.folder import open_folder
from edge.models.session import Session
from tests.models.makers import linear
from tools.convert.__main__ import read_inputs
from tools.convert.compare import Bounds, Result, errors, judge, table
from tools.convert.environments import ConversionError
from tools.convert.kinds import KINDS, Workbench
from tools.convert.pipeline import ROLE, Conversion, Run, convert
from tools.convert.sources import OnnxSource, open_source

WIDE = np.random.default_rng(1).standard_normal((64, 32)).astype(np.float32) / np.float32(8)
"""So many weights that a file is smaller with them in int8."""

FACTS = {"version": "1", "licence": "none", "source": "a test"}


def converted(
    bench: Workbench, path: Path, kinds: Sequence[str], bounds: Bounds, **options: Any
) -> Conversion:
    """What comes of a bench; folders go to `path`/out."""
    chosen = [KINDS[kind] for kind in kinds]
    return convert(
        bench, chosen, bench.calibration, bounds, out=path / "out", model="tiny", facts=FACTS, **options
    )  # fmt: skip


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    (tmp_path / "net.onnx").write_bytes(linear(weights=WIDE))
    rng = np.random.default_rng(0)
    examples = [{"x": rng.standard_normal((1, 64)).astype(np.float32)} for _ in range(40)]
    return Workbench(OnnxSource(tmp_path / "net.onnx"), examples, tmp_path / "scratch")


def test_what_passes_is_a_model_folder_with_its_measurements(bench: Workbench, tmp_path: Path) -> None:
    done = converted(bench, tmp_path, ["onnx", "onnx-int8"], Bounds(agreement=0.9, slowdown=100))
    assert [path.name for path in done.folders] == ["tiny-onnx", "tiny-onnx-int8"]
    folder = open_folder(done.folders[1])
    folder.verify()
    assert folder.manifest.accuracy["kind"] == "onnx-int8"
    assert 0 < folder.manifest.accuracy["max_error"] < 0.3
    assert "| onnx-int8 |" in folder.read("CARD.md").decode()
    x = np.ones((3, 64), np.float32)  # the batch is free
    np.testing.assert_allclose(Session(folder, ROLE).run(x)[0], x @ WIDE, atol=0.3)


def test_what_is_too_wrong_is_told_and_not_written(bench: Workbench, tmp_path: Path) -> None:
    done = converted(bench, tmp_path, ["onnx", "onnx-int8"], Bounds(error=1e-9, slowdown=100))
    assert "tiny-onnx-int8" not in {path.name for path in (tmp_path / "out").iterdir()}
    assert "mean error" in done.reasons["onnx-int8"][0]
    assert "no: mean error" in table(done.results, done.reasons)


def test_the_tasks_accuracy_is_measured_and_may_not_fall(bench: Workbench, tmp_path: Path) -> None:
    def score(run: Run) -> float:  # nearness to the float product: 1 for the source
        return 1 - float(np.mean([np.abs(run(x)[0] - x["x"] @ WIDE).max() for x in bench.calibration]))

    strict, lax = (Bounds(agreement=0.9, slowdown=100, loss=loss) for loss in (1e-6, 0.5))
    done = converted(bench, tmp_path, ["onnx-int8"], strict, score=score)
    assert done.folders == []
    assert "accuracy 0.9" in done.reasons["onnx-int8"][0]
    done = converted(bench, tmp_path, ["onnx-int8"], lax, score=score)
    assert 0.9 < open_folder(done.folders[0]).manifest.accuracy["accuracy"] < 1


def test_what_cannot_be_made_is_told_and_the_rest_goes_on(bench: Workbench, tmp_path: Path) -> None:
    spoiled = Workbench(bench.source, bench.calibration, bench.scratch, keep=("NoSuchNode",))
    done = converted(spoiled, tmp_path, ["onnx-int8", "onnx"], Bounds())
    assert "NoSuchNode" in done.reasons["onnx-int8"][0]
    assert [path.name for path in done.folders] == ["tiny-onnx"]


def test_existing_folders_stay_unless_forced(bench: Workbench, tmp_path: Path) -> None:
    converted(bench, tmp_path, ["onnx"], Bounds())
    with pytest.raises(OutputError, match="--force"):
        converted(bench, tmp_path, ["onnx"], Bounds())
    converted(bench, tmp_path, ["onnx"], Bounds(), force=True)


def test_errors_count_what_they_say() -> None:
    truth = [[np.array([[1.0, 2.0, 3.0]])], [np.array([[3.0, 2.0, 1.0]])]]
    same = errors(truth, truth)
    assert same == {"max_error": 0, "mean_error": 0, "agreement": 1, "ranking": 1}
    turned = [truth[1], truth[0]]
    found = errors(turned, truth)
    assert found["max_error"] == 2
    assert found["mean_error"] == pytest.approx((4 / 3) / np.std([1, 2, 3, 3, 2, 1]))
    assert found["agreement"] == 0
    assert found["ranking"] == -1
    silent = errors([[np.full((1, 3), np.nan)], truth[1]], truth)
    assert silent["max_error"] == silent["mean_error"] == float("inf")


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({}, None),
        ({"mean_error": 0.2}, "mean error 0.200 deviations"),
        ({"mean_error": float("inf")}, "mean error"),
        ({"mean_error": float("nan")}, "mean error nan"),
        ({"agreement": float("nan")}, "agreement nan"),
        ({"accuracy": float("nan")}, "accuracy nan"),
        ({"milliseconds": float("nan")}, "nan ms"),
        ({"milliseconds": 2.15}, None),
        ({"milliseconds": 2.4, "noise_ms": 0.5}, None),
        ({"agreement": 0.9}, "agreement 0.900"),
        ({"accuracy": 0.8}, "accuracy 0.8000, the source's 0.9000"),
        ({"milliseconds": 2.4}, "slower than onnx's 2"),
    ],
)
def test_the_gate_names_what_fails(change: dict[str, float], complaint: str | None) -> None:
    known: dict[str, Any] = {
        "kind": "onnx-int8", "megabytes": 1, "max_error": 0.1, "mean_error": 0.01, "agreement": 1,
        "ranking": 1, "milliseconds": 1, "noise_ms": 0.1, "memory_mb": 1, "accuracy": 0.895,
    }  # fmt: skip
    replaced = Result(**known | {"kind": "onnx", "milliseconds": 2})
    reasons = judge(Result(**known | change), replaced, Bounds(), accuracy=0.9)
    assert len(reasons) == (complaint is not None)
    assert complaint is None or complaint in reasons[0]


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("nowhere.onnx", InputError),
        ("nowhere.py:network", InputError),
        ("no.such.package:network", UsageError),
        ("math:network", UsageError),
        ("nothing", UsageError),
    ],
)
def test_sources_that_are_none_are_named(source: str, error: type[Exception]) -> None:
    with pytest.raises(error, match=source.split(":", maxsplit=1)[0].split(".", maxsplit=1)[0]):
        open_source(source, {"x": np.zeros((1, 4), np.float32)})


def test_a_source_that_fails_is_one_line(bench: Workbench, tmp_path: Path) -> None:
    strange = Workbench(bench.source, [{"z": np.zeros((1, 4), np.float32)}] * 2, bench.scratch)
    with pytest.raises(UsageError, match="inputs are called x, those given z"):
        converted(strange, tmp_path, ["onnx"], Bounds())
    wide = Workbench(bench.source, [{"x": np.zeros((1, 5), np.float32)}] * 2, bench.scratch)
    with pytest.raises(ConversionError, match=r"net\.onnx fails on these inputs"):
        converted(wide, tmp_path, ["onnx"], Bounds())
    (tmp_path / "bad.py").write_text("def network():\n    return open('weights.pt')\n")
    with pytest.raises(ConversionError, match=r"bad\.py:network fails: FileNotFoundError"):
        open_source(f"{tmp_path / 'bad.py'}:network", {"x": np.zeros((1, 4), np.float32)})


def test_inputs_must_be_examples(tmp_path: Path) -> None:
    np.save(tmp_path / "one.npy", np.zeros((5, 4), np.float32))
    assert [example["x"].shape for example in read_inputs(tmp_path / "one.npy")] == [(1, 4)] * 5
    np.savez(tmp_path / "uneven.npz", a=np.zeros((5, 4)), b=np.zeros((4, 4)))
    np.save(tmp_path / "single.npy", np.zeros((1, 4)))
    (tmp_path / "text.npz").write_text("no archive")
    for name in ("uneven.npz", "single.npy", "text.npz", "missing.npz"):
        with pytest.raises(InputError, match=name):
            read_inputs(tmp_path / name)


def test_the_document_is_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from tools.convert.__main__ import main  # noqa: PLC0415

    (tmp_path / "net.onnx").write_bytes(linear())
    np.save(tmp_path / "x.npy", np.random.default_rng(0).standard_normal((20, 4)).astype(np.float32))
    arguments = [str(tmp_path / "net.onnx"), "--inputs", str(tmp_path / "x.npy"), "-o", str(tmp_path / "out")]
    monkeypatch.setattr("sys.argv", ["convert", *arguments, "--id", "tiny", "--to", "onnx", "--json"])
    assert main() == 0
    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == 1
    assert document["results"][0]["kind"] == "onnx"
    assert document["folders"] == [str(tmp_path / "out" / "tiny-onnx")]
    assert main() == 1  # it exists
    assert "--force" in capsys.readouterr().err
