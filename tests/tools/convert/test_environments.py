"""Environments are made by one command, kept while their pins hold, and their failures are one line."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from tools.convert import environments
from tools.convert.environments import ConversionError, Environment, Inputs, MissingEnvironmentError


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of environments with one definition, `bare`, that needs no package from anywhere."""
    monkeypatch.setenv("EDGE_ENVIRONMENTS", str(tmp_path))
    monkeypatch.setitem(environments.ENVIRONMENTS, "bare", Environment(_own_version(), ("pip",)))
    return tmp_path


def _own_version() -> str:
    return f"{sys.version_info[0]}.{sys.version_info[1]}"


def test_an_environment_is_made_once_and_again_when_its_pins_change(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert environments.main(["bare"]) == 0
    assert environments.interpreter("bare") == place / "bare/bin/python"
    kept = place / "bare/kept"
    kept.touch()
    environments.make("bare")
    assert kept.exists()
    monkeypatch.setitem(environments.ENVIRONMENTS, "bare", Environment(_own_version(), ("pip", "pip>0")))
    with pytest.raises(MissingEnvironmentError, match="for other versions"):
        environments.interpreter("bare")
    environments.make("bare")
    assert not kept.exists()
    assert "pip>0" in (place / "bare" / environments.MARKER).read_text()


def test_what_is_not_made_says_the_command_that_makes_it(place: Path) -> None:
    with pytest.raises(MissingEnvironmentError, match=r"python -m tools\.convert\.environments litert$"):
        environments.run("litert", "quantize_tflite", {})
    assert list(place.iterdir()) == []


def test_a_missing_python_is_one_line(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(environments.ENVIRONMENTS, "old", Environment("2.4", ()))
    assert environments.main(["old"]) == 1
    assert not (place / "old").exists()
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1
    assert "needs python2.4" in said[0]


def test_a_job_goes_in_and_its_answer_comes_out(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environments.make("bare")
    scripts = place / "scripts"
    scripts.mkdir()
    monkeypatch.setattr(environments, "INSIDE", scripts)
    (scripts / "double.py").write_text(
        "import json, sys\n"
        "n = json.load(open(sys.argv[1]))['n']\n"
        "json.dump({'n': 2 * n}, open(sys.argv[2], 'w'))"
    )
    (scripts / "fail.py").write_text("print('trying')\nraise ValueError('no such layer')")
    (scripts / "die.py").write_text("import os\nprint('Check failed: 1 == 2', flush=True)\nos.abort()")
    assert environments.run("bare", "double", {"n": 21}) == {"n": 42}
    assert list((place / "logs").iterdir()) == []
    with pytest.raises(ConversionError, match="bare fail: ValueError: no such layer") as failure:
        environments.run("bare", "fail", {})
    assert failure.value.log is not None
    assert failure.value.log.read_text().startswith("trying")
    with pytest.raises(ConversionError, match="ended by signal 6: Check failed: 1 == 2"):
        environments.run("bare", "die", {})


def test_inputs_are_stacked_by_name_and_must_be_alike(tmp_path: Path) -> None:
    ones: Inputs = {"a": np.ones((1, 2), np.float32), "b": np.arange(3)}
    with np.load(environments.save_inputs(tmp_path / "two.npz", [ones, ones])) as stacked:
        assert {name: stacked[name].shape for name in stacked} == {"a": (2, 1, 2), "b": (2, 3)}
    unlike: list[list[Inputs]] = [[], [ones, {"a": ones["a"]}], [ones, {**ones, "a": np.ones((1, 3))}]]
    for wrong in unlike:
        with pytest.raises(ConversionError, match="same names and shapes"):
            environments.save_inputs(tmp_path / "wrong.npz", wrong)
