"""Image classifier with named classes: what an image shows, as probabilities of names.

Two kinds of networks are known. A classifier has a logit for each of the manifest's labels. An encoder makes
a vector of the image, and the folder has a vector for each label (zero-shot classification, as in CLIP,
Radford et al. 2021). Any of them can be replaced by another, because everything after them works on names.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from functools import cached_property
from typing import Annotated

import numpy as np
from edge_kernels.images import Rgb
from msgspec import Meta, Struct

from edge.arrays import Floats
from edge.errors import ModelError
from edge.models.frontend import ImageInput
from edge.networks.base import Network
from edge.networks.images import prepare


class Parameters(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters in the manifest of an image encoder."""

    size: Annotated[int, Meta(ge=1)]
    """Size of the network's output: the number of labels, or that of a vector."""
    vectors: str | None = None
    """.npy file of the folder, float32[labels, size]: a vector for each label; None for a classifier."""
    scale: Annotated[float, Meta(gt=0)] = 100.0
    """Factor of the cosine of two vectors before softmax; CLIP's is 100."""


class ImageEncoder(Network[ImageInput, Parameters]):
    """An image classifier, by default the one that ships with the package."""

    task = "image-encoder"
    front_end_type = ImageInput
    parameters_type = Parameters
    roles = ("encoder",)
    default = "images"

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the classes; of several synonyms with commas between them."""
        return self.folder.manifest.labels

    def classify(self, images: Iterable[Rgb]) -> Floats:
        """Return the probability of every class for every image, uint8[height, width, 3]: float32[n, labels].

        Raises UsageError for anything else than images.
        """
        session = self.sessions["encoder"]
        rows = [session.run(prepare(rgb, self.front_end))[0][0] for rgb in images]
        return softmax(self._logits(np.array(rows, np.float32).reshape(len(rows), self.parameters.size)))

    def _logits(self, outputs: Floats) -> Floats:
        if self._vectors is None:
            return outputs
        norms = np.linalg.norm(outputs, axis=1, keepdims=True)
        return np.asarray(self.parameters.scale * outputs / np.maximum(norms, 1e-9) @ self._vectors.T)

    @cached_property
    def _vectors(self) -> Floats | None:
        name = self.parameters.vectors
        if name is None:
            return None
        vectors = np.load(io.BytesIO(self.folder.read(name)), allow_pickle=False).astype(np.float32)
        return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9))

    def _check(self) -> None:
        """Raise ModelError unless the network converts one image to `size` numbers, with a name for each."""
        network, size = self.folder.network("encoder"), self.parameters.size
        given, result = network.inputs[0], network.outputs[0]
        is_image = len(network.inputs) == 1 and len(given.shape) == 4 and given.dtype == "float32"
        if not is_image or tuple(result.shape)[1:] != (size,):
            raise ModelError(self.folder.path, "does not describe an image-encoder: it has other shapes")
        try:
            named = size if self._vectors is None else len(self._vectors)
        except ValueError as error:
            raise ModelError(self.folder.path, f"has no vectors of its labels: {error}") from error
        if named != len(self.labels):
            raise ModelError(self.folder.path, f"has {named} classes and {len(self.labels)} labels")


def softmax(logits: Floats) -> Floats:
    """Return probabilities of logits float32[n, classes]."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True, initial=-np.inf))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)
