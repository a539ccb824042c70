"""What an image encoder says of pictures whose class is known, and which pictures a scene may show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.arrays import Floats
from edge.evidence.excerpts import light
from edge.networks.image_encoder import ImageEncoder
from edge.networks.text_encoder import TextEncoder
from tools.evaluate.images import read_pictures
from tools.progress import each

COUNT = 5000
"""Pictures that are looked at."""

NEAR, NEAREST = 0.5, 10
"""Cosine of a class's name and a keyword from which the class may be seen in a scene, and how many may."""


@dataclass(frozen=True)
class Pictures:
    """n pictures."""

    classes: Floats
    """float32[n, labels]: probabilities."""
    light: Floats
    """float32[n, 3]."""
    labels: NDArray[np.int64]
    """int64[n]: index of the class of each."""


def collect(pack: Path, encoder: ImageEncoder, run: Path) -> Pictures:
    """Return pictures of a pack as the encoder sees them; kept in `run`."""
    file = run / "pictures.npz"
    if not file.exists():
        names = {
            name: number for number, label in enumerate(encoder.labels) for name in (label.split(",")[0],)
        }
        known = [one for one in read_pictures(pack) if one.label in names]
        chosen = np.random.default_rng(0).permutation(len(known))[:COUNT]
        classes, lights, labels = [], [], []
        for index in each(chosen.tolist(), "pictures"):
            rgb = known[index].rgb()
            classes.append(encoder.classify([rgb])[0].astype(np.float16))
            lights.append(light(rgb))
            labels.append(names[known[index].label])
        run.mkdir(parents=True, exist_ok=True)
        np.savez(file, classes=np.stack(classes), light=np.stack(lights), labels=np.array(labels, np.int64))
    with np.load(file) as kept:
        return Pictures(kept["classes"].astype(np.float32), kept["light"], kept["labels"])


def shown_in(keywords: Sequence[Sequence[str]], names: Floats, texts: TextEncoder) -> list[NDArray[np.int64]]:
    """Return the classes that each scene may show, by its keywords; `names` float32[labels, text]."""
    found = []
    for words in keywords:
        cosines = (texts.encode(list(words)) @ names.T).max(axis=0)
        best = np.argsort(-cosines)[:NEAREST]
        found.append(best[cosines[best] >= NEAR])
    return found
