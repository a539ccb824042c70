"""From PyTorch to ONNX, from float to int8, and to onnxruntime's own format.

    module -> export -> float .onnx -> quantize_static or quantize_dynamic -> int8 .onnx -> to_ort -> .ort

Convolutions want static int8 with calibration on real inputs, recurrent layers dynamic int8. All files appear
complete or not at all, and replace what was there.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from edge.errors import EdgeError, UsageError
from edge.files import whole_file
from tools.convert.environments import ConversionError, Inputs, one_line
from tools.convert.passes import fold, free_axes, load
from tools.convert.precision import widened

if TYPE_CHECKING:
    from torch import nn

OPSET = 17
"""The newest that PyTorch's tracing exporter writes without a detour."""

Platform = Literal["amd64", "arm", "none"]
"""What a graph is optimized for."""

Bits = Literal[7, 8]
"""Of int8 weights. x86 without VNNI adds two products of U8 and S8 in 16 bits: 2 x 255 x 64 fits, and
2 x 255 x 127 does not and is cut off. So 7 bits are right everywhere, 8 only where the runtime takes care."""


def export(
    module: nn.Module,
    example: Inputs,
    file: Path,
    *,
    outputs: Sequence[str],
    free: Mapping[str, Mapping[int, str]] | None = None,
) -> None:
    """Trace `module` on `example`, its inputs in their order, and write float ONNX.

    `outputs` names what it returns; `free` gives input and output names the axes that may have any size, each
    with a name, as in {"mel": {0: "batch", 1: "frames"}}. Raises ConversionError.
    """
    import torch  # noqa: PLC0415 - takes seconds, and quantizing does without

    tensors = tuple(torch.from_numpy(array) for array in example.values())
    with _into(file, "cannot be exported") as draft, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracing exporter is deprecated, and the one that quantizes well
        torch.onnx.export(
            module.eval(),
            tensors,
            str(draft),
            input_names=list(example),
            output_names=list(outputs),
            dynamic_axes=free,
            opset_version=OPSET,
            dynamo=False,
        )


def fix_shapes(source: Path, file: Path, sizes: Mapping[str, int]) -> None:
    """Give the free axes named in `sizes` one size each, and all shapes that follow from them.

    Raises InputError if `source` cannot be read, UsageError if it has no such axis, ConversionError.
    """
    from onnxruntime.tools.onnx_model_utils import make_dim_param_fixed  # noqa: PLC0415

    model = load(source)
    axes = free_axes(model)
    if unknown := sizes.keys() - set(axes):
        raise UsageError(f"{source} has no free axis {', '.join(sorted(unknown))}; it has {', '.join(axes)}")
    with _into(file, "cannot be given fixed shapes") as draft:
        for name, size in sizes.items():
            make_dim_param_fixed(model.graph, name, size)
        fold(model, draft)


def quantize_static(
    source: Path,
    file: Path,
    calibration: Iterable[Inputs],
    *,
    keep: Collection[str] = (),
    per_channel: bool = True,
    bits: Bits = 7,
) -> None:
    """Write static int8 (QDQ): activations U8, weights S8 (signed activations take a slow path) of `bits`.

    `calibration` gives real inputs, a few dozen or more. Nodes whose type or name is in `keep` stay float.
    Raises InputError if `source` cannot be read, UsageError if nothing is called as in `keep`,
    ConversionError.
    """
    from onnxruntime import quantization  # noqa: PLC0415 - takes seconds

    with _prepared(source) as prepared, _into(file, "cannot be quantized") as draft:
        quantization.quantize_static(
            str(prepared),
            str(draft),
            _reader(calibration),
            quant_format=quantization.QuantFormat.QDQ,
            activation_type=quantization.QuantType.QUInt8,
            weight_type=quantization.QuantType.QInt8,
            per_channel=per_channel,
            reduce_range=bits == 7,
            calibrate_method=quantization.CalibrationMethod.MinMax,
            nodes_to_exclude=_named(prepared, keep),
        )


def quantize_dynamic(
    source: Path,
    file: Path,
    *,
    types: Collection[str] = ("LSTM", "MatMul"),
    keep: Collection[str] = (),
    per_channel: bool = True,
    bits: Bits = 7,
) -> None:
    """Write int8 weights of `bits` for the layers of `types`; their inputs are quantized as they come.

    A scale for each channel makes up for the eighth bit.
    Nodes whose type or name is in `keep` stay float. Raises as `quantize_static`.
    """
    from onnxruntime import quantization  # noqa: PLC0415 - takes seconds

    with _prepared(source) as prepared, _into(file, "cannot be quantized") as draft:
        quantization.quantize_dynamic(
            str(prepared),
            str(draft),
            op_types_to_quantize=list(types),
            nodes_to_exclude=_named(prepared, keep),
            weight_type=quantization.QuantType.QInt8,
            per_channel=per_channel,
            reduce_range=bits == 7,
        )


def to_ort(source: Path, file: Path, *, platform: Platform) -> None:
    """Write onnxruntime's own format, optimized for `platform`; it loads faster.

    A file for `none` holds the graph as it is. An `arm` file runs everywhere, but slower on x86; an `amd64`
    file only where the vector registers are as wide as here. Raises InputError if `source` cannot be read,
    ConversionError.
    """
    import onnxruntime  # noqa: PLC0415 - takes a second

    load(source)
    with _into(file, "cannot be converted") as draft:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        levels = onnxruntime.GraphOptimizationLevel
        options.graph_optimization_level = (
            levels.ORT_DISABLE_ALL if platform == "none" else levels.ORT_ENABLE_ALL
        )
        options.optimized_model_filepath = str(draft)
        options.add_session_config_entry("session.save_model_format", "ORT")
        options.add_session_config_entry("session.qdqisint8allowed", "1" if platform == "arm" else "0")
        blocked = None if platform == "amd64" else ["NchwcTransformer"]  # blocks as wide as x86's registers
        onnxruntime.InferenceSession(
            str(source), options, providers=["CPUExecutionProvider"], disabled_optimizers=blocked
        )


def widen(source: Path, file: Path) -> None:
    """Write the network in `source` with float32 in place of float16; its inputs and outputs stay.

    Raises InputError if `source` cannot be read, ConversionError.
    """
    import onnx  # noqa: PLC0415 - not part of the runtime

    model = load(source)
    with _into(file, "cannot be made float32") as draft:
        widened(model)
        onnx.save(model, draft)


@contextmanager
def _into(file: Path, failure: str) -> Iterator[Path]:
    """A draft of `file`, renamed to it on success; what the libraries raise becomes one line."""
    with whole_file(file, force=True) as draft:
        try:
            yield draft
        except (EdgeError, OSError):
            raise
        except Exception as error:  # they raise anything
            raise ConversionError(f"{file} {failure}: {one_line(error)}") from error


@contextmanager
def _prepared(source: Path) -> Iterator[Path]:
    """A copy with known shapes, folded constants and a name for every node."""
    model = load(source)
    for index, node in enumerate(model.graph.node):
        node.name = node.name or f"{node.op_type}_{index}"
    with tempfile.TemporaryDirectory() as scratch:
        prepared = Path(scratch, "prepared.onnx")
        fold(model, prepared)
        yield prepared


def _named(source: Path, wanted: Collection[str]) -> list[str]:
    """Names of the nodes whose type or name is in `wanted`."""
    nodes = load(source).graph.node
    known = {node.op_type for node in nodes} | {node.name for node in nodes}
    if unknown := set(wanted) - known:
        raise UsageError(f"no node or type of node is called {', '.join(sorted(unknown))}")
    return [node.name for node in nodes if node.op_type in wanted or node.name in wanted]


def _reader(sets: Iterable[Inputs]) -> Any:
    """`sets` as onnxruntime's calibrator takes them."""
    from onnxruntime.quantization import CalibrationDataReader  # noqa: PLC0415

    iterator = iter(sets)

    class Reader(CalibrationDataReader):  # type: ignore[misc] # onnxruntime has no types
        def get_next(self) -> dict[str, Any] | None:
            """The next set, None at the end."""
            found = next(iterator, None)
            return None if found is None else dict(found)

    return Reader()
