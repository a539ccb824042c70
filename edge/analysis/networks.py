"""The networks of all systems, opened when they are first needed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from os import PathLike
from pathlib import Path

from edge.cache import Cache
from edge.evidence.face_track import FaceNetworks
from edge.evidence.speech.recognizer import Recognizer
from edge.evidence.speech.recognizers import open_recognizer
from edge.matching.networks import MatchNetworks
from edge.music.templates import Template, open_templates
from edge.networks.composer import Composer
from edge.networks.segmenter import Segmenter
from edge.tagging.library import TagLibrary
from edge.tagging.networks import TagNetworks
from edge.tagging.tag import open_tags


class AnalysisNetworks:
    """The networks of an analysis; close them, or use them in a `with` statement.

    `recognizer` is one, or its id or folder, by default that of `edgereel[captions]`; `language` is that of a
    multilingual one. `library` is a file of tags, by default those that come with edge. The attributes raise
    ModelError if a model is missing or damaged, MissingRuntimeError without its runtime, MissingExtraError
    without the recognizer's extra.
    """

    def __init__(
        self,
        *,
        recognizer: Recognizer | str | PathLike[str] | None = None,
        language: str | None = None,
        library: Path | None = None,
        threads: int = 1,
        cache: Cache | None = None,
    ) -> None:
        self.cache = cache
        self._recognizer, self._language = recognizer, language
        self._library, self._threads = library, threads

    @cached_property
    def segmenter(self) -> Segmenter:
        """Return the audio segmenter."""
        return Segmenter(threads=self._threads)

    @cached_property
    def recognizer(self) -> Recognizer:
        """Return the speech recognizer."""
        if isinstance(self._recognizer, Recognizer):
            return self._recognizer
        named = {} if self._recognizer is None else {"model": self._recognizer}
        return open_recognizer(**named, language=self._language, threads=self._threads)

    @cached_property
    def faces(self) -> FaceNetworks:
        """Return the networks that examine faces."""
        return FaceNetworks(threads=self._threads)

    @cached_property
    def tagging(self) -> TagNetworks:
        """Return the networks of tagging."""
        return TagNetworks(threads=self._threads, cache=self.cache)

    @cached_property
    def library(self) -> TagLibrary:
        """Return the tags to choose from."""
        return open_tags(self._library, self.tagging)

    @cached_property
    def matching(self) -> MatchNetworks:
        """Return the networks of matching."""
        return MatchNetworks(threads=self._threads, cache=self.cache)

    @cached_property
    def composer(self) -> Composer:
        """Return the network that composes."""
        return Composer(threads=self._threads)

    @cached_property
    def templates(self) -> Sequence[Template]:
        """Return the templates of composed music."""
        return open_templates()

    def close(self) -> None:
        """Release those that were opened."""
        for name in ("segmenter", "faces", "tagging", "matching", "composer"):
            if name in self.__dict__:
                self.__dict__.pop(name).close()

    def __enter__(self) -> AnalysisNetworks:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
