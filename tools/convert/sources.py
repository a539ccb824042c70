"""Where a network comes from: a function that returns a PyTorch module, an ONNX file, or a Paddle program.

Each kind of source can write itself as float ONNX, float .tflite and Paddle program, by the shortest way that
there is, and can be run as it is, so that everything made of it is compared with what was trained.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from edge.errors import InputError, UsageError
from tools.convert import environments, litert, onnx, paddle, passes
from tools.convert.environments import ConversionError, Inputs, one_line

Arrays = Sequence[NDArray[Any]]


class Source(Protocol):
    """A trained network, in float."""

    name: str
    """As the command line has it, for messages."""

    def to_onnx(self, file: Path) -> None:
        """Write it as ONNX, with whatever free axes it has."""

    def to_tflite(self, file: Path, fixed: Path) -> None:
        """Write it as .tflite; `fixed` is its ONNX with fixed shapes."""

    def to_program(self, folder: Path, fixed: Path) -> None:
        """Write it as Paddle program; `fixed` is its ONNX with fixed shapes."""

    def run(self, examples: Sequence[Inputs]) -> list[Arrays]:
        """Its outputs for each example."""


class TorchSource:
    """`file.py:function` or `package.module:function`, a function that returns the module, ready to run."""

    def __init__(
        self,
        spec: str,
        example: Inputs,
        outputs: Sequence[str],
        settings: dict[str, Any],
        origin: Path | None = None,
    ) -> None:
        self.name = self._spec = spec
        self._example = example
        self._settings = settings
        function = find_function(spec)
        try:
            self._module = function(**settings).eval()
        except Exception as error:  # whatever the function raises
            raise ConversionError(f"{spec} fails: {one_line(error)}") from error
        try:
            names = self._default_names()
        except Exception as error:  # whatever the network raises
            what = f"{spec} fails on these inputs: {one_line(error)}"
            raise (InputError(origin, what) if origin else ConversionError(what)) from error
        self.outputs = list(outputs) or names

    def to_onnx(self, file: Path) -> None:
        """See `Source`; the first axis of every input and output is free, and called batch."""
        free = {name: {0: "batch"} for name in (*self._example, *self.outputs)}
        onnx.export(self._module, self._example, file, outputs=self.outputs, free=free)

    def to_tflite(self, file: Path, fixed: Path) -> None:
        """See `Source`."""
        named, settings = self.outputs, self._settings
        litert.from_torch(self._spec, self._module, self._example, file, outputs=named, settings=settings)

    def to_program(self, folder: Path, fixed: Path) -> None:
        """See `Source`."""
        paddle.from_onnx(fixed, folder)

    def run(self, examples: Sequence[Inputs]) -> list[Arrays]:
        """See `Source`."""
        import torch  # noqa: PLC0415

        results: list[Arrays] = []
        with torch.inference_mode():
            for example in examples:
                given = [torch.from_numpy(array) for array in example.values()]
                results.append([value.numpy() for value in _several(self._module(*given))])
        return results

    def _default_names(self) -> list[str]:
        count = len(self.run([self._example])[0])
        return ["output"] if count == 1 else [f"output_{number}" for number in range(count)]


class OnnxSource:
    """An ONNX file."""

    def __init__(self, file: Path) -> None:
        if not file.is_file():
            raise InputError(file, "is not there")
        self._file, self.name = file, str(file)

    def to_onnx(self, file: Path) -> None:
        """See `Source`; weights in files beside it come along."""
        import onnx as format_  # noqa: PLC0415 - not part of the runtime

        format_.save(passes.load(self._file), file)

    def to_tflite(self, file: Path, fixed: Path) -> None:
        """See `Source`."""
        litert.from_onnx(fixed, file)

    def to_program(self, folder: Path, fixed: Path) -> None:
        """See `Source`."""
        paddle.from_onnx(fixed, folder)

    def run(self, examples: Sequence[Inputs]) -> list[Arrays]:
        """See `Source`."""
        import onnxruntime  # noqa: PLC0415

        session = onnxruntime.InferenceSession(str(self._file), providers=["CPUExecutionProvider"])
        return [session.run(None, dict(example)) for example in examples]


class PaddleSource:
    """A folder with a Paddle program: model.pdmodel and model.pdiparams."""

    def __init__(self, folder: Path) -> None:
        if not (folder / paddle.FILES[0]).is_file():
            raise InputError(folder, f"holds no {' and '.join(paddle.FILES)}")
        self._folder, self.name = folder, str(folder)

    def to_onnx(self, file: Path) -> None:
        """See `Source`."""
        paddle.to_onnx(self._folder, file)

    def to_tflite(self, file: Path, fixed: Path) -> None:
        """See `Source`."""
        litert.from_onnx(fixed, file)

    def to_program(self, folder: Path, fixed: Path) -> None:
        """See `Source`."""
        folder.mkdir(parents=True, exist_ok=True)
        for name in paddle.FILES:
            (folder / name).write_bytes((self._folder / name).read_bytes())

    def run(self, examples: Sequence[Inputs]) -> list[Arrays]:
        """See `Source`."""
        with tempfile.TemporaryDirectory() as scratch:
            given, got = Path(scratch, "inputs.npz"), Path(scratch, "outputs.npz")
            environments.save_inputs(given, examples)
            job = {"folder": str(self._folder.absolute()), "inputs": str(given), "outputs": str(got)}
            environments.run("paddle", "run_paddle", job)
            with np.load(got) as arrays:
                stacked = [arrays[name] for name in arrays.files]
        return [[output[number] for output in stacked] for number in range(len(examples))]


def open_source(
    named: str,
    example: Inputs,
    *,
    outputs: Sequence[str] = (),
    settings: dict[str, Any] | None = None,
    origin: Path | None = None,
) -> Source:
    """The source that a command line names; `origin` is the file that `example` is from.

    Raises InputError, UsageError saying what it may be.
    """
    if ":" in named:
        return TorchSource(named, example, outputs, settings or {}, origin)
    path = Path(named)
    if path.suffix == ".onnx":
        return OnnxSource(path)
    if path.is_dir():
        return PaddleSource(path)
    raise UsageError(
        f"{named} is no file.py:function, .onnx file or folder with {' and '.join(paddle.FILES)}"
    )


def find_function(spec: str) -> Any:
    """The function that `file.py:name` or `package.module:name` says. Raises InputError, UsageError."""
    where, _, name = spec.rpartition(":")
    module = _module(where)
    if not hasattr(module, name):
        raise UsageError(f"{where} has no function {name}")
    return getattr(module, name)


def _module(where: str) -> ModuleType:
    if not where.endswith(".py"):
        try:
            return importlib.import_module(where)
        except ImportError as error:
            raise UsageError(f"{where} cannot be imported: {error}") from error
    sys.path.append(str(Path(where).absolute().parent))  # last: a file may have the name of a library's
    found = importlib.util.spec_from_file_location(f"converted_{Path(where).stem}", where)
    if found is None or found.loader is None or not Path(where).is_file():
        raise InputError(where, "is not there")
    module = importlib.util.module_from_spec(found)
    sys.modules[found.name] = module
    try:
        found.loader.exec_module(module)
    except ImportError as error:
        raise UsageError(f"{where} cannot be imported: {error}") from error
    return module


def _several(value: Any) -> Sequence[Any]:
    return value if isinstance(value, tuple | list) else (value,)
