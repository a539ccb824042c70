"""Moonshine: speech to text from the samples themselves, token by token of a word.

    samples -> encoder, once -> decoder, once a token: the likeliest next token, and what it keeps of the past

After Jeffries et al. 2024, "Moonshine: speech recognition for live transcription and voice commands". The
decoder computes keys and values of the encoder's output in its first step only; later steps are given those
again and return empty ones.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from msgspec import Meta, Struct
from numpy.typing import NDArray

from edge.errors import ModelError, UsageError
from edge.models.folder import ModelFolder
from edge.models.frontend import Samples
from edge.models.session import Array
from edge.networks.base import Network

MIN_SAMPLES = 1000
"""Samples below which the encoder's convolutions have nothing to give; shorter ones have no text."""

SPACE = "\u2581".encode()
"""What stands for a space in word tokens."""

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class MoonshineText:
    """What was said."""

    text: str
    tokens: tuple[int, ...]
    """Numbers of the tokens (subwords)."""
    mean_logprob: float
    """Of the tokens and the end (natural logarithm); clear speech has about -0.1, silence -1 and less."""


class Parameters(Struct, frozen=True, forbid_unknown_fields=True):
    """What a Moonshine manifest says of the decoder."""

    tokenizer: str
    """A file of the folder: the length of each token in a byte (two from 128 on: 128 + low, high), UTF-8."""
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


class Moonshine(Network[Samples, Parameters]):
    """A Moonshine recognizer by its id or folder."""

    task = "moonshine"
    front_end_type = Samples
    parameters_type = Parameters
    roles = ("encoder", "decoder")
    default = "moonshine-tiny-en"

    @property
    def rate_hz(self) -> int:
        """Sample rate that `transcribe` expects."""
        return self.front_end.rate_hz

    def transcribe(self, samples: Floats) -> MoonshineText:
        """The text of a stretch of speech, float32[n] in -1..1 at `rate_hz`.

        Best on 2 to 20 seconds that end in pauses. Raises UsageError if there is more than the model takes.
        """
        seconds = len(samples) / self.rate_hz
        if seconds > self.parameters.longest_s:
            longest = self.parameters.longest_s
            raise UsageError(
                f"{seconds:.1f} s of speech at once are too much: cut them to {longest:g} s at most"
            )
        if len(samples) < MIN_SAMPLES:
            return MoonshineText("", (), -math.inf)
        limit = math.ceil(seconds * self.parameters.tokens_per_second) + 2
        padded = np.pad(np.asarray(samples, np.float32), round(self.parameters.pad_s * self.rate_hz))
        tokens, logprob = self._decode(padded[None], limit)
        return MoonshineText(self._text(tokens), tuple(tokens), logprob)

    def _decode(self, samples: Floats, limit: int) -> tuple[list[int], float]:
        """At most `limit` of the likeliest tokens, one after another, and their mean log-probability."""
        parameters = self.parameters
        audible = np.ones(samples.shape, np.int64)  # counts samples in the decoder too
        (encoded,) = self.sessions["encoder"].run(samples, audible)
        past: list[Array] = [self._nothing()] * (4 * parameters.layers)
        last, tokens, total = parameters.start_token, list[int](), 0.0
        for step in range(limit):
            logits, *present = self.sessions["decoder"].run(
                np.array([[last]], np.int64), encoded, audible, *past, np.array([step > 0])
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
        return np.zeros((1, self.parameters.heads, 0, self.parameters.head_size), np.float32)

    def _text(self, tokens: list[int]) -> str:
        """The tokens put together."""
        joined = b"".join(self._tokens[token] for token in tokens if token < len(self._tokens))
        return joined.replace(SPACE, b" ").decode("utf-8", "replace").strip()

    def _check(self) -> None:
        """Refuse a decoder with another number of layers than it says."""
        layers = self.parameters.layers
        decoder, kept = self.folder.network("decoder"), 4 * layers
        if (len(decoder.inputs), len(decoder.outputs)) != (kept + 4, kept + 1):
            raise ModelError(self.folder.path, f"does not describe a decoder of {layers} layers")
        self._tokens = _tokens(self.folder, self.parameters)


def _log_probability(logits: Floats, token: int) -> float:
    """Natural logarithm of the softmax of `token`."""
    highest = logits.max()
    return float(logits[token] - highest - np.log(np.exp(logits - highest).sum()))


def read_tokens(content: bytes) -> list[bytes]:
    """The word tokens of a tokenizer file, see `Parameters.tokenizer`. Raises ValueError if it is cut."""
    tokens: list[bytes] = []
    at = 0
    while at < len(content):
        length, at = content[at], at + 1
        if length >= 128:
            if at == len(content):
                raise ValueError("ends inside a length")
            length, at = length - 128 + 128 * content[at], at + 1
        if at + length > len(content):
            raise ValueError("ends inside a token")
        tokens.append(content[at : at + length])
        at += length
    return tokens


def _tokens(folder: ModelFolder, parameters: Parameters) -> list[bytes]:
    """Text of each token, empty for those that mark something. Raises ModelError."""
    try:
        tokens = read_tokens(folder.read(parameters.tokenizer))
    except ValueError as error:
        raise ModelError(folder.path / parameters.tokenizer, f"is no list of tokens: {error}") from error
    mark = re.compile(rb"<.*>")
    return [b"" if mark.fullmatch(token) else token for token in tokens]
