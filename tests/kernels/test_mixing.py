"""Filters, squares, true peaks, limiting and reverberation against their twins, in blocks of any size."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from edge_kernels.library import KernelError
from edge_kernels.mixing import TAPS, Biquads, Limiter, MeanSquares, Reverb, Room, TruePeaks
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.kernels import sound_twins as twins

Floats = NDArray[np.float32]
RATE = 48_000
SECTIONS = [[0.2, 0.1, -0.1, -1.6, 0.8], [1.0, -2.0, 1.0, -1.9, 0.91]]
BLOCKS = st.lists(st.integers(0, 900), min_size=1, max_size=12)


def signal(kind: str, count: int, seed: int) -> Floats:
    """Stereo that a limiter has trouble with."""
    rng, t = np.random.default_rng(seed), np.arange(count)
    mono: NDArray[np.float64]
    if kind == "noise":
        mono = rng.normal(0, 0.7, count)
    elif kind == "clicks":
        mono = np.where(rng.random(count) < 0.002, rng.choice((-3.0, 3.0), count), 0.01)
    elif kind == "square":
        mono = 1.5 * np.sign(np.sin(2 * np.pi * rng.uniform(30, 3000) * t / RATE))
    elif kind == "quarter":
        mono = 1.4 * np.sin(np.pi * t / 2 + np.pi / 4) * (t > count / 3)
    else:
        steps = rng.uniform(0, 3, 9).repeat(count // 9 + 1)[:count]
        mono = steps * np.sin(t * rng.uniform(0.01, 1.2))
    return np.stack([mono, 0.6 * np.roll(mono, 3)]).astype(np.float32)


KINDS = ("noise", "clicks", "square", "quarter", "steps")


def in_blocks(
    process: Callable[[Floats], Floats], samples: Floats, sizes: list[int], axis: int = -1
) -> Floats:
    cuts = np.cumsum(sizes).clip(0, samples.shape[1])
    return np.concatenate([process(part) for part in np.split(samples, cuts, axis=1)], axis=axis)


def decibels(value: float) -> float:
    return float(20 * np.log10(value))


@settings(deadline=None, max_examples=25)
@given(BLOCKS, st.integers(0, 99))
def test_filters_and_squares_are_those_of_the_twin(sizes: list[int], seed: int) -> None:
    samples = signal("noise", 3000, seed)
    wanted = np.stack([twins.biquads(channel, np.array(SECTIONS)) for channel in samples])
    found = in_blocks(Biquads(SECTIONS, 2), samples, sizes)
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5)
    squares = MeanSquares(SECTIONS, 2, 700)
    parts = np.concatenate(
        [squares(part) for part in np.split(samples, np.cumsum(sizes).clip(0, 3000), axis=1)]
    )
    np.testing.assert_allclose(parts, (wanted[:, :2800].reshape(2, 4, 700) ** 2).mean(axis=2).T, rtol=1e-9)


@settings(deadline=None, max_examples=25)
@given(BLOCKS, st.floats(20, 19_000), st.floats(0, 6.28))
def test_the_true_peak_of_a_tone_is_its_amplitude(sizes: list[int], hz: float, phase: float) -> None:
    t = np.arange(4000)
    tone = 0.7 * np.sin(2 * np.pi * hz * t / RATE + phase) * np.hanning(4000)
    found = in_blocks(TruePeaks(1), tone[None].astype(np.float32), sizes)
    np.testing.assert_array_equal(found, TruePeaks(1)(tone[None].astype(np.float32)))
    wanted = np.abs(twins.oversampled(tone)).reshape(-1, 4).max(axis=1)[: -TAPS // 2]
    np.testing.assert_allclose(found[TAPS // 2 :], wanted, atol=5e-3)


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(KINDS), st.integers(0, 9999), st.sampled_from((1.0, 0.89, 0.1)), BLOCKS)
def test_no_true_peak_is_above_the_ceiling(kind: str, seed: int, ceiling: float, sizes: list[int]) -> None:
    samples = signal(kind, 12_000, seed)
    samples[:, -400:] = 0  # what is limited comes out whole
    out = in_blocks(Limiter(2, RATE, ceiling), samples, sizes)
    np.testing.assert_array_equal(out, Limiter(2, RATE, ceiling)(samples))
    assert decibels(TruePeaks(2)(out).max()) < decibels(ceiling) + 0.1


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(KINDS), st.integers(0, 9999), st.sampled_from((1.0, 0.1)))
def test_below_20_khz_that_holds_for_the_exact_interpolation(kind: str, seed: int, ceiling: float) -> None:
    spectrum = np.fft.rfft(signal(kind, 12_000, seed) * np.hanning(12_000))
    spectrum[:, 5000:] = 0
    samples = np.fft.irfft(spectrum).astype(np.float32)
    out = Limiter(2, RATE, ceiling)(np.concatenate((samples, np.zeros((2, 400), np.float32)), axis=1))
    peak = np.abs(twins.oversampled(out.astype(np.float64))).max()
    assert decibels(peak) < decibels(ceiling) + 0.1


@pytest.mark.parametrize("kind", KINDS)
def test_the_gain_is_that_of_the_twin(kind: str) -> None:
    samples = signal(kind, 6000, 1)
    limiter, window = Limiter(2, RATE, 0.5), RATE // 200
    out = limiter(samples)
    raw = TruePeaks(2)(samples).astype(np.float64)
    peaks = np.maximum(raw, np.concatenate(([0], raw[:-1])))
    gains = twins.limiter_gains(peaks, 0.5, np.exp(-1 / (0.08 * RATE)), window)
    delay = limiter.delay
    np.testing.assert_allclose(out[:, delay:], samples[:, :-delay] * gains[delay:], atol=1e-4)
    assert not out[:, :delay].any()
    assert np.abs(np.diff(gains)).max() < 1.01 / window


def test_what_is_below_the_ceiling_is_only_late() -> None:
    samples = signal("steps", 5000, 3) * np.float32(0.1)
    limiter = Limiter(2, RATE, 0.5)
    np.testing.assert_array_equal(limiter(samples)[:, limiter.delay :], samples[:, : -limiter.delay])


ROOM = Room(8000, decay_s=0.4, damping_hz=2500, predelay_s=0.004, modulation=0, size=0.5)


def test_reverberation_is_that_of_the_twin() -> None:
    samples = signal("clicks", 3000, 5)
    np.testing.assert_allclose(Reverb(ROOM)(samples), twins.reverb(samples.astype(float), ROOM), atol=1e-4)


@settings(deadline=None, max_examples=15)
@given(BLOCKS, st.sampled_from((0.0, 3.0, 8.0)))
def test_reverberation_does_not_depend_on_blocks(sizes: list[int], modulation: float) -> None:
    room = Room(RATE, modulation=modulation)
    samples = signal("noise", 6000, 2)
    np.testing.assert_array_equal(in_blocks(Reverb(room), samples, sizes), Reverb(room)(samples))


@pytest.mark.parametrize("decay_s", [0.6, 2.0, 4.0])
def test_reverberation_falls_by_60_db_in_its_time(decay_s: float) -> None:
    reverb = Reverb(Room(RATE, decay_s=decay_s, damping_hz=40_000))
    reverb(signal("noise", RATE, 2))
    tail = reverb(np.zeros((2, int(1.2 * decay_s * RATE)), np.float32))
    at = [int(share * decay_s * RATE) for share in (0.1, 1.1)]
    parts = (tail[:, a : a + 4800].reshape(2, -1, 20).mean(axis=2) for a in at)  # below 1 kHz
    early, late = (float(np.sqrt((part**2).mean())) for part in parts)
    assert decibels(late / early) == pytest.approx(-60, abs=4)
    assert abs(np.asarray(np.corrcoef(tail[:, : at[1]]))[0, 1]) < 0.2  # wide
    reverb(np.zeros((2, int(40 * RATE)), np.float32))
    assert not reverb(np.zeros((2, RATE), np.float32)).any()


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(KernelError):
        Reverb(Room(RATE, size=3))
    with pytest.raises(ValueError, match="2 channels, not 1"):
        Reverb(Room(RATE))(np.zeros((1, 9), np.float32))
    with pytest.raises(ValueError, match="ceiling"):
        Limiter(2, RATE, 0)
    with pytest.raises(ValueError, match=r"float64\[sections, 5\]"):
        Biquads([[1, 2, 3]], 2)
    with pytest.raises(ValueError, match="step must be at least 1"):
        MeanSquares(SECTIONS, 2, 0)
