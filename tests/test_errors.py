"""Every error crosses the border of a process pool as it is, and says what to do."""

from __future__ import annotations

import inspect
import multiprocessing
import pickle
import re
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import edge
from edge.errors import (
    EdgeError,
    InputError,
    MissingExtraError,
    ModelError,
    NoAudioError,
    OutputError,
    UsageError,
    require,
)

ROOT = Path(__file__).parents[1]

VALUES: dict[str, Any] = {
    "path": "a b.mp4",
    "folder": Path("models/tiny"),
    "what": "is broken",
    "needs": "paddlelite",
    "extra": "captions",
    "purpose": "plots",
    "name": "mel",
    "status": 2,
    "log": Path("converter.log"),
}
"""An argument for each parameter of an error."""


def modules() -> list[str]:
    """Those of this project that define an error."""
    files = [path for folder in ("edge", "kernels", "tools") for path in (ROOT / folder).rglob("*.py")]
    found = [path for path in files if re.search(r"^class \w+Error\(", path.read_text("utf-8"), re.M)]
    return [".".join(path.relative_to(ROOT).with_suffix("").parts).removeprefix("kernels.") for path in found]


def errors() -> list[type[Exception]]:
    """Every error that this project defines."""
    found = [
        value
        for module in sorted(modules())
        for value in vars(import_module(module)).values()
        if isinstance(value, type) and issubclass(value, Exception) and value.__module__ == module
    ]
    assert {EdgeError, UsageError, ModelError} <= set(found)
    assert len(found) > 12
    return found


def example(kind: type[Exception]) -> Exception:
    """An error of this kind, with everything that it takes."""
    if kind.__init__ in (
        Exception.__init__,
        BaseException.__init__,
        ValueError.__init__,
        ImportError.__init__,
    ):
        return kind("it is broken")
    names = list(inspect.signature(kind).parameters)
    return kind(*(VALUES[name] for name in names))


@pytest.mark.parametrize("kind", errors(), ids=lambda kind: kind.__name__)
def test_an_error_survives_pickling(kind: type[Exception]) -> None:
    error = example(kind)
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        again = pickle.loads(pickle.dumps(error, protocol))
        assert type(again) is kind
        assert str(again) == str(error)
        assert vars(again) == vars(error)
        assert getattr(again, "exit_code", None) == getattr(error, "exit_code", None)
    assert len(str(error).splitlines()) == 1


def test_an_error_reaches_the_caller_of_a_process_pool(tmp_path: Path) -> None:
    missing = tmp_path / "missing.mp4"
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        for work in (edge.open_recording, edge.find_songs):
            with pytest.raises(InputError, match="does not exist") as caught:
                pool.submit(work, missing).result(60)
            assert caught.value.path == missing
        assert pool.submit(str, "alive").result(60) == "alive"


def test_errors_are_what_callers_catch() -> None:
    assert isinstance(UsageError("no"), ValueError)
    assert isinstance(NoAudioError("a.mp4", "holds no audio"), InputError)
    codes: dict[type[EdgeError], int] = {
        EdgeError: 1,
        UsageError: 2,
        InputError: 3,
        OutputError: 1,
        ModelError: 1,
        MissingExtraError: 1,
    }
    assert {kind: kind.exit_code for kind in codes} == codes
    for error in (InputError("a.mp4", "is broken"), OutputError("a.mp4", "is broken")):
        assert (error.path, str(error)) == (Path("a.mp4"), "a.mp4: is broken")


def test_what_is_not_installed_names_its_extra() -> None:
    require("json", "documents", "captions")
    for module in ("no_such_module_at_all", "no_such_package.at_all"):
        with pytest.raises(MissingExtraError) as caught:
            require(module, "plots", "plot")
        assert str(caught.value) == (
            f"plots need {module}, which is not installed; pip install 'edgereel[plot]'"
        )
        assert (caught.value.needs, caught.value.extra) == (module, "plot")
