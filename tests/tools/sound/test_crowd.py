from collections.abc import Callable

import numpy as np
import pytest

from tools.sound.crowd import applause, crowd_noise, murmur, room
from tools.sound.signals import RATE_HZ, Samples, band, resample, rms_dbfs
from tools.sound.vocoder import analyse


def flatness(x: Samples) -> float:
    """Geometric over arithmetic mean of the long-term spectrum up to 7 kHz: 1 is white, a tone is near 0."""
    blocks = np.lib.stride_tricks.sliding_window_view(x, 512)[::256] * np.hanning(512)
    power = np.mean(np.abs(np.fft.rfft(blocks)) ** 2, axis=0)[8:224]
    return float(np.exp(np.mean(np.log(power))) / np.mean(power))


@pytest.mark.parametrize("seed", range(4))
def test_applause_is_flat_and_has_no_stable_pitch(seed: int) -> None:
    x = applause(np.random.default_rng(seed), 4.0)
    assert flatness(x) > 0.3
    f0 = analyse(x).f0_hz
    assert np.mean(f0 > 0) < 0.4


def test_applause_builds_up_and_thins_out() -> None:
    x = applause(np.random.default_rng(0), 8.0)
    start, middle, end = (
        rms_dbfs(x[a * RATE_HZ // 10 : b * RATE_HZ // 10]) for a, b in ((0, 1), (20, 40), (78, 80))
    )
    assert middle > start + 2
    assert middle > end + 2


@pytest.mark.parametrize("sound", [applause, murmur, crowd_noise])
def test_crowds_have_the_asked_length_and_level_and_repeat(
    sound: Callable[[np.random.Generator, float], Samples],
) -> None:
    x = sound(np.random.default_rng(5), 2.5)
    assert x.dtype == np.float32
    assert len(x) == round(2.5 * RATE_HZ)
    assert rms_dbfs(x) == pytest.approx(-24, abs=0.1)
    assert np.array_equal(x, sound(np.random.default_rng(5), 2.5))


def test_a_murmur_can_be_made_of_given_recordings() -> None:
    tone = np.sin(2 * np.pi * 440 * np.arange(RATE_HZ) / RATE_HZ).astype(np.float32)
    x = murmur(np.random.default_rng(0), 3.0, 6, [tone])
    assert rms_dbfs(band(x, 380, 500)) > rms_dbfs(x) - 1.5


def test_a_room_rings_for_its_time() -> None:
    click = np.zeros(2 * RATE_HZ, np.float32)
    click[0] = 1.0
    x = room(np.random.default_rng(0), click, rt60_s=0.8, wet_db=0.0)
    assert len(x) == len(click)
    assert x[0] == pytest.approx(1.0, abs=0.01)
    low = band(x, 0, 1200)
    early, late = (rms_dbfs(low[round(t * RATE_HZ) : round((t + 0.05) * RATE_HZ)]) for t in (0.1, 0.5))
    assert early - late == pytest.approx(0.4 / 0.8 * 60, abs=5)


def test_resampling_keeps_a_tone_and_the_length() -> None:
    t = np.arange(22050) / 22050
    x = resample(np.sin(2 * np.pi * 1000 * t).astype(np.float32), 22050, RATE_HZ)
    assert len(x) == RATE_HZ
    want = np.sin(2 * np.pi * 1000 * np.arange(RATE_HZ) / RATE_HZ)
    assert np.max(np.abs(x - want)[200:-200]) < 0.01
