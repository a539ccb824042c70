"""The rules that turn labels of segments into songs, one function per rule, in the order they apply.

Source: US 12,387,762 B2. Segments are counted from 0; a range is half-open. Times are seconds.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edge.singing.settings import Settings
from edge.vocabulary import LABELS, Label

Floats = NDArray[np.float32]

SINGING, SPEAKING, MUSIC, OTHER = range(len(LABELS))
"""Columns of every confidence array."""


def most_confident(confidences: Floats) -> list[Label]:
    """The most confident label of each row of float32[n, 4]."""
    return [LABELS[column] for column in confidences.argmax(axis=1)]


def singing_runs(labels: Sequence[Label], min_run: int = 2) -> list[range]:
    """Maximal runs of at least `min_run` consecutive singing segments."""
    runs = []
    start = 0
    for index, label in enumerate([*labels, None]):
        if label is not Label.SINGING:
            if index - start >= min_run:
                runs.append(range(start, index))
            start = index + 1
    return runs


def bridge(runs: Sequence[range], labels: Sequence[Label], interlude: int, glitch: int) -> list[range]:
    """Join runs that are one song: only music between them, at most `interlude` segments, or a glitch.

    A glitch is a break of at most `glitch` segments of any label. (Ours: the source would give two songs.)
    """
    joined: list[range] = []
    for run in runs:
        if joined:
            between = labels[joined[-1].stop : run.start]
            music = all(label is Label.MUSIC for label in between)
            if len(between) <= glitch or (music and len(between) <= interlude):
                joined[-1] = range(joined[-1].start, run.stop)
                continue
        joined.append(run)
    return joined


def prelude_start(labels: Sequence[Label], run: range, edge_is_other: bool = True) -> int:
    """First segment of the music right before a run, if `other` precedes that music; else the run's own.

    Music that somebody spoke before is not a prelude: they talked over it. The recording's edge counts as
    `other` if `edge_is_other`.
    """
    first = run.start
    while first > 0 and labels[first - 1] is Label.MUSIC:
        first -= 1
    before = labels[first - 1] if first > 0 else (Label.OTHER if edge_is_other else None)
    return first if before is Label.OTHER else run.start


def postlude_stop(labels: Sequence[Label], run: range, edge_is_other: bool = True) -> int:
    """One past the last segment of the music right after a run, if `other` follows it; else the run's own."""
    backwards = list(labels)[::-1]
    count = len(backwards)
    return count - prelude_start(backwards, range(count - run.stop, count - run.start), edge_is_other)


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
    outside, inside = (former, latter) if start else (latter, former)
    qualifies = np.isin(outside.argmax(axis=1), (SPEAKING, OTHER)) & np.isin(
        inside.argmax(axis=1), (SINGING, MUSIC)
    )
    if not qualifies.any():
        return None
    return int(np.where(qualifies, former.max(axis=1) + latter.max(axis=1), -1).argmax())


def change_point(inside: Floats) -> int:
    """The most likely cut of float32[n] probabilities into an outside before and an inside from it, 0 to n.

    Maximises the sum of log(1 - p) before the cut and log(p) from it on.
    """
    p = inside.astype(np.float64).clip(1e-4, 1 - 1e-4)
    before = np.concatenate([[0.0], np.cumsum(np.log1p(-p))])
    after = np.concatenate([np.cumsum(np.log(p)[::-1])[::-1], [0.0]])
    return int((before + after).argmax())
