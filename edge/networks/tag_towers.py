"""Two towers that place videos and tags in one space, where near means fitting.

    names of what frames show, by probability --.
    MFCC and labels of the audio ----------------|-- layers of their own -> gate -> weighted sum -> a place
    text vector of title and keywords -----------|
    faces ---------------------------------------'
    text vector of a tag -> one layer -> place of a tag

Names and tags come as vectors of a text encoder, so neither the image encoder's classes nor the tags need be
known to the towers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from msgspec import Meta, Struct

from edge.arrays import Floats
from edge.errors import ModelError
from edge.networks.base import Network

MODALITIES = ("image", "audio", "text", "faces")
"""In the order of the gate."""

LIGHT, FACES = 4, 4
"""Sizes of `VideoInput.light` and `VideoInput.faces`."""


class Parameters(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters in the manifest of tag towers."""

    size: Annotated[int, Meta(ge=1)]
    """Size of a place."""
    text: Annotated[int, Meta(ge=1)]
    """Size of a text vector."""
    audio: Annotated[int, Meta(ge=1)]
    """Size of the audio features."""
    diversity: Annotated[float, Meta(ge=0, le=1)] = 0.3
    """How much less a tag counts for being near one that was chosen before it."""


@dataclass(frozen=True, slots=True)
class VideoInput:
    """What is known of a video; None for what is missing."""

    image: Floats | None = None
    """float32[size]: the mean of `TagTowers.names` by the probability of the names."""
    light: Floats | None = None
    """float32[4]: brightness, its deviation, saturation, and how sure the image encoder is, 0 to 1."""
    audio: Floats | None = None
    """float32[audio]: features of the audio."""
    text: Floats | None = None
    """float32[text]: text vector of the title and keywords."""
    faces: Floats | None = None
    """float32[4]: share of frames with a face; ln(1 + mean number); ln(1 + largest number); largest side as a
    share of the frame's height. None if there is no face."""

    @property
    def present(self) -> Floats:
        """Return 1 or 0 for each of `MODALITIES`, float32[4]."""
        parts = (self.image, self.audio, self.text, self.faces)
        return np.array([part is not None for part in parts], np.float32)


class TagTowers(Network[None, Parameters]):
    """The towers, by default those that ship with the package."""

    task = "tag-towers"
    front_end_type = type(None)
    parameters_type = Parameters
    roles = ("names", "tags", "video")
    default = "tags"

    @property
    def size(self) -> int:
        """Size of a place."""
        return self.parameters.size

    def tags(self, texts: Floats) -> Floats:
        """Return the places of tags, float32[n, size] of norm 1, of their text vectors float32[n, text]."""
        return self.sessions["tags"].run(texts)[0]

    def names(self, texts: Floats) -> Floats:
        """Return what names of classes stand for, float32[n, size], of their vectors float32[n, text]."""
        return self.sessions["names"].run(texts)[0]

    def video(self, given: VideoInput) -> tuple[Floats, Floats]:
        """Return the place of a video, float32[size] of norm 1, and the weights of `MODALITIES`, float32[4].

        Weights of what is missing are 0, the others sum to 1. Without anything the place is not defined.
        """
        sizes = self.parameters
        place, gate = self.sessions["video"].run(
            _row(given.image, sizes.size),
            _row(given.light, LIGHT),
            _row(given.audio, sizes.audio),
            _row(given.text, sizes.text),
            _row(given.faces, FACES),
            given.present[None],
        )
        return place[0], gate[0]

    def _check(self) -> None:
        sizes = self.parameters
        expected = [sizes.size, LIGHT, sizes.audio, sizes.text, FACES, len(MODALITIES)]
        shapes = [tensor.shape[-1] for tensor in self.folder.network("video").inputs]
        if shapes != expected or self.folder.manifest.labels != MODALITIES:
            raise ModelError(self.folder.path, f"expected towers with the modalities {', '.join(MODALITIES)}")


def _row(values: Floats | None, size: int) -> Floats:
    return np.zeros((1, size), np.float32) if values is None else values[None]
