"""The network: vectors of word pieces, two light layers of attention, and one vector for all of them.

Vaswani et al. 2017, normalized before each step (Xiong et al. 2020), with vectors of pieces narrower than the
layers (Lan et al. 2020), because nearly all weights are in their table.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

SCALE = 4.0
"""Of vectors of pieces at the start, against those of length 1: they learn as fast as the other weights."""


@dataclass(frozen=True)
class Sizes:
    """How large the network is."""

    pieces: int = 20_000
    """Word pieces, of which number 0 is padding."""
    piece: int = 128
    """Numbers that each of them has."""
    hidden: int = 256
    """Width of the layers."""
    heads: int = 4
    layers: int = 1
    widened: int = 2
    """Factor of the wide step of a layer."""
    vector: int = 384
    """Size of the result, the teacher's."""
    longest: int = 64
    """Pieces of a text."""


class Layer(nn.Module):
    """Self-attention and a dense layer of two steps; each is added to what went in."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        width, self.heads = sizes.hidden, sizes.heads
        self.before = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))
        self.queries_keys_values, self.attended = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.widen = nn.Linear(width, sizes.widened * width)
        self.narrow = nn.Linear(sizes.widened * width, width)
        for last in (self.attended, self.narrow):  # a new layer changes nothing
            nn.init.zeros_(last.weight)
            nn.init.zeros_(last.bias)

    def forward(self, x: Tensor, absent: Tensor | None) -> Tensor:
        """[batch, pieces, hidden] to the same; `absent` [batch, 1, 1, pieces] is -inf for padding, else 0."""
        batch, width = len(x), x.shape[-1]
        split = self.queries_keys_values(self.before[0](x)).reshape(
            batch, -1, 3 * self.heads, width // self.heads
        )
        queries, keys, values = split.transpose(1, 2).split(self.heads, dim=1)
        scores = queries @ keys.transpose(-1, -2) / math.sqrt(width // self.heads)
        shares = torch.softmax(scores if absent is None else scores + absent, -1)
        mixed = (shares @ values).transpose(1, 2).reshape(batch, -1, width)
        x = x + self.attended(mixed)
        result: Tensor = x + self.narrow(functional.gelu(self.widen(self.before[1](x))))
        return result


class WordNetwork(nn.Module):
    """Word pieces int64[batch, pieces], 0 for padding, to vectors float32[batch, vector] of length 1."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.words = nn.Embedding(sizes.pieces, sizes.piece)
        self.places = nn.Parameter(torch.zeros(sizes.longest, sizes.piece))
        self.enter = nn.Linear(sizes.piece, sizes.hidden)
        self.layers = nn.ModuleList(Layer(sizes) for _ in range(sizes.layers))
        self.norm = nn.LayerNorm(sizes.hidden)
        self.weigh = nn.Linear(sizes.hidden, sizes.heads)
        self.leave = nn.Linear(sizes.hidden, sizes.vector)

    def forward(self, pieces: Tensor, *, padded: bool = True) -> Tensor:
        """See the class; without `padded`, number 0 is as good as any other."""
        absent = torch.where(pieces == 0, -math.inf, 0.0) if padded else None
        return self.vectors(self.words(pieces), absent)

    def vectors(self, x: Tensor, absent: Tensor | None) -> Tensor:
        """Vectors of pieces [batch, pieces, piece] to those of texts; `absent` [batch, pieces] or None."""
        x = self.enter(x + self.places[: x.shape[1]])
        for layer in self.layers:
            x = layer(x, None if absent is None else absent[:, None, None])
        scores = self.weigh(self.norm(x)).transpose(1, 2)
        shares = torch.softmax(scores if absent is None else scores + absent[:, None], -1)
        size, heads = self.sizes.hidden, self.sizes.heads
        split = x.reshape(len(x), -1, heads, size // heads).transpose(1, 2)
        pooled = (shares[:, :, None] @ split).reshape(len(x), size)
        vector: Tensor = self.leave(pooled)
        return vector / vector.square().sum(dim=1, keepdim=True).clamp(min=1e-12).sqrt()


def begun(sizes: Sizes, alone: NDArray[np.float32]) -> WordNetwork:
    """A network that starts as a bag of pieces: `alone` [pieces, vector] are the results for each by itself.

    The vectors of pieces are the first principal components of these, and the last layer turns those back.
    """
    network = WordNetwork(sizes)
    mean = alone.mean(axis=0)
    _, _, axes = np.linalg.svd(alone - mean, full_matrices=False)
    known, kept = min(sizes.piece, len(axes)), min(sizes.hidden, len(axes))
    with torch.no_grad():
        nn.init.normal_(network.words.weight, std=0.1)
        network.words.weight[:, :known] = torch.from_numpy(SCALE * (alone - mean) @ axes[:known].T)
        nn.init.normal_(network.enter.weight, std=0.02)
        network.enter.weight[: sizes.piece] = torch.eye(sizes.piece)
        network.leave.weight[:, :kept] = torch.from_numpy(axes[:kept].T / SCALE)
        network.leave.bias.copy_(torch.from_numpy(mean))
    return network
