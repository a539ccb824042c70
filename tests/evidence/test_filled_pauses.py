"""Held vowels and hums between words are hesitations; syllables, words and steady noise are not."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge.evidence.speech.filled_pauses import (
    MAX_FILLED_PAUSE_S,
    MIN_FILLED_PAUSE_S,
    corrected,
    filled_pauses,
    is_steady,
)
from edge.evidence.speech.level import speech_level
from edge.vocabulary import Span, Word
from tests.makers import RATE_HZ, VOWELS, vowel
from tools.sound.signals import add_at, at_dbfs, band, fade, silence
from tools.sound.speech import speak

Floats = NDArray[np.float32]


def room(seconds: float, *parts: tuple[float, Floats]) -> Floats:
    """Sounds at their times in the noise of a quiet room."""
    whole = silence(seconds)
    for at_s, sound in parts:
        add_at(whole, sound, at_s)
    hiss = np.random.default_rng(9).standard_normal(len(whole)).astype(np.float32)
    return whole + at_dbfs(hiss, -65)


def found(samples: Floats, words: Sequence[Word] = ()) -> list[Span]:
    return filled_pauses(samples, RATE_HZ, speech_level(samples, RATE_HZ), words)


SPOKEN = at_dbfs(speak("good morning everybody", voice="en-us"), -20)
SPOKEN_S = len(SPOKEN) / RATE_HZ


@pytest.mark.parametrize("name", VOWELS)
@pytest.mark.parametrize(("seconds", "pitch_hz"), [(0.35, 115.0), (0.6, 210.0), (1.2, 90.0)])
def test_a_held_vowel_is_a_hesitation(name: str, seconds: float, pitch_hz: float) -> None:
    at_s = 0.5 + SPOKEN_S + 0.4
    samples = room(at_s + seconds + 1, (0.5, SPOKEN), (at_s, vowel(name, seconds, pitch_hz=pitch_hz)))
    words = [Word(0.5, 0.5 + SPOKEN_S, "Good morning everybody.")]
    (one,) = found(samples, words)
    assert one.start == pytest.approx(at_s, abs=0.08)
    assert one.end == pytest.approx(at_s + seconds, abs=0.12)


def test_words_are_not() -> None:
    words = [Word(0.5, 0.5 + SPOKEN_S, "Good morning everybody.")]
    assert found(room(3, (0.5, SPOKEN)), words) == []


@pytest.mark.parametrize(
    "text", ["everybody", "potato", "it is", "banana", "seventy six", "going away", "little by little"]
)
@pytest.mark.parametrize("voice", ["en-us", "en+f3"])
def test_syllables_that_the_text_left_out_are_not(text: str, voice: str) -> None:
    missed = at_dbfs(speak(text, voice=voice), -20)
    samples = room(SPOKEN_S + 4, (0.5, SPOKEN), (SPOKEN_S + 1.0, missed))
    assert found(samples, [Word(0.5, 0.5 + SPOKEN_S, "Good morning everybody.")]) == []


def test_a_vowel_that_a_word_covers_is_that_word() -> None:
    samples = room(4, (0.5, SPOKEN), (2.2, vowel("ah", 0.6)))
    said = [Word(0.5, 0.5 + SPOKEN_S, "Good morning everybody."), Word(2.15, 2.9, "ah.")]
    assert found(samples, said) == []
    (rest,) = found(samples, [said[0], Word(2.15, 2.4, "a")])
    assert rest.start >= 2.4


def test_what_a_recognizer_writes_for_a_hum_stands_for_nothing() -> None:
    samples = room(4, (0.5, SPOKEN), (2.2, vowel("ah", 0.6)))
    loud = speech_level(samples, RATE_HZ)
    real = Word(0.5, 0.5 + SPOKEN_S, "Good morning everybody.")
    (one,) = filled_pauses(samples, RATE_HZ, loud, [real, Word(2.15, 2.9, "Oh,")], "en")
    assert one.start == pytest.approx(2.2, abs=0.08)
    assert not filled_pauses(samples, RATE_HZ, loud, [real, Word(2.15, 2.9, "Oak,")], "en")
    beside = [real, Word(2.15, 2.4, "oh"), Word(2.4, 2.9, "dear")]
    assert not filled_pauses(samples, RATE_HZ, loud, beside, "en")


def test_a_pronoun_that_was_aligned_to_a_hum_is_said_after_it() -> None:
    samples = room(5, (0.5, SPOKEN), (2.2, vowel("ah", 0.6)), (3.2, SPOKEN))
    said = [
        Word(0.5, 0.5 + SPOKEN_S, "Okay."),
        Word(2.15, 2.9, "I'm"),
        Word(3.2, 3.6, "going"),
        Word(3.6, 3.9, "on."),
    ]
    pauses = filled_pauses(samples, RATE_HZ, speech_level(samples, RATE_HZ), said, "en")
    words = corrected(said, pauses, "en")
    assert [word.text for word in words] == ["Okay.", "I'm", "going", "on."]
    assert words[1].start >= pauses[0].end
    assert words[1].end - words[1].start > 0.05
    assert all(one.end <= other.start for one, other in pairwise(words))
    assert [word.text for word in corrected(said[:2], pauses, "en")] == ["Okay."]
    hum = [said[0], Word(2.15, 2.9, "Um,"), *said[2:]]
    assert [word.text for word in corrected(hum, pauses, "en")] == ["Okay.", "going", "on."]


@pytest.mark.parametrize("seconds", [MIN_FILLED_PAUSE_S - 0.08, MAX_FILLED_PAUSE_S + 0.3])
def test_what_is_too_short_or_too_long_is_not(seconds: float) -> None:
    samples = room(5, (0.5, SPOKEN), (2.2, vowel("uh", seconds)))
    assert found(samples, [Word(0.5, 0.5 + SPOKEN_S, "Good morning everybody.")]) == []


def test_breath_far_below_the_voice_is_not() -> None:
    breath = at_dbfs(fade(np.random.default_rng(2).standard_normal(8000).astype(np.float32), 0.1, 0.1), -52)
    samples = room(4, (0.5, SPOKEN), (2.2, breath))
    assert found(samples, [Word(0.5, 0.5 + SPOKEN_S, "Good morning everybody.")]) == []


def test_breath_as_loud_as_the_voice_is_not() -> None:
    noise = np.random.default_rng(2).standard_normal(RATE_HZ // 2).astype(np.float32)
    breath = at_dbfs(fade(band(noise, 800, 6000), 0.1, 0.1), -24)
    samples = room(4, (0.5, SPOKEN), (2.2, breath))
    assert is_steady(breath, RATE_HZ)
    assert found(samples, [Word(0.5, 0.5 + SPOKEN_S, "Good morning everybody.")]) == []


def test_a_short_vowel_that_runs_into_a_word_is_the_beginning_of_that_word() -> None:
    for seconds, count in ((0.25, 0), (0.5, 1)):
        samples = room(4, (0.5, SPOKEN), (2.2, vowel("ah", seconds)), (2.2 + seconds, SPOKEN))
        words = [Word(0.5, 0.5 + SPOKEN_S, "Good."), Word(2.2 + seconds, 2.2 + seconds + SPOKEN_S, "Good.")]
        assert len(found(samples, words)) == count


@pytest.mark.parametrize("samples", [0, 1, 200, 800, 2400])
def test_next_to_nothing_has_none(samples: int) -> None:
    short = room(1)[:samples]
    assert found(short) == []
    assert not is_steady(short[:800], RATE_HZ)


def test_how_loud_it_is_recorded_does_not_matter() -> None:
    held, spoken = vowel("uh", 0.5), SPOKEN[: RATE_HZ // 2]
    for gain in (0.003, 0.1, 1.0):
        assert is_steady(held * np.float32(gain), RATE_HZ)
        assert not is_steady(spoken * np.float32(gain), RATE_HZ)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 0.6), st.floats(0.01, 0.8)), max_size=8),
    st.lists(st.tuples(st.floats(0, 5.5), st.sampled_from(sorted(VOWELS))), max_size=3),
)
def test_hesitations_lie_between_words_whatever_those_are(
    gaps: list[tuple[float, float]], sounds: list[tuple[float, str]]
) -> None:
    samples = room(6, (0.2, SPOKEN), *((at_s, vowel(name, 0.4)) for at_s, name in sounds))
    words, at_s = list[Word](), 0.0
    for gap_s, seconds in gaps:
        words.append(Word(at_s + gap_s, at_s + gap_s + seconds, "word"))
        at_s += gap_s + seconds
    last = 0.0
    for one in found(samples, words):
        assert last <= one.start < one.end <= 6
        assert MIN_FILLED_PAUSE_S <= one.seconds <= MAX_FILLED_PAUSE_S
        assert not any(one.overlap(Span(word.start, word.end)) > 1e-9 for word in words)
        last = one.end
