"""The rules that turn labels of segments into songs, one function per rule, in the order they apply.

The published method is US 12,387,762 B2. Segments are counted from 0; runs of segments are int64[n, 2],
half-open. A label is given by its column in confidence arrays; the scans are in `edge_kernels.labels`.
"""

from __future__ import annotations

import numpy as np
from edge_kernels import labels as scan
from numpy.typing import NDArray

from edge.arrays import Floats
from edge.songs.options import SongOptions
from edge.vocabulary import LABELS

Ints = NDArray[np.int32]
Runs = NDArray[np.int64]
"""int64[n, 2]: index of the first segment, and of the one after the last."""

SINGING, SPEAKING, MUSIC, OTHER = range(len(LABELS))
"""Columns of every confidence array."""

SHORT_GAP = 0.5
"""Share of the longest gap over which a run that is too short to be a song can still belong to one."""

ROUNDING = 1e-4
"""Excess over the longest gap that comes from rounding."""

NEVER = 1e6
"""Weight of a second of what no gap in a song may hold."""


def best(confidences: Floats) -> Ints:
    """Return the column of the highest confidence of each row of float32[n, 4].

    >>> best(np.array([[0.7, 0.1, 0.1, 0.1], [0.1, 0.2, 0.6, 0.1]], np.float32)).tolist()
    [0, 2]
    """
    return np.asarray(confidences.argmax(axis=1), np.int32)


def singing_runs(labels: Ints, min_run: int = 2) -> Runs:
    """Return the maximal runs of at least `min_run` consecutive singing segments.

    >>> singing_runs(np.array([SINGING, MUSIC, SINGING, SINGING], np.int32)).tolist()
    [[2, 4]]
    """
    return scan.runs(labels, SINGING, min_run)


def bridge(runs: Runs, gap_weights: Floats, limit: float = 1.0) -> Runs:
    """Join runs of one song: those between which the segments weigh at most `limit` (see `gap_weights`).

    An extension: the published method returns two songs.
    """
    return scan.bridge(gap_weights, runs, limit + ROUNDING)


def sung_enough(runs: Runs, labels: Ints, min_run: int) -> Runs:
    """Return the runs that hold at least `min_run` singing segments."""
    count = np.concatenate([[0], np.cumsum(labels == SINGING)])
    enough: Runs = runs[count[runs[:, 1]] - count[runs[:, 0]] >= min_run]
    return enough


def gap_weights(segments: Floats, quiet: Floats, segment_s: float, options: SongOptions) -> Floats:
    """Return what share of the longest gap in a song each segment takes up, float32[n].

    Music, rests, and talk or other sounds each have a longest length; a segment counts as each of them by its
    confidences, float32[n, 4]. Of `other` the share `quiet`, float32[n], is a rest. Singing weighs nothing.
    """
    longest = (options.max_interlude_s, options.max_rest_s, options.max_gap_s)
    music, rest, sounds = (segment_s / length if length else NEVER for length in longest)
    other = segments[:, OTHER]
    weights = music * segments[:, MUSIC] + rest * quiet * other
    return np.asarray(weights + sounds * (segments[:, SPEAKING] + (1 - quiet) * other), np.float32)


def quiet_share(levels_db: Floats, frames: Floats, per_segment: int, below_db: float) -> Floats:
    """Return the share of each segment's frames that is quiet, float32[segments].

    Quiet is what lies `below_db` under the median level of the singing; `levels_db` is float32[n], `frames`
    the confidences float32[n, 4], and a segment has `per_segment` of them.
    """
    starts = np.arange(0, len(levels_db), per_segment)
    sung = levels_db[best(frames) == SINGING]
    if not len(sung):
        return np.zeros(len(starts), np.float32)
    quiet = np.add.reduceat(levels_db < np.median(sung) - below_db, starts, dtype=np.float32)
    return np.asarray(quiet / np.minimum(per_segment, len(levels_db) - starts), np.float32)


def with_music(runs: Runs, labels: Ints, edge_is_other: bool = True) -> Runs:
    """Extend runs by the adjacent music, at each end only if the segment beyond the music is `other`.

    Music next to speech is not a prelude or postlude but background to the speech. The recording's edge
    counts as `other` if `edge_is_other`.
    """
    return scan.extend(labels, runs, MUSIC, OTHER, edge_counts=edge_is_other)


def uncertain(confidence: Floats, options: SongOptions) -> bool:
    """Return whether an end segment, float32[4], may hold more than singing: both margins are small."""
    return bool(
        confidence[SINGING] - confidence[SPEAKING] <= options.speech_margin
        and confidence[SINGING] - confidence[OTHER] <= options.other_margin
    )


def refined_joint(former: Floats, latter: Floats, *, start: bool) -> int | None:
    """Return the index of the joint where a boundary belongs, from confidences of two windows.

    Both are float32[joints, 4]. At a start the former window is speaking or other and the latter singing or
    music; at an end the reverse. If several joints qualify, the one with the largest summed confidence is
    returned (an extension); if none does, None.
    """
    outside, inside = {SPEAKING, OTHER}, {SINGING, MUSIC}
    return scan.joint(former, latter, *((outside, inside) if start else (inside, outside)))
