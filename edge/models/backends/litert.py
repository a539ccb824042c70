"""LiteRT backend (`.tflite`): ai-edge-litert, or tflite-runtime on boards that have it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from edge.errors import MissingRuntimeError, ModelError
from edge.models.backends import Array, NetworkFile, check_tensors, one_line
from edge.models.inspection.flatbuffer import inspect_tflite
from edge.models.manifest import Tensor
from edge.models.options import SessionOptions


class LiteRt:
    """A graph in LiteRT's interpreter; free axes are resized when the sizes of inputs change."""

    def __init__(self, file: NetworkFile, options: SessionOptions) -> None:
        hybrid = inspect_tflite(file)
        try:
            make, self.runtime = interpreter()
        except ImportError as error:
            raise MissingRuntimeError(file.path, "LiteRT", "litert") from error
        if hybrid and self.runtime.startswith("tflite-runtime"):
            raise file.refuse(
                f"has int8 weights on float activations, which {self.runtime} silently computes wrong; "
                "use ai-edge-litert or a model that is int8 throughout"
            )
        self._path = file.path
        self.placement: dict[str, int] = {}
        try:
            with _without_chatter():
                self._interpreter = make(model_content=file.content, num_threads=options.threads)
                self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise file.refuse(f"cannot be loaded: {error}") from error
        inputs, outputs = details(self._interpreter)
        network = file.network
        check_tensors(file, "input", network.inputs, [described(*item) for item in inputs.items()])
        check_tensors(file, "output", network.outputs, [described(*item) for item in outputs.items()])
        self._inputs = [inputs[tensor.name]["index"] for tensor in network.inputs]
        self._shapes = [tuple(inputs[tensor.name]["shape"]) for tensor in network.inputs]
        self._outputs = [outputs[tensor.name]["index"] for tensor in network.outputs]

    def run(self, arrays: Sequence[Array]) -> list[Array]:
        """Run the graph; see `Backend`."""
        try:
            self._resize([array.shape for array in arrays])
            for index, array in zip(self._inputs, arrays, strict=True):
                self._interpreter.set_tensor(index, array)
            self._interpreter.invoke()
            return [self._interpreter.get_tensor(index) for index in self._outputs]
        except (ValueError, RuntimeError) as error:
            raise ModelError(self._path, one_line(f"failed: {error}")) from error

    def close(self) -> None:
        """Release the interpreter."""
        self._interpreter = None

    def _resize(self, shapes: list[tuple[int, ...]]) -> None:
        if shapes == self._shapes:
            return
        for index, shape in zip(self._inputs, shapes, strict=True):
            self._interpreter.resize_tensor_input(index, shape, strict=True)
        self._interpreter.allocate_tensors()
        self._shapes = shapes


def interpreter() -> tuple[Any, str]:
    """Return the interpreter class of `.tflite` files, and its package and version. Raises ImportError."""
    from importlib.metadata import version  # noqa: PLC0415

    try:
        from ai_edge_litert.interpreter import Interpreter  # noqa: PLC0415

        return Interpreter, f"ai-edge-litert {version('ai-edge-litert')}"
    except ImportError:
        from tflite_runtime.interpreter import Interpreter  # noqa: PLC0415

        return Interpreter, f"tflite-runtime {version('tflite-runtime')}"


@contextmanager
def _without_chatter() -> Iterator[None]:
    """Suppress "delegate created", which LiteRT writes to stderr directly and cannot be switched off."""
    saved, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    try:
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(null)


def details(interpreter: Any) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Return the interpreter's inputs and outputs by name in its first signature, else by tensor name."""
    signatures = list(interpreter.get_signature_list())
    if signatures:
        runner = interpreter.get_signature_runner(signatures[0])
        return runner.get_input_details(), runner.get_output_details()
    inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()
    return {item["name"]: item for item in inputs}, {item["name"]: item for item in outputs}


def described(name: str, detail: Mapping[str, Any]) -> Tensor:
    """Convert LiteRT's description of an input or output to a `Tensor`; an axis of -1 is free."""
    sizes = detail.get("shape_signature", detail["shape"])
    shape = tuple(int(size) if size > 0 else "?" for size in sizes)
    return Tensor(name, np.dtype(detail["dtype"]).name, shape)
