"""Loudness against the tones of EBU Tech 3341, and a master that keeps its ceiling."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.arrays import Floats
from edge.errors import UsageError
from edge.media.loudness import LoudnessMeter, k_weighting
from edge.media.master import Master

RATE = 48_000


def tone(parts: list[tuple[float, float]], hz: float = 1000.0, rate_hz: int = RATE) -> Floats:
    """A stereo sine of these levels in dBFS and lengths in seconds."""
    gains = np.concatenate([np.full(int(seconds * rate_hz), 10 ** (db / 20)) for db, seconds in parts])
    mono = gains * np.sin(2 * np.pi * hz * np.arange(len(gains)) / rate_hz)
    return np.stack([mono, mono]).astype(np.float32)


def measured(samples: Floats, rate_hz: int = RATE, block: int = 10_007) -> LoudnessMeter:
    meter = LoudnessMeter(rate_hz, len(samples))
    for at in range(0, samples.shape[1], block):
        meter.accept(samples[:, at : at + block])
    return meter


def test_the_filters_at_48_khz_are_those_of_the_standard() -> None:
    table = [
        [1.53512485958697, -2.69169618940638, 1.19839281085285, -1.69065929318241, 0.73248077421585],
        [1.0, -2.0, 1.0, -1.99004745483398, 0.99007225036621],
    ]
    np.testing.assert_allclose(k_weighting(48_000), table, atol=1e-9)


@pytest.mark.parametrize(
    ("parts", "lufs"),
    [
        ([(-23, 20)], -23),
        ([(-33, 20)], -33),
        ([(-36, 10), (-23, 60), (-36, 10)], -23),
        ([(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)], -23),
        ([(-26, 20), (-20, 20.1), (-26, 20)], -23),
    ],
    ids=("1", "2", "3", "4", "5"),
)
def test_the_tones_of_tech_3341(parts: list[tuple[float, float]], lufs: float) -> None:
    assert measured(tone(parts)).integrated_lufs == pytest.approx(lufs, abs=0.1)


@pytest.mark.parametrize("rate_hz", [16_000, 44_100, 96_000])
def test_the_rate_does_not_matter(rate_hz: int) -> None:
    assert measured(tone([(-23, 3)], rate_hz=rate_hz), rate_hz).integrated_lufs == pytest.approx(-23, abs=0.1)


@pytest.mark.parametrize(("degrees", "sharing"), [(45, 4), (60, 6), (67.5, 8)])
def test_the_peak_between_samples_is_found(degrees: float, sharing: int) -> None:
    """Cases 16 to 18 of Tech 3341: -6 dBFS, although no sample reaches that."""
    t = np.arange(RATE // 4)
    mono = (
        0.5
        * np.sin(2 * np.pi * t / sharing + np.radians(degrees))
        * np.minimum(1, np.minimum(t, t[::-1]) / 999)
    )
    found = measured(mono[None].astype(np.float32), block=17).true_peak_dbtp
    assert -6.4 < found < -5.8
    assert found == pytest.approx(-6.02, abs=0.1)


def test_silence_has_no_loudness() -> None:
    meter = LoudnessMeter(RATE, 2)
    assert meter.integrated_lufs == meter.true_peak_dbtp == -np.inf
    meter.accept(np.zeros((2, 3 * RATE), np.float32))
    assert meter.integrated_lufs == meter.true_peak_dbtp == -np.inf
    meter.accept(np.array([[0.0, 0.5], [0.0, 0.25]], np.float32))
    assert meter.true_peak_dbtp == pytest.approx(-6.02, abs=0.5)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(0, 3000), max_size=8), st.floats(-20, 30), st.floats(-12, 0), st.integers(0, 99))
def test_a_master_keeps_the_length_the_time_and_the_ceiling(
    sizes: list[int], gain_db: float, ceiling_dbtp: float, seed: int
) -> None:
    samples = np.random.default_rng(seed).normal(0, 0.2, (2, 6000)).astype(np.float32)
    samples[:, 1000:3000] *= 0.01
    master = Master(gain_db, ceiling_dbtp)
    parts = [master.process(part) for part in np.split(samples, np.cumsum(sizes).clip(0, 6000), axis=1)]
    out = np.concatenate([*parts, master.flush()], axis=1)
    assert out.shape == samples.shape
    assert measured(out).true_peak_dbtp < ceiling_dbtp + 0.1
    gains = (out / samples)[np.abs(samples) > 1e-4] / 10 ** (gain_db / 20)
    assert gains.min() > 0  # each sample is where it was
    assert gains.max() < 1 + 1e-4


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(UsageError, match="1 to 5 channels"):
        LoudnessMeter(RATE, 6)
    with pytest.raises(UsageError, match=r"float32\[2, n\]"):
        LoudnessMeter(RATE, 2).accept(np.zeros((1, 5), np.float32))
    with pytest.raises(UsageError, match="ceiling"):
        Master(0, 1)
    with pytest.raises(UsageError, match=r"float32\[2, n\]"):
        Master(0).process(np.zeros(5, np.float32))
