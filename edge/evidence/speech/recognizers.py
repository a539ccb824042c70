"""Speech recognizers: convert a chunk of speech to text with word timestamps.

To add one: write a class with `recognize`, and add its manifest's task to `RECOGNIZERS`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from os import PathLike

from edge.arrays import Floats
from edge.errors import ModelError, UsageError, require
from edge.evidence.speech.alignment import Aligner
from edge.evidence.speech.anchors import align_by_pieces
from edge.models.folder import ModelFolder
from edge.models.frontend import Fbank, Samples
from edge.models.options import SessionOptions
from edge.models.store import find
from edge.networks import ctc
from edge.networks.ctc import CtcNetwork, Token
from edge.networks.moonshine import Moonshine, Parameters
from edge.text.scripts import is_ideographic
from edge.vocabulary import Word

MIN_PIECES_S = 4.0
"""Shortest chunk in seconds that is aligned again in pieces."""

SPIKE_TAIL_S = 0.12
"""CTC emits each token once, near its onset: a word ends at most this many seconds after its last token."""


@dataclass(frozen=True, slots=True)
class RecognitionResult:
    """Words recognized in a chunk of speech."""

    words: tuple[Word, ...]
    """In order and disjoint; seconds from the first sample of the chunk."""
    language: str
    """BCP 47 tag: en, zh, yue ..."""
    logprob: float
    """Mean natural log-probability of the recognizer's tokens; 0 is certain."""

    def __repr__(self) -> str:
        return f"RecognitionResult({len(self.words)} words, {self.language}, {self.logprob:.2f})"


class Recognizer(ABC):
    """A speech recognizer. Its networks are loaded on first use."""

    identity: tuple[str, str, str | None]
    """Key of its results: the model's id and digest, and the language that was set (BCP 47)."""
    rate_hz: int
    """Sample rate of its input."""

    @abstractmethod
    def recognize(self, samples: Floats) -> RecognitionResult:
        """Recognize samples float32[n] in -1..1 at `rate_hz`: a few to 20 seconds that end in pauses.

        Raises ModelError, MissingRuntimeError, MissingExtraError if the networks cannot be loaded.
        """


class MoonshineRecognizer(Recognizer):
    """Moonshine with forced alignment for word timestamps. English; needs pocketsphinx."""

    def __init__(self, folder: ModelFolder, *, language: str | None = None, threads: int = 1) -> None:
        if language not in (None, "en"):
            raise UsageError(f"{folder.manifest.id} supports English only, not {language}")
        require("pocketsphinx", "times of words", "captions")
        self._folder, self._language, self._threads = folder, language, threads
        self.identity = _identity(folder, language)
        self.rate_hz = folder.description("moonshine", Samples, Parameters)[0].rate_hz

    def recognize(self, samples: Floats) -> RecognitionResult:
        """Transcribe and align the samples; see `Recognizer`."""
        aligner, network = self._loaded
        result = network.transcribe(samples)
        found = aligner.align(samples, result.text)
        words = found.words
        if not found.is_certain and len(samples) >= MIN_PIECES_S * self.rate_hz:
            words = align_by_pieces(aligner, samples, result.text, lambda part: network.transcribe(part).text)
        return RecognitionResult(words, "en", result.mean_logprob)

    @cached_property
    def _loaded(self) -> tuple[Aligner, Moonshine]:
        # Without the arena a sixth of the time goes into giving memory back and taking it again.
        return Aligner(), Moonshine(self._folder, options=SessionOptions(threads=self._threads, arena=True))


class CtcRecognizer(Recognizer):
    """A network with CTC output, in the languages that it was trained on."""

    def __init__(self, folder: ModelFolder, *, language: str | None = None, threads: int = 1) -> None:
        self._folder, self._language, self._threads = folder, language, threads
        self.identity = _identity(folder, language)
        self.rate_hz = folder.description("ctc-recognizer", Fbank, ctc.Parameters)[0].rate_hz

    def recognize(self, samples: Floats) -> RecognitionResult:
        """Transcribe the samples; see `Recognizer`."""
        result = self._network.transcribe(samples)
        words = words_of(result.tokens, len(samples) / self.rate_hz)
        language = result.language or self._language or ("zh" if is_ideographic(result.text) else "und")
        return RecognitionResult(words, language, result.mean_logprob)

    @cached_property
    def _network(self) -> CtcNetwork:
        return CtcNetwork(self._folder, language=self._language, threads=self._threads)


RECOGNIZERS: dict[str, type[MoonshineRecognizer | CtcRecognizer]] = {
    "moonshine": MoonshineRecognizer,
    "ctc-recognizer": CtcRecognizer,
}
"""Recognizer class by the task in the manifest."""


def _identity(folder: ModelFolder, language: str | None) -> tuple[str, str, str | None]:
    return folder.manifest.id, folder.manifest.digest, language


def open_recognizer(
    model: str | PathLike[str] = "moonshine-tiny-en", *, language: str | None = None, threads: int = 1
) -> Recognizer:
    """Open a recognizer by its model's id or folder; its networks are loaded on first use.

    Raises ModelError if the model is missing, damaged, or for another task, MissingExtraError, and UsageError
    for a language that it does not support.
    """
    folder = find(model)
    kind = RECOGNIZERS.get(folder.manifest.task)
    if kind is None:
        raise ModelError(folder.path, f"expected a recognizer, found a model for {folder.manifest.task}")
    return kind(folder, language=language, threads=threads)


def words_of(tokens: tuple[Token, ...], length_s: float) -> tuple[Word, ...]:
    """Group tokens into words: a word begins at a space, and at each character of a script without spaces.

    `length_s` is the length of the audio in seconds, which no word exceeds.
    """
    groups: list[list[Token]] = []
    begins = True
    for token in tokens:
        text = token.text
        begins = begins or text.startswith(" ") or is_ideographic(text[:1])
        if not text.strip():
            continue
        if begins or (text[:1].isalnum() and is_ideographic(groups[-1][-1].text[-1:])):
            groups.append([])
        groups[-1].append(token)
        begins = False
    words: list[Word] = []
    ends = [*(group[0].start for group in groups[1:]), length_s]
    for group, limit in zip(groups, ends, strict=False):  # there may be no group at all
        text = "".join(token.text for token in group).strip()
        words.append(Word(group[0].start, min(group[-1].end + SPIKE_TAIL_S, limit), text))
    return tuple(words)
