"""Music is softer before somebody speaks, and loud again only after; the mix is as loud as asked."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.arrays import Floats
from edge.media.ducking import AFTER_S, AHEAD_S, duck
from edge.media.write.soundtrack import RATE_HZ, UNDER_SPEECH_DB, OwnSound, Soundtrack, loudness_of
from edge.spans import merge

LOW_RATE_HZ = 1000
SPANS = st.lists(
    st.tuples(st.floats(0, 50), st.floats(0.3, 5)).map(lambda span: (span[0], span[0] + span[1])), max_size=6
).map(merge)


@given(spans=SPANS, depth_db=st.floats(-30, -1))
def test_speech_is_under_the_whole_depth(spans: list[tuple[float, float]], depth_db: float) -> None:
    gains = duck(spans, depth_db).gains(0, 60 * LOW_RATE_HZ, LOW_RATE_HZ)
    times = np.arange(60 * LOW_RATE_HZ) / LOW_RATE_HZ
    lowest = 10 ** (depth_db / 20)
    near = np.zeros(len(times), bool)
    for start, end in spans:
        inside = (times >= start) & (times <= end)
        np.testing.assert_allclose(gains[inside], lowest, rtol=1e-4)
        near |= (times > start - AHEAD_S) & (times < end + AFTER_S)
    np.testing.assert_allclose(gains[~near], 1, rtol=1e-4)
    assert ((gains >= lowest * 0.999) & (gains <= 1.001)).all()
    assert np.abs(np.diff(20 * np.log10(gains))).max(initial=0) <= 30 / (AHEAD_S * LOW_RATE_HZ) * 1.01


def test_blocks_continue_each_other() -> None:
    found = duck([(1.0, 2.0)], -12)
    whole = found.gains(0, 3000, LOW_RATE_HZ)
    parts = np.concatenate([found.gains(start, 500, LOW_RATE_HZ) for start in range(0, 3000, 500)])
    np.testing.assert_allclose(parts, whole)


SECONDS = 12
SAMPLES = SECONDS * RATE_HZ
T = np.arange(SAMPLES) / RATE_HZ
BEATS = np.exp(-np.mod(T, 0.5) / 0.1)
MUSIC = 0.1 * np.stack([np.sin(2 * np.pi * 220 * T), np.sin(2 * np.pi * 330 * T)]).astype(np.float32)
OWN = (0.03 * np.random.default_rng(3).standard_normal((2, SAMPLES))).astype(np.float32)


def blocks(samples: Floats, size: int) -> Iterator[Floats]:
    for start in range(0, samples.shape[1], size):
        yield samples[:, start : start + size]


def test_the_own_sound_has_its_level_and_music_makes_room() -> None:
    spans = [(4.0, 8.0)]
    for level_lu, speech, wanted in ((None, True, 0.0), (None, False, -10.0), (6.0, True, 6.0)):
        own = OwnSound(lambda: blocks(OWN, 5000), (lambda: spans) if speech else None, level_lu, 60.0)
        with Soundtrack(lambda: blocks(MUSIC, 7001), SAMPLES, own) as audio:
            mixed = np.concatenate(list(audio), axis=1)
        gains = [
            np.linalg.lstsq(np.stack([MUSIC[0, part], OWN[0, part]], axis=1), mixed[0, part], rcond=None)[0]
            for part in (slice(RATE_HZ, 3 * RATE_HZ), slice(5 * RATE_HZ, 7 * RATE_HZ))
        ]
        assert gains[0][1] == pytest.approx(gains[1][1], rel=0.02)
        lu = loudness_of([OWN * np.float32(gains[0][1])]) - loudness_of([MUSIC])
        assert lu == pytest.approx(wanted, abs=0.2)
        depth_db = 20 * np.log10(gains[1][0] / gains[0][0])
        assert depth_db == pytest.approx(UNDER_SPEECH_DB if speech else 0, abs=0.3)


@pytest.mark.parametrize(("lufs", "peak_dbtp"), [(-14.0, -1.0), (-11.0, -2.5), (-30.0, -1.0)])
def test_what_the_limiter_takes_is_given_back(lufs: float, peak_dbtp: float) -> None:
    music = (9 * MUSIC * BEATS).astype(np.float32)
    with Soundtrack(lambda: blocks(music, 9999), SAMPLES) as audio:
        mastered = audio.mastered(lufs, peak_dbtp)
        made = np.concatenate(list(mastered), axis=1)
    assert made.shape == music.shape
    assert loudness_of([made]) == pytest.approx(lufs, abs=0.3)
    assert mastered.meter.integrated_lufs == pytest.approx(lufs, abs=0.3)
    assert mastered.meter.true_peak_dbtp <= peak_dbtp


def test_silence_adds_nothing_and_takes_nothing() -> None:
    nothing = np.zeros((2, SAMPLES), np.float32)
    with Soundtrack(lambda: blocks(MUSIC, 8000), SAMPLES, OwnSound(lambda: blocks(nothing, 8000))) as audio:
        assert not audio.has_own_sound
    with Soundtrack(lambda: blocks(nothing, 8000), SAMPLES, OwnSound(lambda: blocks(OWN, 8000))) as audio:
        assert audio.has_own_sound
        made = np.concatenate(list(audio.mastered(-20, -1)), axis=1)
    assert loudness_of([made]) == pytest.approx(-20, abs=0.3)
    with Soundtrack(lambda: blocks(nothing, 8000), SAMPLES) as audio:
        assert not np.concatenate(list(audio.mastered(-20, -1)), axis=1).any()
