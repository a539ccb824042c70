"""The composer: foretells the next compound word of a piece, given those before and what it shall be like.

    words so far and conditions beside them -> "body" -> a state, and a cache for the words that follow
    state, and the parts of the next word that are chosen -> "heads" -> logits of its parts

See `edge.music.words` for words and conditions; they come as whole numbers, whose ranges are in the manifest.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from msgspec import Meta, Struct
from numpy.typing import NDArray

from edge.arrays import Floats
from edge.errors import ModelError
from edge.networks.base import Network

Count = Annotated[int, Meta(ge=1)]


class Parameters(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters in the manifest of a composer."""

    fields: tuple[Count, ...]
    """How many values each field of a word has."""
    conditions: tuple[Count, ...]
    """How many values each condition has."""
    cache: tuple[Count, Count, Count]
    """Layers, heads and values of a head in the cache."""


class Composer(Network[None, Parameters]):
    """A composer, by default the one that ships with the package."""

    task = "composer"
    front_end_type = type(None)
    parameters_type = Parameters
    roles = ("body", "heads")
    default = "composer"

    def begin(self, pieces: int) -> Floats:
        """Return the cache before the first word of as many pieces at a time."""
        layers, heads, size = self.parameters.cache
        return np.zeros((layers, 2, pieces, heads, 0, size), np.float32)

    def read(
        self, words: NDArray[np.int64], beside: NDArray[np.int64], cache: Floats
    ) -> tuple[Floats, Floats]:
        """Return the state float32[pieces, size] after words int64[pieces, n, fields], and the longer cache.

        beside: int64[pieces, n, conditions].
        """
        state, cache = self.sessions["body"].run(words, beside, cache)
        return state[:, -1], cache

    def foretell(
        self, state: Floats, family: NDArray[np.int64], voice: NDArray[np.int64], pitch: NDArray[np.int64]
    ) -> Sequence[Floats]:
        """Return logits of each field of the next word, float32[pieces, values].

        Those of the family depend on the state alone, those of step and voice on the family too, that of the
        pitch on the voice too, those of duration and strength on all of these.
        """
        return self.sessions["heads"].run(state, family, voice, pitch)

    def _check(self) -> None:
        outputs = self.folder.network("heads").outputs
        if tuple(tensor.shape[-1] for tensor in outputs) != self.parameters.fields:
            raise ModelError(self.folder.path, "does not describe a composer: its heads have other sizes")
