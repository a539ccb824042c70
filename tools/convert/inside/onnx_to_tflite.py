"""An ONNX network of fixed shapes becomes a float .tflite, by way of TensorFlow."""

import tempfile
from pathlib import Path
from typing import Any

import job
import numpy as np
import onnx
import onnx2tf
import onnxruntime
import tensorflow


def orders(source: str, model: Any) -> list[list[int]]:
    """For each output, the order of the axes that gives the ONNX network's: onnx2tf leaves channels last.

    Found by running both on noise, as shapes may fit both ways. Raises RuntimeError if neither way does.
    """
    session = onnxruntime.InferenceSession(source, providers=["CPUExecutionProvider"])
    noise = np.random.default_rng(0)
    given = [noise.standard_normal(node.shape).astype(np.float32) for node in session.get_inputs()]
    wanted = session.run(None, dict(zip([node.name for node in session.get_inputs()], given, strict=True)))
    found = called(model, [tensorflow.constant(array) for array in given])
    return [
        order_of(node.name, ours.numpy(), theirs)
        for node, ours, theirs in zip(session.get_outputs(), found, wanted, strict=True)
    ]


def order_of(name: str, ours: Any, theirs: Any) -> list[int]:
    """The order of the axes of `ours` that makes it `theirs`."""
    axes = list(range(ours.ndim))
    for order in (axes, [axes[0], axes[-1], *axes[1:-1]] if ours.ndim > 2 else axes):
        turned = ours.transpose(order)
        if turned.shape == theirs.shape and np.allclose(turned, theirs, atol=1e-3 * np.abs(theirs).max()):
            return order
    raise RuntimeError(f"output {name} is not what the ONNX network gives")


def called(model: Any, tensors: list[Any]) -> list[Any]:
    """Outputs of a Keras model as a list."""
    found = model(tensors)
    return list(found) if isinstance(found, list | tuple) else [found]


def convert(source: str, file: str) -> dict[str, Any]:
    """The signature has the names of the ONNX file; inputs and outputs keep their layout."""
    graph = onnx.load(source).graph
    inputs = [node.name for node in graph.input]
    with tempfile.TemporaryDirectory() as scratch:
        model = onnx2tf.convert(
            input_onnx_file_path=source,
            output_folder_path=scratch,
            keep_shape_absolutely_input_names=inputs,
            output_signaturedefs=True,
            non_verbose=True,
        )
        turns = dict(zip([node.name for node in graph.output], orders(source, model), strict=True))
        specs = [
            tensorflow.TensorSpec(tensor.shape, tensor.dtype, name)
            for tensor, name in zip(model.inputs, inputs, strict=True)
        ]

        @tensorflow.function(input_signature=specs)
        def call(*tensors: Any) -> dict[str, Any]:
            pairs = zip(turns.items(), called(model, list(tensors)), strict=True)
            return {name: tensorflow.transpose(found, order) for (name, order), found in pairs}

        saved = Path(scratch, "named")
        named = call.get_concrete_function()
        module = tensorflow.Module()
        module.call, module.held = call, named.variables  # the model does not know all of its variables
        tensorflow.saved_model.save(module, str(saved), {"serving_default": named})
        Path(file).write_bytes(tensorflow.lite.TFLiteConverter.from_saved_model(str(saved)).convert())
    return {}


if __name__ == "__main__":
    job.main(convert)
