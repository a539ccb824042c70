"""Recognisers: a stretch of speech in, its text and the times of its words out.

To add one: a class with `recognize`, and its manifest's task in `RECOGNIZERS`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.errors import ModelError, UsageError
from edge.evidence.speech.alignment import Aligner
from edge.models.folder import ModelFolder
from edge.models.frontend import Fbank, Samples
from edge.models.store import find
from edge.networks import ctc
from edge.networks.ctc import CtcRecogniser, Piece
from edge.networks.moonshine import Moonshine, Parameters
from edge.text.scripts import is_ideographic
from edge.vocabulary import Word

Floats = NDArray[np.float32]

SPIKE_TAIL_S = 0.12
"""CTC networks say a piece once, early in its sound: a word goes on this long after its last, at most."""


@dataclass(frozen=True)
class Heard:
    """What was said in a stretch of speech."""

    words: tuple[Word, ...]
    """In order and disjoint; seconds from the stretch's first sample."""
    language: str
    """As in BCP 47: en, zh, yue ..."""
    log_probability: float
    """Mean natural logarithm over the pieces that the recogniser chose; 0 is certain."""


class Recognizer(ABC):
    """A recogniser. Its networks are loaded when it is first used."""

    folder: ModelFolder
    rate_hz: int
    language: str | None
    """What it was told to expect, as in BCP 47."""

    @property
    def identity(self) -> tuple[str, str, str | None]:
        """What its answers depend on: the model's id and digest, and the language."""
        manifest = self.folder.manifest
        return manifest.id, manifest.digest, self.language

    @abstractmethod
    def recognize(self, samples: Floats) -> Heard:
        """What is said in float32[n], at `rate_hz`, in -1..1: a few to 20 seconds that end in pauses.

        Raises ModelError, MissingRuntimeError, MissingExtraError if the networks cannot be loaded.
        """


class MoonshineRecognizer(Recognizer):
    """Moonshine for the text, phone models for the times of its words. English; needs pocketsphinx."""

    def __init__(self, folder: ModelFolder, *, language: str | None = None, threads: int = 1) -> None:
        if language not in (None, "en"):
            raise UsageError(f"{folder.manifest.id} knows English only, not {language}")
        self.folder, self.language, self._threads = folder, language, threads
        self.rate_hz = folder.description("moonshine", Samples, Parameters)[0].rate_hz

    def recognize(self, samples: Floats) -> Heard:
        """See `Recognizer`."""
        aligner, network = self._loaded
        found = network.transcribe(samples)
        return Heard(aligner.align(samples, found.text), "en", found.mean_log_probability)

    @cached_property
    def _loaded(self) -> tuple[Aligner, Moonshine]:
        return Aligner(), Moonshine(self.folder.path, threads=self._threads)


class CtcRecognizer(Recognizer):
    """A network with CTC output: whatever languages it was trained on."""

    def __init__(self, folder: ModelFolder, *, language: str | None = None, threads: int = 1) -> None:
        self.folder, self.language, self._threads = folder, language, threads
        self.rate_hz = folder.description("ctc-recogniser", Fbank, ctc.Parameters)[0].rate_hz

    def recognize(self, samples: Floats) -> Heard:
        """See `Recognizer`."""
        found = self._network.transcribe(samples)
        words = words_of(found.pieces, len(samples) / self.rate_hz)
        language = found.language or self.language or ("zh" if is_ideographic(found.text) else "und")
        return Heard(words, language, found.mean_log_probability)

    @cached_property
    def _network(self) -> CtcRecogniser:
        return CtcRecogniser(self.folder.path, language=self.language, threads=self._threads)


RECOGNIZERS: dict[str, type[MoonshineRecognizer | CtcRecognizer]] = {
    "moonshine": MoonshineRecognizer,
    "ctc-recogniser": CtcRecognizer,
}
"""What runs a model folder, by the task in its manifest."""


def open_recognizer(
    model: Path | str = "moonshine-tiny-en", *, language: str | None = None, threads: int = 1
) -> Recognizer:
    """The recogniser in a model folder, by its id or path; its networks are loaded when it is first used.

    Raises ModelError: none there, damaged, or for something else; UsageError for a language that it does not
    know.
    """
    folder = find(model)
    kind = RECOGNIZERS.get(folder.manifest.task)
    if kind is None:
        raise ModelError(folder.path, f"is no recogniser, but for {folder.manifest.task}")
    return kind(folder, language=language, threads=threads)


def words_of(pieces: tuple[Piece, ...], length_s: float) -> tuple[Word, ...]:
    """Words of pieces: one begins at a space, and at each character of a script without spaces."""
    groups: list[list[Piece]] = []
    begins = True
    for piece in pieces:
        text = piece.text
        begins = begins or text.startswith(" ") or is_ideographic(text[:1])
        if not text.strip():
            continue
        if begins or (text[:1].isalnum() and is_ideographic(groups[-1][-1].text[-1:])):
            groups.append([])
        groups[-1].append(piece)
        begins = False
    words: list[Word] = []
    ends = [*(group[0].start for group in groups[1:]), length_s]
    for group, limit in zip(groups, ends, strict=False):  # there may be no group at all
        text = "".join(piece.text for piece in group).strip()
        words.append(Word(group[0].start, min(group[-1].end + SPIKE_TAIL_S, limit), text))
    return tuple(words)
