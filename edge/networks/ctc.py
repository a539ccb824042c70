"""Speech recognizers with CTC output, decoded greedily (best path).

    samples -> Kaldi filter bank -> network -> most likely token per row -> runs merged, blanks removed

After Graves et al. 2006, "Connectionist temporal classification". Supports the networks of sherpa-onnx;
`python -m tools.importers ctc` converts them to model folders.
"""

from __future__ import annotations

import codecs
import io
import re
from dataclasses import dataclass
from itertools import pairwise
from os import PathLike
from typing import Annotated

import numpy as np
from msgspec import Meta, Struct

from edge.arrays import Floats
from edge.errors import ModelError, UsageError
from edge.models.folder import ModelFolder
from edge.models.frontend import Fbank
from edge.models.options import SessionOptions
from edge.networks.base import Network

SPACE = "\u2581"
"""Character that stands for a space in tokens, at the beginning of a word."""

_Utf8 = codecs.getincrementaldecoder("utf-8")
"""Decoder of byte tokens; invalid bytes are dropped."""

Count = Annotated[int, Meta(ge=0)]
"""An integer of at least 0."""


@dataclass(frozen=True, slots=True)
class Token:
    """A subword or character, and the time of the rows in which it is the most likely."""

    text: str
    """Text, with a leading space at the beginning of a word."""
    start: float
    """Seconds from the first sample."""
    end: float
    """Seconds from the first sample."""
    logprob: float
    """Natural log-probability, mean over its rows."""


@dataclass(frozen=True, slots=True)
class CtcTranscript:
    """Text and tokens of a chunk of speech."""

    text: str
    """The text of all tokens."""
    tokens: tuple[Token, ...]
    """In order and disjoint."""
    language: str | None
    """Language that the network detected (zh, en, yue ...); None if it does not detect any."""
    mean_logprob: float
    """Mean natural log-probability of the tokens; 0 without tokens."""


class Parameters(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters in the manifest of a CTC recognizer."""

    kind: str
    """Name of the model type in sherpa-onnx."""
    tokens: str
    """File of the folder with a token, a space and its number per line."""
    vocabulary: Annotated[int, Meta(ge=1)]
    """Number of tokens."""
    blank: Count
    """Number of the blank token."""
    row_s: Annotated[float, Meta(gt=0)]
    """Seconds between rows of the output."""
    prefix_rows: Count = 0
    """Rows before the first that stands for audio: language, emotion, event, text style."""
    language: str = "auto"
    """Default language; "auto" detects it."""
    language_auto: int | None = None
    """Input number for detecting the language."""
    language_zh: int | None = None
    """Input number of Mandarin."""
    language_en: int | None = None
    """Input number of English."""
    language_yue: int | None = None
    """Input number of Cantonese."""
    language_ja: int | None = None
    """Input number of Japanese."""
    language_ko: int | None = None
    """Input number of Korean."""
    text_norm_with: int | None = None
    """Input number for text with punctuation and numbers in digits."""
    text_norm_without: int | None = None
    """Input number for text without punctuation."""


class CtcNetwork(Network[Fbank, Parameters]):
    """A speech recognizer with CTC output.

    `language` is for networks with a language input. Raises UsageError for a language that it does not
    support.
    """

    task = "ctc-recognizer"
    front_end_type = Fbank
    parameters_type = Parameters
    roles = ("recognizer",)
    default = "ctc"

    def __init__(
        self,
        model: str | PathLike[str] | ModelFolder,
        *,
        language: str | None = None,
        threads: int = 1,
        options: SessionOptions | None = None,
    ) -> None:
        super().__init__(model, threads=threads, options=options)
        has_language = len(self.sessions["recognizer"].inputs) == 4
        self._choices = _choices(self.parameters, language) if has_language else []

    @property
    def rate_hz(self) -> int:
        """Sample rate that `transcribe` expects."""
        return self.front_end.rate_hz

    def scores(self, samples: Floats) -> Floats:
        """Run the network on samples float32[n] in -1..1; return scores float32[rows, vocabulary]."""
        rows = self.front_end.rows(samples)
        if not len(rows):
            return np.zeros((0, self.parameters.vocabulary), np.float32)
        if self._statistics is not None:
            rows = (rows + self._statistics[0]) * self._statistics[1]
        session = self.sessions["recognizer"]
        numbers = [len(rows), *self._choices]
        given = [
            np.array([number], tensor.dtype)
            for number, tensor in zip(numbers, session.inputs[1:], strict=True)
        ]
        return np.asarray(session.run(rows[None], *given)[0][0], np.float32)

    def transcribe(self, samples: Floats) -> CtcTranscript:
        """Transcribe a chunk of speech, float32[n] in -1..1 at `rate_hz`, with token timestamps."""
        rows = _log_softmax(self.scores(samples))
        skip = self.parameters.prefix_rows
        tokens = self._decode(rows[skip:], len(samples) / self.rate_hz)
        language = _language(self._tokens[int(rows[0].argmax())]) if skip and len(rows) else None
        mean = float(np.mean([token.logprob for token in tokens])) if tokens else 0.0
        return CtcTranscript("".join(token.text for token in tokens).strip(), tokens, language, mean)

    def _decode(self, rows: Floats, length_s: float) -> tuple[Token, ...]:
        """Return the best path through log-probabilities [rows, vocabulary], with runs merged to tokens."""
        best = rows.argmax(axis=1)
        edges = np.flatnonzero(np.diff(best, prepend=-1, append=-1))
        row_s = min(self.parameters.row_s, length_s / max(1, len(rows)))  # the last row may be part silence
        tokens: list[Token] = []
        bytes_to_text = _Utf8("ignore")
        for first, stop in pairwise(edges):
            number = int(best[first])
            if number == self.parameters.blank:
                continue
            if (byte := _byte(self._tokens[number])) is not None:
                text = bytes_to_text.decode(byte)
            else:
                bytes_to_text.reset()
                text = _text(self._tokens[number])
            if text:
                logprob = float(rows[first:stop, number].mean())
                tokens.append(Token(text, float(first * row_s), float(stop * row_s), logprob))
        return tuple(tokens)

    def _check(self) -> None:
        """Read the tokens and the statistics. Raises ModelError if they are damaged."""
        self._tokens = _tokens(self.folder, self.parameters)
        self._statistics = _statistics(self.folder, self.front_end)


def _text(token: str) -> str:
    """Return the text of a token; empty for special tokens."""
    return "" if re.fullmatch(r"<.*>", token) else token.replace(SPACE, " ")


def _byte(token: str) -> bytes | None:
    """Return the byte of a byte token; None for other tokens."""
    match = re.fullmatch(r"<0x([0-9A-Fa-f]{2})>", token)
    return bytes.fromhex(match[1]) if match else None


def _language(token: str) -> str | None:
    """Return the language of a language token; None for other tokens."""
    match = re.fullmatch(r"<\|([a-z]+)\|>", token)
    return match[1] if match and match[1] != "nospeech" else None


def read_tokens(content: bytes) -> list[str]:
    """Parse lines of a token, a space and its number; return the tokens in order of their numbers.

    Raises ValueError for other lines, and unless the tokens are numbered from 0 without gaps.

    >>> read_tokens(b"<blk> 0\\na 1\\n")
    ['<blk>', 'a']
    """
    try:
        pairs = [line.rsplit(maxsplit=1) for line in content.decode().splitlines() if line.strip()]
        tokens = {int(pair[-1]): pair[0] if len(pair) == 2 else " " for pair in pairs}
    except ValueError as error:
        raise ValueError(f"has other lines than a token and its number: {error}") from error
    if not tokens or sorted(tokens) != list(range(len(tokens))):
        raise ValueError("does not number its tokens from 0 on without gaps")
    return [tokens[number] for number in range(len(tokens))]


def _tokens(folder: ModelFolder, parameters: Parameters) -> list[str]:
    """Read the tokens of a folder. Raises ModelError."""
    try:
        tokens = read_tokens(folder.read(parameters.tokens))
    except ValueError as error:
        raise ModelError(folder.path / parameters.tokens, str(error)) from error
    if len(tokens) != parameters.vocabulary or parameters.blank >= len(tokens):
        wanted = f"{parameters.vocabulary} with the blank {parameters.blank} among them"
        raise ModelError(folder.path / parameters.tokens, f"has {len(tokens)} tokens, not {wanted}")
    return tokens


def _statistics(folder: ModelFolder, front_end: Fbank) -> Floats | None:
    """Read the offset and factor that normalize a row, float32[2, numbers]. Raises ModelError."""
    if front_end.statistics is None:
        return None
    shape = (2, front_end.stack * front_end.n_mels)
    try:
        statistics = np.load(io.BytesIO(folder.read(front_end.statistics)), allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise ModelError(folder.path / front_end.statistics, f"is not a .npy file: {error}") from error
    if not isinstance(statistics, np.ndarray) or statistics.shape != shape:
        raise ModelError(folder.path / front_end.statistics, f"does not hold numbers of shape {shape}")
    return statistics.astype(np.float32)


def _choices(parameters: Parameters, language: str | None) -> list[int]:
    """Return the input numbers of the language and of the text style. Raises UsageError."""
    name = language or parameters.language
    number = getattr(parameters, f"language_{name}", None)
    if number is None:
        known = [field[9:] for field in parameters.__struct_fields__ if field.startswith("language_")]
        raise UsageError(f"the model does not support the language {name!r}, only {', '.join(known)}")
    return [number, parameters.text_norm_with or 0]


def _log_softmax(rows: Floats) -> Floats:
    shifted = rows - rows.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)), np.float32)
