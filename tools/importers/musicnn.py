"""`musicnn`: a music tagger with 50 tags (Pons and Serra 2019), rebuilt from the package's checkpoint."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from edge.arrays import Floats
from edge.errors import InputError
from edge.models.folder import ModelFolder
from edge.models.frontend import LogMel
from edge.networks.music_tagger import Parameters
from tools.convert import onnx
from tools.importers.cards import card
from tools.importers.checkpoints import read_checkpoint
from tools.importers.install import Target, describe
from tools.importers.sources import Package, Source

if TYPE_CHECKING:
    from torch import Tensor

    from tools.importers.musicnn_network import Musicnn

PACKAGE = Package("musicnn", "0.1.0", "musicnn")

FOLDER = "MTT_musicnn"
"""The network that was trained on MagnaTagATune."""

LABELS = (
    "guitar", "classical", "slow", "techno", "strings", "drums", "electronic", "rock", "fast", "piano",
    "ambient", "beat", "violin", "vocal", "synth", "female", "indian", "opera", "male", "singing", "vocals",
    "no vocals", "harpsichord", "loud", "quiet", "flute", "woman", "male vocal", "no vocal", "pop", "soft",
    "sitar", "solo", "man", "classic", "choir", "voice", "new age", "dance", "male voice", "female vocal",
    "beats", "harp", "cello", "no voice", "weird", "country", "metal", "female voice", "choral",
)  # fmt: skip
"""Tags of MagnaTagATune, in the order of the network's output."""

MELS, FRAMES = 96, 187

FRONT_END = LogMel(
    rate_hz=16_000, n_fft=512, window=512, hop=256, n_mels=MELS, low_hz=0.0, high_hz=8000.0,
    floor=1e-4, mean=float(np.log(1e-4)), scale=float(np.log(10)), filters="slaney",
)  # fmt: skip
"""log10(10000 power + 1), as (ln(power + 1e-4) - ln 1e-4) / ln 10."""

SPACE = "musicnn-mtt"

WEAK = (
    "Tags are those of MagnaTagATune: classical, ambient, Indian and electronic music of the early 2000s.",
    "Moods are not among its tags.",
    "It is slow: about 50 ms for 3 s of audio on one core.",
)


def run(source: Source, target: Target, *, data: Path | None) -> ModelFolder:
    """Write the model folder.

    Raises InputError if the source holds something else, and what `Target.install` raises.
    """
    target.refuse()
    network = build(source)
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch, "tagger.onnx")
        example = {"mel": np.zeros((1, FRAMES, MELS), np.float32)}
        onnx.export(network, example, file, outputs=("tags", "vector"), free={"mel": {0: "excerpts"}})
        content = file.read_bytes()
    text = card(
        target.id,
        "Tags music, and makes a vector of how it sounds.",
        {
            "Network": "musicnn: filters as tall as timbres and as long as rhythms; 790,000 weights",
            "Source": source.words,
            "Licence": "ISC",
            "Trained on": "MagnaTagATune, by the makers of musicnn",
            "Quantization": "none",
            "Made by": f"`python -m tools.importers musicnn`, {len(content) / 1e6:.2f} MB",
        },
        measured=None,
        weak=WEAK,
    )
    return target.install(
        {"tagger.onnx": content, "CARD.md": text},
        version="1",
        task="music-tagger",
        networks={"tagger": describe(content, "tagger.onnx", origin=source.place)},
        labels=LABELS,
        front_end=FRONT_END,
        parameters=msgspec.to_builtins(Parameters(size=200, frames=FRAMES, space=SPACE)),
        quantization="none",
        licence="ISC",
        source=f"{source.words} by python -m tools.importers musicnn",
        accuracy={},
    )


def build(source: Source) -> Musicnn:
    """Return the network with the weights of the source. Raises InputError."""
    from tools.importers.musicnn_network import Musicnn  # noqa: PLC0415 - torch takes seconds

    try:
        tensors = read_checkpoint(
            source.read(f"{FOLDER}/.index"), source.read(f"{FOLDER}/.data-00000-of-00001")
        )
        network = Musicnn()
        network.load_state_dict(dict(_named(tensors)))
    except (KeyError, ValueError, RuntimeError) as error:
        what = f"{FOLDER} holds other weights than expected: {' '.join(str(error).split())[:200]}"
        raise InputError(source.place, what) from error
    return network.eval()


def _named(tensors: Mapping[str, Floats]) -> list[tuple[str, Tensor]]:
    """Return the weights by the names of `Musicnn`; the source numbers layers of a kind."""
    import torch  # noqa: PLC0415 - takes seconds

    blocks = [*(f"timbral.{n}" for n in range(2)), *(f"temporal.{n}" for n in range(3))]
    blocks += [f"middle.{n}" for n in range(3)]
    norms = ["norm", *(f"{block}.norm" for block in blocks), "pooled", "dense_norm"]
    pairs = []
    for number, name in enumerate(norms):
        source = f"batch_normalization{f'_{number}' if number else ''}"
        pairs.append((f"{name}.num_batches_tracked", torch.tensor(0)))
        for ours, theirs in (
            ("weight", "gamma"), ("bias", "beta"),
            ("running_mean", "moving_mean"), ("running_var", "moving_variance"),
        ):  # fmt: skip
            pairs.append((f"{name}.{ours}", torch.tensor(tensors[f"{source}/{theirs}"])))
    for number, name in enumerate(blocks):
        source = f"conv2d{f'_{number}' if number else ''}"
        kernel = torch.tensor(tensors[f"{source}/kernel"]).permute(3, 2, 0, 1)
        pairs += [
            (f"{name}.conv.weight", kernel),
            (f"{name}.conv.bias", torch.tensor(tensors[f"{source}/bias"])),
        ]
    for name, source in (("dense", "dense"), ("tags", "dense_1")):
        pairs += [
            (f"{name}.weight", torch.tensor(tensors[f"{source}/kernel"]).T),
            (f"{name}.bias", torch.tensor(tensors[f"{source}/bias"])),
        ]
    return pairs
