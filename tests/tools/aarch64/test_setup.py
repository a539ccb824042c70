"""What is made once is kept, and what cannot be had is one line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from edge.errors import EdgeError
from tools.aarch64.__main__ import main
from tools.aarch64.steps import Steps, UnavailableError
from tools.aarch64.userland import QEMU


def test_a_step_is_done_once_and_again_if_it_was_interrupted_or_its_listing_changed(tmp_path: Path) -> None:
    steps = Steps(tmp_path)

    def build(place: Path) -> None:
        assert list(place.iterdir()) == []
        (place / "half").touch()

    def interrupted(place: Path) -> None:
        build(place)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        steps.make("site", "one", interrupted, "")
    assert not steps.done("site", "one")
    made = steps.make("site", "one", build, "")
    (made / "kept").touch()
    assert steps.make("site", "one", interrupted, "") == made
    assert (made / "kept").exists()
    steps.make("site", "two", build, "")
    assert not (made / "kept").exists()
    with pytest.raises(KeyboardInterrupt):
        steps.make("site", "three", interrupted, "")
    assert not steps.done("site", "two")


def test_a_program_that_fails_is_one_line_with_its_log(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError) as failed:
        Steps(tmp_path).call(["sh", "-c", "echo E: no such package; exit 100"])
    assert str(failed.value) == f"tools.aarch64: sh: E: no such package (log: {tmp_path / 'log'})"


@pytest.mark.parametrize("arguments", [["setup"], ["run", "cortex-a72", "-c", "pass"]])
def test_a_machine_without_the_emulator_says_what_installs_it(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EDGE_ENVIRONMENTS", str(tmp_path))
    monkeypatch.setenv("PATH", "")
    assert main(arguments) == EdgeError.exit_code
    said = capsys.readouterr().err
    assert said == f"tools.aarch64: needs {QEMU}: apt install qemu-user-static\n"
    assert list(tmp_path.iterdir()) == []


def test_what_is_not_made_says_the_command_that_makes_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if not shutil.which(QEMU):
        pytest.skip(f"needs {QEMU}")
    monkeypatch.setenv("EDGE_ENVIRONMENTS", str(tmp_path))
    assert main(["run", "cortex-a76", "-m", "edge.cli", "doctor"]) == EdgeError.exit_code
    said = capsys.readouterr().err
    assert said.endswith("make it with: python -m tools.aarch64 setup\n")
    assert said.count("\n") == 1
