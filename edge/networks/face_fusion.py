"""Fuse what audio and video say of each segment: an LSTM over the segments of a recording.

four confidences of the audio, a row of the video -> LSTM in both directions -> four confidences
"""

from __future__ import annotations

import numpy as np
from msgspec import Struct

from edge.arrays import Floats
from edge.errors import ModelError, UsageError
from edge.networks.base import Network
from edge.vocabulary import LABELS

SEQUENCE = 176
"""Segments per run of the LSTM."""
SEQUENCE_CONTEXT = 24
"""Segments at each side of a run that are context only."""

FLOOR = 1e-4
"""Added to confidences before their logarithm."""

COLUMNS = ("examined", "share", "side", "score", "faces", "producing", "synchrony")
"""Numbers of a segment's row: see `video_row`."""

MOST_ODDS = 5.0
"""Natural logarithm of the largest odds in a row."""


def video_row(
    *,
    share: float = 0.0,
    side: float = 0.0,
    score: float = 0.0,
    faces: int = 0,
    producing: float = 0.5,
    synchrony: float = 0.5,
) -> Floats:
    """Return the row float32[7] of a segment whose video was examined; without arguments, it shows no face.

    `share` of the frames with the face that most likely makes the sound, its `side` in sides of the frame,
    the `score` of its detection, the number of `faces`, and the probabilities that its lips are `producing`
    speech or song and in `synchrony` with the sound, which become logarithms of odds.
    """
    odds = np.array([producing, synchrony]).clip(1e-6, 1 - 1e-6)
    odds = np.log(odds / (1 - odds)).clip(-MOST_ODDS, MOST_ODDS)
    return np.array([1, share, side, score, faces / 4, *odds], np.float32)


class Parameters(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters in the manifest of a face fusion: none."""


class FaceFusion(Network[None, Parameters]):
    """The fusion of audio and video, by default the one that ships with the package."""

    task = "face-fusion"
    front_end_type = type(None)
    parameters_type = Parameters
    roles = ("fusion",)
    default = "face-fusion"

    def fuse(self, confidences: Floats, rows: Floats) -> Floats:
        """Return confidences float32[m, 4] of consecutive segments, from those of the audio and the video.

        `confidences` is float32[m, 4], `rows` float32[m, 7] of `video_row`, zero where no frame was examined.
        Raises UsageError for other shapes.
        """
        if rows.shape != (len(confidences), len(COLUMNS)):
            raise UsageError(f"rows must have the shape [{len(confidences)}, {len(COLUMNS)}]")
        features = np.concatenate([np.log(confidences + FLOOR), rows], axis=1).astype(np.float32)
        parts, step = [np.zeros((0, len(LABELS)), np.float32)], SEQUENCE - 2 * SEQUENCE_CONTEXT
        for start in range(0, len(features), step):
            first, stop = max(0, start - SEQUENCE_CONTEXT), min(len(features), start + step)
            (fused,) = self.sessions["fusion"].run(features[None, first : stop + SEQUENCE_CONTEXT])
            parts.append(fused[0, start - first : stop - first])
        return np.concatenate(parts)

    def _check(self) -> None:
        size = self.folder.network("fusion").inputs[0].shape[2:]
        if self.folder.manifest.labels != LABELS or size != (len(LABELS) + len(COLUMNS),):
            what = f"expected a fusion of {len(COLUMNS)} columns with the labels {', '.join(LABELS)}"
            raise ModelError(self.folder.path, what)
