"""Run one network of a model folder, in the runtime for its file."""

from __future__ import annotations

from math import prod
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.errors import ModelError, UsageError
from edge.models.backends import NetworkFile, open_backend
from edge.models.folder import ModelFolder
from edge.models.manifest import Network, Tensor
from edge.models.options import SessionOptions

Array = NDArray[Any]


class Session:
    """A network of a model folder, loaded in the runtime for its file. Not thread-safe.

    Raises ModelError if the file is damaged, does not fit its manifest or a limit, or is rejected by the
    runtime; MissingRuntimeError if the runtime is not installed.
    """

    def __init__(
        self, folder: ModelFolder, role: str, *, options: SessionOptions | None = None, threads: int = 1
    ) -> None:
        network = folder.network(role)
        self.inputs: tuple[Tensor, ...] = network.inputs
        self.outputs: tuple[Tensor, ...] = network.outputs
        self._file = folder.file(network.file)
        self._limit = folder.limits.tensor_bytes
        self._closed = False
        _check_sizes(self._file, network, self._limit)
        self._backend = open_backend(NetworkFile(folder, network), options or SessionOptions(threads=threads))

    def run(self, *arrays: Array) -> list[Array]:
        """Run the network; inputs and outputs are in the manifest's order. Non-contiguous arrays are copied.

        Raises UsageError if the number, dtype or shape of inputs differs from the manifest, ModelError if the
        runtime fails or returns another number of outputs.
        """
        if self._closed:
            raise UsageError(f"{self._file.name}: the session is closed")
        if len(arrays) != len(self.inputs):
            raise UsageError(f"{self._file.name} takes {len(self.inputs)} inputs, not {len(arrays)}")
        ready = [self._checked(tensor, array) for tensor, array in zip(self.inputs, arrays, strict=True)]
        outputs = self._backend.run(ready)
        if len(outputs) != len(self.outputs):
            raise ModelError(self._file, f"returned {len(outputs)} outputs, not {len(self.outputs)}")
        return outputs

    @property
    def runtime(self) -> str:
        """Name and version of the runtime."""
        return self._backend.runtime

    @property
    def placement(self) -> dict[str, int]:
        """Number of graph nodes by execution provider; empty if the runtime does not report it."""
        return self._backend.placement

    @property
    def worker(self) -> int | None:
        """Process id of the worker that runs the network; None if it runs in this process."""
        return getattr(self._backend, "process", None)

    def close(self) -> None:
        """Release the runtime, and end a worker process; afterwards the session cannot run."""
        self._closed = True
        self._backend.close()

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _checked(self, tensor: Tensor, array: Array) -> Array:
        if array.dtype != tensor.dtype or not fits(array.shape, tensor.shape):
            wanted = f"{tensor.dtype}[{', '.join(map(str, tensor.shape))}]"
            given = f"{array.dtype}[{', '.join(map(str, array.shape))}]"
            raise UsageError(f"{self._file.name}: input {tensor.name} is {wanted}, not {given}")
        if array.nbytes > self._limit:
            raise UsageError(f"{self._file.name}: input {tensor.name} has {array.nbytes} bytes: too many")
        return np.ascontiguousarray(array)


def fits(shape: tuple[int, ...], declared: tuple[int | str, ...]) -> bool:
    """Return whether `shape` has the size of every fixed axis of `declared`."""
    return len(shape) == len(declared) and all(
        size == axis for size, axis in zip(shape, declared, strict=True) if isinstance(axis, int)
    )


def _check_sizes(file: Path, network: Network, limit: int) -> None:
    """Raise ModelError for declared tensors over the limit."""
    for tensor in (*network.inputs, *network.outputs):
        size = prod(axis for axis in tensor.shape if isinstance(axis, int)) * np.dtype(tensor.dtype).itemsize
        if size > limit:
            raise ModelError(file, f"declares {tensor.name} with {size} bytes; the limit is {limit}")
