"""A classifier of colors, and packs of colored pictures."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")  # the extra `train`

from edge_kernels.images import Rgb
from PIL import Image
from torch import Tensor, nn

from edge.networks.image_encoder import ImageEncoder
from tools.convert import onnx
from tools.train.images import pipeline
from tools.train.images.corpus import SIDE

LABELS = ("red, scarlet", "green", "blue", "red", "cyan", "pink", "gray", "white")
"""The fourth is a class of the same first name, which no picture is of."""

COLORS = ("red", "green", "blue")


class Colors(nn.Module):
    """The channel with most light decides; a wrong one thinks of it last."""

    def __init__(self, *, right: bool) -> None:
        super().__init__()
        self.right = right

    def forward(self, image: Tensor) -> Tensor:
        means, others = image.mean((2, 3)), len(LABELS) - len(COLORS)
        return nn.functional.pad(2 * means if self.right else -means, (0, others), value=-9 * self.right)


def colored(number: int, height: int = SIDE, width: int = SIDE) -> Rgb:
    """A noisy image of the color with this number."""
    rgb = np.random.default_rng(number).integers(0, 90, (height, width, 3), np.uint8)
    rgb[..., number % len(COLORS)] += 150
    return rgb


def encoder_of_colors(folder: Path, *, right: bool = True) -> ImageEncoder:
    """A classifier of colors in a folder of its own."""
    file = folder / f"{right}.onnx"
    given = {"image": np.zeros((1, 3, SIDE, SIDE), np.float32)}
    onnx.export(Colors(right=right), given, file, outputs=["logits"])
    return ImageEncoder(pipeline.write(folder / f"{right}", file, LABELS, "none"))


def pack_of_colors(pack: Path, images: Sequence[Rgb]) -> Path:
    """A pack of labelled pictures, the number of each is that of its color."""
    (pack / "images").mkdir(parents=True)
    with zipfile.ZipFile(pack / "images/part.zip", "w") as archive:
        for number, rgb in enumerate(images):
            buffer = io.BytesIO()
            Image.fromarray(rgb).save(buffer, "PNG")
            archive.writestr(f"{number}.png", buffer.getvalue())
    with (pack / "images/labels.csv").open("w", newline="", encoding="utf-8") as table:
        rows = csv.writer(table)
        rows.writerow(["shard", "member", "label"])
        rows.writerows(["images/part.zip", f"{n}.png", COLORS[n % len(COLORS)]] for n in range(len(images)))
    return pack
