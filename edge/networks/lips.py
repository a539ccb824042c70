"""Lips: do they produce speech or song, and does their motion fit this sound?

    frames and landmarks -> crops, ten a second (`lip_crops`) -> "motion": embedding, P(producing), features
    features and the sound of the same tenths of a second ("synchrony") -> P(the motion fits the sound)

A burst is 8 to 40 crops of one face, two or three seconds if possible. A crop belongs to the 100 ms of sound
around it: crop k of a burst that begins at frame f of a `LabelTrack` is best taken at (f + k + 0.5) * 0.1 s.
Without sound, `motion` alone will do.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from edge_kernels.images import Rgb
from msgspec import Meta
from numpy.typing import NDArray

from edge.arrays import Floats
from edge.errors import ModelError, UsageError
from edge.networks.base import Network
from edge.networks.lip_crops import Crops, LipGeometry, lip_crops

Frames = Annotated[int, Meta(ge=1)]


class Parameters(LipGeometry, frozen=True, forbid_unknown_fields=True):
    """Parameters in the manifest of a lip network: the geometry of its crops, and of its bursts."""

    frame_s: Annotated[float, Meta(gt=0)]
    """Seconds between crops, and those of a frame of the sound."""
    min_frames: Frames
    """Crops in the shortest burst that can be judged."""
    max_frames: Frames
    """Crops in the longest."""


@dataclass(frozen=True, slots=True, eq=False)
class LipMotion:
    """What the motion of a batch of bursts says."""

    embedding: Floats
    """float32[batch, 48]: the motion as a whole, for networks that join it with other evidence."""
    producing: Floats
    """float32[batch]: probability that the lips produce speech or song."""
    features: Floats
    """float32[batch, frames, 32]: the lips of each frame, for `LipNetwork.synchrony`."""

    def __len__(self) -> int:
        """Return the number of bursts."""
        return len(self.producing)


class LipNetwork(Network[None, Parameters]):
    """A lip network, by default the one that ships with the package."""

    task = "lips"
    front_end_type = type(None)
    parameters_type = Parameters
    roles = ("motion", "synchrony")
    default = "lips"

    def crops(self, frames: Iterable[Rgb], landmarks: Floats) -> Crops:
        """Return a burst uint8[n, height, width] of one face in `frames`; see `lip_crops`.

        `frames` are images uint8[height, width, 3] every `parameters.frame_s`, `landmarks` float32[n, 5, 2].
        """
        return lip_crops(frames, landmarks, self.parameters)

    def motion(self, crops: NDArray[np.uint8]) -> LipMotion:
        """Judge the motion of bursts uint8[batch, frames, height, width], or of one without `batch`.

        Raises UsageError for another shape or dtype, and for fewer or more frames than the network takes.
        """
        if crops.ndim == 3:
            crops = crops[None]
        if crops.ndim == 4:
            self._check_frames(crops.shape[1])
        embedding, producing, features = self.sessions["motion"].run(crops)
        return LipMotion(embedding, producing, features)

    def synchrony(self, motion: LipMotion, sound: Floats) -> Floats:
        """Return the probability float32[batch] that each burst's motion fits its sound.

        `sound` float32[batch, frames, 5], or [frames, 5] for a single burst, is made by `lip_sound` for the
        frames of the crops. Raises UsageError if it does not fit `motion`.
        """
        if sound.ndim == 2:
            sound = sound[None]
        if sound.shape[:2] != motion.features.shape[:2]:
            bursts, frames = motion.features.shape[:2]
            raise UsageError(f"{bursts} bursts of {frames} frames have no sound of shape {list(sound.shape)}")
        (fits,) = self.sessions["synchrony"].run(motion.features, sound)
        return np.asarray(fits, np.float32)

    def _check_frames(self, count: int) -> None:
        least, most = self.parameters.min_frames, self.parameters.max_frames
        if not least <= count <= most:
            raise UsageError(f"a burst has {least} to {most} crops, not {count}")

    def _check(self) -> None:
        """Raise ModelError unless the networks fit the parameters and each other."""
        parameters, motion = self.parameters, self.folder.network("motion")
        size = (parameters.height, parameters.width)
        if len(motion.inputs) != 1 or motion.inputs[0].shape[2:] != size or motion.inputs[0].dtype != "uint8":
            raise ModelError(self.folder.path, f"does not describe lips: crops are not uint8 of {size}")
        if parameters.min_frames > parameters.max_frames:
            raise ModelError(self.folder.path, "does not describe lips: min_frames exceeds max_frames")


def lip_sound(levels_db: Floats, confidences: Floats) -> Floats:
    """Return the sound float32[..., frames, 5] that `LipNetwork.synchrony` takes.

    `levels_db` float32[..., frames] in dBFS and `confidences` float32[..., frames, 4] are those of a
    `LabelTrack`: `track.levels_db[a:b]` and `track.frames[a:b]`.
    """
    return np.concatenate([levels_db[..., None], confidences], axis=-1).astype(np.float32)
