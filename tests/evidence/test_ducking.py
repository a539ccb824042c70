"""Music is softer before somebody speaks, and loud again only after."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edge.evidence.ducking import spoken
from edge.evidence.labels import LabelTrack
from edge.media.ducking import AFTER_S, AHEAD_S, duck
from edge.spans import merge
from edge.vocabulary import LABELS, Label

RATE_HZ = 1000
SPANS = st.lists(
    st.tuples(st.floats(0, 50), st.floats(0.3, 5)).map(lambda span: (span[0], span[0] + span[1])), max_size=6
).map(merge)


@given(spans=SPANS, depth_db=st.floats(-30, -1))
def test_speech_is_under_the_whole_depth(spans: list[tuple[float, float]], depth_db: float) -> None:
    gains = duck(spans, depth_db).gains(0, 60 * RATE_HZ, RATE_HZ)
    times = np.arange(60 * RATE_HZ) / RATE_HZ
    lowest = 10 ** (depth_db / 20)
    near = np.zeros(len(times), bool)
    for start, end in spans:
        inside = (times >= start) & (times <= end)
        np.testing.assert_allclose(gains[inside], lowest, rtol=1e-4)
        near |= (times > start - AHEAD_S) & (times < end + AFTER_S)
    np.testing.assert_allclose(gains[~near], 1, rtol=1e-4)
    assert ((gains >= lowest * 0.999) & (gains <= 1.001)).all()
    assert np.abs(np.diff(20 * np.log10(gains))).max(initial=0) <= 30 / (AHEAD_S * RATE_HZ) * 1.01  # no jump


def test_blocks_continue_each_other() -> None:
    found = duck([(1.0, 2.0)], -12)
    whole = found.gains(0, 3000, RATE_HZ)
    parts = np.concatenate([found.gains(start, 500, RATE_HZ) for start in range(0, 3000, 500)])
    np.testing.assert_allclose(parts, whole)


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
