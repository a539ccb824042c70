"""From files to a folder of the model store, after everything the runtime would refuse has been refused."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from edge.errors import InputError, ModelError, UsageError
from edge.files import refuse_existing, refuse_unwritable
from edge.models.backends import NetworkFile
from edge.models.backends.flatbuffer import inspect_ort, inspect_tflite
from edge.models.backends.protobuf import inspect_onnx
from edge.models.folder import ModelFolder
from edge.models.manifest import Network, Tensor
from edge.models.session import Session
from edge.models.store import builtin_root
from tools.convert.folder import write_folder

Networks = TypeVar("Networks")
"""Whatever an importer keeps its networks in."""

TYPES = {
    "tensor(float)": "float32", "tensor(float16)": "float16", "tensor(double)": "float64",
    "tensor(int64)": "int64", "tensor(int32)": "int32", "tensor(int16)": "int16", "tensor(int8)": "int8",
    "tensor(uint8)": "uint8", "tensor(bool)": "bool",
}  # fmt: skip
"""onnxruntime's names of element types, as far as manifests have them."""


@dataclass(frozen=True)
class Target:
    """Where a model goes."""

    store: Path
    id: str
    force: bool = False

    def refuse(self) -> None:
        """Raise UsageError or OutputError for what could not be written, before any work is done."""
        if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,63}", self.id):
            raise UsageError(f"{self.id!r} is no id: lower case letters, digits, dots, dashes; see --id")
        if (builtin_root() / self.id).is_dir():
            raise UsageError(f"the id {self.id!r} ships with edge; choose another with --id")
        refuse_existing(self.store / self.id, self.force)
        refuse_unwritable(self.store)

    def install(self, files: Mapping[str, bytes | Path], **fields: Any) -> ModelFolder:
        """Write the model folder; `fields` as in `tools.convert.folder.write_folder`.

        Every network is loaded once first. Raises as `write_folder`, and MissingRuntimeError.
        """
        self.refuse()
        with tempfile.TemporaryDirectory() as scratch:
            try_out(write_folder(Path(scratch, "model"), files, id=self.id, **fields))
        return write_folder(self.store / self.id, files, force=self.force, id=self.id, **fields)


def try_out(folder: ModelFolder) -> None:
    """Load every network of a folder. Raises ModelError, MissingRuntimeError."""
    for role in folder.manifest.networks:
        Session(folder, role).close()


def summary(measured: Any) -> Any:
    """What a manifest keeps of a measurement: no lists of single cases, four digits."""
    if isinstance(measured, dict):
        return {key: summary(value) for key, value in measured.items() if not isinstance(value, list)}
    return float(f"{measured:.4g}") if isinstance(measured, float) else measured


def compared(
    write: Callable[[Target, Networks], ModelFolder],
    exact: Networks,
    small: Networks,
    evaluate: Callable[..., dict[str, Any]],
    data: Path,
) -> dict[str, Any]:
    """What `evaluate` measures of a model before quantization (`exact`) and after, both by `write`."""
    with tempfile.TemporaryDirectory() as scratch:
        before, after = (
            write(Target(Path(scratch), name), networks)
            for name, networks in (("before", exact), ("after", small))
        )
        return evaluate(data, folder=after.path, float_folder=before.path)


def alone(
    write: Callable[[Target], ModelFolder], evaluate: Callable[..., dict[str, Any]], data: Path
) -> dict[str, Any]:
    """What `evaluate` measures of a model that comes quantized, written by `write`."""
    with tempfile.TemporaryDirectory() as scratch:
        return evaluate(data, folder=write(Target(Path(scratch), "model")).path)


def describe(content: bytes, file: str, *, origin: Path, quantization: str = "none") -> Network:
    """What a manifest says of a network: names, types and shapes of its inputs and outputs.

    Raises InputError naming `origin` if no runtime reads it.
    """
    describers = {".onnx": _onnx_tensors, ".ort": _onnx_tensors, ".tflite": _tflite_tensors}
    suffix = Path(file).suffix
    if suffix not in describers:
        raise InputError(origin, f"is not one of {', '.join(describers)}")
    _inspect(content, file, origin)
    try:
        inputs, outputs = describers[suffix](content)
    except ImportError as error:
        raise ModelError(origin, "needs LiteRT to be read; pip install 'edgereel[litert]'") from error
    except Exception as error:  # runtimes raise anything
        line = next(iter(str(error).strip().splitlines()), "")
        raise InputError(origin, f"cannot be loaded: {line}") from error
    return Network(file=file, inputs=inputs, outputs=outputs, quantization=quantization)


def _inspect(content: bytes, file: str, origin: Path) -> None:
    """Refuse a file that a runtime might run into trouble with, as the device does before loading it."""
    inspectors = {".onnx": inspect_onnx, ".ort": inspect_ort, ".tflite": inspect_tflite}
    network = Network(file=file, inputs=(), outputs=())
    about: dict[str, Any] = {"version": "1", "task": "none", "licence": "none", "source": "none"}
    with tempfile.TemporaryDirectory() as scratch:
        folder = write_folder(
            Path(scratch, "model"), {file: content}, id="model", networks={"net": network}, **about
        )
        try:
            inspectors[Path(file).suffix](NetworkFile(folder, network))
        except ModelError as error:
            what = str(error).removeprefix(f"{folder.path / file}: ")
            raise InputError(origin, f"cannot be loaded: {what}") from error


def onnx_metadata(content: bytes) -> dict[str, str]:
    """The notes that whoever exported an ONNX file left in it; `describe` has loaded it before."""
    metadata: dict[str, str] = _onnx_session(content).get_modelmeta().custom_metadata_map
    return metadata


def _onnx_session(content: bytes) -> Any:
    import onnxruntime  # noqa: PLC0415 - takes a second

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def _onnx_tensors(content: bytes) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    session = _onnx_session(content)
    return tuple(map(_tensor, session.get_inputs())), tuple(map(_tensor, session.get_outputs()))


def _tensor(node: Any) -> Tensor:
    """Onnxruntime's description as ours; free axes keep their names as far as those are short ones."""
    if node.type not in TYPES:
        raise ValueError(f"{node.name} holds {node.type}, which no manifest can describe")
    shape = tuple(axis if isinstance(axis, int) else _axis(axis, at) for at, axis in enumerate(node.shape))
    return Tensor(node.name, TYPES[node.type], shape)  # type: ignore[arg-type] # one of the known types


def _axis(name: str | None, at: int) -> str:
    return name if name and len(name) <= 64 else f"axis {at}"


def _tflite_tensors(content: bytes) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    from ai_edge_litert.interpreter import Interpreter  # noqa: PLC0415 - an extra

    interpreter = Interpreter(model_content=content)
    interpreter.allocate_tensors()
    signatures = list(interpreter.get_signature_list())
    if signatures:
        runner = interpreter.get_signature_runner(signatures[0])
        sides = [runner.get_input_details(), runner.get_output_details()]
    else:
        details = (interpreter.get_input_details(), interpreter.get_output_details())
        sides = [{item["name"]: item for item in side} for side in details]
    inputs, outputs = (tuple(_lite_tensor(*item) for item in side.items()) for side in sides)
    return inputs, outputs


def _lite_tensor(name: str, detail: Mapping[str, Any]) -> Tensor:
    import numpy as np  # noqa: PLC0415

    sizes = detail.get("shape_signature", detail["shape"])
    shape = tuple(int(size) if size > 0 else f"axis {at}" for at, size in enumerate(sizes))
    return Tensor(name, np.dtype(detail["dtype"]).name, shape)
