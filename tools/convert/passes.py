"""Rewrites of ONNX graphs with fixed shapes into what the converters get right.

`plain` folds what is constant and leaves only reshapes with numbers in them, and slices and indices that
count from the start: x2paddle reads an axis from a tensor as unknown and a negative index as garbage, and a
`flatten` brings Paddle-Lite's optimiser down.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edge.errors import InputError, UsageError
from edge.files import whole_file
from tools.convert.environments import ConversionError, one_line

RESHAPES = ("Flatten", "Squeeze", "Unsqueeze")


def load(source: Path) -> Any:
    """The model in an ONNX file. Raises InputError if it cannot be read."""
    import onnx  # noqa: PLC0415 - not part of the runtime

    try:
        return onnx.load(source)
    except OSError as error:
        raise InputError(source, f"cannot be read: {error.strerror}") from error
    except Exception as error:  # protobuf's errors share no base class
        raise InputError(source, f"is no ONNX file: {error}") from error


def fold(model: Any, file: Path) -> None:
    """Write `model` with folded constants and known shapes. Raises ConversionError."""
    import onnx  # noqa: PLC0415 - not part of the runtime
    from onnxruntime.quantization.shape_inference import quant_pre_process  # noqa: PLC0415 - takes seconds

    try:
        onnx.save(model, file)  # given a model, it splits off the weights and cannot read its own constants
        # The symbolic kind of inference drops copies of what it cannot follow where the process stands.
        quant_pre_process(str(file), str(file), skip_symbolic_shape=True)
    except Exception as error:  # it raises anything
        raise ConversionError(f"{file.name}: shapes cannot be found: {one_line(error)}") from error


MULTIPLIED = ("Conv", "ConvTranspose", "Gemm", "GRU", "LSTM", "MatMul", "RNN")


def unsound_weights(model: Any) -> list[str]:
    """Names of weights with NaN, or with infinity where they are multiplied: elsewhere it may mask."""
    from onnx import numpy_helper  # noqa: PLC0415 - not part of the runtime

    factors = {name for node in model.graph.node if node.op_type in MULTIPLIED for name in node.input}
    bad = []
    for item in model.graph.initializer:
        values = numpy_helper.to_array(item)
        if values.dtype.kind == "f":
            sound = np.isfinite(values) if item.name in factors else ~np.isnan(values)
            bad += [] if sound.all() else [item.name]
    return bad


def int8_weights(model: Any) -> int:
    """How many weights of more than one axis are int8."""
    import onnx  # noqa: PLC0415 - not part of the runtime

    kinds = (onnx.TensorProto.INT8, onnx.TensorProto.UINT8)
    return sum(item.data_type in kinds and len(item.dims) > 1 for item in model.graph.initializer)


def free_axes(model: Any) -> list[str]:
    """Names of the axes of the inputs that may have any size, in their order."""
    axes = [axis for node in model.graph.input for axis in node.type.tensor_type.shape.dim]
    return list(dict.fromkeys(axis.dim_param for axis in axes if axis.dim_param))


def load_fixed(source: Path) -> Any:
    """The model in an ONNX file, if its shapes are fixed. Raises InputError, UsageError."""
    model = load(source)
    if axes := free_axes(model):
        raise UsageError(f"{source} has free axes: {', '.join(axes)}; give each a size with onnx.fix_shapes")
    return model


def plain(source: Path, file: Path) -> None:
    """Write the network in `source`, whose shapes are fixed, without what the converters get wrong.

    Raises InputError if `source` cannot be read, UsageError if it has free axes, ConversionError.
    """
    import onnx  # noqa: PLC0415 - not part of the runtime

    model = load_fixed(source)
    with whole_file(file, force=True) as draft:
        fold(model, draft)
        model = onnx.load(draft)
        _gather_constants(model)
        shapes = _shapes(model)
        for node in model.graph.node:
            if node.op_type in RESHAPES and node.output[0] in shapes:
                _reshape(model, node, shapes[node.output[0]])
            elif node.op_type == "Slice" and node.input[0] in shapes:
                _count_from_start(model, node, shapes[node.input[0]])
            elif node.op_type == "Gather" and node.input[0] in shapes:
                _pick_from_start(model, node, shapes[node.input[0]])
        onnx.save(model, draft)


def _shapes(model: Any) -> dict[str, list[int]]:
    graph = model.graph
    found = {}
    for value in (*graph.input, *graph.value_info, *graph.output):
        axes = value.type.tensor_type.shape.dim
        if all(axis.HasField("dim_value") for axis in axes):
            found[value.name] = [axis.dim_value for axis in axes]
    return found


def _gather_constants(model: Any) -> None:
    """Keep all constants in one place: as initializers, not as nodes."""
    nodes = [
        node for node in model.graph.node if node.op_type == "Constant" and node.attribute[0].name == "value"
    ]
    for node in nodes:
        node.attribute[0].t.name = node.output[0]
        model.graph.initializer.append(node.attribute[0].t)
        model.graph.node.remove(node)


def _reshape(model: Any, node: Any, shape: list[int]) -> None:
    """Turn `node` into a Reshape to `shape`."""
    name = _constant(model, node.output[0], shape)
    source = node.input[0]
    node.op_type = "Reshape"
    del node.input[:], node.attribute[:]
    node.input.extend([source, name])


def _count_from_start(model: Any, node: Any, shape: list[int]) -> None:
    """Give a slice with constant bounds ends from 0 to the length, and no steps if they are 1."""
    bounds = [_known(model, name) for name in node.input[1:]]
    if None in bounds:
        return
    starts, ends, *rest = (item.tolist() for item in bounds if item is not None)
    axes = [axis % len(shape) for axis in rest[0]] if rest else list(range(len(starts)))
    if len(rest) > 1 and min(rest[1]) < 0:
        return
    sizes = [shape[axis] for axis in axes]
    starts, ends = (
        [min(max(at + size if at < 0 else at, 0), size) for at, size in zip(side, sizes, strict=True)]
        for side in (starts, ends)
    )
    steps = [rest[1]] if len(rest) > 1 and set(rest[1]) != {1} else []
    kept = [_constant(model, f"{node.output[0]}_{i}", v) for i, v in enumerate([starts, ends, axes, *steps])]
    del node.input[1:]
    node.input.extend(kept)


def _pick_from_start(model: Any, node: Any, shape: list[int]) -> None:
    """Give a gather with constant indices such from 0 to the length."""
    indices = _known(model, node.input[1])
    axis = next((item.i for item in node.attribute if item.name == "axis"), 0)
    if indices is not None and indices.min(initial=0) < 0:
        counted = np.where(indices < 0, indices + shape[axis], indices)
        node.input[1] = _constant(model, f"{node.output[0]}_indices", counted)


def _known(model: Any, name: str) -> NDArray[Any] | None:
    """A constant of the graph."""
    from onnx import numpy_helper  # noqa: PLC0415 - not part of the runtime

    found = next((item for item in model.graph.initializer if item.name == name), None)
    return None if found is None else np.asarray(numpy_helper.to_array(found))


def _constant(model: Any, beside: str, values: ArrayLike) -> str:
    """Add a constant to the graph; returns its name."""
    from onnx import numpy_helper  # noqa: PLC0415 - not part of the runtime

    name = f"{beside}_numbers"
    model.graph.initializer.append(numpy_helper.from_array(np.asarray(values, np.int64), name))
    return name
