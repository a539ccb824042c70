"""Export a composer as two graphs, and write its model folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from edge.models.folder import ModelFolder
from edge.models.manifest import Network
from edge.models.manifest import Tensor as Described
from edge.music import words
from edge.networks.composer import Composer, Parameters
from tools.convert import onnx
from tools.convert.folder import write_folder
from tools.importers.weights import int8_weights
from tools.train.music import network as architecture

INT8 = "int8 weights of the dense layers with a scale for each output; activations in float"


class _Heads(nn.Module):
    def __init__(self, composer: architecture.Composer) -> None:
        super().__init__()
        self.composer = composer

    def forward(self, state: Tensor, family: Tensor, voice: Tensor, pitch: Tensor) -> list[Tensor]:
        """See `Composer.parts`."""
        return self.composer.parts(state, family, voice, pitch)


def graphs(composer: architecture.Composer, folder: Path) -> dict[str, bytes]:
    """Return the graphs as float ONNX files."""
    folder.mkdir(parents=True, exist_ok=True)
    composer.eval()
    size = composer.size // composer.heads
    given: dict[str, NDArray[Any]] = {
        "words": np.zeros((2, 3, len(words.FIELDS)), np.int64),
        "beside": np.zeros((2, 3, len(words.CONDITIONS)), np.int64),
        "past": np.zeros((composer.depth, 2, 2, composer.heads, 5, size), np.float32),
    }
    free = {name: {0: "pieces", 1: "n"} for name in ("words", "beside", "state")}
    free |= {"past": {2: "pieces", 4: "known"}, "cache": {2: "pieces", 4: "words"}}
    onnx.export(composer, given, folder / "body.onnx", outputs=["state", "cache"], free=free)
    chosen: dict[str, NDArray[Any]] = {"state": np.zeros((2, composer.size), np.float32)}
    chosen |= {name: np.zeros(2, np.int64) for name in ("family", "voice", "pitch")}
    pieces = {name: {0: "pieces"} for name in (*chosen, *(f"next_{field}" for field in words.FIELDS))}
    outputs = [f"next_{field}" for field in words.FIELDS]
    onnx.export(_Heads(composer), chosen, folder / "heads.onnx", outputs=outputs, free=pieces)
    return {role: (folder / f"{role}.onnx").read_bytes() for role in Composer.roles}


def write(
    folder: Path, composer: architecture.Composer, exact: dict[str, bytes], *, quantized: bool
) -> ModelFolder:
    """Write the model folder; an existing card stays."""
    quantization = INT8 if quantized else "none"
    contents = {
        f"{role}.onnx": int8_weights(content) if quantized else content for role, content in exact.items()
    }
    if (card := folder / "CARD.md").exists():
        contents[card.name] = card.read_bytes()
    heads, size = composer.heads, composer.size // composer.heads
    cache = ("pieces", heads, "known", size)
    body = Network(
        "body.onnx",
        (Described("words", "int64", ("pieces", "n", len(words.FIELDS))),
         Described("beside", "int64", ("pieces", "n", len(words.CONDITIONS))),
         Described("past", "float32", (composer.depth, 2, *cache))),
        (Described("state", "float32", ("pieces", "n", composer.size)),
         Described("cache", "float32", (composer.depth, 2, "pieces", heads, "words", size))),
        quantization,
    )  # fmt: skip
    chosen = (Described("state", "float32", ("pieces", composer.size)),
              *(Described(name, "int64", ("pieces",)) for name in ("family", "voice", "pitch")))  # fmt: skip
    foretold = tuple(
        Described(f"next_{field}", "float32", ("pieces", count))
        for field, count in zip(words.FIELDS, architecture.SIZES, strict=True)
    )
    parameters = Parameters(architecture.SIZES, architecture.CONDITION_SIZES, (composer.depth, heads, size))
    return write_folder(
        folder, contents, force=True, id="composer", version="1", task=Composer.task,
        parameters=msgspec.to_builtins(parameters),
        networks={"body": body, "heads": Network("heads.onnx", chosen, foretold, quantization)},
        quantization=quantization, licence="Apache-2.0 (weights); see CARD.md for what they were trained on",
        source="python -m tools.train composer",
    )  # fmt: skip
