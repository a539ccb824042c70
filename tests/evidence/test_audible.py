"""What is above a recording's own noise floor: found wherever it is, and steady noise never."""

from __future__ import annotations

import numpy as np
import pytest

from edge.evidence.audible import AudibleCollector
from edge.vocabulary import Span
from tests.makers import RATE_HZ, Floats, in_blocks
from tools.sound.signals import at_dbfs
from tools.sound.speech import speak

NOWHERE = np.zeros(1, np.bool_)


def noise(seconds: float, dbfs: float, *, seed: int = 0, color: float = 0.0) -> Floats:
    """Noise that falls by `color` dB an octave."""
    count = round(seconds * RATE_HZ)
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(count))
    spectrum *= np.maximum(np.arange(len(spectrum)), 1.0) ** (-color / 6.02)
    return at_dbfs(np.fft.irfft(spectrum, count).astype(np.float32), dbfs)


def spans(samples: Floats, sizes: tuple[int, ...] = (), voiced: np.ndarray = NOWHERE) -> list[Span]:
    collector = AudibleCollector(RATE_HZ)
    for block in in_blocks(samples, sizes):
        collector.accept(block)
    collector.finish()
    return collector.spans(voiced, 0.1)


def put(into: Floats, sound: Floats, at_s: float) -> Span:
    first = round(at_s * RATE_HZ)
    into[first : first + len(sound)] += sound
    return Span(at_s, at_s + len(sound) / RATE_HZ)


def talk(seconds: float) -> Floats:
    """Speech at -20 dBFS in the first third, nothing after it."""
    samples = np.zeros(round(seconds * RATE_HZ), np.float32)
    words = at_dbfs(speak("We begin with the weather of the week, and then we look at the harvest."), -20)
    for at_s in np.arange(0.5, seconds / 3, 1.1 * len(words) / RATE_HZ):
        put(samples, words[: len(samples)], float(at_s))
    return samples


@pytest.mark.parametrize(("room_db", "color"), [(-75, 0.0), (-60, 0.0), (-50, 6.0), (-40, 3.0)])
def test_steady_noise_is_silence_and_what_rises_above_it_is_not(room_db: float, color: float) -> None:
    samples = talk(60)
    rng = np.random.default_rng(3)
    tone = np.sin(2 * np.pi * 1800 * np.arange(RATE_HZ) / RATE_HZ).astype(np.float32)
    loud = put(samples, at_dbfs(rng.standard_normal(4 * RATE_HZ).astype(np.float32), -20), 25)
    faint = put(samples, at_dbfs(speak("Can anybody read this at all?"), max(-56, room_db + 14)), 35)
    whistle = put(samples, at_dbfs(tone, max(-56, room_db + 6)), 45)
    found = spans(samples + noise(60, room_db, color=color))
    for sound in (loud, faint, whistle):
        assert sum(sound.overlap(one) for one in found) > 0.6 * sound.seconds
    rest = [Span(22, 24.9), Span(29.1, 34.9), Span(40, 44.9), Span(46.2, 60)]
    assert all(not one.overlap(other) for one in rest for other in found)


def test_a_voice_that_labels_know_is_audible_where_it_is_softer() -> None:
    samples = talk(40) + noise(40, -60)
    soft = put(samples, at_dbfs(noise(3, 0, seed=5), -59.5), 30)
    voiced = np.zeros(400, np.bool_)
    voiced[300:330] = True
    assert all(not soft.overlap(one) for one in spans(samples))
    assert sum(soft.overlap(one) for one in spans(samples, voiced=voiced)) > 2.5


def test_a_machine_that_never_stops_is_no_silence() -> None:
    machine = noise(20, -20)
    assert [(one.start, round(one.end)) for one in spans(machine)] == [(0.0, 20)]
    assert spans(np.zeros(20 * RATE_HZ, np.float32)) == []
    assert spans(noise(0.01, -20)) == spans(np.zeros(0, np.float32)) == []


def test_speech_parted_by_digital_silence_is_no_noise() -> None:
    samples = talk(30)
    soft = put(samples, at_dbfs(speak("And one in the back of the hall."), -52), 20)
    assert sum(soft.overlap(one) for one in spans(samples)) > 0.8 * soft.seconds


def test_blocks_do_not_matter() -> None:
    samples = talk(12) + noise(12, -60)
    assert spans(samples, (1, 5, 799, 16_000, 3, 40_001)) == spans(samples)


def test_the_level_of_a_recording_does_not_matter() -> None:
    samples = talk(60) + noise(60, -64)
    put(samples, at_dbfs(speak("Can anybody read this at all?"), -44), 35)
    softer = np.round(samples * np.float32(10 ** (-30 / 20)) * 32768) / np.float32(32768)
    for one, other in zip(spans(samples), spans(np.asarray(softer, np.float32)), strict=True):
        assert (other.start, other.end) == pytest.approx((one.start, one.end), abs=0.11)
