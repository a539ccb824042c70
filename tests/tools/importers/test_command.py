"""The command: help without torch, ids, stores, exit codes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from edge.models.store import find
from tests.tools.importers.conftest import Import
from tests.tools.importers.makers import facenet
from tools.importers.__main__ import main

NAMES = ("mtcnn", "face-mesh", "minilm", "moonshine", "rapidocr", "classifier", "images", "ctc")


@pytest.mark.parametrize("name", NAMES)
def test_help_says_what_source_is(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert "SOURCE" in said
    assert "--store" in said


def test_help_does_not_wait_for_torch() -> None:
    program = (
        "import sys\ntry:\n    import tools.importers.__main__ as m; m.main(['--help'])\nexcept SystemExit:"
    )
    program += "\n    assert 'torch' not in sys.modules and 'onnxruntime' not in sys.modules, 'loaded'"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert all(name in done.stdout for name in NAMES)


def test_bad_usage_is_2(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], ["yolo"], ["ctc"], ["mtcnn", "--colour"]):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == 2
    capsys.readouterr()


def test_a_package_that_is_not_there_is_named(importing: Import) -> None:
    assert "pip download --no-deps facenet-pytorch==2.6.0" in importing("mtcnn", code=2)


def test_a_source_that_cannot_be_read_is_3(importing: Import, tmp_path: Path) -> None:
    importing("mtcnn", tmp_path / "absent.whl", code=3)
    importing("classifier", tmp_path / "absent.onnx", tmp_path / "absent.txt", code=3)
    importing("ctc", tmp_path / "absent", code=3)


def test_the_id_and_the_store_may_be_chosen(importing: Import, tmp_path: Path) -> None:
    said = importing(
        "mtcnn", facenet(tmp_path), "--no-measure", "--id", "mine", "--store", tmp_path / "other"
    )
    assert str(tmp_path / "other" / "mine") in said
    assert find(tmp_path / "other" / "mine").manifest.id == "mine"


def test_an_id_that_ships_or_fits_no_manifest_is_refused(importing: Import, tmp_path: Path) -> None:
    assert "ships with edge" in importing("mtcnn", facenet(tmp_path), "--id", "segmenter", code=2)
    assert "lower case" in importing("mtcnn", facenet(tmp_path), "--id", "../Mine", code=2)


def test_nothing_is_replaced_without_force(importing: Import, tmp_path: Path) -> None:
    arguments = ("mtcnn", facenet(tmp_path), "--no-measure")
    importing(*arguments)
    assert "already exists" in importing(*arguments, code=1)
    importing(*arguments, "--force")
