"""Recognizers of the package sherpa-onnx: Whisper, Paraformer, transducers, CTC, SenseVoice, Moonshine.

    folder as its authors publish it -> kind of model -> text, tokens and their times -> words

The extra `sherpa` brings the package. A folder of a model that streams is given each chunk as a whole.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from edge.arrays import Floats
from edge.errors import ModelError, require
from edge.evidence.speech.alignment import Aligner
from edge.evidence.speech.level import sounding, speech_level
from edge.evidence.speech.recognizer import RecognitionResult, Recognizer, words_of
from edge.evidence.speech.sherpa_folder import SherpaFolder, open_sherpa
from edge.evidence.speech.word_times import shared_out
from edge.networks.ctc import SPACE, Token
from edge.text.scripts import is_ideographic
from edge.vocabulary import Word

RATE_HZ = 16_000
"""Sample rate of all models."""

TAIL_S = 0.66
"""Silence in seconds after a chunk, without which streaming models hold back its last words."""

TOKEN_S = 0.2
"""Longest token in seconds, where only the starts are known."""

BYTE = re.compile(r"<0x([0-9A-Fa-f]{2})>")
"""A token that is a byte of a character."""

LANGUAGE = re.compile(r"(?:<\|)?([a-z]{2,3})(?:\|>)?")
"""A language as models write it."""

CONTINUED = "@@"
"""End of a token whose word goes on."""


class SherpaRecognizer(Recognizer):
    """A model of sherpa-onnx, from its folder.

    Words have times where the model has them. English words of other models are aligned, if pocketsphinx is
    installed; all others share the audible time of their chunk by their lengths. Text in capitals only, as
    some models write, becomes lower case. `language` chooses that of a multilingual model, which else detects
    it; of other models it says which language theirs is.

    Raises MissingExtraError without the package, ModelError for a folder without a known model.
    """

    def __init__(self, path: Path, *, language: str | None = None, threads: int = 1) -> None:
        self._folder = open_sherpa(path)
        require("sherpa_onnx", "models of sherpa-onnx", "sherpa")
        self._language, self._threads = language, threads
        self.identity = f"sherpa-onnx {path.name}", self._folder.digest(), language
        self.rate_hz = RATE_HZ

    def recognize(self, samples: Floats) -> RecognitionResult:
        """Recognize the samples; see `Recognizer`."""
        result = self._result(np.ascontiguousarray(samples, np.float32))
        language = _language(result) or self._language or _by_script(result.text)
        logprobs = getattr(result, "ys_log_probs", None) or ()
        logprob = float(np.mean(logprobs)) if len(logprobs) else 0.0
        return RecognitionResult(self._words(samples, result, language), language, logprob)

    def _words(self, samples: Floats, result: Any, language: str) -> tuple[Word, ...]:
        tokens, starts, text = list(result.tokens), list(result.timestamps), result.text
        if text.isupper():
            tokens, text = [token.lower() for token in tokens], text.lower()
        if tokens and len(tokens) == len(starts):
            return words_of(_timed(tokens, starts), len(samples) / RATE_HZ)
        texts = _split(text)
        if language == "en" and self._aligner is not None:
            return self._aligner.align(samples, " ".join(texts)).words
        return shared_out(texts, sounding(speech_level(samples, RATE_HZ)), len(samples) / RATE_HZ)

    def _result(self, samples: Floats) -> Any:
        try:
            return self._decoded(samples)
        except (RuntimeError, ValueError) as error:
            raise ModelError(self._folder.path, f"fails in sherpa-onnx: {error}") from error

    def _decoded(self, samples: Floats) -> Any:
        recognizer = self._recognizer
        stream = recognizer.create_stream()
        stream.accept_waveform(RATE_HZ, samples)
        if not self._folder.kind.startswith("streaming"):
            recognizer.decode_stream(stream)
            return stream.result
        stream.accept_waveform(RATE_HZ, np.zeros(round(TAIL_S * RATE_HZ), np.float32))
        stream.input_finished()
        while recognizer.is_ready(stream):
            recognizer.decode_stream(stream)
        return recognizer.get_result_all(stream)

    @cached_property
    def _recognizer(self) -> Any:
        return _opened(self._folder, self._language or "", self._threads)

    @cached_property
    def _aligner(self) -> Aligner | None:
        return Aligner() if find_spec("pocketsphinx") else None


def _opened(folder: SherpaFolder, language: str, threads: int) -> Any:
    """Return sherpa-onnx's recognizer for a folder."""
    from sherpa_onnx import OfflineRecognizer, OnlineRecognizer  # noqa: PLC0415 - an extra

    files = {role: str(file) for role, file in folder.files.items()}
    model, more = files.pop("model", ""), dict[str, Any](num_threads=threads)
    makers: dict[str, Callable[..., Any]] = {
        "whisper": partial(OfflineRecognizer.from_whisper, language=language, **files),
        "moonshine": partial(
            OfflineRecognizer.from_moonshine,
            preprocessor=files.get("preprocess"),
            encoder=files.get("encode"),
            uncached_decoder=files.get("uncached_decode"),
            cached_decoder=files.get("cached_decode"),
            tokens=files["tokens"],
        ),
        "moonshine_v2": partial(
            OfflineRecognizer.from_moonshine_v2,
            encoder=files.get("encoder_model"),
            decoder=files.get("decoder_model_merged"),
            tokens=files["tokens"],
        ),
        "nemo_transducer": partial(OfflineRecognizer.from_transducer, model_type="nemo_transducer", **files),
        "sense_voice": partial(
            OfflineRecognizer.from_sense_voice, model=model, language=language, use_itn=True, **files
        ),
        "paraformer": partial(OfflineRecognizer.from_paraformer, paraformer=model, **files),
        "streaming zipformer_ctc": partial(OnlineRecognizer.from_zipformer2_ctc, model=model, **files),
        "streaming nemo_transducer": partial(OnlineRecognizer.from_transducer, **files),
    }
    if folder.kind in makers:
        return makers[folder.kind](**more)
    kind = OnlineRecognizer if folder.kind.startswith("streaming ") else OfflineRecognizer
    make = getattr(kind, f"from_{folder.kind.removeprefix('streaming ')}")
    return make(**files, **({"model": model} if model else {}), **more)


def _timed(tokens: Sequence[str], starts: Sequence[float]) -> tuple[Token, ...]:
    """Return tokens that end where the next one starts, or after `TOKEN_S`; words begin with a space."""
    timed = list[Token]()
    continued, begun = False, starts[0]
    is_split = any(token.endswith(CONTINUED) for token in tokens)
    utf8 = codecs.getincrementaldecoder("utf-8")("ignore")
    ends = [*starts[1:], starts[-1] + TOKEN_S]
    for token, start, end in zip(tokens, starts, ends, strict=True):
        byte = BYTE.fullmatch(token)
        text = utf8.decode(bytes.fromhex(byte[1])) if byte else token.replace(SPACE, " ")
        if not text:  # a part of a character
            continue
        if is_split and not continued and not is_ideographic(text[:1]):
            text = f" {text}"
        continued = text.endswith(CONTINUED)
        timed.append(Token(text.removesuffix(CONTINUED), begun, min(end, start + TOKEN_S), 0.0))
        begun = end
    return tuple(timed)


def _split(text: str) -> list[str]:
    """Return the words of a text; each character of a script without spaces is one."""
    words = list[str]()
    for part in text.split():
        begins = True
        for character in part:
            if begins or is_ideographic(character) or is_ideographic(words[-1][-1:]):
                words.append(character)
            else:
                words[-1] += character
            begins = False
    return words


def _language(result: Any) -> str:
    """Return the language that a model detected, "" if it detects none: "<|zh|>" is zh."""
    found = LANGUAGE.fullmatch(str(getattr(result, "lang", "") or ""))
    return found[1] if found else ""


def _by_script(text: str) -> str:
    return "zh" if is_ideographic(text) else "und"
