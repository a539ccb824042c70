"""Moonshine: speech recognition from raw samples, decoded greedily token by token.

    samples -> encoder, once -> decoder, once per token: the most likely next token

After Jeffries et al. 2024, "Moonshine: speech recognition for live transcription and voice commands".
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from edge_kernels.transformer import scores
from msgspec import Meta, Struct

from edge.arrays import Floats
from edge.errors import ModelError, UsageError
from edge.models.folder import ModelFolder
from edge.models.frontend import Samples
from edge.models.inspection.weights import OrtWeights
from edge.networks.base import Network
from edge.networks.moonshine_decoder import decoder, embeddings

MIN_SAMPLES = 1000
"""Minimum input of the encoder's convolutions in samples; shorter audio gets an empty text."""

SPACE = "\u2581".encode()
"""Character that stands for a space in tokens."""

LOOP_S = 4.0
"""Seconds of speech from which on a loop of the decoder is broken by transcribing two parts."""


@dataclass(frozen=True, slots=True)
class MoonshineText:
    """Text and tokens of a chunk of speech."""

    text: str
    """The text of all tokens."""
    tokens: tuple[int, ...]
    """Numbers of the tokens (subwords)."""
    mean_logprob: float
    """Mean natural log-probability of the tokens and the end; about -0.1 for clear speech, below -1 for
    silence."""


class Parameters(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of the decoder in the manifest of a Moonshine model."""

    tokenizer: str
    """File of the folder: for each token its length in a byte (two from 128 on: 128 + low, high), then
    UTF-8."""
    layers: Annotated[int, Meta(ge=1)]
    """Layers of the decoder."""
    heads: Annotated[int, Meta(ge=1)]
    """Attention heads per layer."""
    start_token: Annotated[int, Meta(ge=0)]
    """Number of the token that starts the text."""
    end_token: Annotated[int, Meta(ge=0)]
    """Number of the token that ends the text."""
    tokens_per_second: Annotated[float, Meta(gt=0)]
    """Maximum speech rate; a decoder that writes more is in a loop."""
    pad_s: Annotated[float, Meta(ge=0)]
    """Seconds of silence added at both ends: without, the ends of tightly cut words get lost."""
    longest_s: Annotated[float, Meta(gt=0)]
    """Maximum length of the input in seconds."""


class Moonshine(Network[Samples, Parameters]):
    """A Moonshine speech recognizer (English)."""

    task = "moonshine"
    front_end_type = Samples
    parameters_type = Parameters
    roles = ("encoder",)
    default = "moonshine-tiny-en"

    @property
    def rate_hz(self) -> int:
        """Sample rate that `transcribe` expects."""
        return self.front_end.rate_hz

    def transcribe(self, samples: Floats) -> MoonshineText:
        """Transcribe a chunk of speech, float32[n] in -1..1 at `rate_hz`.

        Best on 2 to 20 seconds that end in pauses. Raises UsageError for more than `longest_s`.
        """
        seconds = len(samples) / self.rate_hz
        if seconds > self.parameters.longest_s:
            longest = self.parameters.longest_s
            raise UsageError(
                f"{seconds:.1f} s of speech are too long for one chunk; the maximum is {longest:g} s"
            )
        if len(samples) < MIN_SAMPLES:
            return MoonshineText("", (), -math.inf)
        limit = math.ceil(seconds * self.parameters.tokens_per_second) + 2
        padded = np.pad(np.asarray(samples, np.float32), round(self.parameters.pad_s * self.rate_hz))
        tokens, logprob = self._decode(padded[None], limit)
        if len(tokens) == limit and seconds > LOOP_S:
            middle = quietest(samples, self.rate_hz)
            return _joined(self.transcribe(samples[:middle]), self.transcribe(samples[middle:]))
        return MoonshineText(self._text(tokens), tuple(tokens), logprob)

    def _decode(self, samples: Floats, limit: int) -> tuple[list[int], float]:
        """Decode greedily up to `limit` tokens; return them and their mean log-probability.

        As many tokens as the limit are a loop: the decoder has not found the end.
        """
        (encoded,) = self.sessions["encoder"].run(samples, np.ones(samples.shape, np.int64))
        decoding = self._decoder.start(encoded[0], limit)
        token, tokens, total = self.parameters.start_token, list[int](), 0.0
        for step in range(limit):
            logits = scores(decoding.step(self._embeddings.row(token)), self._embeddings)
            token = int(logits.argmax())
            total += _log_probability(logits, token)
            if token == self.parameters.end_token:
                return tokens, total / (step + 1)
            tokens.append(token)
        return tokens, total / limit

    def _text(self, tokens: list[int]) -> str:
        """Join the tokens to a text."""
        joined = b"".join(self._tokens[token] for token in tokens if token < len(self._tokens))
        return joined.replace(SPACE, b" ").decode("utf-8", "replace").strip()

    def _check(self) -> None:
        """Read the decoder and the tokens. Raises ModelError if they are not those of the manifest."""
        parameters = self.parameters
        file = self.folder.network("decoder").file
        try:
            weights = OrtWeights(self.folder.read(file))
            self._embeddings = embeddings(weights)
            self._decoder = decoder(weights, layers=parameters.layers, heads=parameters.heads)
        except ValueError as error:
            raise ModelError(
                self.folder.path / file, f"is not the decoder of a Moonshine: {error}"
            ) from error
        self._tokens = _tokens(self.folder, parameters)


def _joined(first: MoonshineText, second: MoonshineText) -> MoonshineText:
    """Return the text of two parts of a chunk."""
    counts = [len(part.tokens) + 1 for part in (first, second)]  # each ends with a token that is not in it
    total = sum(
        count * part.mean_logprob for count, part in zip(counts, (first, second), strict=True) if part.tokens
    )
    text = " ".join(part.text for part in (first, second) if part.text)
    return MoonshineText(text, first.tokens + second.tokens, total / sum(counts))


def quietest(samples: Floats, rate_hz: int) -> int:
    """Return the index in the middle half of samples float32[n] around which 0.2 s are quietest."""
    size = rate_hz // 5
    first, last = len(samples) // 4, 3 * len(samples) // 4
    power = np.cumsum(np.square(samples[first:last], dtype=np.float64))
    return first + int(np.argmin(power[size:] - power[:-size])) + size // 2


def _log_probability(logits: Floats, token: int) -> float:
    """Return the natural logarithm of the softmax of `token`."""
    highest = logits.max()
    return float(logits[token] - highest - np.log(np.exp(logits - highest).sum()))


def read_tokens(content: bytes) -> list[bytes]:
    r"""Parse a tokenizer file, see `Parameters.tokenizer`. Raises ValueError if it is truncated.

    >>> read_tokens(b"\x02ab\x01c")
    [b'ab', b'c']
    """
    tokens: list[bytes] = []
    offset = 0
    while offset < len(content):
        length, offset = content[offset], offset + 1
        if length >= 128:
            if offset == len(content):
                raise ValueError("ends inside a length")
            length, offset = length - 128 + 128 * content[offset], offset + 1
        if offset + length > len(content):
            raise ValueError("ends inside a token")
        tokens.append(content[offset : offset + length])
        offset += length
    return tokens


def _tokens(folder: ModelFolder, parameters: Parameters) -> list[bytes]:
    """Read the text of each token, empty for special tokens. Raises ModelError."""
    try:
        tokens = read_tokens(folder.read(parameters.tokenizer))
    except ValueError as error:
        raise ModelError(folder.path / parameters.tokenizer, f"is not a list of tokens: {error}") from error
    special = re.compile(rb"<.*>")
    return [b"" if special.fullmatch(token) else token for token in tokens]
