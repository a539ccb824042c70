"""Where somebody speaks so that music makes room, from labels."""

from __future__ import annotations

import numpy as np

from edge.evidence.labels import LabelTrack
from edge.spans import merge
from edge.vocabulary import LABELS, Label

SPOKEN = 0.5
"""Confidence of speaking from which a frame counts as speech."""

PAUSE_S = 1.5
"""Pauses up to this long are ducked, too: music that comes and goes distracts more than it adds."""

LEAST_S = 0.3
"""Shorter speech is ignored."""


def spoken(labels: LabelTrack) -> list[tuple[float, float]]:
    """Return where somebody speaks, in seconds, in order and disjoint."""
    frames = labels.frames[:, LABELS.index(Label.SPEAKING)] >= SPOKEN
    edges = np.flatnonzero(np.diff(np.concatenate([[False], frames, [False]])))
    spans = [(float(start), float(end)) for start, end in edges.reshape(-1, 2) * labels.frame_s]
    return [(start, end) for start, end in merge(spans, PAUSE_S) if end - start >= LEAST_S]
