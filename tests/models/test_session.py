"""A session: arrays in, arrays out, and named errors for everything else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.errors import MissingRuntimeError, ModelError, UsageError
from edge.models.folder import open_folder
from edge.models.limits import Limits
from edge.models.options import SessionOptions
from edge.models.session import Session
from edge.models.store import builtin_root
from tests.models.makers import WEIGHTS, floats, folder, linear


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Session(folder(tmp_path / "m", linear()), "net")


@pytest.mark.parametrize("rows", [1, 2, 100])
def test_free_axes_take_any_size(session: Session, rows: int) -> None:
    x = np.random.default_rng(rows).standard_normal((rows, 4)).astype(np.float32)
    (y,) = session.run(x)
    np.testing.assert_allclose(y, x @ WEIGHTS, rtol=1e-5, atol=1e-6)


def test_arrays_of_any_layout_and_read_only_ones_are_taken(session: Session) -> None:
    x = np.asfortranarray(np.ones((6, 4), np.float32))[::2]
    x.flags.writeable = False
    np.testing.assert_allclose(session.run(x)[0], x @ WEIGHTS, rtol=1e-6)


@pytest.mark.parametrize(
    "arrays",
    [
        (),
        (np.ones((1, 4), np.float32), np.ones(1, np.float32)),
        (np.ones((1, 4)),),
        (np.ones((1, 4), np.int32),),
        (np.ones((1, 5), np.float32),),
        (np.ones(4, np.float32),),
        (np.ones((1, 1, 4), np.float32),),
    ],
)
def test_inputs_that_do_not_fit_are_named(session: Session, arrays: tuple[Any, ...]) -> None:
    with pytest.raises(UsageError, match=r"net\.onnx"):
        session.run(*arrays)


def test_a_closed_session_does_not_run(session: Session) -> None:
    session.close()
    session.close()
    with pytest.raises(UsageError, match="closed"):
        session.run(np.ones((1, 4), np.float32))


def test_an_input_over_the_limit_is_refused(tmp_path: Path) -> None:
    made = folder(tmp_path / "m", linear())
    session = Session(open_folder(made.path, Limits(tensor_bytes=1600)), "net")
    session.run(np.ones((100, 4), np.float32))
    with pytest.raises(UsageError, match="too many"):
        session.run(np.ones((101, 4), np.float32))


def test_what_fails_inside_the_runtime_names_the_model(tmp_path: Path) -> None:
    from onnx import TensorProto, helper  # noqa: PLC0415

    from tests.models.makers import saved  # noqa: PLC0415

    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n"]) for name in "abc"]
    graph = helper.make_graph([helper.make_node("Add", ["a", "b"], ["c"])], "sum", ends[:2], ends[2:])
    tensors = [floats(name, f"{name}s") for name in "abc"]
    session = Session(folder(tmp_path / "m", saved(graph), inputs=tensors[:2], outputs=tensors[2:]), "net")
    with pytest.raises(ModelError, match=r"net\.onnx: failed"):
        session.run(np.ones(2, np.float32), np.ones(3, np.float32))


def test_it_tells_which_provider_runs_how_many_nodes() -> None:
    with Session(open_folder(builtin_root() / "segmenter"), "fusion") as session:
        assert session.runtime.startswith("onnxruntime ")
        assert session.placement.keys() == {"CPUExecutionProvider"}
        assert session.placement["CPUExecutionProvider"] > 10


def test_a_provider_that_is_not_here_is_an_error_and_no_silent_fallback(tmp_path: Path) -> None:
    settings = SessionOptions(providers=("CUDAExecutionProvider", "CPUExecutionProvider"))
    with pytest.raises(MissingRuntimeError, match="CUDAExecutionProvider"):
        Session(folder(tmp_path / "m", linear()), "net", options=settings)


def test_two_threads_and_spinning_give_the_same(tmp_path: Path) -> None:
    x = np.random.default_rng(0).standard_normal((64, 4)).astype(np.float32)
    made = folder(tmp_path / "m", linear())
    settings = SessionOptions(threads=2, spin=True, arena=True)
    np.testing.assert_allclose(
        Session(made, "net", options=settings).run(x)[0], Session(made, "net").run(x)[0], rtol=1e-6
    )


@pytest.mark.parametrize(
    ("hidden", "file", "advice"),
    [
        (["onnxruntime"], "net.onnx", "needs onnxruntime"),
        (["ai_edge_litert", "tflite_runtime"], "net.tflite", r"pip install 'edgereel\[litert\]'"),
    ],
)
def test_a_missing_runtime_is_named_with_its_extra(
    tmp_path: Path, hidden: list[str], file: str, advice: str
) -> None:
    content = linear() if file.endswith("onnx") else minimal_tflite()
    made = folder(tmp_path / "m", content, file=file)
    script = f"""
import sys
for name in {hidden!r}: sys.modules[name] = None
from pathlib import Path
from edge.errors import MissingRuntimeError
from edge.models.folder import open_folder
from edge.models.session import Session
try: Session(open_folder(Path({str(made.path)!r})), "net")
except MissingRuntimeError as error: print(error)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert __import__("re").search(advice, done.stdout), done.stdout


def minimal_tflite() -> bytes:
    """A FlatBuffer with LiteRT's mark and an empty table."""
    return b"\x10\0\0\0TFL3" + b"\0" * 4 + b"\x04\0\x04\0" + b"\x04\0\0\0" + b"\0" * 8


def test_no_runtime_is_imported_before_a_network_is_opened() -> None:
    script = """
import sys
import edge.networks.segmenter, edge.models.store, edge.models.session
heavy = ("onnxruntime", "ai_edge_litert", "subprocess", "platformdirs")
print([name for name in heavy if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
