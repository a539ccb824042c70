"""The segmenter's networks with every shape fixed, for runtimes that want it so (LiteRT, Paddle-Lite).

    mel [1, 1280, 64]      -> FixedEncoder -> embedding [1, 160, 2, 128], attention [1, 160, 2],
                                              logits [1, 160, 4]
    features [1, 176, 260] -> FixedFusion  -> confidences [1, 176, 4]

They are built from the float ONNX files, where batch normalisation is folded into the convolutions. Only
operations that every converter and runtime gets right are used: two-dimensional convolutions (also for what
is linear or one-dimensional), no `flatten`, no negative indices, an LSTM that needs no mask.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from tools.train.segmenter import FLOAT

FRAMES = 1280
"""Mel frames that the encoder takes at once: 16 s, of which 12 s are new."""

SEGMENTS = 176
"""Rows that the fusion takes at once: 128 of `edge.networks.segmenter` with 24 to each side as context."""

CONVOLUTIONS = 16
"""Of a tower: 4 over the image, 1 projection, 4 x 2 over time, then embedding, attention and frame logits."""

CLOSED = -100.0
"""Added to a gate before its sigmoid: leaves nothing open, and fits half precision."""

LOUD = 1e4
"""Times the largest magnitude of a row, cut at 1: 0 for padding, 1 for real rows, which are above 1."""


def encoder(folder: Path = FLOAT) -> nn.Module:
    """The encoder of `folder/encoder.onnx`, ready to be converted."""
    return FixedEncoder(folder / "encoder.onnx").eval()


def fusion(folder: Path = FLOAT, segments: int = SEGMENTS, *, unrolled: bool = True) -> nn.Module:
    """The fusion of `folder/fusion.onnx` over `segments` rows, ready to be converted.

    Unrolled for LiteRT, which shares the weights between the steps. Not for Paddle-Lite: it has an LSTM, and
    would keep a copy of the weights for each step.
    """
    return FixedFusion(folder / "fusion.onnx", segments, unrolled=unrolled).eval()


class FixedEncoder(nn.Module):
    """Mel [1, frames, n_mels] -> embedding, attention, logits, as `network.Encoder` gives them."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        graph = onnx.load(file).graph
        weights = _weights(graph)
        layers = [_convolution(node, weights) for node in graph.node if node.op_type == "Conv"]
        starts = range(0, len(layers), CONVOLUTIONS)
        self.towers = nn.ModuleList(_FixedTower(layers[start : start + CONVOLUTIONS]) for start in starts)
        self.scale = 1 / (len(self.towers) * float(weights["temperature"]))

    def forward(self, mel: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Embedding [1, time, towers, 128], attention [1, time, towers], calibrated logits [1, time, 4]."""
        image = mel.unsqueeze(1)
        embeddings, attentions, logits = zip(*(tower(image) for tower in self.towers), strict=True)
        total = logits[0]
        for other in logits[1:]:
            total = total + other
        time = total.shape[3]
        return (
            torch.cat(embeddings, 2).permute(0, 3, 2, 1),
            torch.cat(attentions, 1).reshape(1, len(self.towers), time).permute(0, 2, 1),
            (total * self.scale).reshape(1, total.shape[1], time).permute(0, 2, 1),
        )


class _FixedTower(nn.Module):
    """Image [1, 1, frames, n_mels] -> embedding [1, 128, 1, time], attention and logits alike."""

    def __init__(self, layers: list[nn.Conv2d]) -> None:
        super().__init__()
        self.image = nn.Sequential(*(nn.Sequential(layer, nn.ReLU6()) for layer in layers[:4]))
        self.project = nn.Sequential(layers[4], nn.ReLU6())
        pairs = zip(layers[5:13:2], layers[6:13:2], strict=True)
        self.time = nn.ModuleList(nn.Sequential(wide, nn.ReLU6(), across) for wide, across in pairs)
        self.embedding = nn.Sequential(layers[13], nn.ReLU6())
        self.attention = layers[14]
        self.frames = layers[15]

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Channels stay in front, time stays last."""
        x = self.image(image)
        _, channels, time, bands = x.shape
        hidden = self.project(x.permute(0, 1, 3, 2).reshape(1, channels * bands, 1, time))
        for block in self.time:
            hidden = hidden + block(hidden)
        return self.embedding(hidden), self.attention(hidden), self.frames(hidden)


class FixedFusion(nn.Module):
    """Features [1, segments, features + 4] -> confidences [1, segments, 4], as `network.Confidences`.

    Rows of zeros at the end are padding, and what is returned for them means nothing: the real rows get what
    the network of free length would give them alone. Going forward the padding comes last and touches
    nothing; going backward the LSTM's state is held at zero until the last real row.
    """

    def __init__(self, file: Path, segments: int, *, unrolled: bool = True) -> None:
        super().__init__()
        graph = onnx.load(file).graph
        weights = _weights(graph)
        node = next(node for node in graph.node if node.op_type == "LSTM")
        matrices = [weights[name] for name in node.input[1:4]]
        alone, context = (weights[node.input[1]] for node in graph.node if node.op_type == "MatMul")
        self.segments = segments
        self.width = matrices[0].shape[2]
        self.reader = (_Unrolled if unrolled else _Recurrent)(segments, *matrices)
        self.alone = _pointwise(alone.T, weights["fusion.alone.bias"])
        self.context = _pointwise(context.T, weights["fusion.context.bias"])
        self.scale = 1 / (2 * float(weights["temperature"]))

    def forward(self, features: Tensor) -> Tensor:
        """Confidences that sum to 1 in each row."""
        size = self.width
        real = torch.clamp(features.abs().amax(2) * LOUD, 0, 1).reshape(1, 1, 1, self.segments)
        columns = features.permute(0, 2, 1).reshape(1, size + 4, 1, self.segments)
        heard, frames = columns[:, :size], columns[:, size : size + 4]
        joint = self.alone(heard) + self.context(self.reader(heard, real))
        logits = (torch.log_softmax(joint, 1) + frames) * self.scale
        return torch.softmax(logits, 1).reshape(1, 4, self.segments).permute(0, 2, 1)


class _Unrolled(nn.Module):
    """The LSTM as its single steps: heard [1, n, 1, time] -> states [1, 2 hidden, 1, time].

    The matrices are ONNX's: inputs [2, 4 hidden, n], recurrent [2, 4 hidden, hidden], bias [2, 8 hidden],
    with the gates in the order input, output, forget, cell.
    """

    def __init__(self, segments: int, inputs: Tensor, recurrent: Tensor, bias: Tensor) -> None:
        super().__init__()
        self.segments = segments
        self.hidden = recurrent.shape[2]
        total = bias[:, : 4 * self.hidden] + bias[:, 4 * self.hidden :]
        self.gates = nn.ModuleList(_pointwise(inputs[way], total[way]) for way in (0, 1))
        self.steps = nn.ModuleList(_pointwise(recurrent[way]) for way in (0, 1))

    def forward(self, heard: Tensor, real: Tensor) -> Tensor:
        """Where `real` [1, 1, 1, time] is 0, the cells going backward are 0, and so are the states."""
        onward = self._walk(0, heard, None)
        back = self._walk(1, heard, torch.split(real, 1, 3))
        return torch.cat([torch.cat(onward, 3), torch.cat(back, 3)], 1)

    def _walk(self, way: int, heard: Tensor, real: tuple[Tensor, ...] | None) -> list[Tensor]:
        """States [1, hidden, 1, 1] of all segments, read forwards (`way` 0) or backwards (1)."""
        gates = torch.split(self.gates[way](heard), 1, 3)
        states: list[Tensor] = []
        state = cell = None
        for index in range(self.segments - 1, -1, -1) if way else range(self.segments):
            gate = gates[index] if state is None else gates[index] + self.steps[way](state)
            let_in, let_out, kept = torch.split(torch.sigmoid(gate[:, : 3 * self.hidden]), self.hidden, 1)
            fresh = let_in * torch.tanh(gate[:, 3 * self.hidden : 4 * self.hidden])
            cell = fresh if cell is None else fresh + kept * cell
            if real is not None:
                cell = cell * real[index]
            state = let_out * torch.tanh(cell)
            states.append(state)
        return states[::-1] if way else states


class _Recurrent(nn.Module):
    """The LSTM as one operation, for runtimes that have it; otherwise as `_Unrolled`.

    Such an operation takes no mask, so padding is one more input, which closes the gates going backward.
    """

    def __init__(self, segments: int, inputs: Tensor, recurrent: Tensor, bias: Tensor) -> None:
        super().__init__()
        self.segments = segments
        size, hidden = inputs.shape[2], recurrent.shape[2]
        self.lstm = nn.LSTM(size + 1, hidden, bidirectional=True)
        onnx_order = torch.arange(4 * hidden).reshape(4, hidden)
        order = onnx_order[[0, 2, 3, 1]].flatten()  # PyTorch's gates are input, forget, cell, output
        closed = torch.zeros(4 * hidden, 1)
        closed[: 2 * hidden] = CLOSED
        with torch.no_grad():
            for way, suffix in enumerate(("", "_reverse")):
                matrix = torch.cat([inputs[way][order], closed * way], 1)
                getattr(self.lstm, f"weight_ih_l0{suffix}").copy_(matrix)
                getattr(self.lstm, f"weight_hh_l0{suffix}").copy_(recurrent[way][order])
                getattr(self.lstm, f"bias_ih_l0{suffix}").copy_(bias[way][: 4 * hidden][order])
                getattr(self.lstm, f"bias_hh_l0{suffix}").copy_(bias[way][4 * hidden :][order])

    def forward(self, heard: Tensor, real: Tensor) -> Tensor:
        """Where `real` [1, 1, 1, time] is 0, the cells and states going backward are below 1e-40."""
        columns = torch.cat([heard, 1 - real], 1)
        rows = columns.reshape(1, columns.shape[1], self.segments).permute(2, 0, 1)
        states, _ = self.lstm(rows)
        out: Tensor = states.permute(1, 2, 0).reshape(1, states.shape[2], 1, self.segments)
        return out


def _weights(graph: Any) -> dict[str, Tensor]:
    return {item.name: torch.from_numpy(numpy_helper.to_array(item).copy()) for item in graph.initializer}


def _convolution(node: Any, weights: dict[str, Tensor]) -> nn.Conv2d:
    """A convolution of the graph; one over time becomes one over images that are one row high."""
    settings = {item.name: onnx.helper.get_attribute_value(item) for item in node.attribute}
    weight, bias = (weights[name] for name in node.input[1:3])
    if weight.ndim == 3:
        weight = weight.unsqueeze(2)
    strides, dilations = (((1, *settings[key]))[-2:] for key in ("strides", "dilations"))
    pads = (0, *settings["pads"][: len(settings["pads"]) // 2])[-2:]
    outputs, inputs, *kernel = weight.shape
    groups = settings["group"]
    layer = nn.Conv2d(inputs * groups, outputs, (kernel[0], kernel[1]), strides, pads, dilations, groups)
    return _filled(layer, weight, bias)


def _pointwise(matrix: Tensor, bias: Tensor | None = None) -> nn.Conv2d:
    """`matrix` [outputs, inputs] as a 1x1 convolution: in a product, Paddle-Lite's int8 weights fail."""
    layer = nn.Conv2d(matrix.shape[1], matrix.shape[0], 1, bias=bias is not None)
    return _filled(layer, matrix[:, :, None, None], bias)


def _filled(layer: nn.Conv2d, weight: Tensor, bias: Tensor | None) -> nn.Conv2d:
    with torch.no_grad():
        layer.weight.copy_(weight)
        if bias is not None and layer.bias is not None:
            layer.bias.copy_(bias)
    return layer
