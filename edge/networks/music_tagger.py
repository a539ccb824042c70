"""Music tagger: what a piece of music sounds like, as a vector and as probabilities of tags."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from msgspec import Meta, Struct

from edge.arrays import Floats
from edge.errors import ModelError
from edge.models.frontend import LogMel
from edge.networks.base import Network


class Parameters(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters in the manifest of a music tagger."""

    size: Annotated[int, Meta(ge=1)]
    """Size of the vector."""
    frames: Annotated[int, Meta(ge=1)]
    """Mel frames of an excerpt."""
    space: str
    """Id of the space of vectors; taggers of one space can stand in for each other."""


@dataclass(frozen=True, slots=True)
class MusicTags:
    """What an excerpt sounds like."""

    tags: Floats
    """float32[labels]: probability of each of the manifest's labels."""
    vector: Floats
    """float32[size]."""


class MusicTagger(Network[LogMel, Parameters]):
    """A music tagger, by default the one that ships with the package."""

    task = "music-tagger"
    front_end_type = LogMel
    parameters_type = Parameters
    roles = ("tagger",)
    default = "music"

    @property
    def rate_hz(self) -> int:
        """Sample rate of the audio."""
        return self.front_end.rate_hz

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the tags."""
        return self.folder.manifest.labels

    @property
    def excerpt(self) -> int:
        """Samples of an excerpt."""
        front_end = self.front_end
        return (self.parameters.frames - 1) * front_end.hop + front_end.window

    def tag(self, samples: Floats) -> MusicTags:
        """Tag an excerpt, float32[n] at `rate_hz`; shorter ones than `excerpt` are repeated, longer ones cut.

        There must be at least one sample.
        """
        mel = self.front_end.mel(np.resize(samples, self.excerpt))
        tags, vector = self.sessions["tagger"].run(mel[None])
        return MusicTags(tags[0], vector[0])

    def _check(self) -> None:
        """Raise ModelError unless the network converts an excerpt to tags and a vector."""
        network, sizes = self.folder.network("tagger"), self.parameters
        shapes = [tensor.shape for tensor in (*network.inputs, *network.outputs)]
        expected = [(sizes.frames, self.front_end.n_mels), (len(self.labels),), (sizes.size,)]
        if [tuple(shape[1:]) for shape in shapes] != expected:
            raise ModelError(
                self.folder.path, "does not describe a music-tagger: its network has other shapes"
            )
