"""The level of a recording does not change its labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.arrays import Floats
from edge.evidence.labels import label_samples
from edge.media import decode_audio
from edge.networks.segmenter import Segmenter
from tools.sound.sample import Truth


@pytest.fixture(scope="module")
def evening(sample: tuple[Path, Truth]) -> Floats:
    """73 s of talk, music, applause and a song, peaking at full scale."""
    samples = np.concatenate([block.samples for block in decode_audio(sample[0])])
    return np.asarray(samples / np.abs(samples).max(), np.float32)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(gain_db=st.floats(-40, 12))
def test_gain_from_very_soft_to_clipped_keeps_the_labels(
    evening: Floats, segmenter: Segmenter, gain_db: float
) -> None:
    loud = (evening * np.float32(10 ** (gain_db / 20))).clip(-1, 1)
    heard = np.round(loud * 32767).astype(np.float32) / np.float32(32767)  # 16 bits, as a file has
    whole, other = (label_samples([x], segmenter).segments for x in (evening, heard))
    assert (whole.argmax(axis=1) == other.argmax(axis=1)).mean() >= 0.9
