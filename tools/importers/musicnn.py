"""`musicnn`: a music tagger with 50 tags (Pons and Serra 2019), rebuilt from the package's checkpoint."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import msgspec
import numpy as np
import torch
from torch import Tensor, nn

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

EPSILON = 1e-3
"""Of the batch normalization."""

WEAK = (
    "Tags are those of MagnaTagATune: classical, ambient, Indian and electronic music of the early 2000s.",
    "Moods are not among its tags.",
    "It is slow: about 50 ms for 3 s of audio on one core.",
)


class Musicnn(nn.Module):
    """Log-mel frames [n, frames, 96] to probabilities of tags [n, 50] and the layer before them [n, 200]."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(1, EPSILON)
        self.timbral = nn.ModuleList(_Block(1, 204, (7, width), (3, 0)) for width in (38, 67))
        # TensorFlow pads filters of even length with one more zero at the end.
        self.temporal = nn.ModuleList(
            _Block(1, 51, (length, 1), (0, 0), (length // 2 - 1, length // 2)) for length in (128, 64, 32)
        )
        self.middle = nn.ModuleList(_Block(1, 64, (7, width), (3, 0)) for width in (561, 64, 64))
        self.pooled = nn.BatchNorm1d(1506, EPSILON)
        self.dense, self.dense_norm = nn.Linear(1506, 200), nn.BatchNorm1d(200, EPSILON)
        self.tags = nn.Linear(200, len(LABELS))

    def forward(self, mel: Tensor) -> tuple[Tensor, Tensor]:
        """See the class."""
        x = self.norm(mel[:, None])
        front = torch.cat([block(x).amax(3) for block in (*self.timbral, *self.temporal)], 1)
        values, all_values = front, [front]
        for number, block in enumerate(self.middle):
            made = block(values.transpose(1, 2)[:, None])[..., 0]
            values = made + values if number else made
            all_values.append(values)
        joined = torch.cat(all_values, 1)
        pooled = self.pooled(torch.stack([joined.amax(2), joined.mean(2)], 2).flatten(1))
        vector = self.dense_norm(torch.relu(self.dense(pooled)))
        return torch.sigmoid(self.tags(vector)), vector


class _Block(nn.Module):
    """A convolution, ReLU, and batch normalization."""

    def __init__(
        self,
        given: int,
        made: int,
        kernel: tuple[int, int],
        padding: tuple[int, int],
        uneven: tuple[int, int] = (0, 0),
    ) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(given, made, kernel, padding=padding), nn.BatchNorm2d(made, EPSILON)
        self.uneven = uneven

    def forward(self, x: Tensor) -> Tensor:
        """Return [n, made, frames, width]."""
        if any(self.uneven):
            x = nn.functional.pad(x, (0, 0, *self.uneven))
        made: Tensor = self.norm(torch.relu(self.conv(x)))
        return made


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
