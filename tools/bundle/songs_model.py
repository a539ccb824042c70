"""Write the segmenter as the one file that the C core reads."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import Any

import numpy as np
from edge_kernels.library import library

from edge.models.frontend import LogMel
from edge.networks.segmenter import Segmenter
from edge.vocabulary import LABELS
from tools.bundle.graph import Array, Convolution, Graph, Matrix, Quantized, matrix, only

MAGIC = b"EDGESNG1"
HEADER_BYTES = 64
LANES = 16
"""Output channels of a block of weights."""
TOWERS, IMAGE_LAYERS, TIME_BLOCKS, HIDDEN = 2, 5, 4, 48
HEADS = ("logits", "attention", "embedding")

# The structs of `core/core.h`, field by field.
LAYER = np.dtype(
    [
        (name, "<i4")
        for name in (
            "taps", "step", "dilation", "bands", "band_step", "band_taps", "channels_in", "channels_out",
            "depthwise", "quads", "zero_in", "weights", "bias", "scales", "zeros",
        )
    ]
)  # fmt: skip
SUM = np.dtype([(name, "<f4") for name in ("of_a", "of_b", "rest")])
OUTPUT = np.dtype([(name, "<f4") for name in ("scale", "zero", "shared_scale", "shared_zero")])
MATRIX = np.dtype([(name, "<i4") for name in ("weights", "sums", "scales", "bias")])
TOWER = np.dtype(
    [
        ("image", LAYER, IMAGE_LAYERS),
        ("depthwise", LAYER, TIME_BLOCKS),
        ("pointwise", LAYER, TIME_BLOCKS),
        ("sums", SUM, TIME_BLOCKS),
        ("heads", LAYER),
        *((head, OUTPUT) for head in HEADS),
    ]
)


def songs_model(segmenter: Segmenter) -> bytes:
    """Return the model file of a segmenter; the same bytes for the same networks.

    Raises ModelError if the networks are not built as the core computes them.
    """
    networks = segmenter.folder.manifest.networks
    encoder, fusion = (Graph(segmenter.folder.path / networks[role].file) for role in segmenter.roles)
    mel = np.dtype(library().interface.structs["edge_mel_options"])
    model = np.dtype(
        [
            ("mel", mel), ("input_scale", "<f4"), ("input_zero", "<f4"), ("temperature", "<f4"),
            ("stride", "<i4"), ("features", "<i4"), ("towers", TOWER, TOWERS),
            ("gates", MATRIX, 2), ("recurrent", MATRIX, 2), ("alone", MATRIX), ("context", MATRIX),
            ("fusion_temperature", "<f4"),
        ]
    )  # fmt: skip
    content = Content(model.itemsize)
    fields = np.zeros((), model)
    fields["mel"] = _mel(segmenter.front_end, mel)
    entry = encoder.convolutions[0].input
    fields["input_scale"], fields["input_zero"] = entry.scale, entry.zero
    fields["temperature"] = encoder.constant("temperature")
    fields["stride"] = segmenter.parameters.stride
    fields["features"] = (segmenter.features - len(LABELS)) // TOWERS
    for number in range(TOWERS):
        _tower(encoder, number, segmenter.front_end.n_mels, content, fields["towers"][number])
    _fusion(fusion, content, fields)
    body = fields.tobytes() + bytes(content.data)
    header = MAGIC + len(body).to_bytes(8, "little") + hashlib.sha256(body).digest()
    return header.ljust(HEADER_BYTES, b"\0") + body


class Content:
    """What follows the fixed fields: arrays at multiples of 64 bytes from where the fields begin."""

    def __init__(self, begin: int) -> None:
        self._begin = begin
        self.data = bytearray()

    def add(self, values: Array) -> int:
        """Append an array; return its offset."""
        self.data += bytes(-(self._begin + len(self.data)) % 64)
        offset = self._begin + len(self.data)
        self.data += values.tobytes()
        return offset


def _mel(front_end: LogMel, fields: np.dtype[Any]) -> Array:
    values = dataclasses.asdict(front_end.mel.options)
    return np.array(tuple(values[name] for name in fields.names or ()), fields)


# ---- encoder ----


def _tower(graph: Graph, number: int, bands: int, content: Content, fields: Any) -> None:
    """Fill in a tower's layers, which are in the order of the graph."""
    own = [one for one in graph.convolutions if f"towers.{number}/" in one.target]
    if len(own) != IMAGE_LAYERS + 2 * TIME_BLOCKS + len(HEADS):
        raise graph.fail(f"{len(own)} convolutions in a tower")
    *image, projection = own[:IMAGE_LAYERS]
    for position, layer in enumerate(image):
        fields["image"][position] = _layer([layer], bands, content)
        bands //= layer.strides[1]
    fields["image"][-1] = _layer([_of_rows(projection, bands)], 1, content)
    time = own[IMAGE_LAYERS : IMAGE_LAYERS + 2 * TIME_BLOCKS]
    for position, (depthwise, pointwise) in enumerate(zip(time[::2], time[1::2], strict=True)):
        fields["depthwise"][position] = _layer([depthwise], 1, content)
        fields["pointwise"][position] = _layer([pointwise], 1, content)
        total = graph.quantized(f"/towers.{number}/time/time.{position}/Add_output_0")
        fields["sums"][position] = _sum(depthwise.input, pointwise.output, total)
    heads = own[-len(HEADS) :]
    fields["heads"] = _layer(heads, 1, content)
    for head, layer, both in zip(HEADS, heads, _SHARED, strict=True):
        shared = graph.quantized(both)
        fields[head] = (layer.output.scale, layer.output.zero, shared.scale, shared.zero)


_SHARED = ("/Concat_output_0", "attention_QuantizeLinear_Input", "embedding_QuantizeLinear_Input")
"""Tensors in which the outputs of both towers come together, in the order of `HEADS`."""


def _of_rows(projection: Convolution, bands: int) -> Convolution:
    """Reorder the inputs of a projection from [channel][band] to [band][channel], as rows of an image are."""
    out, width, _ = projection.weights.shape
    weights = projection.weights.reshape(out, width // bands, bands).transpose(0, 2, 1).reshape(out, width, 1)
    return dataclasses.replace(projection, weights=weights)


def _layer(parts: list[Convolution], bands: int, content: Content) -> Array:
    """Return the fields of a layer of one or more convolutions of the same input, side by side."""
    first = parts[0]
    weights = np.concatenate([part.weights for part in parts]).astype(np.int8)
    out, channels, taps, *rest = weights.shape
    band_taps = rest[0] if rest else 1
    scales = np.concatenate(
        [np.float32(part.input.scale) * part.scales / np.float32(part.output.scale) for part in parts]
    )
    zeros = np.concatenate([np.full(len(part.weights), part.output.zero) for part in parts])
    sums = weights.reshape(out, -1).sum(axis=1, dtype=np.int64)
    bias = np.concatenate([part.bias for part in parts]) - first.input.zero * sums
    depthwise = first.group > 1
    size = band_taps * channels
    if depthwise:
        laid_out = _to_lanes(weights.reshape(out, taps).T)
    else:  # [out, channel, tap, band] to [out, tap, input], inputs as [band][channel]
        laid_out = _blocks(
            weights.reshape(out, channels, taps, -1).transpose(0, 2, 3, 1).reshape(out, taps, -1)
        )
    return np.array(
        (
            taps, first.strides[0], first.dilations[0],
            bands, first.strides[1] if rest else 1, band_taps, out if depthwise else channels, out,
            depthwise, 0 if depthwise else -(-size // 4), first.input.zero,
            content.add(laid_out.astype(np.int8)),
            content.add(_to_lanes(np.stack([bias, bias + 128 * sums])).astype("<i4")),
            content.add(_to_lanes(scales).astype("<f4")),
            content.add(_to_lanes(zeros).astype("<f4")),
        ),
        LAYER,
    )  # fmt: skip


def _blocks(weights: Array) -> Array:
    """Lay weights [out, tap, input] out as dot products read them: [block][tap][input / 4][out][4], int8."""
    out, taps, size = weights.shape
    filled = np.pad(weights, ((0, -out % LANES), (0, 0), (0, -size % 4)))
    blocks = filled.reshape(-1, LANES, taps, filled.shape[2] // 4, 4).transpose(0, 2, 3, 1, 4)
    return np.ascontiguousarray(blocks, np.int8)


def _to_lanes(values: Array) -> Array:
    """Fill the last axis up to whole blocks of lanes, with zeros."""
    return np.pad(values, [(0, 0)] * (values.ndim - 1) + [(0, -values.shape[-1] % LANES)])


def _sum(a: Quantized, b: Quantized, out: Quantized) -> Array:
    """Return the fields of a sum, rounded in float32 where the runtime rounds."""
    of_a, of_b = (np.float32(one.scale) / np.float32(out.scale) for one in (a, b))
    rest = np.float32(out.zero) - (of_a * np.float32(a.zero) + of_b * np.float32(b.zero))
    return np.array((of_a, of_b, rest), SUM)


# ---- fusion ----


def _fusion(graph: Graph, content: Content, fields: Any) -> None:
    """Fill in the LSTM and what is multiplied beside and after it."""
    lstm = only(graph, graph.nodes("DynamicQuantizeLSTM"), "LSTMs")
    given = dict(zip(_LSTM, lstm.input, strict=True))
    weights, recurrent, bias = (graph.constant(given[name]) for name in ("weights", "recurrent", "bias"))
    if weights.shape[0] != 2 or recurrent.shape[1:] != (HIDDEN, 4 * HIDDEN):
        raise graph.fail(f"an LSTM of the shape {recurrent.shape}")
    for name in ("weights_zeros", "recurrent_zeros"):
        if np.any(graph.constant(given[name])):
            raise graph.fail("an LSTM whose weights have zero points")
    both = bias[:, : 4 * HIDDEN] + bias[:, 4 * HIDDEN :]
    scales, recurrent_scales = (graph.constant(given[f"{name}_scales"]) for name in ("weights", "recurrent"))
    for direction in range(2):
        fields["gates"][direction] = _matrix(
            Matrix(weights[direction], scales[direction], both[direction]), content
        )
        fields["recurrent"][direction] = _matrix(
            Matrix(recurrent[direction], recurrent_scales[direction], 0 * both[direction]), content
        )
    for name, node in zip(("alone", "context"), graph.nodes("MatMulInteger"), strict=True):
        fields[name] = _matrix(matrix(graph, node, graph.constant(f"fusion.{name}.bias")), content)
    fields["fusion_temperature"] = graph.constant("temperature")


_LSTM = (
    "sequence", "weights", "recurrent", "bias", "lengths", "hidden", "cell", "peepholes",
    "weights_scales", "weights_zeros", "recurrent_scales", "recurrent_zeros",
)  # fmt: skip
"""Inputs of DynamicQuantizeLSTM."""


def _matrix(one: Matrix, content: Content) -> Array:
    sums = one.weights.sum(axis=0, dtype=np.int64)
    return np.array(
        (
            content.add(_blocks(one.weights.T[:, None])),
            content.add(_to_lanes(sums).astype("<i4")),
            content.add(_to_lanes(one.scales).astype("<f4")),
            content.add(_to_lanes(one.bias).astype("<f4")),
        ),
        MATRIX,
    )
