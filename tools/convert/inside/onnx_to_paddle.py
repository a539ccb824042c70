"""An ONNX network of fixed shapes becomes a Paddle program: model.pdmodel and model.pdiparams."""

import functools
import shutil
import tempfile
from pathlib import Path
from typing import Any

import job
import paddle
from x2paddle.convert import onnx2paddle
from x2paddle.op_mapper.onnx2paddle.opset_legacy import OpSet


def clip(mapper: Any, node: Any) -> None:
    """Clip with numbers for limits, in place of x2paddle's: that makes tensors of them, which nothing fuses.

    Between 0 and 6 it becomes the activation that Paddle-Lite computes within the convolution before.
    """
    source = mapper.graph.get_input_node(node, idx=0, copy=True).name
    limits = []
    for index, name in enumerate([*node.layer.input, "", ""][1:3], start=1):
        limits.append(float(mapper.graph.get_input_node(node, idx=index, copy=True).weight) if name else None)
    if limits == [0.0, 6.0]:
        mapper.paddle_graph.add_layer("paddle.nn.functional.relu6", inputs={"x": source}, outputs=[node.name])
    else:
        settings = {
            name: value for name, value in zip(("min", "max"), limits, strict=True) if value is not None
        }
        mapper.paddle_graph.add_layer("paddle.clip", inputs={"x": source}, outputs=[node.name], **settings)


def bind_biases(source: str, folder: str) -> None:
    """Add each bias as it lies in the file, along the channels, not reshaped while running.

    Only so do Paddle-Lite's optimiser and the quantizer see that bias and activation belong to a convolution.
    """
    paddle.enable_static()
    executor = paddle.static.Executor(paddle.CPUPlace())
    names = {"model_filename": "model.pdmodel", "params_filename": "model.pdiparams"}
    program, _, _ = paddle.static.load_inference_model(source, executor, **names)
    block = program.global_block()
    for add in [operation for operation in block.ops if operation.type == "elementwise_add"]:
        name = add.input("Y")[0]
        index = next((i for i, one in enumerate(block.ops) if name in one.output_arg_names), None)
        maker = None if index is None else block.ops[index]
        users = sum(name in operation.input_arg_names for operation in block.ops)
        if maker is None or maker.type != "reshape2" or users != 1:
            continue
        bias = block.var(maker.input("X")[0])
        if bias.persistable and [1, *bias.shape, 1, 1] == list(block.var(name).shape):
            add.desc.set_input("Y", [bias.name])
            add._set_attr("axis", 1)
            block._remove_op(index)
    Path(folder, "model.pdmodel").write_bytes(program.desc.serialize_to_string())
    shutil.copy(Path(source, "model.pdiparams"), folder)


def convert(source: str, folder: str) -> dict[str, Any]:
    """x2paddle writes Python code of the network, runs it and saves what it traced."""
    OpSet.Clip = clip
    paddle.jit.save = functools.partial(paddle.jit.save, clip_extra=False)  # keeps the 6 of relu6
    with tempfile.TemporaryDirectory() as scratch:
        onnx2paddle(source, scratch, disable_feedback=True)  # else it reports its use to its makers
        bind_biases(f"{scratch}/inference_model", folder)
    return {}


if __name__ == "__main__":
    job.main(convert)
