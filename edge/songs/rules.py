"""The rules that turn labels of segments into songs, one function per rule, in the order they apply.

The published method is US 12,387,762 B2. Segments are counted from 0; runs of them are int64[n, 2],
half-open. A label is the column that it has in confidences; the scans over them are `edge_kernels.labels`.
"""

from __future__ import annotations

import numpy as np
from edge_kernels import labels as scan
from numpy.typing import NDArray

from edge.songs.options import SongOptions
from edge.vocabulary import LABELS

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]
Runs = NDArray[np.int64]
"""int64[n, 2]: first segment, and the one after the last."""

SINGING, SPEAKING, MUSIC, OTHER = range(len(LABELS))
"""Columns of every confidence array."""


def best(confidences: Floats) -> Ints:
    """Return the most confident column of each row of float32[n, 4]."""
    return np.asarray(confidences.argmax(axis=1), np.int32)


def singing_runs(labels: Ints, min_run: int = 2) -> Runs:
    """Return the maximal runs of at least `min_run` consecutive singing segments."""
    return scan.runs(labels, SINGING, min_run)


def bridge(runs: Runs, labels: Ints, interlude: int, gap: int) -> Runs:
    """Join runs that are one song: at most `interlude` segments of music between them, or `gap` of any label.

    An extension: the published method gives two songs.
    """
    return scan.bridge(labels, runs, MUSIC, interlude, gap)


def with_music(runs: Runs, labels: Ints, edge_is_other: bool = True) -> Runs:
    """Extend runs by the music right before and after them, at each end only if `other` lies beyond it.

    Music that somebody speaks before or after is no prelude or postlude: they talk over it. The recording's
    edge counts as `other` if `edge_is_other`.
    """
    return scan.extend(labels, runs, MUSIC, OTHER, edge_counts=edge_is_other)


def uncertain(confidence: Floats, options: SongOptions) -> bool:
    """Tell whether an end segment, float32[4], may hold more than singing: both margins are small."""
    return bool(
        confidence[SINGING] - confidence[SPEAKING] <= options.speech_margin
        and confidence[SINGING] - confidence[OTHER] <= options.other_margin
    )


def refined_joint(former: Floats, latter: Floats, *, start: bool) -> int | None:
    """Return the index of the joint where a boundary belongs, from confidences of two windows.

    Both are float32[joints, 4]. At a start the former window is speaking or other and the latter singing or
    music; at an end the reverse. Of several joints the one with the largest summed confidence (an extension).
    None if no joint qualifies.
    """
    outside, inside = {SPEAKING, OTHER}, {SINGING, MUSIC}
    return scan.joint(former, latter, *((outside, inside) if start else (inside, outside)))
