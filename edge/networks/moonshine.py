"""Moonshine: speech to text from the samples themselves, piece by piece of a word.

    samples -> encoder, once -> decoder, once a piece: the likeliest next piece, and what it keeps of the past

After Jeffries et al. 2024, "Moonshine: speech recognition for live transcription and voice commands". The
decoder computes keys and values of the encoder's output in its first step only; later steps are given those
again and return empty ones.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
from msgspec import Meta, Struct
from numpy.typing import NDArray

from edge.errors import ModelError, UsageError
from edge.models.folder import ModelFolder
from edge.models.frontend import Samples
from edge.models.session import Array, Session, SessionSettings
from edge.models.store import find

SHORTEST = 1000
"""Samples below which the encoder's convolutions have nothing to give; shorter ones have no text."""

SPACE = "\u2581".encode()
"""What stands for a space in word pieces."""

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Transcript:
    """What was said."""

    text: str
    tokens: tuple[int, ...]
    """Numbers of the word pieces."""
    mean_log_probability: float
    """Of the pieces and the end (natural logarithm); clear speech has about -0.1, silence -1 and less."""


class Parameters(Struct, frozen=True, forbid_unknown_fields=True):
    """What a Moonshine manifest says of the decoder."""

    tokenizer: str
    """A file of the folder: the length of each piece in a byte (two from 128 on: 128 + low, high), UTF-8."""
    layers: Annotated[int, Meta(ge=1)]
    heads: Annotated[int, Meta(ge=1)]
    head_size: Annotated[int, Meta(ge=1)]
    start_token: Annotated[int, Meta(ge=0)]
    end_token: Annotated[int, Meta(ge=0)]
    tokens_per_second: Annotated[float, Meta(gt=0)]
    """Nobody speaks faster; more is the decoder going round in circles."""
    pad_s: Annotated[float, Meta(ge=0)]
    """Seconds of silence put before and after: without, the ends of words that were cut close get lost."""
    longest_s: Annotated[float, Meta(gt=0)]
    """Seconds that the model takes at once."""


class Moonshine:
    """A Moonshine recogniser by its id or folder, loaded and ready.

    Raises ModelError if the folder is damaged or no Moonshine, MissingRuntimeError if its runtime is not
    installed.
    """

    def __init__(
        self,
        model: Path | str = "moonshine-tiny-en",
        *,
        threads: int = 1,
        settings: SessionSettings | None = None,
    ) -> None:
        self.folder: ModelFolder = find(model)
        self.front_end, self._parameters = self.folder.description("moonshine", Samples, Parameters)
        _check(self.folder, self._parameters)
        self._pieces = _pieces(self.folder, self._parameters)
        self.encoder = Session(self.folder, "encoder", settings=settings, threads=threads)
        self.decoder = Session(self.folder, "decoder", settings=settings, threads=threads)

    @property
    def rate_hz(self) -> int:
        """Sample rate that `transcribe` expects."""
        return self.front_end.rate_hz

    def close(self) -> None:
        """Give back what the runtimes hold."""
        self.encoder.close()
        self.decoder.close()

    def transcribe(self, samples: Floats) -> Transcript:
        """The text of a stretch of speech, float32[n] in -1..1 at `rate_hz`.

        Best on 2 to 20 seconds that end in pauses. Raises UsageError if there is more than the model takes.
        """
        seconds = len(samples) / self.rate_hz
        if seconds > self._parameters.longest_s:
            longest = self._parameters.longest_s
            raise UsageError(
                f"{seconds:.1f} s of speech at once are too much: cut them to {longest:g} s at most"
            )
        if len(samples) < SHORTEST:
            return Transcript("", (), -math.inf)
        limit = math.ceil(seconds * self._parameters.tokens_per_second) + 2
        padded = np.pad(np.asarray(samples, np.float32), round(self._parameters.pad_s * self.rate_hz))
        tokens, log_probability = self._decode(padded[None], limit)
        return Transcript(self._text(tokens), tuple(tokens), log_probability)

    def _decode(self, samples: Floats, limit: int) -> tuple[list[int], float]:
        """At most `limit` of the likeliest pieces, one after another, and their mean log-probability."""
        parameters = self._parameters
        audible = np.ones(samples.shape, np.int64)  # counts samples in the decoder too
        (heard,) = self.encoder.run(samples, audible)
        past: list[Array] = [self._nothing()] * (4 * parameters.layers)
        last, tokens, total = parameters.start_token, list[int](), 0.0
        for step in range(limit):
            logits, *present = self.decoder.run(
                np.array([[last]], np.int64), heard, audible, *past, np.array([step > 0])
            )
            past = [
                new if step == 0 or at % 4 < 2 else old  # of each four, the encoder's two come back empty
                for at, (old, new) in enumerate(zip(past, present, strict=True))
            ]
            last = int(logits[0, -1].argmax())
            total += _log_probability(logits[0, -1], last)
            if last == parameters.end_token:
                return tokens, total / (step + 1)
            tokens.append(last)
        return tokens, total / limit

    def _nothing(self) -> Floats:
        """Keys or values of no step."""
        return np.zeros((1, self._parameters.heads, 0, self._parameters.head_size), np.float32)

    def _text(self, tokens: list[int]) -> str:
        """The pieces put together."""
        joined = b"".join(self._pieces[token] for token in tokens if token < len(self._pieces))
        return joined.replace(SPACE, b" ").decode("utf-8", "replace").strip()


def _log_probability(logits: Floats, token: int) -> float:
    """Natural logarithm of the softmax of `token`."""
    highest = logits.max()
    return float(logits[token] - highest - np.log(np.exp(logits - highest).sum()))


def read_pieces(content: bytes) -> list[bytes]:
    """The word pieces of a tokenizer file, see `Parameters.tokenizer`. Raises ValueError if it is cut."""
    pieces: list[bytes] = []
    at = 0
    while at < len(content):
        length, at = content[at], at + 1
        if length >= 128:
            if at == len(content):
                raise ValueError("ends inside a length")
            length, at = length - 128 + 128 * content[at], at + 1
        if at + length > len(content):
            raise ValueError("ends inside a piece")
        pieces.append(content[at : at + length])
        at += length
    return pieces


def _pieces(folder: ModelFolder, parameters: Parameters) -> list[bytes]:
    """Text of each piece, empty for those that mark something. Raises ModelError."""
    try:
        pieces = read_pieces(folder.read(parameters.tokenizer))
    except ValueError as error:
        raise ModelError(folder.path / parameters.tokenizer, f"is no list of pieces: {error}") from error
    mark = re.compile(rb"<.*>")
    return [b"" if mark.fullmatch(piece) else piece for piece in pieces]


def _check(folder: ModelFolder, parameters: Parameters) -> None:
    """Raise ModelError for a decoder with another number of layers than it says."""
    decoder, kept = folder.network("decoder"), 4 * parameters.layers
    if (len(decoder.inputs), len(decoder.outputs)) != (kept + 4, kept + 1):
        raise ModelError(folder.path, f"does not describe a decoder of {parameters.layers} layers")
