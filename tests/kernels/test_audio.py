"""Gains, fades and cross-fades."""

from __future__ import annotations

import numpy as np
import pytest
from edge_kernels import audio

rng = np.random.default_rng(0)


@pytest.mark.parametrize("count", [0, 1, 15, 16, 17, 1000])
def test_gain(count: int) -> None:
    samples = rng.standard_normal(count).astype(np.float32)
    np.testing.assert_array_equal(audio.gain(samples, 0.3), samples * np.float32(0.3))


def test_gain_keeps_nan_and_infinity() -> None:
    out = audio.gain([np.nan, np.inf, -np.inf, 1.0], -2.0)
    np.testing.assert_array_equal(out, [np.nan, -np.inf, np.inf, -2.0])


@pytest.mark.parametrize("channels", [1, 2, 6])
def test_a_fade_in_pieces_is_a_raised_cosine(channels: int) -> None:
    samples = rng.standard_normal((500, channels)).astype(np.float32)
    expected = samples * (0.5 - 0.5 * np.cos(np.pi * np.arange(500).clip(0, 400) / 400))[:, None]
    whole = audio.fade_in(samples, 400)
    np.testing.assert_allclose(whole, expected, atol=1e-6)
    assert (whole[0] == 0).all()
    np.testing.assert_array_equal(whole[400:], samples[400:])
    pieces = [audio.fade_in(samples[at : at + 130], 400, begin=at) for at in range(0, 500, 130)]
    np.testing.assert_allclose(np.concatenate(pieces), whole, atol=1e-6)
    np.testing.assert_allclose(audio.fade_out(samples[::-1], 400, begin=-99)[::-1], whole, atol=1e-6)


@pytest.mark.parametrize("equal_power", [True, False])
def test_a_crossfade_keeps_what_it_promises(equal_power: bool) -> None:
    ones, zeros = np.ones((777, 2), np.float32), np.zeros((777, 2), np.float32)
    falling = audio.crossfade(ones, zeros, equal_power=equal_power)
    rising = audio.crossfade(zeros, ones, equal_power=equal_power)
    power = 2 if equal_power else 1
    np.testing.assert_allclose(falling**power + rising**power, 1, atol=1e-6)
    np.testing.assert_allclose(falling, rising[::-1], atol=1e-6)
    assert (np.diff(falling[:, 0]) < 0).all()


def test_nothing_in_nothing_out() -> None:
    nothing = np.zeros((0, 2), np.float32)
    assert audio.fade_in(nothing, 10).shape == audio.crossfade(nothing, nothing).shape == (0, 2)
    assert audio.fade_out(np.zeros((5, 0), np.float32), 3).shape == (5, 0)


def test_wrong_arguments_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match="length must be at least 1, not 0"):
        audio.fade_in(np.zeros((5, 1), np.float32), 0)
    with pytest.raises(ValueError, match="samples must have 2 dimensions, not 1"):
        audio.fade_out(np.zeros(5, np.float32), 3)
    with pytest.raises(ValueError, match="one shape"):
        audio.crossfade(np.zeros((5, 1), np.float32), np.zeros((4, 1), np.float32))
    with pytest.raises(TypeError, match="samples must be floating point, not <U1"):
        audio.gain(["a"], 1.0)
