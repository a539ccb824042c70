"""The networks of matching, and the space that videos and music are placed in."""

from __future__ import annotations

from functools import cached_property
from os import PathLike

import numpy as np

from edge.arrays import Floats
from edge.cache import Cache, key
from edge.errors import ModelError
from edge.evidence.networks import VideoNetworks
from edge.models.store import installed
from edge.networks.match_towers import MatchTowers
from edge.networks.music_tagger import MusicTagger
from edge.networks.segmenter import Segmenter
from edge.networks.text_encoder import TextEncoder

BEST_TAGGER = "musicnn"
"""Music tagger that is used if it was imported."""


class MatchNetworks(VideoNetworks):
    """The networks of matching; close them, or use them in a `with` statement.

    `encoder` and `tagger` are ids or folders of an image encoder and a music tagger, by default the best that
    are installed. Raises ModelError if a model is missing or damaged, MissingRuntimeError without its
    runtime, at the first use of the network.
    """

    def __init__(
        self,
        encoder: str | PathLike[str] | None = None,
        *,
        tagger: str | PathLike[str] | None = None,
        towers: str | PathLike[str] | None = None,
        threads: int = 1,
        cache: Cache | None = None,
    ) -> None:
        super().__init__(encoder, None, None, threads=threads, cache=cache)
        self._tagger, self._towers = tagger, towers

    def opened_again(self) -> MatchNetworks:
        """Return the same networks, not opened yet, for another thread."""
        return MatchNetworks(
            self._encoder, tagger=self._tagger, towers=self._towers, threads=1, cache=self._cache
        )

    @cached_property
    def tagger(self) -> MusicTagger:
        """Return the music tagger."""
        known = any(path.name == BEST_TAGGER for path in installed())
        return MusicTagger(self._tagger or (BEST_TAGGER if known else None), threads=self._threads)

    @cached_property
    def towers(self) -> MatchTowers:
        """Return the towers. Raises ModelError if they are for another text encoder or music tagger."""
        towers = MatchTowers(self._towers, threads=self._threads)
        wanted, given = towers.parameters, self.tagger.parameters.space
        if (wanted.text, wanted.sounds) != (self.texts.size, given):
            towers.close()
            what = f"expects vectors of {wanted.text} numbers of texts and of {wanted.sounds}, not {given}"
            raise ModelError(towers.folder.path, what)
        return towers

    @property
    def analysis(self) -> str:
        """Id of the networks that analyze tracks."""
        return "+".join(_id(network) for network in (self.segmenter, self.tagger))

    @property
    def space(self) -> str:
        """Id of the space: it changes with any network."""
        return "+".join((self.analysis, _id(self.texts), _id(self.towers)))

    @cached_property
    def names(self) -> Floats:
        """Return text vectors of the image encoder's labels, float32[labels, text]."""
        labels, size = self.encoder.labels, self.texts.size
        entry = key("labels", self.texts.space, labels)
        known = self._cache.get(entry) if self._cache else None
        if known is not None and len(known) == 4 * len(labels) * size:
            return np.frombuffer(known, np.float32).reshape(len(labels), size)
        names = self.texts.encode([label.split(",")[0] for label in labels])
        if self._cache:
            self._cache.put(entry, names.astype(np.float32).tobytes())
        return names


def _id(network: Segmenter | MusicTagger | TextEncoder | MatchTowers) -> str:
    manifest = network.folder.manifest
    return f"{manifest.id}-{manifest.version}-{manifest.digest[:12]}"
