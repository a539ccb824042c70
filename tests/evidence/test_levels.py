"""Levels of frames: the same for blocks of any size."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.evidence.levels import SILENCE_DB, FrameLevels


@given(st.lists(st.integers(0, 40), max_size=12), st.integers(1, 9))
def test_levels_do_not_depend_on_the_blocks(blocks: list[int], size: int) -> None:
    samples = np.random.default_rng(1).standard_normal(sum(blocks)).astype(np.float32)
    measured = FrameLevels(size)
    for block in np.split(samples, np.cumsum(blocks)[:-1] if blocks else []):
        measured.accept(block)
    measured.finish()
    frames = [samples[start : start + size] for start in range(0, len(samples), size)]
    expected = [10 * np.log10(np.mean(frame.astype(np.float64) ** 2)) for frame in frames]
    assert measured.levels_db.tolist() == pytest.approx(expected, abs=1e-3)


def test_silence_has_a_level() -> None:
    measured = FrameLevels(10)
    measured.accept(np.zeros(15, np.float32))
    measured.finish()
    assert measured.levels_db.tolist() == pytest.approx([SILENCE_DB, SILENCE_DB])
