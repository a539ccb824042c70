"""Speech recognizers with CTC output: a row of scores every few hundredths of a second, best path.

    samples -> Kaldi's filter bank -> network -> the likeliest token of each row -> runs made one, no blanks

After Graves et al. 2006, "Connectionist temporal classification". The networks are those that sherpa-onnx
runs; `python -m tools.importers ctc` makes model folders of them.
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
from numpy.typing import NDArray

from edge.errors import ModelError, UsageError
from edge.models.folder import ModelFolder
from edge.models.frontend import Fbank
from edge.models.options import SessionOptions
from edge.networks.base import Network

SPACE = "\u2581"
"""What stands for a space in tokens, and so begins a word."""

_Utf8 = codecs.getincrementaldecoder("utf-8")
"""Bytes to characters; what makes no character is left out."""

Floats = NDArray[np.float32]
Count = Annotated[int, Meta(ge=0)]


@dataclass(frozen=True, slots=True)
class Token:
    """A part of a word, or a character, and the rows in which it is the likeliest."""

    text: str
    """With a leading space where a word begins."""
    start: float
    """Seconds after the first sample."""
    end: float
    logprob: float
    """Natural logarithm, mean of its rows."""


@dataclass(frozen=True)
class CtcTranscript:
    """What was said."""

    text: str
    tokens: tuple[Token, ...]
    language: str | None
    """Of networks that tell it: zh, en, yue ..."""
    mean_logprob: float
    """Of the tokens; 0 where there are none."""


class Parameters(Struct, frozen=True, forbid_unknown_fields=True):
    """What the manifest of such a recognizer says beside its front end."""

    kind: str
    """As sherpa-onnx calls it."""
    tokens: str
    """A file of the folder: a token, a space and its number a line."""
    vocabulary: Annotated[int, Meta(ge=1)]
    blank: Count
    row_s: Annotated[float, Meta(gt=0)]
    """Seconds from one row of the output to the next."""
    prefix_rows: Count = 0
    """Rows before the first that stands for sound: what was spoken and how."""
    language: str = "auto"
    language_auto: int | None = None
    language_zh: int | None = None
    language_en: int | None = None
    language_yue: int | None = None
    language_ja: int | None = None
    language_ko: int | None = None
    text_norm_with: int | None = None
    """With marks and numbers in digits."""
    text_norm_without: int | None = None


class CtcNetwork(Network[Fbank, Parameters]):
    """A recognizer with CTC output by its id or folder.

    `language` is for networks that are told one. Raises UsageError for a language that it does not know.
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
        told = len(self.sessions["recognizer"].inputs) == 4
        self._choices = _choices(self.parameters, language) if told else []

    @property
    def rate_hz(self) -> int:
        """Sample rate that `transcribe` expects."""
        return self.front_end.rate_hz

    def scores(self, samples: Floats) -> Floats:
        """The network's output float32[rows, vocabulary] for samples float32[n] in -1..1."""
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
        """The text of a stretch of speech, float32[n] in -1..1 at `rate_hz`, and the times of its tokens."""
        rows = _log_softmax(self.scores(samples))
        skip = self.parameters.prefix_rows
        tokens = self._decode(rows[skip:], len(samples) / self.rate_hz)
        language = _language(self._tokens[int(rows[0].argmax())]) if skip and len(rows) else None
        mean = float(np.mean([token.logprob for token in tokens])) if tokens else 0.0
        return CtcTranscript("".join(token.text for token in tokens).strip(), tokens, language, mean)

    def _decode(self, rows: Floats, length_s: float) -> tuple[Token, ...]:
        """The best path through log-probabilities [rows, vocabulary]: runs of one number become a token."""
        best = rows.argmax(axis=1)
        edges = np.flatnonzero(np.diff(best, prepend=-1, append=-1))
        row_s = min(self.parameters.row_s, length_s / max(1, len(rows)))  # the last row may be part silence
        found: list[Token] = []
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
                found.append(Token(text, float(first * row_s), float(stop * row_s), logprob))
        return tuple(found)

    def _check(self) -> None:
        """Read the tokens and the statistics; damaged ones are refused."""
        self._tokens = _tokens(self.folder, self.parameters)
        self._statistics = _statistics(self.folder, self.front_end)


def _text(token: str) -> str:
    """What a token puts into the text: nothing if it marks something."""
    return "" if re.fullmatch(r"<.*>", token) else token.replace(SPACE, " ")


def _byte(token: str) -> bytes | None:
    """Of a token that is one byte of a character."""
    found = re.fullmatch(r"<0x([0-9A-Fa-f]{2})>", token)
    return bytes.fromhex(found[1]) if found else None


def _language(token: str) -> str | None:
    """The language that the first row names."""
    found = re.fullmatch(r"<\|([a-z]+)\|>", token)
    return found[1] if found and found[1] != "nospeech" else None


def read_tokens(content: bytes) -> list[str]:
    """Tokens by their number, from lines of a token, a space and its number. Raises ValueError."""
    try:
        pairs = [line.rsplit(maxsplit=1) for line in content.decode().splitlines() if line.strip()]
        found = {int(pair[-1]): pair[0] if len(pair) == 2 else " " for pair in pairs}
    except ValueError as error:
        raise ValueError(f"has other lines than a token and its number: {error}") from error
    if not found or sorted(found) != list(range(len(found))):
        raise ValueError("does not number its tokens from 0 on without gaps")
    return [found[number] for number in range(len(found))]


def _tokens(folder: ModelFolder, parameters: Parameters) -> list[str]:
    """The tokens of a folder. Raises ModelError."""
    try:
        found = read_tokens(folder.read(parameters.tokens))
    except ValueError as error:
        raise ModelError(folder.path / parameters.tokens, str(error)) from error
    if len(found) != parameters.vocabulary or parameters.blank >= len(found):
        wanted = f"{parameters.vocabulary} with the blank {parameters.blank} among them"
        raise ModelError(folder.path / parameters.tokens, f"has {len(found)} tokens, not {wanted}")
    return found


def _statistics(folder: ModelFolder, front_end: Fbank) -> Floats | None:
    """What is added to a row and multiplied with it, float32[2, numbers]. Raises ModelError."""
    if front_end.statistics is None:
        return None
    shape = (2, front_end.stack * front_end.n_mels)
    try:
        found = np.load(io.BytesIO(folder.read(front_end.statistics)), allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise ModelError(folder.path / front_end.statistics, f"is no .npy file: {error}") from error
    if not isinstance(found, np.ndarray) or found.shape != shape:
        raise ModelError(folder.path / front_end.statistics, f"does not hold numbers of shape {shape}")
    return found.astype(np.float32)


def _choices(parameters: Parameters, language: str | None) -> list[int]:
    """Numbers of the language, and of how the text is written. Raises UsageError."""
    name = language or parameters.language
    number = getattr(parameters, f"language_{name}", None)
    if number is None:
        known = [field[9:] for field in parameters.__struct_fields__ if field.startswith("language_")]
        raise UsageError(f"the model knows no language {name!r}, but {', '.join(known)}")
    return [number, parameters.text_norm_with or 0]


def _log_softmax(rows: Floats) -> Floats:
    shifted = rows - rows.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)), np.float32)
