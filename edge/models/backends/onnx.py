"""onnxruntime backend (`.onnx` and `.ort`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from edge.errors import MissingRuntimeError, ModelError
from edge.models.backends import Array, NetworkFile, check_tensors, one_line
from edge.models.inspection.flatbuffer import inspect_ort
from edge.models.inspection.protobuf import inspect_onnx
from edge.models.manifest import Tensor
from edge.models.options import SessionOptions

TYPES = {
    "tensor(float)": "float32", "tensor(float16)": "float16", "tensor(double)": "float64",
    "tensor(int64)": "int64", "tensor(int32)": "int32", "tensor(int16)": "int16", "tensor(int8)": "int8",
    "tensor(uint8)": "uint8", "tensor(bool)": "bool",
}  # fmt: skip
"""Element types of manifests by onnxruntime's names."""


class OnnxRuntime:
    """A graph in onnxruntime."""

    def __init__(self, file: NetworkFile, given: SessionOptions) -> None:
        try:
            import onnxruntime  # noqa: PLC0415 - takes seconds on small boards, so only when needed
        except ImportError as error:
            raise MissingRuntimeError(file.path, "onnxruntime", None) from error
        if hasattr(onnxruntime, "disable_telemetry_events"):
            onnxruntime.disable_telemetry_events()  # an application may have imported it before
        self._path = file.path
        self.runtime = f"onnxruntime {onnxruntime.__version__}"
        options = _options(onnxruntime, given)
        weights: list[bytes] = []
        if file.path.suffix == ".ort":
            inspect_ort(file)
            options.add_session_config_entry("session.load_model_format", "ORT")
        else:
            inspected = inspect_onnx(file)
            weights = _add_external(file, inspected.external, options)
            # x86 without VNNI sums pairs of U8 x S8 products in 16 bits, which saturate; this option makes
            # the weights U8. It breaks weights without zero points, which are multiplied as floats.
            precise = str(int(inspected.zero_points))
            options.add_session_config_entry("session.x64quantprecision", precise)
        if missing := set(given.providers) - set(onnxruntime.get_available_providers()):
            raise MissingRuntimeError(file.path, f"onnxruntime with {', '.join(sorted(missing))}", None)
        try:
            self._session: Any = onnxruntime.InferenceSession(
                file.content, options, providers=list(given.providers)
            )
            inputs = [described(node) for node in self._session.get_inputs()]
            outputs = [described(node) for node in self._session.get_outputs()]
        except Exception as error:  # onnxruntime's errors share no base class
            raise file.refuse(f"cannot be loaded: {error}") from error
        finally:
            del weights  # onnxruntime reads them in place, until here
        network = file.network
        check_tensors(file, "input", network.inputs, inputs)
        check_tensors(file, "output", network.outputs, outputs)
        self._inputs = [tensor.name for tensor in network.inputs]
        self._outputs = [tensor.name for tensor in network.outputs]

    def run(self, arrays: Sequence[Array]) -> list[Array]:
        """Run the graph; see `Backend`."""
        try:
            feeds = dict(zip(self._inputs, arrays, strict=True))
            outputs: list[Array] = self._session.run(self._outputs, feeds)
        except Exception as error:  # as above
            raise ModelError(self._path, one_line(f"failed: {error}")) from error
        return outputs

    @cached_property
    def placement(self) -> dict[str, int]:
        """Number of nodes of the optimized graph by provider; empty for old versions of onnxruntime."""
        counts: Counter[str] = Counter()
        if not hasattr(self._session, "get_provider_graph_assignment_info"):
            return {}
        for part in self._session.get_provider_graph_assignment_info():
            counts[part.ep_name] += len(part.get_nodes())
        return dict(counts)

    def close(self) -> None:
        """Release the session."""
        self._session = None


def _options(onnxruntime: Any, given: SessionOptions) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = given.threads
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = given.arena
    options.enable_mem_pattern = given.arena
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", str(int(given.spin)))
    options.add_session_config_entry("session.record_ep_graph_assignment_info", "1")
    return options


def _add_external(file: NetworkFile, names: list[str], options: Any) -> list[bytes]:
    """Add the checked weights in other files of the folder; the caller must keep the result alive."""
    contents = [file.folder.read(name) for name in names]
    if names and not hasattr(options, "add_external_initializers_from_files_in_memory"):
        raise file.refuse("keeps weights in other files, which needs a newer onnxruntime; update it")
    if names:
        options.add_external_initializers_from_files_in_memory(names, contents, list(map(len, contents)))
    return contents


def described(node: Any) -> Tensor:
    """Convert onnxruntime's description of an input or output to a `Tensor`; unnamed axes become "?"."""
    shape = tuple(axis if isinstance(axis, int) else axis or "?" for axis in node.shape)
    return Tensor(node.name, TYPES.get(node.type, node.type), shape)
