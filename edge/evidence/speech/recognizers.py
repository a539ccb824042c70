"""Speech recognizers: convert a chunk of speech to text with word timestamps.

To add one: write a `Recognizer`, and add its manifest's task to `RECOGNIZERS`.
"""

from __future__ import annotations

from functools import cached_property
from os import PathLike
from pathlib import Path

from edge.arrays import Floats
from edge.errors import ModelError, UsageError, require
from edge.evidence.speech.alignment import Aligner
from edge.evidence.speech.anchors import align_by_pieces
from edge.evidence.speech.recognizer import RecognitionResult, Recognizer, words_of
from edge.evidence.speech.sherpa import SherpaRecognizer
from edge.evidence.speech.sherpa_folder import is_sherpa
from edge.models.folder import MANIFEST, ModelFolder
from edge.models.frontend import Fbank, Samples
from edge.models.options import SessionOptions
from edge.models.store import find
from edge.networks import ctc
from edge.networks.ctc import CtcNetwork
from edge.networks.moonshine import Moonshine, Parameters
from edge.text.scripts import is_ideographic

MIN_PIECES_S = 4.0
"""Shortest chunk in seconds that is aligned again in pieces."""


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

    def draft(self, samples: Floats) -> RecognitionResult:
        """Transcribe and align the samples once; see `Recognizer`."""
        aligner, network = self._loaded
        result = network.transcribe(samples)
        return RecognitionResult(aligner.align(samples, result.text).words, "en", result.mean_logprob)

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

    A folder may also be that of a model of sherpa-onnx, as its authors publish it (extra `sherpa`). The
    language "auto" is the same as None: models that know several detect it.

    Raises ModelError if the model is missing, damaged, or for another task, MissingExtraError, and UsageError
    for a language that it does not support.
    """
    language = None if language == "auto" else language
    if (path := Path(model)).is_dir() and not (path / MANIFEST).exists() and is_sherpa(path):
        return SherpaRecognizer(path, language=language, threads=threads)
    folder = find(model)
    kind = RECOGNIZERS.get(folder.manifest.task)
    if kind is None:
        raise ModelError(folder.path, f"expected a recognizer, found a model for {folder.manifest.task}")
    return kind(folder, language=language, threads=threads)
