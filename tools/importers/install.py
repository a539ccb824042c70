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
from edge.models.folder import ModelFolder
from edge.models.inspection.flatbuffer import inspect_ort, inspect_tflite
from edge.models.inspection.protobuf import inspect_onnx
from edge.models.manifest import Network
from edge.models.session import Session
from edge.models.store import builtin_root
from tools.convert.describe import describe as ends
from tools.convert.describe import open_onnx
from tools.convert.folder import write_folder

Networks = TypeVar("Networks")
"""Whatever an importer keeps its networks in."""

INSPECTORS = {".onnx": inspect_onnx, ".ort": inspect_ort, ".tflite": inspect_tflite}
"""Suffix -> what the device does before it loads such a file."""


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
    write: Callable[[Target], ModelFolder],
    evaluate: Callable[..., dict[str, Any]],
    data: Path,
    name: str = "model",
) -> dict[str, Any]:
    """What `evaluate` measures of a model that comes quantized, written by `write` into a folder `name`."""
    with tempfile.TemporaryDirectory() as scratch:
        return evaluate(data, folder=write(Target(Path(scratch), name)).path)


def describe(content: bytes, file: str, *, origin: Path, quantization: str = "none") -> Network:
    """What a manifest says of a network: names, types and shapes of its inputs and outputs.

    Raises InputError naming `origin` if no runtime reads it.
    """
    suffix = Path(file).suffix
    if suffix in INSPECTORS:
        _inspect(content, file, origin)
    inputs, outputs = ends(content, suffix, origin)
    return Network(file=file, inputs=inputs, outputs=outputs, quantization=quantization)


def _inspect(content: bytes, file: str, origin: Path) -> None:
    """Refuse a file that a runtime might run into trouble with, as the device does before loading it."""
    network = Network(file=file, inputs=(), outputs=())
    about: dict[str, Any] = {"version": "1", "task": "none", "licence": "none", "source": "none"}
    with tempfile.TemporaryDirectory() as scratch:
        folder = write_folder(
            Path(scratch, "model"), {file: content}, id="model", networks={"net": network}, **about
        )
        try:
            INSPECTORS[Path(file).suffix](NetworkFile(folder, network))
        except ModelError as error:
            what = str(error).removeprefix(f"{folder.path / file}: ")
            raise InputError(origin, f"cannot be loaded: {what}") from error


def onnx_metadata(content: bytes) -> dict[str, str]:
    """The notes that whoever exported an ONNX file left in it; `describe` has loaded it before."""
    metadata: dict[str, str] = open_onnx(content).get_modelmeta().custom_metadata_map
    return metadata
