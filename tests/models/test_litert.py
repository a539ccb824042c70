"""LiteRT's back end, on files of the real converter."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from edge.errors import ModelError
from edge.models.backends import litert
from edge.models.options import SessionOptions
from edge.models.session import Session
from tests.models.conftest import Maker
from tests.models.makers import floats, folder
from tools.convert.kinds import Workbench


@pytest.mark.parametrize(
    ("kind", "error"), [("tflite", 1e-5), ("tflite-int8", 0.05), ("tflite-dynamic", 0.05)]
)
@pytest.mark.parametrize("threads", [1, 2])
def test_it_gives_what_the_source_gives(
    converted: Maker, bench: Workbench, kind: str, error: float, threads: int
) -> None:
    with Session(converted(kind), "net", options=SessionOptions(threads=threads)) as session:
        assert session.runtime.startswith("ai-edge-litert")
        for example, (truth,) in zip(bench.calibration, bench.source.run(bench.calibration), strict=True):
            np.testing.assert_allclose(session.run(*example.values())[0], truth, atol=error)


def test_a_manifest_that_does_not_fit_its_file_is_refused(converted: Maker, tmp_path: Path) -> None:
    content = converted("tflite").read("net.tflite")
    for inputs, complaint in (
        ([floats("z", 1, 2, 6, 5)], "no input z, only x"),
        ([floats("x", 1, 2, 7, 5)], "its manifest says"),
        ([floats("x", "batch", 2, 6, 5)], "its manifest says"),
    ):
        made = folder(
            tmp_path / "m", content, file="net.tflite", inputs=inputs, outputs=[floats("y", 1, 3, 6, 5)]
        )
        with pytest.raises(ModelError, match=complaint):
            Session(made, "net")


@pytest.mark.parametrize("place", range(0, 2000, 97))
def test_a_changed_file_with_a_right_hash_never_crashes(converted: Maker, tmp_path: Path, place: int) -> None:
    good = converted("tflite")
    content = bytearray(good.read("net.tflite"))
    content[place % len(content)] ^= 0x55
    net = good.network("net")
    made = folder(tmp_path / "m", bytes(content), file="net.tflite", inputs=net.inputs, outputs=net.outputs)
    try:
        (outputs,) = Session(made, "net").run(np.ones((1, 2, 6, 5), np.float32))
    except ModelError:
        return
    assert outputs.shape == (1, 3, 6, 5)


def test_where_only_tflite_runtime_is_int8_weights_alone_are_refused(
    converted: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stand-in for the package, not for our code: the real one needs NumPy 1."""
    real, _ = litert.interpreter()
    package, module = ModuleType("tflite_runtime"), ModuleType("tflite_runtime.interpreter")
    module.Interpreter = real  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    monkeypatch.setitem(sys.modules, "tflite_runtime", package)
    monkeypatch.setitem(sys.modules, "tflite_runtime.interpreter", module)
    monkeypatch.setattr("importlib.metadata.version", lambda name: "2.14.0")
    assert Session(converted("tflite-int8"), "net").runtime == "tflite-runtime 2.14.0"
    with pytest.raises(ModelError, match="silently computes wrong; use ai-edge-litert"):
        Session(converted("tflite-dynamic"), "net")


def test_loading_keeps_the_terminal_clean(converted: Maker, capfd: pytest.CaptureFixture[str]) -> None:
    Session(converted("tflite"), "net").run(np.ones((1, 2, 6, 5), np.float32))
    assert capfd.readouterr() == ("", "")
