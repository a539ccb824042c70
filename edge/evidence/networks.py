"""The networks that examine videos, opened when they are first needed."""

from __future__ import annotations

from functools import cached_property
from os import PathLike
from typing import Self

from edge.cache import Cache
from edge.evidence.excerpts import ExcerptNetworks
from edge.models.options import SessionOptions
from edge.models.packages import is_installed
from edge.networks.face_detectors import find_face_detector, open_face_detector
from edge.networks.face_map import FaceMap
from edge.networks.faces import FaceDetector
from edge.networks.image_encoder import ImageEncoder
from edge.networks.segmenter import Segmenter
from edge.networks.text_encoder import TextEncoder
from edge.networks.text_reader import TextReader

BEST_ENCODER = "efficientnet-lite2"
"""Image encoder that is used if its package is installed."""


class VideoNetworks:
    """Networks that examine excerpts and texts; close them, or use them in a `with` statement.

    A subclass adds others as cached properties. Raises ModelError if a model is missing or damaged,
    MissingRuntimeError without its runtime, at the first use of the network.
    """

    def __init__(
        self,
        encoder: str | PathLike[str] | None,
        texts: str | PathLike[str] | None,
        reader: str | PathLike[str] | None,
        *,
        threads: int,
        cache: Cache | None,
    ) -> None:
        self._encoder, self._texts, self._reader = encoder, texts, reader
        self._threads, self._cache = threads, cache

    @cached_property
    def encoder(self) -> ImageEncoder:
        """Return the image encoder."""
        default = BEST_ENCODER if is_installed(BEST_ENCODER) else None
        kept = SessionOptions(threads=self._threads, arena=True)  # 0.3 s of 4.3 s for ten minutes
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
    def reader(self) -> TextReader | None:
        """Return the text reader; None if text in the frames is ignored."""
        return None if self._reader is None else TextReader(self._reader, threads=self._threads)

    @cached_property
    def texts(self) -> TextEncoder:
        """Return the text encoder."""
        return TextEncoder(self._texts, threads=self._threads)

    @property
    def excerpts(self) -> ExcerptNetworks:
        """Return those that examine a recording."""
        return ExcerptNetworks(self.encoder, self.detector, self.segmenter, self.reader)

    def close(self) -> None:
        """Release those that were opened."""
        for name, network in list(self.__dict__.items()):
            if not name.startswith("_") and hasattr(network, "close"):
                del self.__dict__[name]
                network.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
