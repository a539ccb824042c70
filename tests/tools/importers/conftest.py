"""A store of its own for every test, and the command run in this process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tools.importers.__main__ import main

Import = Callable[..., str]


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "store"
    monkeypatch.setenv("EDGE_MODELS", str(folder))
    return folder


@pytest.fixture
def importing(store: Path, capsys: pytest.CaptureFixture[str]) -> Import:
    """Run the command; returns what it says. It ends with `code`, and its errors are one line."""

    def run(*arguments: object, code: int = 0) -> str:
        found = main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        assert found == code, said.err
        if code:
            assert said.err.startswith("tools.importers: ")
            assert said.err.count("\n") == 1
        return said.err if code else said.out

    return run
