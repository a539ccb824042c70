"""The composer: a transformer over compound words, which predicts a word's parts one after another.

words and conditions -> sum of embeddings -> blocks with rotary positions -> family -> step, or voice -> pitch
-> duration and strength (Hsiao et al. 2021, but for the order within a word: they predict its parts at once)
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from edge.music import words

SIZES = (3, words.STEPS + 1, len(words.VOICES), words.PITCHES, len(words.DURATIONS), words.STRENGTHS)
"""Values of each of `words.FIELDS`."""

CONDITION_SIZES = (
    words.NO_CHORD + 1, words.NO_CHORD + 1, len(words.DENSITIES), words.BAR_STRENGTHS, 2,
    words.PHRASE, words.PHRASE,
)  # fmt: skip
"""Values of each of `words.CONDITIONS`."""

DROPPED = 0.1
"""Of the attention's weights in training."""

OWNERS = (None, words.METRIC, words.NOTE, words.NOTE, words.NOTE, words.NOTE)
"""Family that has each field; None for all."""


class Composer(nn.Module):
    """The network; `size` is that of a word's vector."""

    def __init__(self, size: int = 256, depth: int = 6, heads: int = 4, dropout: float = 0.1) -> None:
        super().__init__()
        self.size, self.depth, self.heads = size, depth, heads
        self.fields = nn.ModuleList(nn.Embedding(count, size) for count in SIZES)
        self.conditions = nn.ModuleList(nn.Embedding(count, size) for count in CONDITION_SIZES)
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(Block(size, heads, dropout) for _ in range(depth))
        self.norm = nn.LayerNorm(size)
        self.chosen = nn.ModuleList(nn.Embedding(count, size) for count in (SIZES[0], SIZES[2], SIZES[3]))
        self.heads_of = nn.ModuleList(nn.Linear(size, count) for count in SIZES)
        for table in (*self.fields, *self.conditions, *self.chosen):
            nn.init.normal_(table.weight, std=0.02)

    def forward(self, given: Tensor, beside: Tensor, past: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return the states [batch, n, size] after words [batch, n, fields], and the cache with them.

        beside [batch, n, conditions]; past and the cache [depth, 2, batch, heads, words, size / heads].
        """
        family = given[..., 0]
        total = self.fields[0](family)
        for column, owner in enumerate(OWNERS):
            if owner is not None:
                total = total + self.fields[column](given[..., column]) * (family == owner)[..., None]
        for column, table in enumerate(self.conditions):
            total = total + table(beside[..., column])
        state, caches = self.dropout(total), []
        for number, block in enumerate(self.blocks):
            state, cache = block(state, None if past is None else past[number])
            caches.append(cache)
        return self.norm(state), torch.stack(caches)

    def parts(self, state: Tensor, family: Tensor, voice: Tensor, pitch: Tensor) -> list[Tensor]:
        """Return the logits of the next word's fields, each given those before it, for states [..., size]."""
        of_family = state + self.chosen[0](family)
        of_voice = of_family + self.chosen[1](voice)
        of_pitch = of_voice + self.chosen[2](pitch)
        states = (state, of_family, of_family, of_voice, of_pitch, of_pitch)
        return [head(one) for head, one in zip(self.heads_of, states, strict=True)]


class Block(nn.Module):
    """Attention to all words before, and two dense layers, each after a normalization."""

    def __init__(self, size: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.norm, self.norm_after = nn.LayerNorm(size), nn.LayerNorm(size)
        self.given, self.joined = nn.Linear(size, 3 * size), nn.Linear(size, size)
        self.inner, self.outer = nn.Linear(size, 4 * size), nn.Linear(4 * size, size)
        self.dropout = nn.Dropout(dropout)

    def forward(self, state: Tensor, past: Tensor | None) -> tuple[Tensor, Tensor]:
        """Return the state, and keys and values [2, batch, heads, words, size / heads]."""
        batch, count, size = state.shape
        shape = (batch, count, self.heads, size // self.heads)
        query, key, value = (
            part.reshape(shape).transpose(1, 2) for part in self.given(self.norm(state)).chunk(3, dim=-1)
        )
        start = 0 if past is None else past.shape[-2]
        places = torch.arange(start, start + count)
        query, key = rotated(query, places), rotated(key, places)
        if past is not None:
            key, value = torch.cat([past[0], key], dim=-2), torch.cat([past[1], value], dim=-2)
        seen = self._attention(query, key, value, start)
        state = state + self.dropout(self.joined(seen.transpose(1, 2).reshape(batch, count, size)))
        inner = functional.gelu(self.inner(self.norm_after(state)))
        return state + self.dropout(self.outer(inner)), torch.stack([key, value])

    def _attention(self, query: Tensor, key: Tensor, value: Tensor, start: int) -> Tensor:
        """Return the means of the values of all words up to each of the query's, which begin at `start`."""
        if self.training:
            return functional.scaled_dot_product_attention(
                query, key, value, is_causal=True, dropout_p=DROPPED
            )
        scores = query @ key.transpose(-1, -2) * query.shape[-1] ** -0.5
        later = torch.arange(key.shape[-2])[None] > start + torch.arange(query.shape[-2])[:, None]
        return torch.softmax(scores.masked_fill(later, -1e9), dim=-1) @ value


def rotated(vectors: Tensor, places: Tensor) -> Tensor:
    """Return vectors [..., n, size] turned by their places [n] (Su et al. 2021, rotary positions)."""
    half = vectors.shape[-1] // 2
    angles = places[:, None].float() * 10_000 ** (-torch.arange(half).float() / half)
    cosine, sine = angles.cos(), angles.sin()
    first, second = vectors[..., :half], vectors[..., half:]
    return torch.cat([first * cosine - second * sine, second * cosine + first * sine], dim=-1)
