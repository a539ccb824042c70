"""Backends, one module per runtime, chosen by the suffix of a network's file and imported on first use.

To add one: write a module with a class that takes a `NetworkFile` and `SessionOptions` and has the members of
`Backend`, and add it to `BACKENDS`. It raises ModelError for files that it does not support, and
MissingRuntimeError if its runtime is not installed.
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
"""Backend class by the suffix of a network's file."""


@dataclass(frozen=True)
class NetworkFile:
    """Input of a backend: a network of a model folder."""

    folder: ModelFolder
    """The model folder."""
    network: Network
    """The network's entry in the manifest."""

    @property
    def path(self) -> Path:
        """Path for messages; the runtime is given `content`, because the file may have changed."""
        return self.folder.file(self.network.file)

    @property
    def limits(self) -> Limits:
        """Maximum sizes of the model."""
        return self.folder.limits

    @cached_property
    def content(self) -> bytes:
        """Bytes of the file, after checking their hash. Raises ModelError."""
        return self.folder.read(self.network.file)

    def refuse(self, what: str) -> ModelError:
        """Return a ModelError for this file."""
        return ModelError(self.path, one_line(what))


class Backend(Protocol):
    """A network loaded in a runtime."""

    runtime: str
    """Name and version of the runtime."""
    placement: dict[str, int]
    """Number of nodes by execution provider."""

    def run(self, arrays: Sequence[Array]) -> list[Array]:
        """Return outputs for checked, contiguous inputs, both in the manifest's order."""

    def close(self) -> None:
        """Release all resources."""


def one_line(message: str) -> str:
    """Return the message of a runtime, which may have several lines, in one."""
    return " ".join(message.split())


def open_backend(file: NetworkFile, options: SessionOptions) -> Backend:
    """Load a network in the runtime for its suffix. Raises ModelError, MissingRuntimeError."""
    home = BACKENDS.get(file.path.suffix)
    if home is None:
        raise file.refuse(f"is not for a known runtime; known suffixes are {', '.join(BACKENDS)}")
    module, name = home.split(":")
    backend: Backend = getattr(import_module(module), name)(file, options)
    return backend


def check_tensors(file: NetworkFile, kind: str, declared: Sequence[Tensor], real: Iterable[Tensor]) -> None:
    """Compare a file's inputs or outputs with its manifest. Raises ModelError if they differ."""
    by_name = {tensor.name: tensor for tensor in real}
    for tensor in declared:
        actual = by_name.get(tensor.name)
        if actual is None:
            raise file.refuse(f"has no {kind} {tensor.name}, only {', '.join(by_name) or 'none'}")
        if actual.dtype != tensor.dtype or not _shapes_agree(tensor, actual):
            raise file.refuse(
                f"has {kind} {tensor.name} {actual.dtype}{list(actual.shape)}, "
                f"its manifest says {tensor.dtype}{list(tensor.shape)}"
            )
    if kind == "input" and len(by_name) > len(declared):
        extra = ", ".join(by_name.keys() - {tensor.name for tensor in declared})
        raise file.refuse(f"needs an input that its manifest does not name: {extra}")


def _shapes_agree(declared: Tensor, real: Tensor) -> bool:
    """Return whether all fixed sizes are equal; a free axis fits any size."""
    return len(declared.shape) == len(real.shape) and all(
        isinstance(actual, str) or actual == expected
        for expected, actual in zip(declared.shape, real.shape, strict=True)
        if isinstance(expected, int) or isinstance(actual, int)
    )
