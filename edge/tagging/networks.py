"""The networks of tagging, and the space that tags are placed in."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from os import PathLike

import numpy as np

from edge.arrays import Floats
from edge.cache import Cache, key
from edge.errors import ModelError
from edge.evidence.networks import VideoNetworks
from edge.networks.tag_towers import TagTowers


class TagNetworks(VideoNetworks):
    """The networks of tagging; close them, or use them in a `with` statement.

    `encoder` is the id or folder of an image encoder: by default the one of `edgereel[tags]` if it is
    installed, else the one that ships with the package. `reader` is that of a text reader; without one,
    text in the frames is ignored. Raises ModelError if a model is missing or damaged,
    MissingRuntimeError without its runtime, at the first use of the network.
    """

    def __init__(
        self,
        encoder: str | PathLike[str] | None = None,
        *,
        texts: str | PathLike[str] | None = None,
        towers: str | PathLike[str] | None = None,
        reader: str | PathLike[str] | None = None,
        threads: int = 1,
        cache: Cache | None = None,
    ) -> None:
        super().__init__(encoder, texts, reader, threads=threads, cache=cache)
        self._towers = towers

    @cached_property
    def towers(self) -> TagTowers:
        """Return the towers. Raises ModelError if they are for another text encoder."""
        towers = TagTowers(self._towers, threads=self._threads)
        if towers.parameters.text != self.texts.size:
            towers.close()
            what = f"expects text vectors of {towers.parameters.text} numbers, not {self.texts.size}"
            raise ModelError(towers.folder.path, what)
        return towers

    @property
    def space(self) -> str:
        """Id of the space of tags: it changes with the text encoder and the towers."""
        towers = self.towers.folder.manifest
        return f"{self.texts.space}+{towers.id}-{towers.version}-{towers.digest[:12]}"

    @property
    def size(self) -> int:
        """Numbers of a place in the space."""
        return self.towers.size

    def encode(self, texts: Sequence[str]) -> Floats:
        """Return the places of tags, float32[n, size] of norm 1."""
        if not texts:
            return np.zeros((0, self.size), np.float32)
        return self.towers.tags(self.texts.encode(texts))

    @cached_property
    def names(self) -> Floats:
        """Return what the image encoder's classes stand for, float32[labels, size]."""
        labels = self.encoder.labels
        entry = key("names", self.space, labels)
        known = self._cache.get(entry) if self._cache else None
        if known is not None and len(known) == 4 * len(labels) * self.size:
            return np.frombuffer(known, np.float32).reshape(len(labels), self.size)
        names = self.towers.names(self.texts.encode([label.split(",")[0] for label in labels]))
        if self._cache:
            self._cache.put(entry, names.astype(np.float32).tobytes())
        return names
