"""How well a composer foretells pieces: the loss of each word, by the networks that ship."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edge.arrays import Floats
from edge.music import words
from edge.networks.composer import Composer
from tools.train.music.corpus import Piece
from tools.train.music.network import OWNERS

LENGTH = 512
"""Words of each piece that are foretold."""


def measured(network: Composer, pieces: Sequence[Piece], length: int = LENGTH) -> dict[str, float]:
    """Return the mean loss of each field in nats, and `word`: the sum over a word."""
    rows = [_losses(network, piece, length) for piece in pieces]
    names = (*words.FIELDS, "word")
    return {name: round(float(np.mean([row[name] for row in rows])), 4) for name in names}


def _losses(network: Composer, piece: Piece, length: int) -> dict[str, float]:
    given, beside = (part[:length] for part in words.encode(piece.bars))
    state, _ = network.sessions["body"].run(given[None, :-1], beside[None, :-1], network.begin(1))
    after = given[1:]
    logits = network.foretell(state[0], after[:, 0], after[:, 2], after[:, 3])
    total, result = np.zeros(len(after)), dict[str, float]()
    for column, (name, owner) in enumerate(zip(words.FIELDS, OWNERS, strict=True)):
        has = np.ones(len(after), bool) if owner is None else after[:, 0] == owner
        each = np.where(has, _crossed(logits[column], after[:, column]), 0)
        result[name] = float(each.sum() / max(1, has.sum()))
        total += each
    return {**result, "word": float(total.mean())}


def _crossed(logits: Floats, values: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the cross entropy of each row."""
    shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    return np.asarray(np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(values)), values])
