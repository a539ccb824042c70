"""Instruments play in tune, alike in loudness, brighter when harder, without clicks, and always the same."""

from __future__ import annotations

import numpy as np
import pytest

from edge.arrays import Floats
from edge.errors import UsageError
from edge.media.loudness import LoudnessMeter
from edge.music.instruments import DRUMS, INSTRUMENTS, Played, play

RATE = 48_000
PITCHED = sorted(INSTRUMENTS.keys() - DRUMS)
LOW = {"bass", "sub bass"}


def hertz(pitch: float) -> float:
    return float(440 * 2 ** ((pitch - 69) / 12))


def middle(name: str) -> int:
    """MIDI pitch that the middle register of an instrument begins with."""
    return 36 if name in LOW else 60


def note(name: str, above: int = 0, velocity: float = 0.7, seconds: float = 1.0) -> Floats:
    return play(name, [Played(0, int(seconds * RATE), hertz(middle(name) + above), velocity)])


def spectrum(samples: Floats) -> tuple[Floats, Floats]:
    """Frequencies and magnitudes of the middle of both channels."""
    mono = samples.mean(axis=0)
    return np.fft.rfftfreq(1 << 19, 1 / RATE), np.abs(np.fft.rfft(mono * np.blackman(len(mono)), 1 << 19))


def lufs(samples: Floats) -> float:
    meter = LoudnessMeter(RATE, 2)
    meter.accept(samples)
    return meter.integrated_lufs


@pytest.mark.parametrize("name", PITCHED)
@pytest.mark.parametrize("above", [0, 7, 16])
def test_a_note_is_in_tune(name: str, above: int) -> None:
    wanted = hertz(middle(name) + above)
    bins, heights = spectrum(note(name, above, seconds=2))
    near = (bins > wanted * 0.97) & (bins < wanted * 1.03)
    weights = np.where(heights[near] > heights[near].max() / 2, heights[near] ** 2, 0)
    found = (bins[near] * weights).sum() / weights.sum()
    assert abs(1200 * np.log2(found / wanted)) < 6
    assert heights[near].max() > 0.05 * heights.max()


@pytest.mark.parametrize("name", PITCHED)
def test_notes_are_in_tune_in_the_mean(name: str) -> None:
    """Each is a little off, on purpose; together they are not."""
    cents = []
    for above in range(12):
        wanted = hertz(middle(name) + above)
        bins, heights = spectrum(note(name, above, seconds=2))
        near = (bins > wanted * 0.97) & (bins < wanted * 1.03)
        weights = np.where(heights[near] > heights[near].max() / 2, heights[near] ** 2, 0)
        cents.append(1200 * np.log2((bins[near] * weights).sum() / weights.sum() / wanted))
    assert abs(np.mean(cents)) < 2
    assert 0 < np.std(cents) < 3


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_all_are_equally_loud(name: str) -> None:
    steps = [0, 2, 4, 5, 7, 9, 11, 12]
    notes = [
        Played(number * RATE // 2, int(0.45 * RATE), hertz(middle(name) + step), 0.7)
        for number, step in enumerate(steps)
    ]
    assert lufs(play(name, notes)) == pytest.approx(-20, abs=2)


def centroid(samples: Floats) -> float:
    """Center of the spectrum in octaves, of all of a sound."""
    bins, heights = np.fft.rfftfreq(1 << 18, 1 / RATE), np.abs(np.fft.rfft(samples.mean(axis=0), 1 << 18))
    audible = (bins > 25) & (heights > heights.max() * 1e-4)
    return float((np.log2(bins[audible]) * heights[audible]).sum() / heights[audible].sum())


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_harder_is_louder_and_brighter(name: str) -> None:
    soft, hard = (note(name, velocity=velocity, seconds=0.5) for velocity in (0.25, 1.0))
    assert 8 < 10 * np.log10((hard**2).mean() / (soft**2).mean()) < 24
    assert centroid(hard) > centroid(soft) + 0.04


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_nothing_clicks(name: str) -> None:
    """Where a sound ends it is as smooth as it is soft; nothing begins or ends away from 0, or has DC."""
    samples = note(name, seconds=0.6)
    loudest = np.abs(samples).max()
    assert np.abs(samples[:, 0]).max() < 0.01 * loudest
    assert np.abs(samples[:, -1]).max() < 1e-4 * loudest
    rough = np.abs(np.diff(samples, 2)).max(axis=0)
    assert rough[-200:].max() < 0.001 * loudest
    assert np.abs(samples.mean(axis=1)).max() < 0.01 * np.sqrt((samples**2).mean())
    assert np.isfinite(samples).all()


@pytest.mark.parametrize("name", ["bright lead", "strings", "electric piano", "flute", "steel string"])
def test_high_notes_have_no_aliases(name: str) -> None:
    """Between the partials of a high note there is little: -50 dB, but for noise."""
    wanted = hertz(93)
    samples = play(name, [Played(0, 2 * RATE, wanted, 0.7)])[:, RATE // 2 : 2 * RATE]
    bins, heights = spectrum(samples)
    below = (bins > 60) & (bins < 0.4 * wanted)  # where aliases would stand out
    assert 20 * np.log10(heights[below].max() / heights.max()) < -50


def test_the_same_notes_sound_the_same_and_repeated_ones_do_not() -> None:
    notes = [Played(at * RATE, RATE // 4, 440.0, 0.7) for at in range(2)]
    for name in INSTRUMENTS:
        first, again = play(name, notes), play(name, notes)
        assert first.tobytes() == again.tobytes()
        assert np.abs(first[:, :7000] - first[:, RATE : RATE + 7000]).max() > 1e-3


def test_notes_are_added_up_and_covered_to_the_end() -> None:
    notes = [Played(500, 9000, 330.0, 0.6), Played(30_000, 20_000, 440.0, 0.9)]
    together = play("pad", notes)
    apart = [play("pad", [one]) for one in notes]
    assert together.shape[1] == max(part.shape[1] for part in apart) >= 50_000
    total = np.zeros_like(together)
    for part in apart:
        total[:, : part.shape[1]] += part
    np.testing.assert_allclose(together, total, atol=1e-5)
    assert not together[:, :500].any()


def test_other_rates_sound_alike() -> None:
    for name in INSTRUMENTS:
        usual, other = (play(name, [Played(0, rate // 2, 220.0, 0.7)], rate) for rate in (RATE, 44_100))
        assert other.shape[1] / 44_100 == pytest.approx(usual.shape[1] / RATE, abs=0.001)
        levels = [10 * np.log10((samples**2).mean()) for samples in (usual, other)]
        assert levels[0] == pytest.approx(levels[1], abs=1.5)


def test_no_notes_are_no_samples_and_velocity_0_is_silent() -> None:
    assert play("harp", []).shape == (2, 0)
    silent = play("harp", [Played(0, 1000, 440.0, 0.0)])
    assert silent.shape[1] > 1000
    assert not silent.any()


@pytest.mark.parametrize(
    "wrong",
    [
        Played(-1, 9, 440.0, 0.5), Played(0, 0, 440.0, 0.5), Played(0, 9, 19.0, 0.5),
        Played(0, 9, 4801.0, 0.5),
        Played(0, 9, 440.0, 1.1), Played(0, 9, float("nan"), 0.5), Played(0, 9, 440.0, float("nan")),
    ],
)  # fmt: skip
def test_impossible_notes_are_refused(wrong: Played) -> None:
    with pytest.raises(UsageError, match="a note"):
        play("harp", [wrong])


def test_unknown_instruments_and_rates_are_refused() -> None:
    with pytest.raises(UsageError, match="no instrument is called 'kazoo'; there are nylon string, "):
        play("kazoo", [])
    with pytest.raises(UsageError, match="16,000"):
        play("harp", [], 8000)
