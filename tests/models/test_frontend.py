"""Front ends: the levels that their inputs stand for."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest

from edge.models.frontend import LogMel


@pytest.mark.parametrize("filters", ["htk", "slaney"])
@pytest.mark.parametrize("level_db", [-80.0, -20.0])
def test_a_level_is_the_mean_input_for_white_noise(
    filters: Literal["htk", "slaney"], level_db: float
) -> None:
    front_end = LogMel(16_000, 1024, 800, 200, 64, 40.0, 7800.0, 1e-9, -4.0, 4.0, filters)
    samples = np.random.default_rng(0).standard_normal(60 * 16_000) * 10 ** (level_db / 20)
    mean = front_end.normalize(front_end.power(samples.astype(np.float32)).mean(axis=0))
    np.testing.assert_allclose(front_end.flat(level_db), mean, atol=0.03)  # 0.5 dB
