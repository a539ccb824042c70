"""The nominal frame rate: that of the usual interval, not the mean."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.media import probe
from edge.media.read.rate import usual_rate

from .conftest import Film
from .makers import Recipe

NTSC = [Fraction(whole * 1000, 1001) for whole in (24, 30, 60)]
WHOLE = [Fraction(whole) for whole in (15, 24, 25, 30, 50, 60)]
BASES = [Fraction(1, 1000), Fraction(1, 90_000), Fraction(1, 15_360), Fraction(1, 30_000)]


@settings(deadline=None)
@given(
    st.sampled_from(NTSC + WHOLE),
    st.sampled_from(BASES),
    st.sets(st.integers(1, 119), max_size=36),
    st.integers(0, 10**6),
)
def test_frames_that_are_missing_do_not_change_the_rate(
    rate: Fraction, base: Fraction, missing: set[int], seed: int
) -> None:
    kept = [number for number in range(121) if number not in missing]
    ticks = [round(number / rate / base) for number in kept]
    np.random.default_rng(seed).shuffle(ticks)
    assert usual_rate(ticks, base, (len(kept) - 1) * rate / 120) == rate


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts"])
@pytest.mark.parametrize("rate", [Fraction(30), NTSC[1], NTSC[0]])
def test_a_phone_that_drops_one_frame_in_five_has_its_nominal_rate(
    film: Film, suffix: str, rate: Fraction
) -> None:
    times = tuple(number / rate for number in range(150) if number % 5 != 4)
    video = probe(film(f"drops.{suffix}", Recipe(fps=rate, seconds=5, frame_times=times))).video
    assert video is not None
    assert video.rate == rate


def test_a_phone_whose_frames_jitter_has_its_nominal_rate() -> None:
    jitter = np.random.default_rng(0).normal(0, 0.0015, 300)
    ticks = [round((number / 30 + float(jitter[number])) * 90_000) for number in range(300)]
    assert usual_rate(ticks, Fraction(1, 90_000), Fraction("29.87")) in {Fraction(30), NTSC[1]}


def test_where_nothing_is_usual_the_mean_counts() -> None:
    telecine = np.cumsum([1501, 2252] * 60) * 2  # two and three fields
    assert usual_rate(telecine.tolist(), Fraction(1, 90_000), NTSC[0]) == NTSC[0]
    screen = np.cumsum(np.random.default_rng(0).exponential(9000, 100)).astype(int)
    assert usual_rate(screen.tolist(), Fraction(1, 90_000), Fraction(71, 7)) == Fraction(71, 7)
    assert usual_rate([0], Fraction(1, 25), None) is None
