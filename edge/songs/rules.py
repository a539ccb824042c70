"""The rules that turn labels of segments into songs, one function per rule, in the order they apply.

Source: US 12,387,762 B2. Segments are counted from 0; a range is half-open. Times are seconds. A label is the
column that it has in confidences; the scans over them are `edge_kernels.labels`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from edge_kernels import labels as scan
from numpy.typing import NDArray

from edge.songs.options import Settings
from edge.vocabulary import LABELS, Label

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]

SINGING, SPEAKING, MUSIC, OTHER = range(len(LABELS))
"""Columns of every confidence array."""


def best(confidences: Floats) -> Ints:
    """The most confident column of each row of float32[n, 4]."""
    return np.asarray(confidences.argmax(axis=1), np.int32)


def most_confident(confidences: Floats) -> list[Label]:
    """The most confident label of each row of float32[n, 4]."""
    return [LABELS[column] for column in best(confidences)]


def singing_runs(found: Ints, min_run: int = 2) -> list[range]:
    """Maximal runs of at least `min_run` consecutive singing segments."""
    return _ranges(scan.runs(found, SINGING, min_run))


def bridge(runs: Sequence[range], found: Ints, interlude: int, glitch: int) -> list[range]:
    """Join runs that are one song: only music between them, at most `interlude` segments, or a glitch.

    A glitch is a break of at most `glitch` segments of any label. (Ours: the source would give two songs.)
    """
    return _ranges(scan.bridge(found, _array(runs), MUSIC, interlude, glitch))


def with_music(runs: Sequence[range], found: Ints, edge_is_other: bool = True) -> list[range]:
    """Runs with the music right before and after them, at each end only if `other` lies beyond it.

    Music that somebody speaks before or after is no prelude or postlude: they talk over it. The recording's
    edge counts as `other` if `edge_is_other`.
    """
    return _ranges(scan.extend(found, _array(runs), MUSIC, OTHER, edge_counts=edge_is_other))


def uncertain(confidence: Floats, settings: Settings) -> bool:
    """Whether an end segment, float32[4], may hold more than singing: both margins are small."""
    return bool(
        confidence[SINGING] - confidence[SPEAKING] <= settings.t1
        and confidence[SINGING] - confidence[OTHER] <= settings.t2
    )


def refined_joint(former: Floats, latter: Floats, *, start: bool) -> int | None:
    """Index of the joint where a boundary belongs, from confidences float32[joints, 4] of the two windows.

    At a start the former window is speaking or other and the latter singing or music; at an end the reverse.
    Of several joints the one with the largest summed confidence (ours). None if no joint qualifies.
    """
    outside, inside = {SPEAKING, OTHER}, {SINGING, MUSIC}
    return scan.joint(former, latter, *((outside, inside) if start else (inside, outside)))


def _array(runs: Sequence[range]) -> NDArray[np.int64]:
    return np.array([(run.start, run.stop) for run in runs], np.int64).reshape(-1, 2)


def _ranges(runs: NDArray[np.int64]) -> list[range]:
    return [range(start, stop) for start, stop in runs.tolist()]
