"""Two towers that place videos and music in one space, where near means fitting.

    image, light, motion, words of a video -- layers of their own -> weighted sum -> a place
    sound and words of a track ------------ layers of their own -> weighted sum -> a place

Images and words come as vectors of a text encoder, so that neither the image encoder's classes nor the words
need be known to the towers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from msgspec import Meta, Struct

from edge.arrays import Floats
from edge.errors import ModelError
from edge.networks.base import Network

MODALITIES = ("image", "motion", "words")
"""Of a video, in the order of `VideoFeatures.present`."""

LIGHT, MOTION = 4, 6
"""Sizes of `VideoFeatures.light` and `VideoFeatures.motion`."""


class Parameters(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters in the manifest of match towers."""

    size: Annotated[int, Meta(ge=1)]
    """Size of a place."""
    text: Annotated[int, Meta(ge=1)]
    """Size of a text vector."""
    sound: Annotated[int, Meta(ge=1)]
    """Size of `TrackFeatures.sound`."""
    sounds: str
    """Id of what the sound features are made of; those of another are not understood."""


@dataclass(frozen=True, slots=True)
class VideoFeatures:
    """What is known of a video; None for what is missing."""

    image: Floats | None = None
    """float32[text]: mean of the text vectors of what frames show, by probability."""
    light: Floats | None = None
    """float32[4]: brightness, its deviation, saturation, and how sure the image encoder is, 0 to 1."""
    motion: Floats | None = None
    """float32[6]: see `edge.matching.features.motion_features`."""
    words: Floats | None = None
    """float32[text]: mean of the text vectors of tags, title and keywords."""

    @property
    def present(self) -> Floats:
        """Return 1 or 0 for each of `MODALITIES`, float32[3]."""
        parts = (self.image, self.motion, self.words)
        return np.array([part is not None for part in parts], np.float32)


@dataclass(frozen=True, slots=True)
class TrackFeatures:
    """What is known of a track."""

    sound: Floats
    """float32[sound]: see `edge.matching.features.sound_features`."""
    words: Floats | None = None
    """float32[text]: mean of the text vectors of name, tags and words; None if none is known."""


class MatchTowers(Network[None, Parameters]):
    """The towers, by default those that ship with the package."""

    task = "match-towers"
    front_end_type = type(None)
    parameters_type = Parameters
    roles = ("video", "track")
    default = "matching"

    @property
    def size(self) -> int:
        """Size of a place."""
        return self.parameters.size

    def video(self, given: VideoFeatures) -> Floats:
        """Return the place of a video, float32[size] of norm 1; undefined if nothing is known of it."""
        text = self.parameters.text
        (places,) = self.sessions["video"].run(
            _row(given.image, text),
            _row(given.light, LIGHT),
            _row(given.motion, MOTION),
            _row(given.words, text),
            given.present[None],
        )
        return np.asarray(places[0], np.float32)

    def track(self, given: TrackFeatures) -> Floats:
        """Return the place of a track, float32[size] of norm 1."""
        known = np.array([[given.words is not None]], np.float32)
        words = _row(given.words, self.parameters.text)
        (places,) = self.sessions["track"].run(given.sound[None], words, known)
        return np.asarray(places[0], np.float32)

    def _check(self) -> None:
        """Raise ModelError unless the networks convert what is known to places."""
        sizes = self.parameters
        expected = {
            "video": [sizes.text, LIGHT, MOTION, sizes.text, len(MODALITIES)],
            "track": [sizes.sound, sizes.text, 1],
        }
        for role, wanted in expected.items():
            network = self.folder.network(role)
            shapes = [tensor.shape[-1] for tensor in (*network.inputs, *network.outputs)]
            if shapes != [*wanted, sizes.size]:
                raise ModelError(self.folder.path, f"does not describe match-towers: {role} has other shapes")


def _row(values: Floats | None, size: int) -> Floats:
    return np.zeros((1, size), np.float32) if values is None else values[None]
