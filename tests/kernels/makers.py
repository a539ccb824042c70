"""Options and texts that every form of the kernels is tested with."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import numpy as np
from edge_kernels.mel import MelOptions, Norm, Scale, Window, kaldi_fbank, mfcc, slaney, sphinx
from edge_kernels.speech import PhoneGraph
from edge_kernels.transformer import Attention, DecoderLayer, Weights
from numpy.typing import NDArray

SEGMENTER = MelOptions(16_000, 1024, 800, 200, 64, 40.0, 7800.0, offset=1e-6, floor=0.0, mean=-4.0, scale=4.0)

OPTIONS = {
    "segmenter": SEGMENTER,
    "power": replace(SEGMENTER, logarithm=False),
    "slaney": slaney(),
    "slaney, 25 ms": MelOptions(16_000, 512, 400, 160, 64, scale_kind=Scale.SLANEY, norm=Norm.AREA),
    "kaldi": kaldi_fbank(),
    "sphinx": sphinx(),
    "mfcc": mfcc(),
    "mfcc, lifted": mfcc(lifter=22.0, coefficients=20, n_mels=40),
    "magnitude": replace(slaney(), magnitude=True, floor=1e-5),
    "smallest": MelOptions(8000, 32, 20, 7, 3),
    "odd": MelOptions(44_100, 64, 63, 1, 5, 100.0, 9000.0, window_kind=Window.HAMMING, norm=Norm.PEAK),
    "wide hop": MelOptions(16_000, 256, 256, 1000, 20, scale_kind=Scale.SLANEY),
    "small hop": MelOptions(16_000, 2048, 2048, 50, 30),
    "largest": MelOptions(48_000, 16_384, 16_000, 4000, 128),
    "one band": MelOptions(16_000, 128, 128, 64, 1),
}


def random_texts(count: int, seed: int) -> list[str]:
    """Chinese, English, emoji, empty, near duplicates; some of 5,000 characters."""
    rng = random.Random(seed)
    han = [chr(0x4E00 + k) for k in range(1500)]
    alphabets = [
        han,
        list("etaoin shrdlu"),
        ["😀", "🎵", "👩‍🚀", "é", "́", "\u200b", "\x00"],
        han + list("abc "),
    ]
    texts = [""]
    while len(texts) < count:
        draw = rng.random()
        length = (
            rng.choice([0, 1, 63, 64, 65, 127, 128, 129, 200])
            if draw < 0.1
            else int(rng.lognormvariate(3, 0.8))
        )
        if draw > 0.999:
            length = 5000
        if rng.random() < 0.4 and texts[-1]:
            letters = list(texts[-1])
            for _ in range(1 + len(letters) // 8):
                at = rng.randrange(len(letters) + 1)
                letters[at : at + rng.randrange(2)] = rng.choices(alphabets[0], k=rng.randrange(2))
            texts.append("".join(letters))
        else:
            texts.append("".join(rng.choices(rng.choice(alphabets), k=length)))
    return texts


def weights(rng: np.random.Generator, rows: int, columns: int) -> Weights:
    """Random codes of a matrix."""
    codes = rng.integers(0, 256, (rows, columns), np.uint8)
    return Weights(codes, scale=0.02 / np.sqrt(rows), zero=int(rng.integers(100, 150)))


def layer(rng: np.random.Generator, width: int, inner: int) -> DecoderLayer:
    """Random weights of a layer."""

    def attention() -> Attention:
        return Attention(*(weights(rng, width, width) for _ in range(4)))

    def floats(*shape: int) -> NDArray[np.float32]:
        return rng.uniform(0.5, 1.5, shape).astype(np.float32)

    wide, narrow = weights(rng, width, 2 * inner), weights(rng, inner, width)
    return DecoderLayer(
        attention(), attention(), wide, narrow, floats(3, width), floats(2 * inner), floats(width)
    )


def phones(rng: np.random.Generator, nodes: int) -> tuple[Any, Any, NDArray[np.float32], PhoneGraph]:
    """Means, variances and weights of 2 streams of 5 values, and a graph; each node has its codebook."""
    means = rng.standard_normal((nodes, 2, 16, 5))
    variances = rng.uniform(0.5, 2, means.shape)
    weights = rng.dirichlet(np.ones(16), (3 * nodes, 2)).astype(np.float32)
    moves = np.log(rng.dirichlet([2, 1], (nodes, 3))).astype(np.float32)
    begins, ends = (np.where(rng.random(nodes) < 0.6, 0, -1e30).astype(np.float32) for _ in range(2))
    arcs = [
        (one, other, float(rng.uniform(-3, 0)))
        for one in range(nodes)
        for other in range(nodes)
        if rng.random() < 0.4
    ]
    states = np.arange(3 * nodes, dtype=np.int32).reshape(-1, 3)
    books = np.arange(nodes, dtype=np.int32)
    return means, variances, weights, PhoneGraph(books, states, moves, begins, ends, arcs)
