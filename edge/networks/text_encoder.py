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

UNKNOWN = "[UNK]"
"""Token of what a vocabulary of word pieces lacks."""


class Parameters(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters in the manifest of a sentence encoder."""

    size: Annotated[int, Meta(ge=1)]
    """Size of an embedding."""


class TextEncoder(Network[Tokens, Parameters]):
    """A sentence encoder. Raises MissingRuntimeError also without `tokenizers`."""

    task = "sentence-encoder"
    front_end_type = Tokens
    parameters_type = Parameters
    roles = ("encoder",)
    default = "words"

    @property
    def size(self) -> int:
        """Size of an embedding."""
        return self.parameters.size

    @property
    def space(self) -> str:
        """Id of the vector space: the model, its version and its digest."""
        manifest = self.folder.manifest
        return f"{manifest.id}-{manifest.version}-{manifest.digest[:12]}"

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return embeddings of norm 1, float32[n, size], so that their dot product is the cosine similarity.

        Texts are encoded one at a time: a dynamic int8 network scales activations over the whole batch, and
        the embedding of a text must not depend on the others. Texts are truncated to `max_tokens` tokens.
        """
        vectors = np.zeros((len(texts), self.size), np.float32)
        for row, text in zip(vectors, texts, strict=True):
            tokens = self._tokenizer.encode(text).ids
            row[:] = self.sessions["encoder"].run(np.array([tokens], np.int64))[0][0]
        return vectors

    def knows(self, text: str) -> bool:
        """Return whether the text has a token that the encoder knows: not only emoji, or another script."""
        tokens = self._tokenizer.encode(text)
        pairs = zip(tokens.tokens, tokens.special_tokens_mask, strict=True)
        return any(token != UNKNOWN and not special for token, special in pairs)

    @cached_property
    def _tokenizer(self) -> Any:
        return _tokenizer(self.folder, self.front_end)

    def _check(self) -> None:
        """Raise ModelError unless the network converts tokens [1, n] to embeddings [1, size]."""
        network = self.folder.network("encoder")
        shapes = [tensor.shape for tensor in (*network.inputs, *network.outputs)]
        if [len(shape) for shape in shapes] != [2, 2] or shapes[1][1] != self.parameters.size:
            raise ModelError(
                self.folder.path, "does not describe a sentence-encoder: its network has other shapes"
            )
        self._tokenizer  # noqa: B018 - rejects a damaged one now


def _tokenizer(folder: ModelFolder, front_end: Tokens) -> Any:
    """Load the tokenizer of the folder, without padding. Raises ModelError, MissingRuntimeError."""
    try:
        from tokenizers import Tokenizer  # noqa: PLC0415 - an extra, only needed for texts
    except ImportError as error:
        raise MissingRuntimeError(folder.path, "tokenizers", "text") from error
    content = folder.read(front_end.tokenizer)
    try:
        tokenizer = Tokenizer.from_buffer(content)
    except Exception as error:  # the package raises plain Exception
        raise ModelError(folder.path / front_end.tokenizer, f"is not a tokenizer: {error}") from error
    tokenizer.no_padding()
    tokenizer.enable_truncation(front_end.max_tokens)
    return tokenizer
