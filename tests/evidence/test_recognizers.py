"""Recognizers: tokens to words, models by their task, and Moonshine from sound to timed words."""

from __future__ import annotations

from difflib import SequenceMatcher
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge.errors import ModelError, UsageError
from edge.evidence.speech.recognizer import SPIKE_TAIL_S, RecognitionResult, words_of
from edge.evidence.speech.recognizers import CtcRecognizer, MoonshineRecognizer, open_recognizer
from edge.evidence.speech.word_times import is_rushed
from edge.models.folder import ModelFolder, open_folder
from edge.models.packages import packaged
from edge.models.store import builtin_root
from edge.networks.ctc import Token
from edge.vocabulary import Word
from tests.networks.makers import Made, made
from tests.tools.importers.makers import moonshine, real_wheel
from tools.convert.folder import rewrite
from tools.evaluate.pack import samples
from tools.evaluate.recognition import words as plain
from tools.importers import moonshine as importer
from tools.importers.install import Target
from tools.importers.sources import open_source
from tools.sound.signals import add_at, silence
from tools.sound.speech import speak

Floats = NDArray[np.float32]

RATE_HZ = 16_000


def tokens(*given: tuple[str, float, float]) -> tuple[Token, ...]:
    return tuple(Token(text, start, end, -0.1) for text, start, end in given)


def check_times(words: tuple[Word, ...], length_s: float) -> None:
    assert all(0 <= word.start < word.end <= length_s for word in words)
    assert all(first.end <= second.start for first, second in pairwise(words))


def test_a_word_begins_at_a_space_and_at_each_character() -> None:
    spoken = tokens(
        ("\u6211", 0.0, 0.06), ("\u7528", 0.3, 0.36), (" Py", 0.6, 0.66), ("thon", 0.8, 0.9),
        ("\u5199", 1.2, 1.26), ("\u3002", 1.3, 1.36), (" O", 2.0, 2.1), ("k", 2.1, 2.2), (".", 2.2, 2.3),
    )  # fmt: skip
    found = words_of(spoken, 5.0)
    assert [word.text for word in found] == ["\u6211", "\u7528", "Python", "\u5199\u3002", "Ok."]
    assert [word.start for word in found] == [0.0, 0.3, 0.6, 1.2, 2.0]
    ends = [
        0.06 + SPIKE_TAIL_S,
        0.36 + SPIKE_TAIL_S,
        0.9 + SPIKE_TAIL_S,
        1.36 + SPIKE_TAIL_S,
        2.3 + SPIKE_TAIL_S,
    ]
    assert [word.end for word in found] == pytest.approx(ends)


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (["\u6211", "iPhone"], ["\u6211", "iPhone"]),
        (["\u6211", "4", "2"], ["\u6211", "42"]),
        (["\u6211", "\uff0c", "\u4f60"], ["\u6211\uff0c", "\u4f60"]),
        (["ice", "\u51b0"], ["ice", "\u51b0"]),
        ([" ", "a", " ", "b"], ["a", "b"]),
        ([" don", "'", "t", " stop", "!"], ["don't", "stop!"]),
        (
            ["\u3053", "\u3093", "\u306b", "\u3061", "\u306f"],
            ["\u3053", "\u3093", "\u306b", "\u3061", "\u306f"],
        ),
        (["\u6211", " ", "\u4f60"], ["\u6211", "\u4f60"]),
        ([" "], []),
        ([], []),
    ],
)
def test_pieces_make_words(texts: list[str], words: list[str]) -> None:
    spoken = tokens(*((text, at * 0.1, at * 0.1 + 0.05) for at, text in enumerate(texts)))
    found = words_of(spoken, 2.0)
    assert [word.text for word in found] == words
    check_times(found, 2.0)


def test_no_word_goes_on_into_the_next_or_past_the_end() -> None:
    found = words_of(tokens((" a", 0.0, 0.06), (" b", 0.08, 0.14), (" c", 0.9, 1.0)), 1.0)
    assert [(word.start, word.end) for word in found] == [(0.0, 0.08), (0.08, 0.26), (0.9, 1.0)]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([" a", "b", " ", "\u4f60", "\u597d", "\uff0c", ".", "7", "\u3053"]),
            st.integers(0, 9),
            st.integers(1, 4),
        ),
        max_size=30,
    )
)
def test_words_hold_all_pieces_in_order(parts: list[tuple[str, int, int]]) -> None:
    at, given_ = 0, list[tuple[str, float, float]]()
    for text, gap, length in parts:
        given_.append((text, (at + gap) * 0.06, (at + gap + length) * 0.06))
        at += gap + length
    found = words_of(tokens(*given_), at * 0.06)
    assert "".join(word.text for word in found) == "".join(text.strip() for text, _, _ in parts)
    assert all(word.text and " " not in word.text for word in found)
    check_times(found, at * 0.06)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> ModelFolder:
    """Moonshine's layout with tiny networks."""
    path = tmp_path_factory.mktemp("tiny")
    source = open_source(importer.PACKAGE, moonshine(path))
    return importer.run(source, Target(path, "tiny-moonshine"), data=None)


@pytest.fixture(scope="module")
def characters(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """SenseVoice's layout with a tiny network."""
    return made(tmp_path_factory.mktemp("characters"), "sense_voice_ctc")


def test_a_model_is_run_by_what_its_manifest_says(
    tiny: ModelFolder, characters: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGE_MODELS", str(tiny.path.parent))
    by_id = open_recognizer("tiny-moonshine")
    assert isinstance(by_id, MoonshineRecognizer)
    assert by_id.rate_hz == RATE_HZ
    manifest = tiny.manifest
    assert by_id.identity == (manifest.id, manifest.digest, None)
    by_path = open_recognizer(characters.recognizer.folder.path, language="zh")
    assert isinstance(by_path, CtcRecognizer)
    assert by_path.identity[2] == "zh"


def test_what_is_no_recognizer_is_refused(tiny: ModelFolder, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="expected a recognizer, found a model for segmenter"):
        open_recognizer(builtin_root() / "segmenter")
    with pytest.raises(ModelError, match="missing"):
        open_recognizer(tmp_path / "nothing")
    with pytest.raises(UsageError, match="tiny-moonshine supports English only, not zh"):
        open_recognizer(tiny.path, language="zh")
    assert open_recognizer(tiny.path, language="en").identity[2] == "en"


def test_a_language_that_a_network_does_not_know_is_refused(characters: Made) -> None:
    recognizer = open_recognizer(characters.recognizer.folder.path, language="sv")
    with pytest.raises(UsageError, match="does not support the language 'sv'"):
        recognizer.recognize(silence(1))


@pytest.mark.parametrize("kind", ["moonshine", "ctc"])
def test_networks_are_loaded_when_they_are_used(
    tiny: ModelFolder, characters: Made, tmp_path: Path, kind: str
) -> None:
    good = tiny if kind == "moonshine" else characters.recognizer.folder
    copied = open_folder(rewrite(good, parameters=good.manifest.parameters).path)
    network = copied.path / next(iter(copied.manifest.networks.values())).file
    content = network.read_bytes()
    network.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    try:
        recognizer = open_recognizer(copied.path)
        with pytest.raises(ModelError, match=f"{network.name}: is damaged"):
            recognizer.recognize(silence(1))
        network.write_bytes(content)
        first = recognizer.recognize(silence(1))  # a second try is a new one
        network.write_bytes(b"")
        assert recognizer.recognize(silence(1)) == first  # what is loaded stays
    finally:
        network.write_bytes(content)


def test_a_recognizer_of_characters_from_sound_to_words(characters: Made, tmp_path: Path) -> None:
    hiss = (0.1 * np.random.default_rng(0).standard_normal(3 * RATE_HZ)).astype(np.float32)
    plain_network = made(tmp_path, "wenet_ctc")
    recognizer = open_recognizer(plain_network.recognizer.folder.path)
    heard, transcript = recognizer.recognize(hiss), plain_network.recognizer.transcribe(hiss)
    check_times(heard.words, 3)
    assert len(heard.words) > 5
    assert "".join(word.text for word in heard.words) == transcript.text.replace(" ", "")
    assert (heard.language, heard.logprob) == ("zh", transcript.mean_logprob)
    told = open_recognizer(characters.recognizer.folder.path, language="yue")
    assert told.recognize(hiss).language == "yue"


def test_a_recognizer_that_hears_nothing_says_nothing(characters: Made) -> None:
    recognizer = open_recognizer(characters.recognizer.folder.path, language="en")
    assert recognizer.recognize(np.zeros(0, np.float32)) == RecognitionResult((), "en", 0.0)


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> MoonshineRecognizer:
    """Moonshine itself, from the installed package or from its wheel."""
    pytest.importorskip("pocketsphinx")
    if there := packaged():
        path = there[0]
    else:
        source = open_source(importer.PACKAGE, real_wheel("moonshine_voice-*.whl"))
        path = importer.run(source, Target(tmp_path_factory.mktemp("real"), "real"), data=None).path
    found = open_recognizer(path)
    assert isinstance(found, MoonshineRecognizer)
    return found


def similarity(expected: str, heard: RecognitionResult) -> float:
    text = " ".join(word.text for word in heard.words)
    return SequenceMatcher(None, plain(expected), plain(text), autojunk=False).ratio()


def test_moonshine_hears_a_synthetic_sentence(real: MoonshineRecognizer) -> None:
    text = "Good evening everybody, and welcome to the river hall."
    spoken = silence(5)
    add_at(spoken, speak(text, voice="en-us"), 0.7)
    heard = real.recognize(spoken)
    assert similarity(text, heard) > 0.85
    check_times(heard.words, 5)
    assert heard.words[0].start == pytest.approx(0.7, abs=0.15)
    assert heard.language == "en"
    assert -0.8 < heard.logprob < 0


def test_moonshine_hears_a_recorded_sentence(real: MoonshineRecognizer, eval_pack: Path) -> None:
    sound = samples(eval_pack / "audio/speech/arctic_a0024.flac")
    heard = real.recognize(sound)
    assert similarity("It was my reports from the north which chiefly induced people to buy.", heard) > 0.9
    check_times(heard.words, len(sound) / RATE_HZ)


@pytest.mark.parametrize("seconds", [0.0, 0.01, 0.07, 1.0])
def test_silence_is_not_believed(real: MoonshineRecognizer, seconds: float) -> None:
    heard = real.recognize(silence(seconds))
    assert not heard.words or heard.logprob < -0.8


def test_nobody_is_said_to_speak_faster_than_anyone_can(real: MoonshineRecognizer, eval_pack: Path) -> None:
    sound = samples(eval_pack / "audio/speech/mfa_cold_corpus3.flac")[: 14 * RATE_HZ]
    for gain in (1.0, 0.25):
        found = real.recognize(sound * np.float32(gain))
        assert not is_rushed(found.words)
        check_times(found.words, 14)
