"""The runtimes: one file each, chosen by the suffix of a network's file, imported when one is opened.

To add one: a module with a class that takes a `NetworkFile` and `SessionOptions` and has the members of
`Backend`, and a line in `BACKENDS`. It raises ModelError for files it does not take, and MissingRuntimeError
where its runtime is not installed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from numpy.typing import NDArray

from edge.errors import ModelError
from edge.models.folder import ModelFolder
from edge.models.limits import Limits
from edge.models.manifest import Network, Tensor
from edge.models.options import SessionOptions

Array = NDArray[Any]

BACKENDS = {
    ".onnx": "edge.models.backends.onnx:OnnxRuntime",
    ".ort": "edge.models.backends.onnx:OnnxRuntime",
    ".tflite": "edge.models.backends.litert:LiteRt",
    ".nb": "edge.models.backends.paddle:PaddleLite",
}
"""Suffix of a network's file -> the class that runs it."""


@dataclass(frozen=True)
class NetworkFile:
    """What a back end is given: a network of a folder, and its bytes once they have been checked."""

    folder: ModelFolder
    network: Network

    @property
    def path(self) -> Path:
        """For messages; what runs are the bytes of `content`, not what lies there by then."""
        return self.folder.file(self.network.file)

    @property
    def limits(self) -> Limits:
        """What the file may ask for."""
        return self.folder.limits

    @cached_property
    def content(self) -> bytes:
        """The checked bytes. Raises ModelError."""
        return self.folder.read(self.network.file)

    def refuse(self, what: str) -> ModelError:
        """The error for this file."""
        return ModelError(self.path, what)


class Backend(Protocol):
    """A network that a runtime has loaded."""

    runtime: str
    placement: dict[str, int]
    """Provider -> nodes that it runs."""

    def run(self, arrays: Sequence[Array]) -> list[Array]:
        """Outputs in the manifest's order for checked, contiguous inputs in the manifest's order."""

    def close(self) -> None:
        """Give everything back."""


def open_backend(file: NetworkFile, settings: SessionOptions) -> Backend:
    """Load a network in the runtime for its suffix. Raises ModelError, MissingRuntimeError."""
    home = BACKENDS.get(file.path.suffix)
    if home is None:
        raise file.refuse(f"is for no known runtime; known are {', '.join(BACKENDS)}")
    module, name = home.split(":")
    backend: Backend = getattr(import_module(module), name)(file, settings)
    return backend


def check_tensors(file: NetworkFile, kind: str, declared: Sequence[Tensor], real: Iterable[Tensor]) -> None:
    """Refuse a file whose inputs or outputs are not those that its manifest declares. Raises ModelError."""
    there = {tensor.name: tensor for tensor in real}
    for tensor in declared:
        found = there.get(tensor.name)
        if found is None:
            raise file.refuse(f"has no {kind} {tensor.name}, but {', '.join(there) or 'none'}")
        if found.dtype != tensor.dtype or not _shapes_agree(tensor, found):
            raise file.refuse(
                f"has {kind} {tensor.name} {found.dtype}{list(found.shape)}, "
                f"its manifest says {tensor.dtype}{list(tensor.shape)}"
            )
    if kind == "input" and len(there) > len(declared):
        extra = ", ".join(there.keys() - {tensor.name for tensor in declared})
        raise file.refuse(f"needs an input that its manifest does not name: {extra}")


def _shapes_agree(declared: Tensor, real: Tensor) -> bool:
    """Whether every fixed size is the same; a free axis fits any."""
    return len(declared.shape) == len(real.shape) and all(
        isinstance(there, str) or there == said
        for said, there in zip(declared.shape, real.shape, strict=True)
        if isinstance(said, int) or isinstance(there, int)
    )
