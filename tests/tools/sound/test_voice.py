import numpy as np
import pytest

from tools.sound.compose import compose
from tools.sound.signals import RATE_HZ, Samples, rms_dbfs
from tools.sound.speech import speak
from tools.sound.vocoder import FRAMES_PER_S, analyse
from tools.sound.voice import sing

TEXT = (
    "Morning light is on the water, and the hills are far away. Carry me home where the river meets the bay."
)


@pytest.fixture(scope="module")
def speech() -> Samples:
    return speak(TEXT, voice="en+f2")


def test_speech_is_speech(speech: Samples) -> None:
    assert speech.dtype == np.float32
    assert 4 < len(speech) / RATE_HZ < 9
    assert -30 < rms_dbfs(speech) < -12


def test_speech_does_not_depend_on_what_was_said_before(speech: Samples) -> None:
    speak("Something else entirely.", voice="en+klatt4")
    assert np.array_equal(speak(TEXT, voice="en+f2"), speech)


def test_voices_and_rates_differ(speech: Samples) -> None:
    assert len(speak(TEXT, voice="en+f2", rate=240)) < 0.8 * len(speech)
    with pytest.raises(ValueError, match="no voice"):
        speak("Hello", voice="nobody")


@pytest.mark.parametrize("voice", ["en+f2", "en+m3", "en-us"])
def test_what_is_sung_follows_the_melody(voice: str) -> None:
    rng = np.random.default_rng(7)
    song = compose(rng, 16.0)
    sung = sing(speak(TEXT, voice=voice), song.melody, rng)
    heard = analyse(sung.samples).f0_hz
    errors = []
    for note in song.melody:
        inside = heard[round((note.start_s + 0.1) * FRAMES_PER_S) : round(note.end_s * FRAMES_PER_S)]
        if np.any(inside > 0):
            pitch = 69 + 12 * np.log2(np.median(inside[inside > 0]) / 440)
            errors.append(abs(pitch - sung.transposed - note.midi))
    assert len(errors) >= 0.9 * len(song.melody)
    assert np.median(errors) < 0.15
    assert np.quantile(errors, 0.9) < 1.0
    assert sung.transposed % 12 == 0


def test_singing_holds_its_vowels_longer_than_speech(speech: Samples) -> None:
    song = compose(np.random.default_rng(1), 16.0)
    sung = sing(speech, song.melody, np.random.default_rng(1))

    def steady(x: Samples) -> float:
        """Share of voiced frames whose pitch stays within 1.5 semitones for 0.3 s."""
        f0 = analyse(x).f0_hz
        windows = np.lib.stride_tricks.sliding_window_view(f0, round(0.3 * FRAMES_PER_S))
        voiced = windows.min(axis=1) > 0
        spread = 12 * np.log2(np.maximum(windows.max(axis=1), 1) / np.maximum(windows.min(axis=1), 1))
        return float(np.sum(voiced & (spread < 1.5)) / np.sum(f0 > 0))

    assert steady(sung.samples) > 0.2 > 2 * steady(speech)


def test_the_spans_are_where_it_sings(speech: Samples) -> None:
    song = compose(np.random.default_rng(2), 20.0)
    sung = sing(speech, song.melody, np.random.default_rng(2))
    assert len(sung.samples) / RATE_HZ == pytest.approx(song.melody[-1].end_s + 0.3, abs=0.02)
    active = np.zeros(len(sung.samples), bool)
    for start_s, end_s in sung.spans:
        active[max(0, round((start_s - 0.05) * RATE_HZ)) : round((end_s + 0.05) * RATE_HZ)] = True
    assert rms_dbfs(sung.samples[active]) > -21
    assert rms_dbfs(sung.samples[~active]) < -60
    assert np.max(np.abs(sung.samples)) <= 0.951


def test_the_same_seed_sings_the_same(speech: Samples) -> None:
    melody = compose(np.random.default_rng(3), 8.0).melody
    first, again = (sing(speech, melody, np.random.default_rng(4)).samples for _ in range(2))
    assert np.array_equal(first, again)


def test_nothing_to_sing_is_said_plainly(speech: Samples) -> None:
    with pytest.raises(ValueError, match="no notes"):
        sing(speech, [], np.random.default_rng(0))
    noise = 0.1 * np.random.default_rng(0).standard_normal(RATE_HZ).astype(np.float32)
    with pytest.raises(ValueError, match="no voiced syllable"):
        sing(noise, compose(np.random.default_rng(0), 8.0).melody, np.random.default_rng(0))
