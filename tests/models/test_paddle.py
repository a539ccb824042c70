"""Paddle-Lite's back end: real files in real worker processes, which are killed, stopped and fed rubbish."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from edge.errors import MissingRuntimeError, ModelError
from edge.models.backends.paddle import find_runtime, processor
from edge.models.folder import ModelFolder
from edge.models.options import SessionOptions
from edge.models.session import Session
from tests.models.conftest import Maker
from tests.models.makers import floats, folder
from tools.convert.kinds import Workbench

pytestmark = pytest.mark.skipif(processor() != "x86", reason="its wheel is for x86 only")

X = np.ones((1, 2, 6, 5), np.float32)

DIES_IN_A_CALL = """
import json, os
read = json.loads
json.loads = lambda line: read(line) if b"memory" in line else os._exit(7)
"""
"""A worker that finds this as sitecustomize.py loads its network and ends with 7 at the first request."""


@pytest.fixture
def net(converted: Maker, paddle_python: Path) -> ModelFolder:
    return converted("nb-x86")


def changed(net: ModelFolder, path: Path, content: bytes, **network: str) -> ModelFolder:
    ends = net.network("net")
    place, inputs, outputs = path / "m", ends.inputs, ends.outputs
    return folder(place, content, file="net.nb", inputs=inputs, outputs=outputs, network=network)


@pytest.mark.parametrize(("kind", "error"), [("nb-x86", 1e-5), ("nb-x86-weights", 0.05)])
def test_it_gives_what_the_source_gives(
    converted: Maker, paddle_python: Path, bench: Workbench, kind: str, error: float
) -> None:
    with Session(converted(kind), "net") as session:
        assert session.runtime == "paddle-lite 2.13rc0"
        for example, (truth,) in zip(bench.calibration, bench.source.run(bench.calibration), strict=True):
            np.testing.assert_allclose(session.run(*example.values())[0], truth, atol=error)


def test_a_worker_killed_between_calls_is_replaced(net: ModelFolder) -> None:
    with Session(net, "net") as session:
        before, first = session.run(X)[0], session.worker
        assert first is not None
        os.kill(first, signal.SIGKILL)
        np.testing.assert_array_equal(session.run(X)[0], before)
        assert session.worker != first


def test_a_worker_killed_in_mid_call_is_replaced_and_asked_again(net: ModelFolder) -> None:
    with Session(net, "net") as session:
        before, first = session.run(X)[0], session.worker
        assert first is not None
        os.kill(first, signal.SIGSTOP)  # the call is under way and does not end
        threading.Timer(0.2, os.kill, (first, signal.SIGKILL)).start()
        np.testing.assert_array_equal(session.run(X)[0], before)
        np.testing.assert_array_equal(session.run(X)[0], before)


def test_a_worker_that_hangs_is_replaced(net: ModelFolder) -> None:
    with Session(net, "net", options=SessionOptions(worker_timeout_s=0.5)) as session:
        before, first = session.run(X)[0], session.worker
        assert first is not None
        os.kill(first, signal.SIGSTOP)
        np.testing.assert_array_equal(session.run(X)[0], before)


def test_a_worker_that_dies_every_time_is_a_named_error_and_the_next_call_works(
    net: ModelFolder, paddle_python: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trap = tmp_path / "sitecustomize.py"
    with Session(net, "net") as session:
        before, first = session.run(X)[0], session.worker
        assert first is not None
        trap.write_text(DIES_IN_A_CALL)
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        os.kill(first, signal.SIGKILL)
        with pytest.raises(ModelError, match=r"net\.nb: ends its Paddle-Lite worker: ended with 7"):
            session.run(X)
        monkeypatch.delenv("PYTHONPATH")
        np.testing.assert_array_equal(session.run(X)[0], before)


def test_closing_ends_the_worker_and_so_does_the_parents_death(net: ModelFolder) -> None:
    session = Session(net, "net")
    first = session.worker
    session.close()
    assert not alive(first)
    script = f"""
import os
from pathlib import Path
from edge.models.folder import open_folder
from edge.models.session import Session
session = Session(open_folder(Path({str(net.path)!r})), "net")
print(session.worker, flush=True)
os._exit(9)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    orphan = int(done.stdout)
    for _ in range(100):
        if not alive(orphan):
            break
        time.sleep(0.05)
    assert not alive(orphan)


def alive(process: int | None) -> bool:
    """Whether it runs; a zombie that nobody has waited for does not."""
    status = Path(f"/proc/{process}/status")
    return status.exists() and "State:\tZ" not in status.read_text()


def test_a_file_for_another_processor_is_refused_unloaded(converted: Maker, paddle_python: Path) -> None:
    with pytest.raises(ModelError, match=r"net\.nb: is for arm; this processor is x86"):
        Session(converted("nb-arm"), "net")


def test_a_file_of_another_version_is_refused_unloaded(net: ModelFolder, tmp_path: Path) -> None:
    content = net.read("net.nb").replace(b"v2.13-rc", b"v2.11-rc")
    with pytest.raises(ModelError, match=r"made by Paddle-Lite v2\.11-rc; 2\.13rc0 here would abort"):
        Session(changed(net, tmp_path, content), "net")
    with pytest.raises(ModelError, match=r"version v2\.11-rc, its manifest says 2\.13"):
        Session(changed(net, tmp_path, content, runtime_version="2.13"), "net")


@pytest.mark.parametrize("kept", [0.02, 0.5, 0.98])
def test_a_file_that_makes_the_library_abort_is_a_named_error(
    net: ModelFolder, tmp_path: Path, kept: float
) -> None:
    content = net.read("net.nb")
    with pytest.raises(ModelError, match=r"net\.nb: cannot be loaded by paddle-lite .*ended with"):
        Session(changed(net, tmp_path, content[: int(kept * len(content))]), "net")


def test_a_manifest_with_other_ends_is_refused(net: ModelFolder, tmp_path: Path) -> None:
    x = floats("x", 1, 2, 6, 5)
    made = folder(tmp_path / "m", net.read("net.nb"), file="net.nb", inputs=[x, x], outputs=[x])
    with pytest.raises(ModelError, match="has 1 inputs, its manifest names 2"):
        Session(made, "net")


def test_without_an_interpreter_it_says_what_is_needed(
    net: ModelFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    for python in ("/nowhere/python", sys.executable):  # this Python has no paddlelite
        monkeypatch.setenv("EDGE_PADDLE_PYTHON", python)
        assert find_runtime() is None
        with pytest.raises(MissingRuntimeError, match="EDGE_PADDLE_PYTHON"):
            Session(net, "net")
