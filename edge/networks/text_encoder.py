"""Sentence embeddings."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Annotated, Any

import numpy as np
from msgspec import Meta, Struct
from numpy.typing import NDArray

from edge.errors import MissingRuntimeError, ModelError
from edge.models.folder import ModelFolder
from edge.models.frontend import Tokens
from edge.networks.base import Network


class Parameters(Struct, frozen=True, forbid_unknown_fields=True):
    """What a sentence encoder's manifest says beside its front end."""

    size: Annotated[int, Meta(ge=1)]
    """Numbers in a vector."""


class TextEncoder(Network[Tokens, Parameters]):
    """A sentence encoder by its id or folder. Raises MissingRuntimeError also without `tokenizers`."""

    task = "sentence-encoder"
    front_end_type = Tokens
    parameters_type = Parameters
    roles = ("encoder",)
    default = "minilm"

    @property
    def size(self) -> int:
        """Numbers in a vector."""
        return self.parameters.size

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of length 1, float32[n, size], so that a dot product is the cosine.

        One text at a time: an int8 network scales its numbers to all it sees at once, and the vector of a
        text must not depend on its neighbours. A text longer than `max_tokens` word pieces is cut.
        """
        vectors = np.zeros((len(texts), self.size), np.float32)
        for row, text in zip(vectors, texts, strict=True):
            pieces = self._tokenizer.encode(text).ids
            row[:] = self.sessions["encoder"].run(np.array([pieces], np.int64))[0][0]
        return vectors

    @cached_property
    def _tokenizer(self) -> Any:
        return _tokenizer(self.folder, self.front_end)

    def _check(self) -> None:
        """Refuse a network that does not turn tokens [1, n] into vectors [1, size]."""
        network = self.folder.network("encoder")
        shapes = [tensor.shape for tensor in (*network.inputs, *network.outputs)]
        if [len(shape) for shape in shapes] != [2, 2] or shapes[1][1] != self.parameters.size:
            raise ModelError(
                self.folder.path, "does not describe a sentence-encoder: its network has other shapes"
            )
        self._tokenizer  # noqa: B018 - a damaged one is refused now


def _tokenizer(folder: ModelFolder, front_end: Tokens) -> Any:
    """The tokenizer of the folder, cutting but not padding. Raises ModelError, MissingRuntimeError."""
    try:
        from tokenizers import Tokenizer  # noqa: PLC0415 - an extra, and only who has texts pays for it
    except ImportError as error:
        raise MissingRuntimeError(folder.path, "tokenizers", "text") from error
    content = folder.read(front_end.tokenizer)
    try:
        tokenizer = Tokenizer.from_buffer(content)
    except Exception as error:  # the package raises plain Exception
        raise ModelError(folder.path / front_end.tokenizer, f"is no tokenizer: {error}") from error
    tokenizer.no_padding()
    tokenizer.enable_truncation(front_end.max_tokens)
    return tokenizer
