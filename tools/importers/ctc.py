"""`ctc`: a speech recognizer with CTC output, from a folder as sherpa-onnx takes it.

The folder holds `model.onnx` or `model.int8.onnx` (preferred) and `tokens.txt` with a piece and its number a
line. What the network wants is in the notes of its file; what those leave out is as sherpa-onnx 1.12 has it:
16 kHz, 80 bands of Kaldi's filter bank from 20 Hz, every 10 ms. Known kinds are SenseVoice, and zipformer and
WeNet with CTC; not taken are streaming models, NeMo (its own filter bank, normalized over the recording) and
TeleSpeech (MFCC).
"""

from __future__ import annotations

import argparse
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge.errors import InputError, UsageError
from edge.models.folder import ModelFolder
from edge.models.frontend import Fbank
from edge.models.manifest import Network
from edge.networks.ctc import read_tokens
from tools.importers.cards import card
from tools.importers.install import Target, describe, onnx_metadata
from tools.importers.notes import Notes
from tools.importers.sources import read_file

MODELS = ("model.int8.onnx", "model.onnx")
TOKENS, STATISTICS = "tokens.txt", "statistics.npy"

BLANKS = ("<blk>", "<blank>", "<eps>")
"""Names of the blank in lists of pieces, in sherpa-onnx's order of preference; else it is number 0."""

LANGUAGES = ("auto", "zh", "en", "yue", "ja", "ko")

HOP_S = 0.01
"""Kaldi's frames, and so everybody's."""

MEL_BANDS = 80


@dataclass(frozen=True)
class Kind:
    """A kind of network that is known, by `model_type` in its notes."""

    inputs: int
    """How many: features and lengths; SenseVoice also language and text normalisation."""
    high_hz: float
    """As in `Fbank`."""
    sample_scale: float
    window: str = "povey"
    centered: bool = True
    prefix: int = 0
    """Rows of the output before the first that stands for sound."""


KINDS = {
    "sense_voice_ctc": Kind(4, high_hz=0.0, sample_scale=32768.0, window="hamming", centered=False, prefix=4),
    "zipformer2_ctc": Kind(2, high_hz=-400.0, sample_scale=1.0),
    "zipformer_ctc": Kind(2, high_hz=-400.0, sample_scale=1.0),
    "wenet_ctc": Kind(2, high_hz=-400.0, sample_scale=32768.0),
}
"""Settings of sherpa-onnx's recognizers of the same names."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("source", type=Path, metavar="SOURCE", help=f"folder with a model and {TOKENS}")
    parser.add_argument("--licence", default="unknown: ask whoever made it", help="for the manifest")
    parser.add_argument("--language", default="auto", help="SenseVoice: what is spoken, by default")


def run(options: argparse.Namespace, target: Target) -> ModelFolder:
    """Write the model folder. Raises InputError if the folder is none, and what `Target.install` raises."""
    target.refuse()
    source: Path = options.source
    file = _model(source)
    content, tokens = read_file(file), read_file(source / TOKENS)
    network = describe(content, file.name, origin=file, quantization=_quantization(file))
    notes = Notes(file, onnx_metadata(content))
    name = notes.text("model_type")
    if name not in KINDS:
        known = ", ".join(KINDS)
        raise InputError(file, f"is a {name} model, which is not known here; known are {known}")
    kind = KINDS[name]
    _check(file, network, kind)
    try:
        pieces = read_tokens(tokens)
    except ValueError as error:
        raise InputError(source / TOKENS, str(error)) from error
    parameters = _parameters(notes, kind, network, pieces, options.language)
    front_end, statistics = _front_end(notes, kind, network)
    files = {file.name: content, TOKENS: tokens, **statistics}
    text = _card(target, name, source, front_end, options.licence)
    return target.install(
        {**files, "CARD.md": text},
        version=notes.get("version", "1"),
        task="ctc-recognizer",
        networks={"recognizer": network},
        front_end=front_end,
        parameters={"kind": name, **parameters},
        quantization=_quantization(file),
        licence=options.licence,
        source=notes.get("url", "") or f"the folder {source.resolve().name}",
    )


def _parameters(
    notes: Notes, kind: Kind, network: Network, pieces: list[str], language: str
) -> dict[str, bool | int | float | str]:
    """What a recognizer must know beside the front end."""
    sense_voice = kind.inputs == 4
    factor = "lfr_window_shift" if sense_voice else "subsampling_factor"
    frames = 4 if notes.get(factor, "") == "" and not sense_voice else notes.whole(factor)
    parameters: dict[str, bool | int | float | str] = {
        "tokens": TOKENS,
        "vocabulary": _vocabulary(notes, network, pieces),
        "blank": next((pieces.index(name) for name in BLANKS if name in pieces), 0),
        "row_s": frames * HOP_S,
        "prefix_rows": kind.prefix,
    }
    if sense_voice:
        parameters |= {f"language_{name}": notes.whole(f"lang_{name}") for name in LANGUAGES}
        parameters |= {f"text_norm_{name}": notes.whole(f"{name}_itn") for name in ("with", "without")}
        if f"language_{language}" not in parameters:
            raise UsageError(f"the model knows no language {language!r}, but {', '.join(LANGUAGES)}")
        parameters["language"] = language
    return parameters


def _vocabulary(notes: Notes, network: Network, pieces: list[str]) -> int:
    """Numbers in a row of the output, checked against the list of pieces."""
    declared = network.outputs[0].shape[-1]
    size = declared if isinstance(declared, int) else notes.whole("vocab_size")
    if size != len(pieces):
        raise InputError(
            network.file, f"tells {size} pieces apart, but {TOKENS} has {len(pieces)}: not of one model"
        )
    return size


def _front_end(notes: Notes, kind: Kind, network: Network) -> tuple[Fbank, dict[str, bytes]]:
    """What the recording becomes, and the file with statistics where there are some."""
    stack, skip = 1, 1
    statistics: dict[str, bytes] = {}
    scale = kind.sample_scale
    if kind.inputs == 4:
        stack, skip = notes.whole("lfr_window_size"), notes.whole("lfr_window_shift")
        scale = 1.0 if notes.whole("normalize_samples") else 32768.0
        rows = [notes.numbers(name, stack * MEL_BANDS) for name in ("neg_mean", "inv_stddev")]
        buffer = io.BytesIO()
        np.save(buffer, np.stack(rows))
        statistics[STATISTICS] = buffer.getvalue()
    width = network.inputs[0].shape[-1]
    if isinstance(width, int) and width != stack * MEL_BANDS:
        raise InputError(network.file, f"takes rows of {width} numbers, not {stack} x {MEL_BANDS}")
    front_end = Fbank(
        rate_hz=16_000,
        n_mels=MEL_BANDS,
        high_hz=kind.high_hz,
        window=kind.window,  # type: ignore[arg-type] # one of the known ones
        sample_scale=scale,
        centered=kind.centered,
        stack=stack,
        skip=skip,
        statistics=STATISTICS if statistics else None,
    )
    return front_end, statistics


def _check(file: Path, network: Network, kind: Kind) -> None:
    """Refuse other inputs than features [batch, rows, numbers], lengths, and SenseVoice's two choices."""
    ranks = [len(tensor.shape) for tensor in network.inputs]
    if len(ranks) > kind.inputs:
        raise InputError(file, f"takes {len(ranks)} inputs: a streaming model, which is not supported")
    if ranks != [3, *[1] * (kind.inputs - 1)] or network.inputs[0].dtype != "float32":
        shapes = ", ".join(f"{tensor.name} {list(tensor.shape)}" for tensor in network.inputs)
        raise InputError(file, f"takes {shapes}: not what such a model takes")
    if len(network.outputs[0].shape) != 3:
        shape = list(network.outputs[0].shape)
        raise InputError(file, f"gives {network.outputs[0].name} {shape}: no CTC output")


def _model(source: Path) -> Path:
    """The network in the folder. Raises InputError."""
    if not source.is_dir():
        raise InputError(source, "is no folder; SOURCE is a folder with a model and its tokens.txt")
    files = [source / name for name in MODELS if (source / name).is_file()]
    files += [file for file in sorted(source.glob("*.onnx")) if file not in files]
    if not files or not (source / TOKENS).is_file():
        raise InputError(source, f"holds no {'model.onnx' if not files else TOKENS}")
    if files[0].name not in MODELS and len(files) > 1:
        raise InputError(source, f"holds {len(files)} .onnx files: no CTC model has more than one network")
    return files[0]


def _quantization(file: Path) -> str:
    return "int8 by whoever exported it" if ".int8." in file.name else "none"


def _card(target: Target, kind: str, source: Path, front_end: Fbank, licence: str) -> bytes:
    return card(
        target.id,
        "Writes down speech: a network with CTC output.",
        {
            "Network": f"{kind}, from the folder {source.resolve().name}",
            "Licence": licence,
            "Input": f"{front_end.n_mels} bands of Kaldi's filter bank at {front_end.rate_hz} Hz, "
            f"{front_end.stack} frames in a row of the network's input",
            "Made by": "`python -m tools.importers ctc`",
        },
        weak=["Whoever trained it knows: see where it came from."],
    )
