"""The networks of matching, opened when they are first needed."""

from __future__ import annotations

from functools import cached_property
from os import PathLike

import numpy as np

from edge.arrays import Floats
from edge.cache import Cache, key
from edge.errors import ModelError
from edge.evidence.excerpts import ExcerptNetworks
from edge.models.options import SessionOptions
from edge.models.packages import is_installed
from edge.models.store import installed
from edge.networks.face_detectors import find_face_detector, open_face_detector
from edge.networks.face_map import FaceMap
from edge.networks.faces import FaceDetector
from edge.networks.image_encoder import ImageEncoder
from edge.networks.match_towers import MatchTowers
from edge.networks.music_tagger import MusicTagger
from edge.networks.segmenter import Segmenter
from edge.networks.text_encoder import TextEncoder

BEST_ENCODER = "efficientnet-lite2"
"""Image encoder that is used if its package is installed."""

BEST_TAGGER = "musicnn"
"""Music tagger that is used if it was imported."""


class MatchNetworks:
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
        self._encoder, self._tagger, self._towers = encoder, tagger, towers
        self._threads, self._cache = threads, cache

    def opened_again(self) -> MatchNetworks:
        """Return the same networks, not opened yet, for another thread."""
        return MatchNetworks(
            self._encoder, tagger=self._tagger, towers=self._towers, threads=1, cache=self._cache
        )

    @cached_property
    def encoder(self) -> ImageEncoder:
        """Return the image encoder."""
        default = BEST_ENCODER if is_installed(BEST_ENCODER) else None
        kept = SessionOptions(threads=self._threads, arena=True)
        return ImageEncoder(self._encoder or default, options=kept)

    @cached_property
    def detector(self) -> FaceDetector:
        """Return the face detector."""
        return open_face_detector(find_face_detector(FaceMap.default), threads=self._threads)

    @cached_property
    def segmenter(self) -> Segmenter:
        """Return the audio segmenter."""
        return Segmenter(threads=self._threads)

    @cached_property
    def tagger(self) -> MusicTagger:
        """Return the music tagger."""
        known = any(path.name == BEST_TAGGER for path in installed())
        return MusicTagger(self._tagger or (BEST_TAGGER if known else None), threads=self._threads)

    @cached_property
    def texts(self) -> TextEncoder:
        """Return the text encoder."""
        return TextEncoder(threads=self._threads)

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
    def excerpts(self) -> ExcerptNetworks:
        """Return those that examine a video."""
        return ExcerptNetworks(self.encoder, self.detector, self.segmenter)

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

    def close(self) -> None:
        """Release those that were opened."""
        for name in ("encoder", "detector", "segmenter", "tagger", "texts", "towers"):
            if (network := self.__dict__.pop(name, None)) is not None:
                network.close()

    def __enter__(self) -> MatchNetworks:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _id(network: Segmenter | MusicTagger | TextEncoder | MatchTowers) -> str:
    manifest = network.folder.manifest
    return f"{manifest.id}-{manifest.version}-{manifest.digest[:12]}"
