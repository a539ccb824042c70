"""A text laid onto its audio: all words come back, in order, where they were said as far as can be known."""

from __future__ import annotations

import re
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge.errors import MissingExtraError
from edge.evidence.speech.alignment import Aligner
from edge.evidence.speech.recognizers import open_recognizer
from edge.evidence.speech.spoken import READINGS, Reading, spoken_words
from edge.networks.phone_models import RATE_HZ
from edge.text.numbers import numbers_spelled, spelled
from edge.vocabulary import Word
from tests.evidence.makers import off_by, said
from tests.tools.importers.makers import moonshine
from tools.evaluate.captions import _joints
from tools.evaluate.pack import samples
from tools.evaluate.recognition import read_utterances
from tools.importers import moonshine as importer
from tools.importers.install import Target
from tools.importers.sources import open_source
from tools.sound.signals import at_dbfs, silence
from tools.sound.speech import speak

Floats = NDArray[np.float32]


@pytest.fixture(scope="module")
def aligner() -> Aligner:
    pytest.importorskip("pocketsphinx")
    return Aligner()


def check_times(words: tuple[Word, ...], length_s: float) -> None:
    assert all(0 <= word.start < word.end <= length_s for word in words)
    assert all(first.end <= second.start for first, second in pairwise(words))


def test_words_are_where_they_were_said(aligner: Aligner) -> None:
    sound, truth = said("Good", "evening,", "everybody!", "Welcome", "to", "the", "river", "hall.")
    found = aligner.align(sound, " ".join(word.text for word in truth)).words
    assert np.median(off_by(found, truth)) <= 0.05
    assert max(off_by(found, truth)) <= 0.2


def test_an_aligner_may_be_used_again_and_again(aligner: Aligner) -> None:
    sound, _ = said("one", "more", "time")
    first = aligner.align(sound, "one more time")
    aligner.align(sound, "something else altogether, with zyxwvut")
    assert aligner.align(sound, "one more time") == first


@pytest.mark.slow
@pytest.mark.parametrize(
    "tokens",
    [
        ("we", "paid", "42", "dollars"),
        ("about", "50%", "of", "it"),
        ("Smith", "&", "sons", "are", "here"),
        ("it", "costs", "$5", "today"),
        ("in", "2,500", "cases", "of", "these"),
        ("on", "the", "3rd", "of", "May"),
        ("meet", "Zyxwvutia", "Brontokles", "tomorrow"),
        ("a", "well-known", "old-fashioned", "thing"),
        ("don't", "stop", "o'clock", "isn\u2019t", "it"),
        ("THE", "END", "OF", "IT"),
    ],
)
def test_numbers_symbols_hyphens_and_names_are_found_too(aligner: Aligner, tokens: tuple[str, ...]) -> None:
    plain = (token.replace("\u2019", "'").replace("$5", "five dollars") for token in tokens)
    sound, truth = said(*plain)
    found = aligner.align(sound, " ".join(tokens)).words
    assert [word.text for word in found] == list(tokens)
    check_times(found, len(sound) / RATE_HZ)
    off = [abs(one.start - other.start) for one, other in zip(found, truth, strict=True)]
    assert np.median(off) <= 0.1
    assert max(off) <= 0.25


def test_a_number_is_read_as_it_was_said(aligner: Aligner) -> None:
    for reading in ("four two", "forty two"):
        sound, truth = said("room", *reading.split(), "upstairs", pause_s=0.1)
        found = aligner.align(sound, "room 42 upstairs").words
        assert [word.text for word in found] == ["room", "42", "upstairs"]
        assert found[1].start == pytest.approx(truth[1].start, abs=0.12)
        assert found[1].end == pytest.approx(truth[2].end, abs=0.12)


def test_marks_that_stand_alone_go_with_the_word_before(aligner: Aligner) -> None:
    sound, _ = said("well", "yes")
    assert [word.text for word in aligner.align(sound, "well - yes !").words] == ["well -", "yes !"]
    assert [word.text for word in aligner.align(sound, "... well yes").words] == ["...", "well", "yes"]
    (alone,) = aligner.align(sound, "\u2014 !? ...").words
    assert alone.text == "\u2014 !? ..."
    assert aligner.align(sound, " \n ").words == ()


def test_a_long_number_is_read_digit_by_digit_where_it_was(aligner: Aligner) -> None:
    sound, truth = said("room", "nine", "zero", "two", "one", "zero", "upstairs", pause_s=0.1)
    found = aligner.align(sound, "room 90210 upstairs").words
    assert found[1].start == pytest.approx(truth[1].start, abs=0.15)
    assert found[1].end == pytest.approx(truth[5].end, abs=0.15)


def test_a_loop_of_one_word_comes_back(aligner: Aligner) -> None:
    sound, _ = said("good", "evening", "everybody", "welcome", "to", "the", "river", "hall", pause_s=0.8)
    text = "good evening e" + 45 * " a"
    found = aligner.align(sound, text)
    assert [word.text for word in found.words] == text.split()
    assert not found.is_certain


def test_an_uh_that_the_text_leaves_out_is_no_part_of_a_word(aligner: Aligner) -> None:
    sound, truth = said("the", "river", "hall", "is", "full", pause_s=0.1)
    uh = at_dbfs(speak("uh", voice="en-us", rate=80), -20)
    loud = np.flatnonzero(np.abs(uh) > 0.01)
    uh = np.concatenate([uh[loud[0] : loud[-1]], silence(0.05)])
    at = round((truth[2].end + 0.05) * RATE_HZ)
    found = aligner.align(np.concatenate([sound[:at], uh, sound[at:]]), "the river hall is full").words
    assert found[2].end < truth[2].end + 0.2
    assert found[3].start == pytest.approx(truth[3].start + len(uh) / RATE_HZ, abs=0.15)


@pytest.mark.parametrize("missing", [1, 2, 3])
def test_words_that_were_not_said_do_not_move_the_others(aligner: Aligner, missing: int) -> None:
    sound, truth = said("nobody", "has", "heard", "of", "it", "at", "all", pause_s=0.05)
    last = truth[-missing - 1]
    found = aligner.align(
        sound[: round((last.end + 0.03) * RATE_HZ)], " ".join(word.text for word in truth)
    ).words
    assert [word.text for word in found] == [word.text for word in truth]
    for word, there in zip(found[: -missing - 1], truth, strict=False):
        assert word.start == pytest.approx(there.start, abs=0.1)


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "completely different words that nobody ever said here at all, one after another, many of them",
        "no",
        "word " * 60,
        "\u4f60\u597d \u4e16\u754c",
        "\u041f\u0440\u0438\u0432\u0435\u0442 caf\xe9 na\xefve",
        "12345678901234567890 0 007",
        "a" * 300,
    ],
)
@pytest.mark.parametrize("kind", ["speech", "silence", "noise", "short"])
def test_a_text_that_does_not_fit_the_sound_comes_back_all_the_same(
    aligner: Aligner, text: str, kind: str
) -> None:
    speech, _ = said("good", "evening")
    noise = (0.1 * np.random.default_rng(0).standard_normal(RATE_HZ)).astype(np.float32)
    sound = {"speech": speech, "silence": silence(1.5), "noise": noise, "short": speech[8000:13_000]}[kind]
    found = aligner.align(sound, text).words
    assert " ".join(word.text for word in found) == " ".join(text.split())
    if len(found) * 0.01 < len(sound) / RATE_HZ:
        check_times(found, len(sound) / RATE_HZ)


SOUND = np.concatenate([said("nobody", "has", "heard", "of", "it")[0], silence(1)])
TEXTS = st.one_of(
    st.text(max_size=60),
    st.lists(
        st.sampled_from(
            [
                "the",
                "river",
                "42",
                "1,000",
                "don't",
                "-",
                "...",
                "$5",
                "x-ray",
                "\u4f60",
                "'",
                "'s",
                "e.g.",
                "zq",
            ]
        ),
        max_size=12,
    ).map(" ".join),
)


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(
    TEXTS, st.integers(0, len(SOUND)), st.integers(0, 40_000), st.sampled_from(["said", "silent", "noise"])
)
@example("a b c d e f g", 0, 1, "silent")
@example("a b c d e f g", 0, 0, "silent")
@example("x " * 50, 0, 4000, "noise")
def test_any_text_on_any_sound_gives_all_its_words_in_order(
    aligner: Aligner, text: str, first: int, length: int, kind: str
) -> None:
    sound = SOUND[first : first + length]
    if kind == "silent":
        sound = np.zeros(length, np.float32)
    elif kind == "noise":
        sound = np.random.default_rng(length).uniform(-2, 2, length).astype(np.float32)
    found = aligner.align(sound, text).words
    length_s = len(sound) / RATE_HZ
    assert " ".join(word.text for word in found) == " ".join(text.split())
    assert all(0 <= word.start <= word.end <= length_s for word in found)
    assert all(one.end <= other.start for one, other in pairwise(found))
    if length_s:
        check_times(found, length_s)


def test_digits_are_found_to_a_twentieth_of_a_second(aligner: Aligner, eval_pack: Path) -> None:
    starts, ends = list[float](), list[float]()
    for one in read_utterances(eval_pack):
        sound, tokens = samples(one.path), one.transcript.split()
        joints = _joints(sound)
        if one.subclass == "digits_transcribed" and len(joints) == len(tokens) - 1:
            found = aligner.align(sound, one.transcript).words
            assert [word.text for word in found] == tokens
            for word, after, (first, stop) in zip(found, found[1:], joints, strict=False):
                ends.append(abs(word.end - first / RATE_HZ))
                starts.append(abs(after.start - stop / RATE_HZ))
    assert len(starts) > 50
    assert np.median(starts) <= 0.05
    assert np.median(ends) <= 0.05


def test_without_pocketsphinx_the_error_names_the_extra(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "pocketsphinx", None)
    with pytest.raises(
        MissingExtraError, match=r"times of words need pocketsphinx.*edgereel\[captions\]"
    ) as hit:
        Aligner()
    assert (hit.value.needs, hit.value.extra) == ("pocketsphinx", "captions")
    folder = importer.run(
        open_source(importer.PACKAGE, moonshine(tmp_path)), Target(tmp_path, "tiny"), data=None
    )
    with pytest.raises(MissingExtraError):
        open_recognizer(folder.path)


@pytest.mark.parametrize(
    ("digits", "words"),
    [
        ("0", "zero"), ("7", "seven"), ("13", "thirteen"), ("20", "twenty"), ("42", "forty two"),
        ("100", "one hundred"), ("101", "one hundred one"), ("999", "nine hundred ninety nine"),
        ("1000", "one thousand"), ("1204", "one thousand two hundred four"),
        ("999999", "nine hundred ninety nine thousand nine hundred ninety nine"),
        ("007", "zero zero seven"), ("00", "zero zero"), ("1234567", "one two three four five six seven"),
    ],
)  # fmt: skip
def test_numbers_in_words(digits: str, words: str) -> None:
    assert spelled(digits) == words


def test_numbers_in_a_text() -> None:
    def read(text: str, *, by_digits: bool = False) -> str:
        return " ".join(numbers_spelled(text, by_digits=by_digits).split())

    assert read("in 1,204 cases") == "in one thousand two hundred four cases"
    assert read("room 42", by_digits=True) == "room four two"
    assert read("1,2 and 3,45") == "one , two and three , forty five"
    assert read("3.5") == "three . five"


@pytest.mark.parametrize(
    ("token", "reading", "words"),
    [
        ("3rd", "number", "third"), ("21st,", "number", "twenty first"), ("$5", "number", "five dollars"),
        ("$1", "number", "one dollar"), ("$5.50.", "number", "five dollars and fifty cents"),
        ("£0.99", "number", "ninety nine pence"), ("€3.5m", "number", "three point five million euros"),
        ("$1,200", "number", "one thousand two hundred dollars"), ("10:30", "number", "ten thirty"),
        ("10:05", "number", "ten oh five"), ("10:00", "number", "ten"),
        ("1984", "year", "nineteen eighty four"), ("1990s", "year", "nineteen nineties"),
        ("1984", "digits", "one nine eight four"),
        ("50%", "number", "fifty percent"), ("$", "number", "dollars"), ("--", "number", ""),
    ],
)  # fmt: skip
def test_tokens_are_aligned_as_they_are_said(token: str, reading: Reading, words: str) -> None:
    pytest.importorskip("num2words")
    assert " ".join(spoken_words(token, reading)) == words


@given(st.text("$£€0123456789.,:stndrh%kmb ", max_size=12), st.sampled_from(READINGS))
def test_no_token_is_too_odd(text: str, reading: Reading) -> None:
    pytest.importorskip("num2words")
    assert all(re.fullmatch("[a-z][a-z']*", word) for word in spoken_words(text, reading))


@given(st.integers(0, 999_999))
def test_every_number_has_words_of_its_own(number: int) -> None:
    ones = {word: at for at, word in enumerate(spelled(str(at)) for at in range(20))}
    tens = {spelled(str(at)): at for at in range(20, 100, 10)}
    total = part = 0
    for word in spelled(str(number)).split():
        if word == "thousand":
            total, part = part * 1000, 0
        elif word == "hundred":
            part *= 100
        else:
            part += ones.get(word, 0) + tens.get(word, 0)
    assert total + part == number
