"""Short pauses between words are spoken, too."""

from __future__ import annotations

import numpy as np

from edge.evidence.ducking import spoken
from edge.evidence.labels import LabelTrack
from edge.vocabulary import LABELS, Label


def test_short_pauses_are_spoken_and_blips_are_not() -> None:
    frames = np.zeros((100, 4), np.float32)
    frames[10:20, LABELS.index(Label.SPEAKING)] = 0.9
    frames[30:40, LABELS.index(Label.SPEAKING)] = 0.9
    frames[80:82, LABELS.index(Label.SPEAKING)] = 0.9
    frames[60:70, LABELS.index(Label.SINGING)] = 0.9
    nothing = np.zeros((0, 4), np.float32)
    track = LabelTrack(
        10, 0.1, frames, np.zeros(100, np.float32), 3, nothing, 1, np.zeros((0, 1, 1), np.float16)
    )
    assert np.allclose(spoken(track), [(1.0, 4.0)])
